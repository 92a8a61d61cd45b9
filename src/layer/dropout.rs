//! Dropout, of single elements and of whole channels.

use super::argument::real;
use super::{Argument, Bound, Bounds, Family, Layer};
use crate::graph::{Builder, Dropout, DropoutUnit, Op, Shape, TypeFault, ValueId};

/// Sets a share of the elements to zero in training (Srivastava et al., 2014).
pub(super) static DROPOUT: Layer = Layer {
    name: "Dropout",
    aliases: &[],
    doc: "sets a random share of the elements to zero in training and scales up the rest",
    family: Family::Passing,
    arguments: &[rate("share of the elements set to zero")],
    shown: 1,
    emit: |builder, inputs, bound| dropped(builder, inputs[0], bound, DropoutUnit::Element),
};

/// Sets whole channels to zero in training, since neighbours on a map tell the same (Tompson et al., 2015). PyTorch's
/// `Dropout2d`.
pub(super) static SPATIAL_DROPOUT: Layer = Layer {
    name: "SpatialDropout",
    aliases: &["SpatialDropout2D", "Dropout2d"],
    doc: "sets a random share of a map's channels to zero in training and scales up the rest",
    family: Family::Passing,
    arguments: &[rate("share of the channels set to zero")],
    shown: 1,
    emit: |builder, inputs, bound| match builder.shape(inputs[0]) {
        Shape::Map { .. } => dropped(builder, inputs[0], bound, DropoutUnit::Channel),
        shape @ Shape::Vector(_) => Err(TypeFault::NeedsMap(shape)),
    },
};

const fn rate(doc: &'static str) -> Argument {
    real("rate", &["p"], Bounds { lo: 0.0, lo_in: true, hi: 1.0 }, 0.5, doc)
}

fn dropped(builder: &mut Builder, x: ValueId, bound: &Bound, unit: DropoutUnit) -> Result<ValueId, TypeFault> {
    // The number of nodes before it tells the dropouts of a network apart.
    let stream = builder.graph().nodes.len() as u64;
    builder.apply(Op::Dropout(Dropout { rate: bound.real("rate") as f32, stream, unit }), &[x])
}
