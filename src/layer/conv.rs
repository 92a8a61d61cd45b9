//! Convolutions.

use super::argument::{ACTIVATION, BIAS, DILATION, PADDING, count, pair};
use super::{Bound, Family, Layer, Preset, Value};
use crate::graph::{Bias, Builder, TypeFault, ValueId, WindowRule};

/// A convolution with all channels of a group.
pub(super) static CONV: Layer = Layer {
    name: "Conv",
    aliases: &["Conv2D", "Conv2d", "Convolution2D"],
    doc: "slides learned kernels over a feature map",
    family: Family::Weighted,
    arguments: &[
        count("filters", &["out_channels"], Preset::Is(Value::Count(32)), "output channels"),
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
    arguments: &[
        KERNEL,
        STRIDE,
        PADDING,
        DILATION,
        count(
            "multiplier",
            &["depth_multiplier"],
            Preset::Is(Value::Count(1)),
            "output channels for each input channel",
        ),
        BIAS,
        ACTIVATION,
    ],
    shown: 1,
    emit: |builder, inputs, bound| depthwise(builder, inputs[0], bound),
};

const KERNEL: super::Argument =
    pair("kernel", &["kernel_size"], Preset::Is(Value::Pair([3, 3])), "rows and columns of the kernel");
const STRIDE: super::Argument =
    pair("stride", &["strides"], Preset::Is(Value::Pair([1, 1])), "rows and columns from one window to the next");

fn depthwise(builder: &mut Builder, x: ValueId, bound: &Bound) -> Result<ValueId, TypeFault> {
    let window = rule(bound).place(builder.shape(x))?;
    let filters = window.in_c.checked_mul(bound.count("multiplier")).ok_or(TypeFault::Overflow)?;
    builder.conv(x, window, filters, window.in_c, bias(bound))
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
