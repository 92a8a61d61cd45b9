//! The closed set of operations, with operands and results in order.

use super::Shape;
use crate::kernel::norm::group::Groups;
use crate::kernel::pool::Adaptive;
use crate::kernel::{Activation, ConvGeometry, Criterion, Padding, Window};

/// What a node does. `[a, b] → [y]` gives operands and results in the order of [`super::Node`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Convolution: `[x, kernel] → [y]`.
    Conv(ConvGeometry),
    /// `[dy, kernel] → [dx]`.
    ConvInputGradient(ConvGeometry),
    /// `[x, dy] → [dkernel]`.
    ConvWeightGradient(ConvGeometry),
    /// Matrix product of each image's vector with a kernel I×O: `[x, kernel] → [y]`.
    Product,
    /// `[dy, kernel] → [dx]`.
    ProductInputGradient,
    /// `[x, dy] → [dkernel]`.
    ProductWeightGradient,
    /// Adds one number a channel: `[x, b] → [y]`.
    Bias,
    /// Sum over images and pixels, a number a channel: `[x] → [sum]`. The gradient of [`Op::Bias`].
    ChannelSum,
    /// Multiplies by one number a channel: `[x, s] → [y]`.
    Scale,
    /// Sum of products over images and pixels: `[a, b] → [sum]`. The gradient of [`Op::Scale`] by its factor.
    ChannelDot,
    /// Pointwise activation: `[x] → [y]`.
    Map(Activation),
    /// `[source, dy] → [dx]`, the source being x or y as [`Activation::derivative_from`] says.
    MapGradient(Activation),
    /// `[a, b] → [y]`.
    Add,
    /// Element by element: `[a, b] → [y]`.
    Multiply,
    /// Multiplies every pixel by one number an image and channel: `[x, gate] → [y]`.
    Gate,
    /// Sum over an image's pixels of products: `[x, dy] → [dgate]`.
    GateGradient,
    /// `[x] → [y, index]`, the index being the winning tap of each window.
    MaxPool(Window),
    /// `[index, dy] → [dx]`.
    MaxPoolGradient(Window),
    /// `[x] → [y]`; whether padding counts in the divisor.
    AvgPool(Window, CountPadding),
    /// `[dy] → [dx]`.
    AvgPoolGradient(Window, CountPadding),
    /// Mean of windows that cut a map into so many: `[x] → [y]`.
    AdaptiveAvgPool(Adaptive),
    /// `[dy] → [dx]`.
    AdaptiveAvgPoolGradient(Adaptive),
    /// Batch normalisation before it is known whether the network trains: `[x, scale, shift, running_mean,
    /// running_variance] → [y]`.
    BatchNorm(BatchNorm),
    /// Kernel and bias of a convolution or product together with the normalisation of its result: `[kernel, scale, shift,
    /// running_mean, running_variance, bias?] → [kernel, bias]`.
    FoldBatchNorm(BatchNorm),
    /// By the batch's own statistics: `[x, scale, shift] → [y, mean, inverse_deviation]`.
    BatchNormTraining(BatchNorm),
    /// `[x, dy, mean, inverse_deviation] → [dscale, dshift]`.
    BatchNormParameterGradient,
    /// `[x, dy, mean, inverse_deviation, scale, dscale, dshift] → [dx]`.
    BatchNormInputGradient,
    /// Moves the running statistics towards the batch's, in place: `[mean, inverse_deviation, running_mean,
    /// running_variance] → []`; the extent of the statistics is given by the pixels of one image.
    RunningStatistics(BatchNorm, Pixels),
    /// Normalises groups of channels of an image, in training and inference alike: `[x] → [y, inverse_deviation]`.
    GroupNorm(GroupNorm),
    /// `[y, inverse_deviation, dy] → [dx]`.
    GroupNormGradient(GroupNorm),
    /// The same numbers under another shape: `[x] → [y]`. Never moves data.
    Reshape(Shape),
    /// Zeros around a map: `[x] → [y]`.
    Pad(Padding),
    /// The inner part of a padded map: `[dy] → [dx]`.
    Crop(Padding),
    /// Channels one after another: `[a, b, …] → [y]`.
    Concat,
    /// A run of channels, the gradient of [`Op::Concat`]: `[x] → [y]`.
    Slice(Channels),
    /// Inverted dropout, its own gradient under the same stream: `[x] → [y]`.
    Dropout(Dropout),
    /// `[x] → [y]`.
    Softmax,
    /// `[x] → [y]`.
    LogSoftmax,
    /// Loss of each image and the gradient of their mean: `[logits, labels] → [losses, dlogits]`.
    SoftmaxCrossEntropy,
    /// The same for one unit and two classes.
    SigmoidCrossEntropy,
    /// Any other loss, of one unit or of a number a class: `[logits, labels, class weights?] → [losses, dlogits]`.
    Criterion(Criterion),
}

