//! Normalisations.

use super::argument::real;
use super::{Bounds, Family, Layer};
use crate::graph::{BatchNorm, Init, Op, Role};

/// Normalises each channel over the batch, then scales and shifts it (Ioffe and Szegedy, 2015).
pub(super) static BATCH_NORM: Layer = Layer {
    name: "BatchNorm",
    aliases: &["BatchNormalization", "BatchNorm2d", "BatchNorm1d"],
    doc: "brings each channel to mean 0 and deviation 1 over the batch, then scales and shifts it",
    family: Family::Norm,
    arguments: &[
        real(
            "momentum",
            &[],
            Bounds { lo: 0.0, lo_in: true, hi: 1.0 },
            0.9,
            "share of the running statistics that a step keeps",
        ),
        real("epsilon", &["eps"], Bounds { lo: 0.0, lo_in: false, hi: f64::INFINITY }, 1e-5, "added to the variance"),
    ],
    shown: 0,
    emit: |builder, inputs, bound| {
        let channels = [builder.shape(inputs[0]).channels()];
        let scale = builder.param(Role::Scale, &channels, Init::Constant(1.0))?;
        let shift = builder.param(Role::Shift, &channels, Init::Constant(0.0))?;
        let mean = builder.param(Role::RunningMean, &channels, Init::Constant(0.0))?;
        let variance = builder.param(Role::RunningVariance, &channels, Init::Constant(1.0))?;
        let norm = BatchNorm { momentum: bound.real("momentum") as f32, epsilon: bound.real("epsilon") as f32 };
        builder.apply(Op::BatchNorm(norm), &[inputs[0], scale, shift, mean, variance])
    },
};
