//! The tables of kernels that multiply pairs of bf16: each row stands for one of the same form that multiplies `f32`.
//!
//! What multiplies less than the sum has terms (Winograd's transforms, sums over the winners of a pool), or each by each, has
//! no row here: on `f32` it is faster than any rounding of its operands would make it.

use super::super::{
    ConvBands, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, Packing, Weights, direct, pooled,
};
use crate::kernel::Isa;
use crate::kernel::element::Pair;

/// Forward kernels, the ones to prefer first.
pub static FORWARD: &[ConvForward] = &[
    direct_forward!(Pair, Isa::Avx512Bf16, "direct-bf16", None),
    direct_forward!(Pair, Isa::Avx512, "direct-bf16-by-avx512", None),
    direct_forward!(Pair, Isa::Avx2, "direct-bf16-by-avx2", None),
    direct_forward!(Pair, Isa::Portable, "direct-bf16-by-f32", None),
];

/// Input-gradient kernels, the ones to prefer first.
pub static INPUT_GRADIENT: &[ConvInputGradient] = &[
    direct_input_gradient!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    direct_input_gradient!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    direct_input_gradient!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    direct_input_gradient!(Pair, Isa::Portable, "direct-bf16-by-f32"),
];

/// Weight-gradient kernels, the ones to prefer first.
pub static WEIGHT_GRADIENT: &[ConvGradient] = &[
    direct_weight_gradient!(Pair, Isa::Avx512Bf16, "direct-bf16"),
    direct_weight_gradient!(Pair, Isa::Avx512, "direct-bf16-by-avx512"),
    direct_weight_gradient!(Pair, Isa::Avx2, "direct-bf16-by-avx2"),
    direct_weight_gradient!(Pair, Isa::Portable, "direct-bf16-by-f32"),
];

/// Forward kernels that pool as they go, the ones to prefer first.
pub static POOLED_FORWARD: &[ConvPool] = &[
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx512Bf16, "direct-pooled-bf16"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx512, "direct-pooled-bf16-by-avx512"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Avx2, "direct-pooled-bf16-by-avx2"),
    pooled_forward!(direct::forward::Forward<'_, Pair>, Isa::Portable, "direct-pooled-bf16-by-f32"),
];