/// Whether an average counts padded places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountPadding {
    /// They count as zeros, PyTorch's default.
    Yes,
    /// The average is over real places, Keras's meaning.
    No,
}

/// Constants of a batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Share of the running statistics kept.
    pub momentum: f32,
    /// Added to the variance.
    pub epsilon: f32,
}

/// A normalisation of groups of channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupNorm {
    /// Over which pixels means and deviations are taken.
    pub over: Over,
    /// Groups that the channels are cut into; divides them.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

/// Which pixels of an image are normalised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Each by itself.
    Pixel,
    /// All.
    Image,
}

impl GroupNorm {
    /// Which numbers of an image of `shape` share a mean and a deviation.
    #[must_use]
    pub fn groups_of(&self, shape: Shape) -> Groups {
        let [sets, rows] = match self.over {
            Over::Pixel => [shape.pixels(), 1],
            Over::Image => [1, shape.pixels()],
        };
        Groups { sets, rows, channels: shape.channels(), groups: self.groups }
    }
}

/// Pixels of one image: with the number of images, the population that statistics are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixels(pub usize);

/// A dropout and which random numbers it draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Share of elements set to zero, in [0, 1).
    pub rate: f32,
    /// Tells the dropouts of a network apart.
    pub stream: u64,
    /// What stays or goes as one.
    pub unit: DropoutUnit,
}

/// What a dropout keeps or drops as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropoutUnit {
    /// Each element.
    Element,
    /// Each channel of an image, at all of its pixels.
    Channel,
}

/// A run of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// The first.
    pub offset: usize,
    /// How many.
    pub count: usize,
}

impl Op {
    /// The operation's name, as dumps show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::ConvInputGradient(_) => "conv-input-gradient",
            Self::ConvWeightGradient(_) => "conv-weight-gradient",
            Self::Product => "product",
            Self::ProductInputGradient => "product-input-gradient",
            Self::ProductWeightGradient => "product-weight-gradient",
            Self::Bias => "bias",
            Self::ChannelSum => "channel-sum",
            Self::Scale => "scale",
            Self::ChannelDot => "channel-dot",
            Self::Map(_) => "map",
            Self::MapGradient(_) => "map-gradient",
            Self::Add => "add",
            Self::Multiply => "multiply",
            Self::Gate => "gate",
            Self::GateGradient => "gate-gradient",
            Self::MaxPool(_) => "max-pool",
            Self::MaxPoolGradient(_) => "max-pool-gradient",
            Self::AvgPool(..) => "avg-pool",
            Self::AvgPoolGradient(..) => "avg-pool-gradient",
            Self::AdaptiveAvgPool(_) => "adaptive-avg-pool",
            Self::AdaptiveAvgPoolGradient(_) => "adaptive-avg-pool-gradient",
            Self::BatchNorm(_) => "batch-norm",
            Self::FoldBatchNorm(_) => "fold-batch-norm",
            Self::BatchNormTraining(_) => "batch-norm-training",
            Self::BatchNormParameterGradient => "batch-norm-parameter-gradient",
            Self::BatchNormInputGradient => "batch-norm-input-gradient",
            Self::RunningStatistics(..) => "running-statistics",
            Self::GroupNorm(_) => "group-norm",
            Self::GroupNormGradient(_) => "group-norm-gradient",
            Self::Reshape(_) => "reshape",
            Self::Pad(_) => "pad",
            Self::Crop(_) => "crop",
            Self::Concat => "concat",
            Self::Slice(_) => "slice",
            Self::Dropout(_) => "dropout",
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log-softmax",
            Self::SoftmaxCrossEntropy => "softmax-cross-entropy",
            Self::SigmoidCrossEntropy => "sigmoid-cross-entropy",
            Self::Criterion(_) => "criterion",
        }
    }
}
