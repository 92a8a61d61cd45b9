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

macro_rules! direct_forward {
    ($element:ty, $isa:expr, $name:literal, $link:expr) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::fits::<$element>,
            is_direct: true,
            workspace: |_, _| 0,
            scratch: direct::forward::scratch::<$element>,
            run: Packing {
                fits_once: direct::fits::<$element>,
                packed: |g| direct::forward::packed::<$element>($isa, g),
                pack: |g, w, bias, to| direct::forward::pack::<$element>($isa, g, w, bias, to),
                run: |g, n, x, w, after, y, space| {
                    direct::forward::run::<$element>($isa, g, n, x, w, after, y, space.scratch)
                },
                link: $link,
            },
        }
    };
}

/// How the direct form is a link of a chain.
macro_rules! direct_link {
    ($element:ty, $stage:path, $isa:expr) => {
        Some(AsLink {
            room: |g, first, rows| direct::forward::Forward::<$element>::room($isa, g, first, rows),
            stage: |g, packed, after| $stage(ConvBands::new($isa, g, packed, after)),
            starts_anywhere: true,
        })
    };
}

macro_rules! direct_input_gradient {
    ($element:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::input_gradient::fits,
            is_direct: true,
            workspace: |g, _| direct::input_gradient::workspace::<$element>($isa, g),
            scratch: direct::input_gradient::scratch::<$element>,
            run: |g, n, dy, w, f, dx, space| direct::input_gradient::run::<$element>($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! direct_weight_gradient {
    ($element:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::fits::<$element>,
            is_direct: true,
            workspace: direct::weight_gradient::workspace,
            scratch: |g| direct::weight_gradient::scratch::<$element>($isa, g),
            run: |g, n, x, dy, dw, space| direct::weight_gradient::run::<$element>($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! winograd_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: |g| winograd::fits(g, Weights::Anew),
            is_direct: false,
            workspace: |_, _| 0,
            scratch: |g| winograd::scratch($isa, g),
            run: Packing {
                fits_once: |g| winograd::fits(g, Weights::Once),
                packed: |g| winograd::packed($isa, g),
                pack: |g, w, bias, to| winograd::pack($isa, g, w, bias, to),
                run: |g, n, x, w, after, y, space| winograd::forward($isa, g, n, x, w, after, y, space.scratch),
                link: Some(AsLink {
                    room: |g, _, _| winograd::scratch($isa, g),
                    stage: |g, packed, after| Stage::Winograd(ConvBands::new($isa, g, packed, after)),
                    starts_anywhere: false,
                }),
            },
        }
    };
}

macro_rules! winograd_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::fits_input_gradient,
            is_direct: false,
            workspace: |g, _| winograd::input_gradient_workspace($isa, g),
            scratch: |g| winograd::input_gradient_scratch($isa, g),
            run: |g, n, dy, w, f, dx, space| winograd::input_gradient($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! joint_winograd_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::joint::fits,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: |g| winograd::joint::scratch($isa, g),
            run: Packing {
                fits_once: winograd::joint::fits,
                packed: |g| winograd::joint::packed($isa, g),
                pack: |g, w, bias, to| winograd::joint::pack($isa, g, w, bias, to),
                run: |g, n, x, w, after, y, space| winograd::joint::forward($isa, g, n, x, w, after, y, space.scratch),
                link: None,
            },
        }
    };
}

macro_rules! joint_winograd_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::joint::fits_input_gradient,
            is_direct: false,
            workspace: |g, _| winograd::joint::input_gradient_workspace($isa, g),
            scratch: |g| winograd::joint::input_gradient_scratch($isa, g),
            run: |g, n, dy, w, f, dx, space| winograd::joint::input_gradient($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! joint_winograd_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::joint::gradient::fits,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: |g| winograd::joint::gradient::scratch($isa, g),
            run: |g, n, x, dy, dw, space| winograd::joint::gradient::run($isa, g, n, x, dy, dw, space.scratch),
        }
    };
}

macro_rules! winograd_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::gradient::fits,
            is_direct: false,
            workspace: |g, n| winograd::gradient::workspace($isa, g, n),
            scratch: |g| winograd::gradient::scratch($isa, g),
            run: |g, n, x, dy, dw, space| winograd::gradient::run($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! depthwise_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::depthwise::fits,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: direct::forward::scratch::<Single>,
            run: Packing {
                fits_once: direct::depthwise::fits,
                packed: plain_len,
                pack: pack_plainly,
                run: |g, n, x, w, after, y, space| {
                    direct::depthwise::forward($isa, g, n, x, w, after, y, space.scratch);
                },
                link: Some(AsLink {
                    room: |g, first, rows| direct::depthwise::Forward::room($isa, g, first, rows),
                    stage: |g, packed, after| {
                        Stage::Depthwise(direct::depthwise::Forward { isa: $isa, g, packed, after })
                    },
                    starts_anywhere: true,
                }),
            },
        }
    };
}

macro_rules! depthwise_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::depthwise::fits_input_gradient,
            is_direct: false,
            workspace: |g, _| g.weight_len(),
            scratch: direct::input_gradient::scratch::<Single>,
            run: |g, n, dy, w, f, dx, space| direct::depthwise::input_gradient($isa, g, n, dy, w, f, dx, space),
        }
    };
}

