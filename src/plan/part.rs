//! How many images go through a forward pass at a time: few enough that what one step writes is in cache when the next
//! reads it, enough that weights are not read for too few of them.

use std::ops::Range;

use super::step::{Buffer, BufferId, Holds, Phase, Step};

/// Bytes of one step's operands that stay in cache, roughly: a share of the last level.
const CACHE: usize = 16 << 20;

/// Images, at least, so that bands of their rows keep all threads busy: where steps wait for memory, and where they compute
/// and gain little from what is in cache.
const FEWEST: usize = 2;
const FEWEST_OF_COMPUTING: usize = 8;

/// Operations for each byte of images, from which on a step computes rather than waits.
const COMPUTING: u64 = 24;

/// Bytes of images that pass through memory for each byte of weights, at least.
const FOR_WEIGHTS: usize = 4;

/// The parts in which a batch goes through a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Images at a time.
    pub images: usize,
    /// The stretches of steps that each part goes through before the next one begins; all others take the batch at once.
    pub apart: Vec<Range<usize>>,
}

impl Parts {
    /// The whole batch in every step.
    pub(super) fn whole(batch: usize) -> Self {
        Self { images: batch, apart: Vec::new() }
    }

    /// The parts of a forward pass. Nothing couples its images: no bit depends on them.
    pub(super) fn of(buffers: &[Buffer], steps: &[Step], batch: usize) -> Self {
        let first = steps.partition_point(|step| step.phase == Phase::Prepare);
        let fits = |step: &&Step| bytes(step, buffers, false).saturating_mul(batch) <= CACHE;
        let joined = steps.len() - steps[first..].iter().rev().take_while(fits).count();
        let images = images(&steps[first..joined], buffers, batch);
        if images < batch {
            Self { images, apart: std::iter::once(first..joined).collect() }
        } else {
            Self::whole(batch)
        }
    }

    /// Lets the buffers that outlive a part's steps hold the whole batch: what the caller fills and reads, `outside`, and
    /// what goes from one stretch of steps to another. What a stretch finds there or leaves lives all through it.
    pub(super) fn spread(&self, outside: &[BufferId], steps: &[Step], buffers: &mut [Buffer]) {
        let stretch_of = |at: usize| self.apart.iter().position(|stretch| stretch.contains(&at));
        for (id, buffer) in buffers.iter_mut().enumerate() {
            let touching = || (0..steps.len()).filter(|&at| steps[at].touches(BufferId(id)));
            let Some(first) = touching().next() else { continue };
            let is_passing = touching().all(|at| stretch_of(at).is_some() && stretch_of(at) == stretch_of(first));
            if buffer.holds == Holds::Part && (outside.contains(&BufferId(id)) || !is_passing) {
                buffer.holds = Holds::Batch;
            }
            // What one step alone touches is its workspace.
            if buffer.holds == Holds::Batch || (buffer.holds == Holds::Whole && touching().nth(1).is_some()) {
                for stretch in touching().filter_map(stretch_of).map(|stretch| &self.apart[stretch]) {
                    buffer.live = (buffer.live.0.min(stretch.start), buffer.live.1.max(stretch.end - 1));
                }
            }
        }
    }
}

/// How many images at a time go through steps that take a batch in parts of about the same size.
pub(super) fn images(steps: &[Step], buffers: &[Buffer], batch: usize) -> usize {
    let of_images = || steps.iter().map(|step| bytes(step, buffers, false));
    let Some(largest) = of_images().max() else { return batch };
    let all: usize = of_images().sum();
    let weights: usize = steps.iter().map(|step| bytes(step, buffers, true)).sum();
    let flops: u64 = steps.iter().map(|step| step.work.flops()).sum();
    let fewest = if flops < COMPUTING * all as u64 { FEWEST } else { FEWEST_OF_COMPUTING };
    let images = (CACHE / largest.max(1)).max(FOR_WEIGHTS * weights / all.max(1)).max(fewest);
    batch.div_ceil(batch.div_ceil(images).max(1))
}

/// Bytes of a step's operands: of those that hold no image, or of one image.
fn bytes(step: &Step, buffers: &[Buffer], is_whole: bool) -> usize {
    let operands = step.reads.iter().chain(&step.writes).map(|buffer| &buffers[buffer.0]);
    operands.filter(|buffer| (buffer.holds == Holds::Whole) == is_whole).map(|buffer| 4 * buffer.words(1)).sum()
}
