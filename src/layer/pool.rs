//! Pooling over windows, and over the whole map.

use super::argument::{PADDING, flag, pair};
use super::{Argument, Bound, Family, Layer, Preset, Value};
use crate::graph::{Builder, CountPadding, Op, PaddingRule, Shape, TypeFault, ValueId, WindowRule};
use crate::kernel::Window;
use crate::kernel::pool::Adaptive;

const ARGUMENTS: &[Argument] = &[
    pair(
        "size",
        &["pool_size", "kernel", "kernel_size"],
        Preset::Is(Value::Pair([2, 2])),
        "rows and columns of the window",
    ),
    pair(
        "stride",
        &["strides"],
        Preset::Like("size"),
        "rows and columns from one window to the next; left out, the size",
    ),
    PADDING,
    flag("ceil", &["ceil_mode"], false, "whether a last window that reaches beyond the end counts"),
];

/// The largest number of each window.
pub(super) static MAX_POOL: Layer = Layer {
    name: "MaxPool",
    aliases: &["MaxPooling2D", "MaxPool2D", "MaxPool2d"],
    doc: "the largest number of each window, a channel at a time",
    family: Family::Pool,
    arguments: ARGUMENTS,
    shown: 1,
    emit: |builder, inputs, bound| {
        let window = rule(bound).place(builder.shape(inputs[0]))?;
        builder.apply(Op::MaxPool(window), inputs)
    },
};

/// The mean of each window. Padding by `same` is not counted, as in Keras; padding by numbers is, as in PyTorch.
pub(super) static AVG_POOL: Layer = Layer {
    name: "AvgPool",
    aliases: &["AveragePooling2D", "AvgPool2D", "AvgPool2d"],
    doc: "the mean of each window, a channel at a time",
    family: Family::Pool,
    arguments: ARGUMENTS,
    shown: 1,
    emit: |builder, inputs, bound| {
        let window = rule(bound).place(builder.shape(inputs[0]))?;
        let counted = match bound.padding("padding") {
            PaddingRule::Explicit(_) => CountPadding::Yes,
            PaddingRule::Valid | PaddingRule::Same => CountPadding::No,
        };
        builder.apply(Op::AvgPool(window, counted), inputs)
    },
};

/// The mean of windows that cut the map into so many rows and columns, whatever its size, as in PyTorch: where they do
/// not divide the map, windows differ by a place and overlap.
pub(super) static ADAPTIVE_AVG_POOL: Layer = Layer {
    name: "AdaptiveAvgPool",
    aliases: &["AdaptiveAvgPool2d", "AdaptiveAveragePooling2D"],
    doc: "the mean of windows that cut a map of any size into so many rows and columns; the result is a map",
    family: Family::Pool,
    arguments: &[pair("size", &["output_size"], Preset::Is(Value::Pair([1, 1])), "rows and columns of the result")],
    shown: 1,
    emit: |builder, inputs, bound| adaptive(builder, inputs[0], bound.pair("size")),
};

/// The mean of the whole map: one number a channel.
pub(super) static GLOBAL_AVG_POOL: Layer = Layer {
    name: "GlobalAvgPool",
    aliases: &["GlobalAveragePooling2D", "GlobalAvgPool2D"],
    doc: "the mean of the whole map: one number a channel",
    family: Family::Pool,
    arguments: &[],
    shown: 0,
    emit: |builder, inputs, _| global(builder, inputs[0], |window| Op::AvgPool(window, CountPadding::No)),
};

/// The largest number of the whole map: one a channel.
pub(super) static GLOBAL_MAX_POOL: Layer = Layer {
    name: "GlobalMaxPool",
    aliases: &["GlobalMaxPooling2D", "GlobalMaxPool2D"],
    doc: "the largest number of the whole map: one a channel",
    family: Family::Pool,
    arguments: &[],
    shown: 0,
    emit: |builder, inputs, _| global(builder, inputs[0], Op::MaxPool),
};

fn rule(bound: &Bound) -> WindowRule {
    WindowRule {
        kernel: bound.pair("size"),
        stride: bound.pair("stride"),
        dilation: [1, 1],
        padding: bound.padding("padding"),
        ceil: bound.flag("ceil"),
    }
}

/// Windows of one size are those of an ordinary pool.
fn adaptive(builder: &mut Builder, x: ValueId, [out_h, out_w]: [usize; 2]) -> Result<ValueId, TypeFault> {
    let shape = builder.shape(x);
    let Shape::Map { h, w, c } = shape else { return Err(TypeFault::NeedsMap(shape)) };
    if [h, w] == [out_h, out_w] {
        return Ok(x);
    }
    if h.is_multiple_of(out_h) && w.is_multiple_of(out_w) {
        let kernel = [h / out_h, w / out_w];
        let window = WindowRule { kernel, stride: kernel, dilation: [1, 1], padding: PaddingRule::Valid, ceil: false };
        return builder.apply(Op::AvgPool(window.place(shape)?, CountPadding::No), &[x]);
    }
    builder.apply(Op::AdaptiveAvgPool(Adaptive { in_h: h, in_w: w, channels: c, out_h, out_w }), &[x])
}

fn global(builder: &mut Builder, x: ValueId, op: fn(Window) -> Op) -> Result<ValueId, TypeFault> {
    let shape = builder.shape(x);
    let Shape::Map { h, w, c } = shape else { return Err(TypeFault::NeedsMap(shape)) };
    let [stride, dilation] = [[1, 1]; 2];
    let whole = WindowRule { kernel: [h, w], stride, dilation, padding: PaddingRule::Valid, ceil: false };
    let pooled = builder.apply(op(whole.place(shape)?), &[x])?;
    builder.apply(Op::Reshape(Shape::Vector(c)), &[pooled])
}
