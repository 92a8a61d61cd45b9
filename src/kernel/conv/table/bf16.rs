//! The tables of kernels that multiply bf16, as their namesakes are sorted.
//!
//! Direct kernels take pairs of it. With the instruction for pairs they are about as fast as Winograd's transforms, which
//! would need rounded copies; without it they multiply `f32`, and the transforms do less of that. What multiplies less, what multiplies each by each,
//! and what takes every shape, are kernels of `f32` whose operands are rounded beforehand.

use super::super::{
    Bands, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, Packing, PooledGradient,
    PooledInputGradient, Weights, direct, im2col, pack_plainly, plain_len, pooled, rounded, winograd,
};
use crate::kernel::Isa;
use crate::kernel::element::{Pair, Single};

macro_rules! rounded_forward {
    ($name:literal, $inner:expr) => {{
        const INNER: ConvForward = $inner;
        ConvForward {
            name: $name,
            workspace: |g, n| rounded::forward_workspace(&INNER, g, n),
            run: Packing {
                fits_once: INNER.run.fits_once,
                packed: |g| rounded::packed(&INNER, g),
                pack: |g, w, bias, to| rounded::pack(&INNER, g, w, bias, to),
                run: |g, n, x, w, after, y, space| rounded::forward(&INNER, g, n, x, w, after, y, space),
            },
            ..INNER
        }
    }};
}

macro_rules! rounded_input_gradient {
    ($name:literal, $inner:expr) => {{
        const INNER: ConvInputGradient = $inner;
        ConvInputGradient {
            name: $name,
            workspace: |g, n| rounded::input_gradient_workspace(&INNER, g, n),
            run: |g, n, dy, w, f, dx, space| rounded::input_gradient(&INNER, g, n, dy, w, f, dx, space),
            ..INNER
        }
    }};
}

macro_rules! rounded_weight_gradient {
    ($name:literal, $inner:expr) => {{
        const INNER: ConvGradient = $inner;
        ConvGradient {
            name: $name,
            workspace: |g, n| rounded::weight_gradient_workspace(&INNER, g, n),
            run: |g, n, x, dy, dw, space| rounded::weight_gradient(&INNER, g, n, x, dy, dw, space),
            ..INNER
        }
    }};
}

/// Forward kernels, the ones to prefer first.
pub static FORWARD: &[ConvForward] = &[
    rounded_forward!("rounded-depthwise-avx512", depthwise_forward!(Isa::Avx512, "")),
    rounded_forward!("rounded-depthwise-avx2", depthwise_forward!(Isa::Avx2, "")),
    rounded_forward!("rounded-depthwise", depthwise_forward!(Isa::Portable, "")),
    direct_forward!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    rounded_forward!("rounded-winograd-avx512", winograd_forward!(Isa::Avx512, "")),
    direct_forward!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    rounded_forward!("rounded-winograd-avx2", winograd_forward!(Isa::Avx2, "")),
    direct_forward!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    rounded_forward!("rounded-winograd", winograd_forward!(Isa::Portable, "")),
    direct_forward!(Pair, Isa::Portable, "direct-bf16-by-f32"),
    rounded_forward!("rounded-im2col", im2col_forward!()),
];

/// Input-gradient kernels, the ones to prefer first.
pub static INPUT_GRADIENT: &[ConvInputGradient] = &[
    rounded_input_gradient!("rounded-depthwise-avx512", depthwise_input_gradient!(Isa::Avx512, "")),
    rounded_input_gradient!("rounded-depthwise-avx2", depthwise_input_gradient!(Isa::Avx2, "")),
    rounded_input_gradient!("rounded-depthwise", depthwise_input_gradient!(Isa::Portable, "")),
    direct_input_gradient!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    rounded_input_gradient!("rounded-winograd-avx512", winograd_input_gradient!(Isa::Avx512, "")),
    direct_input_gradient!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    rounded_input_gradient!("rounded-winograd-avx2", winograd_input_gradient!(Isa::Avx2, "")),
    direct_input_gradient!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    rounded_input_gradient!("rounded-winograd", winograd_input_gradient!(Isa::Portable, "")),
    direct_input_gradient!(Pair, Isa::Portable, "direct-bf16-by-f32"),
    rounded_input_gradient!("rounded-im2col", im2col_input_gradient!()),
];

