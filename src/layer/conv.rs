//! Convolutions.

use super::argument::{ACTIVATION, BIAS, DILATION, PADDING, count, pair};
use super::{Bound, Family, Layer, Preset, Value};
use crate::graph::{Bias, Builder, PaddingRule, Role, TypeFault, ValueId, WindowRule};

/// A convolution with all channels of a group.
pub(super) static CONV: Layer = Layer {
    name: "Conv",
    aliases: &["Conv2D", "Convolution2D", "Conv2d", "LazyConv2d"],
    doc: "slides learned kernels over a feature map",
    family: Family::Weighted,
    arguments: &[
        FILTERS,
        KERNEL,
        STRIDE,
        PADDING,
        DILATION,
        count("groups", &[], Preset::Is(Value::Count(1)), "groups of channels that do not see one another"),
        BIAS,
        ACTIVATION,
    ],
    shown: 2,
    emit: |builder, inputs, bound| {
        let window = rule(bound).place(builder.shape(inputs[0]))?;
        builder.conv(inputs[0], window, bound.count("filters"), bound.count("groups"), bias(bound))
    },
};

/// A convolution of each channel by itself.
pub(super) static DEPTHWISE_CONV: Layer = Layer {
    name: "DepthwiseConv",
    aliases: &["DepthwiseConv2D"],
    doc: "slides learned kernels over each channel by itself",
    family: Family::Weighted,
    arguments: &[KERNEL, STRIDE, PADDING, DILATION, MULTIPLIER, BIAS, ACTIVATION],
    shown: 1,
    emit: |builder, inputs, bound| {
        let y = depthwise(builder, inputs[0], bound, Role::Kernel)?;
        builder.biased(y, bias(bound))
    },
};

/// A convolution of each channel by itself, then one of the channels of each pixel, with nothing between them (Chollet,
/// "Xception", 2017). Its parameters are those of Keras: two kernels and one bias.
pub(super) static SEPARABLE_CONV: Layer = Layer {
    name: "SeparableConv",
    aliases: &["SeparableConv2D", "SeparableConvolution2D"],
    doc: "slides learned kernels over each channel by itself, then joins the channels of each pixel",
    family: Family::Weighted,
    arguments: &[FILTERS, KERNEL, STRIDE, PADDING, DILATION, MULTIPLIER, BIAS, ACTIVATION],
    shown: 2,
    emit: |builder, inputs, bound| {
        let x = depthwise(builder, inputs[0], bound, Role::DepthwiseKernel)?;
        let one = [1, 1];
        let pixel = WindowRule { kernel: one, stride: one, dilation: one, padding: PaddingRule::Valid, ceil: false };
        let window = pixel.place(builder.shape(x))?;
        let y = builder.convolve(x, window, bound.count("filters"), 1, Role::PointwiseKernel)?;
        builder.biased(y, bias(bound))
    },
};

const FILTERS: super::Argument = count("filters", &["out_channels"], Preset::Is(Value::Count(32)), "output channels");
const MULTIPLIER: super::Argument = count(
    "multiplier",
    &["depth_multiplier"],
    Preset::Is(Value::Count(1)),
    "channels behind the kernels for each input channel",
);
const KERNEL: super::Argument =
    pair("kernel", &["kernel_size"], Preset::Is(Value::Pair([3, 3])), "rows and columns of the kernel");
const STRIDE: super::Argument =
    pair("stride", &["strides"], Preset::Is(Value::Pair([1, 1])), "rows and columns from one window to the next");

fn depthwise(builder: &mut Builder, x: ValueId, bound: &Bound, role: Role) -> Result<ValueId, TypeFault> {
    let window = rule(bound).place(builder.shape(x))?;
    let filters = window.in_c.checked_mul(bound.count("multiplier")).ok_or(TypeFault::Overflow)?;
    builder.convolve(x, window, filters, window.in_c, role)
}

fn rule(bound: &Bound) -> WindowRule {
    WindowRule {
        kernel: bound.pair("kernel"),
        stride: bound.pair("stride"),
        dilation: bound.pair("dilation"),
        padding: bound.padding("padding"),
        ceil: false,
    }
}

/// Whether a layer with weights adds a bias.
pub(super) fn bias(bound: &Bound) -> Bias {
    if bound.flag("bias") { Bias::Learned } else { Bias::None }
}
