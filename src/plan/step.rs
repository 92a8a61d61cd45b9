//! A step: what runs, on which buffers, for which layers.

use std::sync::Arc;

pub use crate::graph::Element;
use crate::graph::{LayerId, Role};
use crate::kernel::conv::{
    Chain, ConvForward, ConvGradient, ConvInputGradient, ConvPool, Front, Packing, PooledConv, PooledGradient,
    PooledInputGradient,
};
use crate::kernel::norm::group::Groups;
use crate::kernel::pool::Adaptive;
use crate::kernel::{Activation, ConvGeometry, Criterion, Dense, Isa, Padding, Window};
pub use crate::syntax::settings::Optimizer;

/// Index of a buffer in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// A stretch of the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Elements an image, or in all.
    pub len: usize,
    /// Of which images it holds so many.
    pub holds: Holds,
    /// Type of its elements.
    pub element: Element,
    /// First step that touches it, and last.
    pub live: (usize, usize),
    /// Whether it outlives a run: parameters and what the optimizer keeps.
    pub persistent: bool,
    /// Where it starts in the arena, in `f32`.
    pub offset: usize,
}

/// What a buffer holds its elements of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// No image: there are so many in all.
    Whole,
    /// Each image that is at work.
    Part,
    /// Each image of the batch: what the caller fills before a run and reads after it.
    Batch,
}

impl Buffer {
    /// Elements for `images` images.
    #[must_use]
    pub fn elements(&self, images: usize) -> usize {
        if self.holds == Holds::Whole { self.len } else { self.len * images }
    }

    /// `f32` places that so many images need.
    #[must_use]
    pub fn words(&self, images: usize) -> usize {
        match self.element {
            Element::F32 | Element::U32 => self.elements(images),
            Element::U8 => self.elements(images).div_ceil(4),
        }
    }
}

/// A named buffer that the outside reads and writes: a parameter, or what an optimizer keeps for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name in a model file.
    pub name: String,
    /// Sizes, outermost first.
    pub dims: Vec<usize>,
    /// Where it lies.
    pub buffer: BufferId,
    /// What the parameter is to its layer.
    pub role: Role,
}

/// Which part of a run a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What follows from the parameters alone: done once, and again when these are changed from outside.
    Prepare,
    /// From the images to the loss or the probabilities.
    Forward,
    /// From the loss to the gradients.
    Backward,
    /// From the gradients to new parameters.
    Update,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// What runs.
    pub work: Work,
    /// Which part of a run it belongs to.
    pub phase: Phase,
    /// Layers it serves, in order; empty for a step that serves no single one.
    pub layers: Vec<LayerId>,
    /// What it reads, in the order that [`Work`] says.
    pub reads: Vec<BufferId>,
    /// What it writes, or changes in place, in the order that [`Work`] says.
    pub writes: Vec<BufferId>,
}

impl Step {
    /// Whether it reads or writes a buffer.
    #[must_use]
    pub fn touches(&self, buffer: BufferId) -> bool {
        self.reads.contains(&buffer) || self.writes.contains(&buffer)
    }
}

/// Bias, residual and activation applied, in this order, as a product, convolution or scaling is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fused {
    /// Whether a bias follows the other operands.
    pub bias: bool,
    /// Whether what the result's buffer holds before is added.
    pub residual: bool,
    /// The activation; the identity for none.
    pub activation: Activation,
    /// How a convolution finds its weights.
    pub weights: Weights,
}

/// How a convolution finds its weights and its bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// As the layer has them: they are packed in every run, at the front of the workspace.
    Plain,
    /// Packed once, in place of the kernel and of the bias.
    Packed,
}

/// Elements at the front of a workspace that packed weights take: whole cache lines.
#[must_use]
pub fn packed_len<Geometry, Run>(g: &Geometry, by: &Packing<Geometry, Run>) -> usize {
    (by.packed)(g).next_multiple_of(16)
}