macro_rules! depthwise_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::depthwise::fits,
            is_direct: false,
            workspace: direct::depthwise::partials,
            scratch: direct::forward::scratch::<Single>,
            run: |g, n, x, dy, dw, space| direct::depthwise::weight_gradient($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! im2col_forward {
    () => {
        ConvKernel {
            name: "im2col",
            isa: Isa::Portable,
            fits: |_| true,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: im2col::scratch,
            run: Packing {
                fits_once: |_| true,
                packed: plain_len,
                pack: pack_plainly,
                run: |g, n, x, w, after, y, space| im2col::forward(g, n, x, w, after, y, space.scratch),
                link: None,
            },
        }
    };
}

macro_rules! im2col_input_gradient {
    () => {
        ConvKernel {
            name: "im2col",
            isa: Isa::Portable,
            fits: |_| true,
            is_direct: false,
            workspace: |_, _| 0,
            scratch: im2col::input_gradient_scratch,
            run: |g, n, dy, w, f, dx, space| im2col::input_gradient(g, n, dy, w, f, dx, space.scratch),
        }
    };
}

macro_rules! im2col_weight_gradient {
    () => {
        ConvKernel {
            name: "im2col",
            isa: Isa::Portable,
            fits: |_| true,
            is_direct: false,
            workspace: im2col::partials,
            scratch: im2col::scratch,
            run: im2col::weight_gradient,
        }
    };
}

macro_rules! pooled_forward {
    ($by:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: |g| pooled::forward::fits::<$by>(g, Weights::Anew),
            is_direct: <$by as ConvBands<'_>>::IS_DIRECT,
            workspace: |_, _| 0,
            scratch: |g| pooled::forward::scratch::<$by>($isa, g),
            run: Packing {
                fits_once: |g| pooled::forward::fits::<$by>(g, Weights::Once),
                packed: |g| <$by as ConvBands<'_>>::packed($isa, &g.conv),
                pack: |g, w, bias, to| <$by as ConvBands<'_>>::pack($isa, &g.conv, w, bias, to),
                run: |g, n, x, w, after, y, index, space| {
                    pooled::forward::run::<$by>($isa, g, n, x, w, after, y, index, space.scratch);
                },
                link: None,
            },
        }
    };
}

macro_rules! pooled_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: pooled::fits_sparse,
            is_direct: false,
            workspace: |g, _| pooled::input_gradient::workspace($isa, g),
            scratch: |g| pooled::input_gradient::scratch($isa, g),
            run: ByPool {
                run: |g, n, dy, w, index, f, dx, space| {
                    pooled::input_gradient::run($isa, g, n, dy, w, index, f, dx, space);
                },
                by_row: Some(Spreading::Winners),
            },
        }
    };
}

macro_rules! unpooled_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::unpooled::fits,
            is_direct: false,
            workspace: |g, _| winograd::unpooled::workspace($isa, g),
            scratch: |g| winograd::unpooled::scratch($isa, g),
            run: ByPool {
                run: |g, n, dy, w, index, f, dx, space| {
                    winograd::unpooled::run($isa, g, n, dy, w, index, f, dx, space);
                },
                by_row: None,
            },
        }
    };
}

macro_rules! pooled_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: pooled::fits_sparse,
            is_direct: false,
            workspace: |g, n| pooled::weight_gradient::workspace($isa, g, n),
            scratch: |g| pooled::weight_gradient::scratch($isa, g),
            run: |g, n, x, dy, index, dw, space| {
                pooled::weight_gradient::run($isa, g, n, x, dy, index, dw, space);
            },
        }
    };
}

macro_rules! window_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: pooled::window::fits,
            is_direct: false,
            workspace: |g, _| pooled::window::workspace($isa, g),
            scratch: |g| pooled::window::scratch($isa, g),
            run: ByPool {
                run: |g, n, dy, w, index, f, dx, space| {
                    pooled::window::run($isa, g, n, dy, w, index, f, dx, space);
                },
                by_row: Some(Spreading::Windows),
            },
        }
    };
}

pub mod bf16;

/// Forward kernels, the ones to prefer first.
pub static FORWARD: &[ConvForward] = &[
    depthwise_forward!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_forward!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_forward!(Isa::Portable, "direct-depthwise"),
    joint_winograd_forward!(Isa::Avx512, "winograd-joint-avx512"),
    winograd_forward!(Isa::Avx512, "winograd-avx512"),
    direct_forward!(Single, Isa::Avx512, "direct-avx512", direct_link!(Single, Stage::Direct, Isa::Avx512)),
    joint_winograd_forward!(Isa::Avx2, "winograd-joint-avx2"),
    winograd_forward!(Isa::Avx2, "winograd-avx2"),
    direct_forward!(Single, Isa::Avx2, "direct-avx2", direct_link!(Single, Stage::Direct, Isa::Avx2)),
    joint_winograd_forward!(Isa::Portable, "winograd-joint"),
    winograd_forward!(Isa::Portable, "winograd"),
    direct_forward!(Single, Isa::Portable, "direct", direct_link!(Single, Stage::Direct, Isa::Portable)),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
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
    pooled_forward!(winograd::Forward<'_>, Isa::Avx512, "winograd-pooled-avx512"),
    pooled_forward!(direct::forward::Forward<'_, Single>, Isa::Avx512, "direct-pooled-avx512"),
    pooled_forward!(winograd::Forward<'_>, Isa::Avx2, "winograd-pooled-avx2"),
    pooled_forward!(direct::forward::Forward<'_, Single>, Isa::Avx2, "direct-pooled-avx2"),
    pooled_forward!(winograd::Forward<'_>, Isa::Portable, "winograd-pooled"),
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