/// Weight-gradient kernels, the ones to prefer first.
pub static WEIGHT_GRADIENT: &[ConvGradient] = &[
    rounded_weight_gradient!("rounded-depthwise-avx512", depthwise_weight_gradient!(Isa::Avx512, "")),
    rounded_weight_gradient!("rounded-depthwise-avx2", depthwise_weight_gradient!(Isa::Avx2, "")),
    rounded_weight_gradient!("rounded-depthwise", depthwise_weight_gradient!(Isa::Portable, "")),
    direct_weight_gradient!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    direct_weight_gradient!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    direct_weight_gradient!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    direct_weight_gradient!(Pair, Isa::Portable, "direct-bf16-by-f32"),
    rounded_weight_gradient!("rounded-im2col", im2col_weight_gradient!()),
];

/// Forward kernels that pool as they go, the ones to prefer first.
pub static POOLED_FORWARD: &[ConvPool] = &[
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx512Bf16, "direct-pooled-bf16"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx512, "direct-pooled-bf16-by-avx512"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx2, "direct-pooled-bf16-by-avx2"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Portable, "direct-pooled-bf16-by-f32"),
];

macro_rules! rounded_pooled_input_gradient {
    ($name:literal, $inner:expr) => {{
        const INNER: PooledInputGradient = $inner;
        PooledInputGradient {
            name: $name,
            workspace: |g, n| rounded::input_gradient_workspace(&INNER, g, n),
            run: |g, n, dy, w, index, f, dx, space| {
                rounded::pooled_input_gradient(&INNER, g, n, dy, w, index, f, dx, space);
            },
            ..INNER
        }
    }};
}

macro_rules! rounded_pooled_weight_gradient {
    ($name:literal, $inner:expr) => {{
        const INNER: PooledGradient = $inner;
        PooledGradient {
            name: $name,
            workspace: |g, n| rounded::weight_gradient_workspace(&INNER, g, n),
            run: |g, n, x, dy, index, dw, space| {
                rounded::pooled_weight_gradient(&INNER, g, n, x, dy, index, dw, space);
            },
            ..INNER
        }
    }};
}

/// Input-gradient kernels over the winners of a pool.
pub static POOLED_INPUT_GRADIENT: &[PooledInputGradient] = &[
    rounded_pooled_input_gradient!("rounded-winograd-unpooled-avx512", unpooled_input_gradient!(Isa::Avx512, "")),
    rounded_pooled_input_gradient!("rounded-winners-avx512", pooled_input_gradient!(Isa::Avx512, "")),
    rounded_pooled_input_gradient!("rounded-winograd-unpooled-avx2", unpooled_input_gradient!(Isa::Avx2, "")),
    rounded_pooled_input_gradient!("rounded-winners-avx2", pooled_input_gradient!(Isa::Avx2, "")),
    rounded_pooled_input_gradient!("rounded-winograd-unpooled", unpooled_input_gradient!(Isa::Portable, "")),
    rounded_pooled_input_gradient!("rounded-winners", pooled_input_gradient!(Isa::Portable, "")),
];

/// Weight-gradient kernels over the winners of a pool.
pub static POOLED_WEIGHT_GRADIENT: &[PooledGradient] = &[
    rounded_pooled_weight_gradient!("rounded-winners-avx512", pooled_weight_gradient!(Isa::Avx512, "")),
    rounded_pooled_weight_gradient!("rounded-winners-avx2", pooled_weight_gradient!(Isa::Avx2, "")),
    rounded_pooled_weight_gradient!("rounded-winners", pooled_weight_gradient!(Isa::Portable, "")),
];
