//! THE tables of convolution kernels, a row each.
//!
//! A macro a family gives the rows of its instruction sets; what a row says of itself is in [`ConvKernel`].

use super::chain::{AsLink, Spreading, Stage};
use super::{
    Bands, ByPool, ConvBands, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, Packing,
    PooledGradient, PooledInputGradient, Weights, depthwise, direct, im2col, pack_plainly, plain_len, pooled, winograd,
};
use crate::kernel::Isa;
use crate::kernel::element::Single;

#[macro_use]
mod row;
pub mod bf16;

/// Forward kernels, the ones to prefer first.
pub static FORWARD: &[ConvForward] = &[
    depthwise_forward!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_forward!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_forward!(Isa::Portable, "direct-depthwise"),
    joint_winograd_forward!(Isa::Avx512, "winograd-joint-avx512"),
    winograd_forward!(6, Stage::WideWinograd, Isa::Avx512, "winograd-6x6-avx512"),
    winograd_forward!(4, Stage::Winograd, Isa::Avx512, "winograd-avx512"),
    direct_forward!(
        Single,
        Isa::Avx512,
        "direct-avx512",
        link!(direct::forward::Forward<'_, Single>, Stage::Direct, Isa::Avx512)
    ),
    joint_winograd_forward!(Isa::Avx2, "winograd-joint-avx2"),
    winograd_forward!(6, Stage::WideWinograd, Isa::Avx2, "winograd-6x6-avx2"),
    winograd_forward!(4, Stage::Winograd, Isa::Avx2, "winograd-avx2"),
    direct_forward!(
        Single,
        Isa::Avx2,
        "direct-avx2",
        link!(direct::forward::Forward<'_, Single>, Stage::Direct, Isa::Avx2)
    ),
    joint_winograd_forward!(Isa::Portable, "winograd-joint"),
    winograd_forward!(6, Stage::WideWinograd, Isa::Portable, "winograd-6x6"),
    winograd_forward!(4, Stage::Winograd, Isa::Portable, "winograd"),
    direct_forward!(
        Single,
        Isa::Portable,
        "direct",
        link!(direct::forward::Forward<'_, Single>, Stage::Direct, Isa::Portable)
    ),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
        can: depthwise::fits,
        fits: depthwise::fits,
        is_direct: false,
        workspace: |_, _| 0,
        scratch: |_| 0,
        run: Packing {
            fits_once: depthwise::fits,
            packed: plain_len,
            pack: pack_plainly,
            run: |g, n, x, w, after, y, _| depthwise::forward(g, n, x, w, after, y),
            link: None,
        },
    },
    im2col_forward!(),
];

/// Input-gradient kernels, the ones to prefer first.
pub static INPUT_GRADIENT: &[ConvInputGradient] = &[
    depthwise_input_gradient!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_input_gradient!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_input_gradient!(Isa::Portable, "direct-depthwise"),
    joint_winograd_input_gradient!(Isa::Avx512, "winograd-joint-avx512"),
    winograd_input_gradient!(Isa::Avx512, "winograd-avx512"),
    direct_input_gradient!(Single, Isa::Avx512, "direct-avx512"),
    joint_winograd_input_gradient!(Isa::Avx2, "winograd-joint-avx2"),
    winograd_input_gradient!(Isa::Avx2, "winograd-avx2"),
    direct_input_gradient!(Single, Isa::Avx2, "direct-avx2"),
    joint_winograd_input_gradient!(Isa::Portable, "winograd-joint"),
    winograd_input_gradient!(Isa::Portable, "winograd"),
    direct_input_gradient!(Single, Isa::Portable, "direct"),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
        can: depthwise::fits,
        fits: depthwise::fits,
        is_direct: false,
        workspace: |_, _| 0,
        scratch: depthwise::input_gradient_scratch,
        run: |g, n, dy, w, f, dx, space| depthwise::input_gradient(g, n, dy, w, f, dx, space.scratch),
    },
    im2col_input_gradient!(),
];

/// Weight-gradient kernels, the ones to prefer first.
pub static WEIGHT_GRADIENT: &[ConvGradient] = &[
    depthwise_weight_gradient!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_weight_gradient!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_weight_gradient!(Isa::Portable, "direct-depthwise"),
    joint_winograd_weight_gradient!(Isa::Avx512, "winograd-joint-avx512"),
    winograd_weight_gradient!(Isa::Avx512, "winograd-avx512"),
    direct_weight_gradient!(Single, Isa::Avx512, "direct-avx512"),
    joint_winograd_weight_gradient!(Isa::Avx2, "winograd-joint-avx2"),
    winograd_weight_gradient!(Isa::Avx2, "winograd-avx2"),
    direct_weight_gradient!(Single, Isa::Avx2, "direct-avx2"),
    joint_winograd_weight_gradient!(Isa::Portable, "winograd-joint"),
    winograd_weight_gradient!(Isa::Portable, "winograd"),
    direct_weight_gradient!(Single, Isa::Portable, "direct"),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
        can: depthwise::fits,
        fits: depthwise::fits,
        is_direct: false,
        workspace: depthwise::partials,
        scratch: |_| 0,
        run: |g, n, x, dy, dw, space| depthwise::weight_gradient(g, n, x, dy, dw, space.workspace),
    },
    im2col_weight_gradient!(),
];

/// Forward kernels that pool as they go, the ones to prefer first.
pub static POOLED_FORWARD: &[ConvPool] = &[
    pooled_forward!(winograd::Forward<'_, 6>, Isa::Avx512, "winograd-6x6-pooled-avx512"),
    pooled_forward!(winograd::Forward<'_, 4>, Isa::Avx512, "winograd-pooled-avx512"),
    pooled_forward!(direct::forward::Forward<'_, Single>, Isa::Avx512, "direct-pooled-avx512"),
    pooled_forward!(winograd::Forward<'_, 6>, Isa::Avx2, "winograd-6x6-pooled-avx2"),
    pooled_forward!(winograd::Forward<'_, 4>, Isa::Avx2, "winograd-pooled-avx2"),
    pooled_forward!(direct::forward::Forward<'_, Single>, Isa::Avx2, "direct-pooled-avx2"),
    pooled_forward!(winograd::Forward<'_, 6>, Isa::Portable, "winograd-6x6-pooled"),
    pooled_forward!(winograd::Forward<'_, 4>, Isa::Portable, "winograd-pooled"),
    pooled_forward!(direct::forward::Forward<'_, Single>, Isa::Portable, "direct-pooled"),
];

/// Input-gradient kernels over the winners of a pool, the ones to prefer first.
pub static POOLED_INPUT_GRADIENT: &[PooledInputGradient] = &[
    window_input_gradient!(Isa::Avx512, "windows-avx512"),
    unpooled_input_gradient!(Isa::Avx512, "winograd-unpooled-avx512"),
    pooled_input_gradient!(Isa::Avx512, "winners-avx512"),
    unpooled_input_gradient!(Isa::Avx2, "winograd-unpooled-avx2"),
    pooled_input_gradient!(Isa::Avx2, "winners-avx2"),
    unpooled_input_gradient!(Isa::Portable, "winograd-unpooled"),
    pooled_input_gradient!(Isa::Portable, "winners"),
];

/// Weight-gradient kernels over the winners of a pool.
pub static POOLED_WEIGHT_GRADIENT: &[PooledGradient] = &[
    pooled_weight_gradient!(Isa::Avx512, "winners-avx512"),
    pooled_weight_gradient!(Isa::Avx2, "winners-avx2"),
    pooled_weight_gradient!(Isa::Portable, "winners"),
];
