//! Dropout.

use super::argument::real;
use super::{Bounds, Family, Layer};
use crate::graph::{Dropout, Op};

/// Sets a share of the elements to zero in training (Srivastava et al., 2014).
pub(super) static DROPOUT: Layer = Layer {
    name: "Dropout",
    aliases: &[],
    doc: "sets a random share of the elements to zero in training and scales up the rest",
    family: Family::Passing,
    arguments: &[real(
        "rate",
        &["p"],
        Bounds { lo: 0.0, lo_in: true, hi: 1.0 },
        0.5,
        "share of the elements set to zero",
    )],
    shown: 1,
    emit: |builder, inputs, bound| {
        // The number of nodes before it tells the dropouts of a network apart.
        let stream = builder.graph().nodes.len() as u64;
        builder.apply(Op::Dropout(Dropout { rate: bound.real("rate") as f32, stream }), inputs)
    },
};
