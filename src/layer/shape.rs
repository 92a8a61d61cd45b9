//! Layers that move numbers without changing them.

use super::{Argument, Family, Kind, Layer, Preset, Value};
use crate::graph::{Op, PaddingRule, Shape, TypeFault};
use crate::kernel::Padding;

/// A map as a vector.
pub(super) static FLATTEN: Layer = Layer {
    name: "Flatten",
    aliases: &[],
    doc: "the map as one vector, in height, width, channel order; a vector stays",
    family: Family::Passing,
    arguments: &[],
    shown: 0,
    emit: |builder, inputs, _| builder.flatten(inputs[0]),
};

/// Zeros around a map.
pub(super) static ZERO_PAD: Layer = Layer {
    name: "ZeroPad",
    aliases: &["ZeroPadding2D", "ZeroPad2d"],
    doc: "rows and columns of zeros around the map",
    family: Family::Passing,
    arguments: &[Argument {
        name: "pad",
        aliases: &["padding"],
        kind: Kind::Border,
        preset: Preset::Is(Value::Padding(PaddingRule::Explicit(Padding { top: 1, bottom: 1, left: 1, right: 1 }))),
        doc: "how many: `1`, `1x2`, or `(top, bottom, left, right)`",
    }],
    shown: 1,
    emit: |builder, inputs, bound| {
        let shape = builder.shape(inputs[0]);
        match (shape, bound.padding("pad")) {
            (Shape::Vector(_), _) => Err(TypeFault::NeedsMap(shape)),
            (_, PaddingRule::Explicit(padding)) => builder.apply(Op::Pad(padding), inputs),
            (_, PaddingRule::Valid | PaddingRule::Same) => Ok(inputs[0]),
        }
    },
};

/// Its input.
pub(super) static IDENTITY: Layer = Layer {
    name: "Identity",
    aliases: &[],
    doc: "its input, unchanged; a branch that goes past the others",
    family: Family::Passing,
    arguments: &[],
    shown: 0,
    emit: |_, inputs, _| Ok(inputs[0]),
};
