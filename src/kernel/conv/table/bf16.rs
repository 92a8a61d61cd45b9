//! The tables of kernels that multiply pairs of bf16: each row stands for one of the same form that multiplies `f32`.
//!
//! What multiplies less than the sum has terms (Winograd's transforms, sums over the winners of a pool), or each by each, has
//! no row here: on `f32` it is faster than any rounding of its operands would make it. The matrix unit, AMX, is so fast that its
//! direct forms stand for these too, under a pool with the zeros between the winners.

use super::super::chain::{AsLink, Spreading, Stage};
use super::super::{
    Bands, ByPool, ConvBands, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, Packing,
    PooledGradient, PooledInputGradient, Weights, direct, pooled,
};
use crate::kernel::Isa;
use crate::kernel::element::Pair;

/// Forward kernels, the ones to prefer first.
pub static FORWARD: &[ConvForward] = &[
    direct_forward!(
        Pair,
        Isa::Amx,
        "direct-bf16-amx",
        link!(direct::forward::Forward<'_, Pair>, Stage::Pairs, Isa::Amx)
    ),
    direct_forward!(Pair, Isa::Avx512Bf16, "direct-bf16", None),
    direct_forward!(Pair, Isa::Avx512, "direct-bf16-by-avx512", None),
    direct_forward!(Pair, Isa::Avx2, "direct-bf16-by-avx2", None),
    direct_forward!(Pair, Isa::Portable, "direct-bf16-by-f32", None),
];

/// Input-gradient kernels, the ones to prefer first.
pub static INPUT_GRADIENT: &[ConvInputGradient] = &[
    direct_input_gradient!(Pair, Isa::Amx, "direct-bf16-amx"),
    direct_input_gradient!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    direct_input_gradient!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    direct_input_gradient!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    direct_input_gradient!(Pair, Isa::Portable, "direct-bf16-by-f32"),
];

/// Weight-gradient kernels, the ones to prefer first.
pub static WEIGHT_GRADIENT: &[ConvGradient] = &[
    ConvKernel {
        name: "direct-bf16-amx",
        isa: Isa::Amx,
        can: direct::turned::fits,
        fits: direct::turned::fits,
        is_direct: true,
        workspace: direct::turned::workspace,
        scratch: direct::turned::scratch,
        run: |g, n, x, dy, dw, space| direct::turned::run(Isa::Amx, g, n, x, dy, dw, space),
    },
    direct_weight_gradient!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    direct_weight_gradient!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    direct_weight_gradient!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    direct_weight_gradient!(Pair, Isa::Portable, "direct-bf16-by-f32"),
];

/// Forward kernels that pool as they go, the ones to prefer first.
pub static POOLED_FORWARD: &[ConvPool] = &[
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Amx, "direct-pooled-bf16-amx"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx512Bf16, "direct-pooled-bf16"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx512, "direct-pooled-bf16-by-avx512"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx2, "direct-pooled-bf16-by-avx2"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Portable, "direct-pooled-bf16-by-f32"),
];

/// Input-gradient kernels behind a pool, the ones to prefer first.
pub static POOLED_INPUT_GRADIENT: &[PooledInputGradient] = &[ConvKernel {
    name: "direct-unpooled-bf16-amx",
    isa: Isa::Amx,
    can: pooled::unpooled::fits_input_gradient,
    fits: pooled::unpooled::fits_input_gradient,
    is_direct: true,
    workspace: |g, _| direct::input_gradient::workspace::<Pair>(Isa::Amx, &g.conv),
    scratch: pooled::unpooled::input_gradient_scratch,
    run: ByPool {
        run: |g, n, dy, w, index, f, dx, space| {
            pooled::unpooled::input_gradient(Isa::Amx, g, n, dy, w, index, f, dx, space);
        },
        by_row: Some(Spreading::Unpooled),
    },
}];

/// Weight-gradient kernels behind a pool, the ones to prefer first.
pub static POOLED_WEIGHT_GRADIENT: &[PooledGradient] = &[ConvKernel {
    name: "direct-unpooled-bf16-amx",
    isa: Isa::Amx,
    can: pooled::unpooled::fits_weight_gradient,
    fits: pooled::unpooled::fits_weight_gradient,
    is_direct: true,
    workspace: |g, n| direct::turned::workspace(&g.conv, n),
    scratch: pooled::unpooled::weight_gradient_scratch,
    run: |g, n, x, dy, index, dw, space| {
        pooled::unpooled::weight_gradient(Isa::Amx, g, n, x, dy, index, dw, space);
    },
}];
