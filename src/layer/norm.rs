//! Normalisations, and a learned factor a channel.

use super::argument::{Preset, Value, count, real};
use super::{Argument, Bounds, Family, Layer};
use crate::graph::{BatchNorm, Builder, GroupNorm, Init, Op, Over, Role, TypeFault, ValueId};

/// What is added to a variance: the root of it is divided by, and deviations are around one.
const EPSILON: Bounds = Bounds { lo: 0.0, lo_in: false, hi: 1.0 };

const fn epsilon(default: f64) -> Argument {
    real("epsilon", &["eps"], EPSILON, default, "added to the variance")
}

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
        epsilon(1e-5),
    ],
    shown: 0,
    emit: |builder, inputs, bound| {
        let channels = [builder.shape(inputs[0]).channels()];
        let [scale, shift] = scale_and_shift(builder, inputs[0])?;
        let mean = builder.param(Role::RunningMean, &channels, Init::Constant(0.0))?;
        let variance = builder.param(Role::RunningVariance, &channels, Init::Constant(1.0))?;
        let norm = BatchNorm { momentum: bound.real("momentum") as f32, epsilon: bound.real("epsilon") as f32 };
        builder.apply(Op::BatchNorm(norm), &[inputs[0], scale, shift, mean, variance])
    },
};

/// Normalises the channels of each pixel by themselves, or all numbers of a vector, then scales and shifts each channel:
/// as ConvNeXt does (Liu et al., 2022), and as Keras does by default. PyTorch's `LayerNorm((C, H, W))`, which takes the
/// whole map at once and learns a factor for every place, is another layer; the nearest here is `GroupNorm(1)`.
pub(super) static LAYER_NORM: Layer = Layer {
    name: "LayerNorm",
    aliases: &["LayerNormalization"],
    doc: "brings the channels of each pixel, or a vector, to mean 0 and deviation 1, then scales and shifts each channel",
    family: Family::Norm,
    arguments: &[epsilon(1e-6)],
    shown: 0,
    emit: |builder, inputs, bound| {
        let norm = GroupNorm { over: Over::Pixel, groups: 1, epsilon: bound.real("epsilon") as f32 };
        normalised(builder, inputs[0], norm)
    },
};

/// Normalises groups of channels over all pixels of an image, then scales and shifts each channel (Wu and He, 2018).
pub(super) static GROUP_NORM: Layer = Layer {
    name: "GroupNorm",
    aliases: &["GroupNormalization"],
    doc: "brings each group of channels of an image to mean 0 and deviation 1, then scales and shifts each channel",
    family: Family::Norm,
    arguments: &[
        count("groups", &["num_groups"], Preset::Is(Value::Count(32)), "groups that the channels are cut into"),
        epsilon(1e-6),
    ],
    shown: 1,
    emit: |builder, inputs, bound| {
        let epsilon = bound.real("epsilon") as f32;
        normalised(builder, inputs[0], GroupNorm { over: Over::Image, groups: bound.count("groups"), epsilon })
    },
};

/// Multiplies each channel by a learned factor that starts small, so that a deep residual network starts near the
/// identity (Touvron et al., "Going deeper with image transformers", 2021).
pub(super) static LAYER_SCALE: Layer = Layer {
    name: "LayerScale",
    aliases: &[],
    doc: "multiplies each channel by a learned factor that starts small; stands at the end of a residual branch",
    family: Family::Norm,
    arguments: &[real(
        "init",
        &[],
        Bounds { lo: 0.0, lo_in: true, hi: f64::INFINITY },
        1e-6,
        "the factor before training",
    )],
    shown: 0,
    emit: |builder, inputs, bound| {
        let channels = [builder.shape(inputs[0]).channels()];
        let scale = builder.param(Role::Scale, &channels, Init::Constant(bound.real("init") as f32))?;
        builder.apply(Op::Scale, &[inputs[0], scale])
    },
};

fn scale_and_shift(builder: &mut Builder, x: ValueId) -> Result<[ValueId; 2], TypeFault> {
    let channels = [builder.shape(x).channels()];
    let scale = builder.param(Role::Scale, &channels, Init::Constant(1.0))?;
    let shift = builder.param(Role::Shift, &channels, Init::Constant(0.0))?;
    Ok([scale, shift])
}

fn normalised(builder: &mut Builder, x: ValueId, norm: GroupNorm) -> Result<ValueId, TypeFault> {
    let normalised = builder.apply(Op::GroupNorm(norm), &[x])?;
    let [scale, shift] = scale_and_shift(builder, x)?;
    let scaled = builder.apply(Op::Scale, &[normalised, scale])?;
    builder.apply(Op::Bias, &[scaled, shift])
}
