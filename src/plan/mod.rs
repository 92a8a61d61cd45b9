//! From a typed graph to a flat list of steps over one arena.
//!
//! This is where everything is decided: what is fused, which kernel runs, which buffer holds what and where it lies.
//! `exec` only carries the steps out. The room is pure: no file, clock or environment is read here.

mod buffer;
mod chain;
mod choices;
mod choose;
mod cost;
mod dump;
mod fuse;
mod layout;
mod lower;
mod norm;
mod part;
mod product;
mod recompute;
mod step;
mod update;

pub use crate::syntax::settings::Precision;
pub use choices::{APART, Choices, JOINED, Task};
pub use cost::Cost;
pub use part::Parts;
pub use step::{
    Buffer, BufferId, Change, Decays, Element, Fused, Holds, Optimizer, Phase, Residual, Riding, Rows, Slot, Step,
    Weights, Work, packed_len,
};

use crate::graph::{Graph, Inference, Training, ValueId};
use crate::kernel::{Isa, Operands};

/// What a plan is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The most images a step takes; fewer are possible at run time.
    pub batch: usize,
    /// The best instruction set that kernels may use.
    pub isa: Isa,
    /// What convolutions and products multiply.
    pub precision: Precision,
    /// Whether a training computes its first layers' outputs anew for their gradients instead of keeping them, where that
    /// saves memory at little cost.
    pub recompute: bool,
    /// Kernels that are taken instead of those of the rules.
    pub choices: Choices,
}

impl Options {
    /// `f32`, all outputs kept, every kernel chosen by rule.
    #[must_use]
    pub fn plain(batch: usize, isa: Isa) -> Self {
        Self { batch, isa, precision: Precision::F32, recompute: false, choices: Choices::default() }
    }

    /// The best instruction set that kernels of this precision have a use for.
    #[must_use]
    pub fn used_isa(&self) -> Isa {
        match self.precision {
            Precision::F32 => self.isa.min(Isa::Avx512),
            Precision::Bf16 => self.isa,
        }
    }

    /// The kernels in words: `avx512 kernels`.
    #[must_use]
    pub fn kernels(&self) -> String {
        let of = if self.precision == Precision::Bf16 { " of bf16" } else { "" };
        format!("{} kernels{of}", self.used_isa())
    }

    fn operands(&self) -> Operands {
        match self.precision {
            Precision::F32 => Operands::F32,
            Precision::Bf16 => Operands::Bf16,
        }
    }
}

/// A network as steps over one arena of `f32`.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it was made for.
    pub options: Options,
    /// The parts in which a batch goes through the steps.
    pub parts: Parts,
    /// Forward steps, then backward steps, then updates.
    pub steps: Vec<Step>,
    /// Every buffer with its place in the arena.
    pub buffers: Vec<Buffer>,
    /// Length of the arena in `f32`.
    pub arena_len: usize,
    /// The most `f32` that one worker needs beside the arena.
    pub scratch_len: usize,
    /// Parameters in the order of the graph.
    pub params: Vec<Slot>,
    /// What the optimizer keeps, named `<kind>/<parameter>`.
    pub optimizer_state: Vec<Slot>,
    /// The images.
    pub input: BufferId,
    /// The index of each image's class; in training only.
    pub labels: Option<BufferId>,
    /// A factor for each class; where the training weights them.
    pub class_weights: Option<BufferId>,
    /// What the loss or the probabilities are computed from.
    pub logits: BufferId,
    /// Probabilities; in inference only.
    pub probabilities: Option<BufferId>,
    /// The loss of each image; in training only.
    pub losses: Option<BufferId>,
}

impl Plan {
    /// The plan of a training step: forward, backward and update.
    #[must_use]
    pub fn training(training: &Training, change: impl Into<Change>, options: Options) -> Self {
        let kept = [training.logits, training.losses];
        let mut lowering = lower::Lowering::new(&training.graph, &kept, options);
        lowering.graph();
        lowering.updates(&training.gradients, change.into());
        let [logits, losses] = kept.map(|value| lowering.buffer_of(value));
        let labels = lowering.buffer_of(training.labels);
        let class_weights = training.class_weights.map(|value| lowering.buffer_of(value));
        Self { labels: Some(labels), class_weights, losses: Some(losses), ..lowering.finish(logits) }
    }

    /// The plan of a forward pass.
    #[must_use]
    pub fn inference(inference: &Inference, options: Options) -> Self {
        let kept = [inference.logits, inference.probabilities];
        let mut lowering = lower::Lowering::new(&inference.graph, &kept, options);
        lowering.graph();
        let [logits, probabilities] = kept.map(|value| lowering.buffer_of(value));
        Self { probabilities: Some(probabilities), ..lowering.finish(logits) }
    }

    /// The buffer with this id.
    #[must_use]
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0]
    }

    /// Whether it trains.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.labels.is_some()
    }

    /// Bytes that running it holds: the arena and the workers' scratch.
    #[must_use]
    pub fn peak_bytes(&self, threads: usize) -> u64 {
        4 * (self.arena_len as u64 + self.scratch_len as u64 * threads as u64)
    }
}

/// Values of which nobody but the caller knows that they are read.
fn is_kept(kept: &[ValueId], value: ValueId) -> bool {
    kept.contains(&value)
}

/// For each value how many nodes read it, the caller counted as one more reader of what it keeps.
fn reader_counts(graph: &Graph, kept: &[ValueId]) -> Vec<usize> {
    let mut counts: Vec<usize> = graph.consumers().iter().map(Vec::len).collect();
    for value in kept {
        counts[value.0] += 1;
    }
    counts
}