/// What is added to normalised numbers before they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Residual {
    /// Nothing.
    #[default]
    None,
    /// The operand after the others.
    Operand,
    /// What the result's buffer holds before.
    Result,
}

/// A sum and then an activation, applied as a normalisation is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Riding {
    /// What is added first.
    pub residual: Residual,
    /// The activation; the identity for none.
    pub activation: Activation,
}

/// Places and channels of a tensor seen as rows of channels: N·pixels rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows an image.
    pub pixels: usize,
    /// Elements a row.
    pub channels: usize,
}

/// Whether weight decay acts on a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decays {
    /// A kernel: its size is what decay is for.
    Yes,
    /// A bias, or a scale, shift or slope: decay would only pull it from where it has to be.
    No,
}

/// How gradients change parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// By which formula.
    pub optimizer: Optimizer,
    /// The largest norm that the gradient of all parameters keeps (Pascanu et al., 2013).
    pub clip_norm: Option<f64>,
}

impl From<Optimizer> for Change {
    fn from(optimizer: Optimizer) -> Self {
        Self { optimizer, clip_norm: None }
    }
}

/// What runs. `[reads] → [writes]`; `(!)` marks an operand that is changed in place.
#[derive(Clone, Debug)]
pub enum Work {
    /// `[x, kernel, bias?] → [y(!), workspace]`, or `[x, packed] → …`.
    Conv(ConvGeometry, &'static ConvForward, Fused),
    /// `[dy, kernel] → [dx, workspace]`; under an activation, dx overwrites what its derivative is computed from.
    ConvInputGradient(ConvGeometry, &'static ConvInputGradient, Activation),
    /// `[x, dy] → [dkernel, workspace]`.
    ConvWeightGradient(ConvGeometry, &'static ConvGradient),
    /// `[kernel, bias?] → [packed]`.
    PackConv(ConvGeometry, &'static ConvForward),
    /// `[kernel, bias?] → [packed]`.
    PackConvPool(PooledConv, &'static ConvPool),
    /// `[x, kernel, bias?] → [y, index?, workspace]`, or `[x, packed] → …`: a max pool over the result before it is stored.
    ConvPool(PooledConv, &'static ConvPool, Fused),
    /// `[x, packed…] → [y(!)]`: convolutions one behind the other, and perhaps a max pool, of which the last result is stored.
    ConvChain(Arc<Chain>),
    /// `[x, kernel, kernel, bias?, bias?] → [y, index, peaks, workspace]`: two convolutions and a max pool, and the greatest
    /// magnitudes of the first one's channels.
    Front(Arc<Chain>),
    /// `[x, kernel, kernel, dy, index, bias?] → [dkernel, dkernel, workspace, dbias?]`: the gradients of both kernels and of the
    /// first bias from dy at the winners.
    FrontGradient(Arc<Front>),
    /// `[dy, kernel, index] → [dx, workspace]`: the same with dy at the winners of a max pool only.
    PooledInputGradient(PooledConv, &'static PooledInputGradient, Activation),
    /// `[x, dy, index] → [dkernel, workspace]`.
    PooledWeightGradient(PooledConv, &'static PooledGradient),
    /// `[x, kernel, bias?] → [y(!)]`.
    Dense(Dense, Fused),
    /// `[dy, kernel] → [dx]`.
    DenseInputGradient(Dense),
    /// `[x, dy] → [dkernel]`.
    DenseWeightGradient(Dense),
    /// `[x, b] → [y]`.
    Bias(Rows),
    /// `[x] → [sum, workspace]`.
    ChannelSum(Rows),
    /// `[x, s, bias?] → [y]`.
    Scale(Rows, Fused),
    /// `[a, b] → [sum, workspace]`.
    ChannelDot(Rows),
    /// `[x] → [y]`.
    Map(Activation),
    /// `[] → [y!]`.
    MapInPlace(Activation),
    /// `[source] → [d!]`.
    MapGradientInPlace(Activation),
    /// `[a, b] → [y]`.
    Add,
    /// `[b] → [y!]`.
    AddInPlace,
    /// `[x] → [y]`.
    Copy,
    /// `[share] → [sum!]`: that of the first part of a batch replaces the sum, those of the others are added.
    Gather,
    /// `[a, b] → [y]`.
    Multiply,
    /// `[x, gate] → [y]`.
    Gate(Rows),
    /// `[x, dy] → [dgate]`.
    GateGradient(Rows),
    /// `[x] → [y, index?]`.
    MaxPool(Window, Isa),
    /// `[index, dy] → [dx]`.
    MaxPoolGradient(Window, Isa),
    /// `[x] → [y]`.
    AvgPool(Window, bool),
    /// `[dy] → [dx]`.
    AvgPoolGradient(Window, bool),
    /// `[x] → [y]`.
    AdaptiveAvgPool(Adaptive),
    /// `[dy] → [dx]`.
    AdaptiveAvgPoolGradient(Adaptive),
    /// `[x] → [y, inverse_deviation, workspace?]`; epsilon.
    GroupNorm(Groups, f32),
    /// `[y, inverse_deviation, dy] → [dx, workspace?]`.
    GroupNormGradient(Groups),
    /// `[x, scale, shift, residual?] → [y, mean, inverse_deviation, workspace]`; epsilon.
    BatchNormTraining(Rows, f32, Riding),
    /// `[x, scale, shift, mean, variance, residual?] → [y, workspace]`; epsilon.
    BatchNormInference(Rows, f32, Riding),
    /// `[kernel, scale, shift, mean, variance, bias?] → [kernel, bias]`; epsilon.
    FoldBatchNorm(f32),
    /// `[x, dy, mean, inverse_deviation] → [dscale, dshift, workspace]`.
    BatchNormParameterGradient(Rows),
    /// `[x, dy, mean, inverse_deviation, scale, dscale, dshift] → [dx, workspace]`.
    BatchNormInputGradient(Rows),
    /// `[x, mean, inverse_deviation, scale, dscale, dshift] → [d!, workspace]`: the same, dx over dy.
    BatchNormInputGradientInPlace(Rows),
    /// `[mean, inverse_deviation] → [running_mean!, running_variance!]`; momentum, epsilon.
    RunningStatistics(Rows, f32, f32),
    /// `[x] → [y]`; height, width, channels of the inner map.
    Pad([usize; 3], Padding),
    /// `[dy] → [dx]`; height, width, channels of the inner map.
    Crop([usize; 3], Padding),
    /// `[x] → [y!]`: one branch's channels of a concatenation; rows of `x`, channels of `y`, offset.
    ConcatPart(Rows, usize, usize),
    /// `[y] → [x]`: the reverse.
    Slice(Rows, usize, usize),
    /// `[x] → [y]`; rate and stream.
    Dropout(f32, u64),
    /// `[x] → [y]`, whole channels; rate and stream.
    SpatialDropout(Rows, f32, u64),
    /// `[x] → [y]`.
    Softmax(Rows),
    /// `[x] → [y]`.
    LogSoftmax(Rows),
    /// `[logits, labels] → [losses, dlogits]`; classes.
    SoftmaxCrossEntropy(usize),
    /// `[logits, labels] → [losses, dlogits]`.
    SigmoidCrossEntropy,
    /// `[logits, labels, class weights?] → [losses, dlogits]`; units.
    Criterion(Criterion, usize),
    /// `[gradient] → [norms!]`: its Euclidean norm, at this place of the norms.
    GradientNorm(usize),
    /// `[norms] → [gradient!]`: shrunk where the norm of all gradients is above this.
    ClipGradient(f64),
    /// `[gradient] → [parameter!, state!…]`.
    Update(Optimizer, Decays),
    /// `[x, dy] → [kernel!, gradient, state!…]`: a dense layer's weight gradient and the update by it, a few rows at a time.
    DenseUpdate(Dense, Optimizer, Decays),
}
