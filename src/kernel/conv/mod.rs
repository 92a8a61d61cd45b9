//! Convolution and its two gradients: three tables of kernels.
//!
//! Whoever plans takes the first row that fits the geometry and whose instruction set is not above the chosen one; the
//! last row of each table fits everything. Tensors are N×H×W×C, weights H×W×I×O with I the channels of one group.

mod depthwise;
mod direct;
mod im2col;
mod patch;
mod pooled;
#[cfg(test)]
mod tests;
mod winograd;

use rayon::prelude::*;

pub use pooled::PooledConv;

use super::{ConvGeometry, Epilogue, Isa, Space};

/// How a forward kernel is called: geometry, images, x, w, epilogue, y, room.
pub type RunForward = fn(&ConvGeometry, usize, &[f32], &[f32], Epilogue<'_>, &mut [f32], Space<'_>);

/// How a gradient kernel is called: geometry, images, the two operands, the result, room.
pub type RunGradient = fn(&ConvGeometry, usize, &[f32], &[f32], &mut [f32], Space<'_>);

/// How a convolution that pools is called: geometry, images, x, w, epilogue, y, the winners' taps or none, room.
pub type RunPooled = fn(&PooledConv, usize, &[f32], &[f32], Epilogue<'_>, &mut [f32], &mut [u8], Space<'_>);

/// How a gradient behind a pool is called: geometry, images, the two operands, the winners' taps, the result, room.
pub type RunPooledGradient = fn(&PooledConv, usize, &[f32], &[f32], &[u8], &mut [f32], Space<'_>);

/// A row of a table: a kernel with what it needs and what it can do.
#[derive(Debug)]
pub struct ConvKernel<Geometry, Run> {
    /// Unique in its table.
    pub name: &'static str,
    /// What the machine must have.
    pub isa: Isa,
    /// Whether it can compute this convolution, and is worth it.
    pub fits: fn(&Geometry) -> bool,
    /// Elements of shared workspace for a geometry and a number of images.
    pub workspace: fn(&Geometry, usize) -> usize,
    /// Elements of scratch for each worker.
    pub scratch: fn(&Geometry) -> usize,
    /// The function.
    pub run: Run,
}

/// Computes y = activation(x ∗ w + bias), n×H'×W'×O, from x (n×H×W×I) and w, overwriting y.
pub type ConvForward = ConvKernel<ConvGeometry, RunForward>;

/// Computes a gradient: dx (n×H×W×I) from dy (n×H'×W'×O) and w, or dw, summed over the images, from x and dy;
/// overwrites it.
pub type ConvGradient = ConvKernel<ConvGeometry, RunGradient>;

/// Computes y = max pool of activation(x ∗ w + bias) from x (n×H×W×I) and w, and the tap of each window's winner.
pub type ConvPool = ConvKernel<PooledConv, RunPooled>;

/// Computes a gradient from dy, the gradient of the pooled values before the activation, and the winners' taps: dx
/// from dy and w, or dw, summed over the images, from x and dy; overwrites it.
pub type PooledGradient = ConvKernel<PooledConv, RunPooledGradient>;

macro_rules! direct_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::fits,
            workspace: |g, _| direct::forward::workspace($isa, g),
            scratch: direct::forward::scratch,
            run: |g, n, x, w, epilogue, y, space| direct::forward::run($isa, g, n, x, w, epilogue, y, space),
        }
    };
}

macro_rules! direct_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::input_gradient::fits,
            workspace: |g, _| direct::input_gradient::workspace($isa, g),
            scratch: direct::input_gradient::scratch,
            run: |g, n, dy, w, dx, space| direct::input_gradient::run($isa, g, n, dy, w, dx, space),
        }
    };
}

macro_rules! direct_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::fits,
            workspace: direct::weight_gradient::workspace,
            scratch: |g| direct::weight_gradient::scratch($isa, g),
            run: |g, n, x, dy, dw, space| direct::weight_gradient::run($isa, g, n, x, dy, dw, space),
        }
    };
}

macro_rules! winograd_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::fits,
            workspace: |g, _| winograd::workspace($isa, g),
            scratch: |g| winograd::scratch($isa, g),
            run: |g, n, x, w, epilogue, y, space| winograd::forward($isa, g, n, x, w, epilogue, y, space),
        }
    };
}

macro_rules! winograd_input_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: winograd::fits_input_gradient,
            workspace: |g, _| winograd::input_gradient_workspace($isa, g),
            scratch: |g| winograd::input_gradient_scratch($isa, g),
            run: |g, n, dy, w, dx, space| winograd::input_gradient($isa, g, n, dy, w, dx, space),
        }
    };
}

macro_rules! depthwise_forward {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::depthwise::fits,
            workspace: |_, _| 0,
            scratch: direct::forward::scratch,
            run: |g, n, x, w, epilogue, y, space| {
                direct::depthwise::forward($isa, g, n, x, w, epilogue, y, space.scratch);
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
            workspace: |g, _| g.weight_len(),
            scratch: direct::input_gradient::scratch,
            run: |g, n, dy, w, dx, space| direct::depthwise::input_gradient($isa, g, n, dy, w, dx, space),
        }
    };
}

macro_rules! depthwise_weight_gradient {
    ($isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: direct::depthwise::fits,
            workspace: direct::depthwise::partials,
            scratch: direct::forward::scratch,
            run: |g, n, x, dy, dw, space| direct::depthwise::weight_gradient($isa, g, n, x, dy, dw, space),
        }
    };
}

/// Forward kernels, the ones to prefer first.
pub static FORWARD: &[ConvForward] = &[
    depthwise_forward!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_forward!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_forward!(Isa::Portable, "direct-depthwise"),
    winograd_forward!(Isa::Avx512, "winograd-avx512"),
    direct_forward!(Isa::Avx512, "direct-avx512"),
    winograd_forward!(Isa::Avx2, "winograd-avx2"),
    direct_forward!(Isa::Avx2, "direct-avx2"),
    winograd_forward!(Isa::Portable, "winograd"),
    direct_forward!(Isa::Portable, "direct"),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
        fits: depthwise::fits,
        workspace: |_, _| 0,
        scratch: |_| 0,
        run: |g, n, x, w, epilogue, y, _| depthwise::forward(g, n, x, w, epilogue, y),
    },
    ConvKernel {
        name: "im2col",
        isa: Isa::Portable,
        fits: |_| true,
        workspace: |_, _| 0,
        scratch: im2col::scratch,
        run: |g, n, x, w, epilogue, y, space| im2col::forward(g, n, x, w, epilogue, y, space.scratch),
    },
];

/// Input-gradient kernels, the ones to prefer first.
pub static INPUT_GRADIENT: &[ConvGradient] = &[
    depthwise_input_gradient!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_input_gradient!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_input_gradient!(Isa::Portable, "direct-depthwise"),
    winograd_input_gradient!(Isa::Avx512, "winograd-avx512"),
    direct_input_gradient!(Isa::Avx512, "direct-avx512"),
    winograd_input_gradient!(Isa::Avx2, "winograd-avx2"),
    direct_input_gradient!(Isa::Avx2, "direct-avx2"),
    winograd_input_gradient!(Isa::Portable, "winograd"),
    direct_input_gradient!(Isa::Portable, "direct"),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
        fits: depthwise::fits,
        workspace: |_, _| 0,
        scratch: |_| 0,
        run: |g, n, dy, w, dx, _| depthwise::input_gradient(g, n, dy, w, dx),
    },
    ConvKernel {
        name: "im2col",
        isa: Isa::Portable,
        fits: |_| true,
        workspace: |_, _| 0,
        scratch: im2col::scratch,
        run: |g, n, dy, w, dx, space| im2col::input_gradient(g, n, dy, w, dx, space.scratch),
    },
];

/// Weight-gradient kernels, the ones to prefer first.
pub static WEIGHT_GRADIENT: &[ConvGradient] = &[
    depthwise_weight_gradient!(Isa::Avx512, "direct-depthwise-avx512"),
    depthwise_weight_gradient!(Isa::Avx2, "direct-depthwise-avx2"),
    depthwise_weight_gradient!(Isa::Portable, "direct-depthwise"),
    direct_weight_gradient!(Isa::Avx512, "direct-avx512"),
    direct_weight_gradient!(Isa::Avx2, "direct-avx2"),
    direct_weight_gradient!(Isa::Portable, "direct"),
    ConvKernel {
        name: "depthwise",
        isa: Isa::Portable,
        fits: depthwise::fits,
        workspace: depthwise::partials,
        scratch: |_| 0,
        run: |g, n, x, dy, dw, space| depthwise::weight_gradient(g, n, x, dy, dw, space.workspace),
    },
    ConvKernel {
        name: "im2col",
        isa: Isa::Portable,
        fits: |_| true,
        workspace: im2col::partials,
        scratch: im2col::scratch,
        run: im2col::weight_gradient,
    },
];

macro_rules! pooled_forward {
    ($by:ty, $isa:expr, $name:literal) => {
        ConvKernel {
            name: $name,
            isa: $isa,
            fits: pooled::forward::fits::<$by>,
            workspace: |g, _| <$by as Bands<'_>>::workspace($isa, &g.conv),
            scratch: |g| pooled::forward::scratch::<$by>($isa, g),
            run: |g, n, x, w, epilogue, y, index, space| {
                pooled::forward::run::<$by>($isa, g, n, x, w, epilogue, y, index, space);
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
            workspace: |g, _| pooled::input_gradient::workspace($isa, g),
            scratch: |g| pooled::input_gradient::scratch($isa, g),
            run: |g, n, dy, w, index, dx, space| {
                pooled::input_gradient::run($isa, g, n, dy, w, index, dx, space);
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
            workspace: |g, n| pooled::weight_gradient::workspace($isa, g, n),
            scratch: |g| pooled::weight_gradient::scratch($isa, g),
            run: |g, n, x, dy, index, dw, space| {
                pooled::weight_gradient::run($isa, g, n, x, dy, index, dw, space);
            },
        }
    };
}

/// Forward kernels that pool as they go, the ones to prefer first. None has to fit: the pool is then a step of its own.
pub static POOLED_FORWARD: &[ConvPool] = &[
    pooled_forward!(winograd::Forward<'_>, Isa::Avx512, "winograd-pooled-avx512"),
    pooled_forward!(direct::forward::Forward<'_>, Isa::Avx512, "direct-pooled-avx512"),
    pooled_forward!(winograd::Forward<'_>, Isa::Avx2, "winograd-pooled-avx2"),
    pooled_forward!(direct::forward::Forward<'_>, Isa::Avx2, "direct-pooled-avx2"),
    pooled_forward!(winograd::Forward<'_>, Isa::Portable, "winograd-pooled"),
    pooled_forward!(direct::forward::Forward<'_>, Isa::Portable, "direct-pooled"),
];

/// Input-gradient kernels over the winners of a pool; as above, none has to fit.
pub static POOLED_INPUT_GRADIENT: &[PooledGradient] = &[
    pooled_input_gradient!(Isa::Avx512, "winners-avx512"),
    pooled_input_gradient!(Isa::Avx2, "winners-avx2"),
    pooled_input_gradient!(Isa::Portable, "winners"),
];

/// Weight-gradient kernels over the winners of a pool; as above, none has to fit.
pub static POOLED_WEIGHT_GRADIENT: &[PooledGradient] = &[
    pooled_weight_gradient!(Isa::Avx512, "winners-avx512"),
    pooled_weight_gradient!(Isa::Avx2, "winners-avx2"),
    pooled_weight_gradient!(Isa::Portable, "winners"),
];

/// A convolution that is ready to compute any band of its output rows.
trait Bands<'a>: Sync + Sized {
    /// Whether it can compute this convolution, and is worth it.
    fn fits(g: &ConvGeometry) -> bool;

    /// Elements of the workspace that it keeps its weights in.
    fn workspace(isa: Isa, g: &ConvGeometry) -> usize;

    /// Elements of the room that the band of `rows` rows from `first` on takes.
    fn room(isa: Isa, g: &ConvGeometry, first: usize, rows: usize) -> usize;

    /// Brings the weights into the order that it wants.
    fn new(isa: Isa, g: &'a ConvGeometry, w: &[f32], epilogue: Epilogue<'_>, workspace: &'a mut [f32]) -> Self;

    /// Computes the output rows of the image x from `first` on into `y`, which holds them.
    fn band(&self, x: &[f32], first: usize, y: &mut [f32], room: &mut [f32]);
}

/// Asserts that the operands of a convolution have the lengths that its geometry gives them.
fn verify_lengths(g: &ConvGeometry, n: usize, input: &[f32], weights: &[f32], output: &[f32]) {
    assert_eq!(input.len(), n * g.window.in_len(), "the input has another length than its geometry");
    assert_eq!(weights.len(), g.weight_len(), "the weights have another length than their geometry");
    assert_eq!(output.len(), n * g.out_len(), "the output has another length than its geometry");
}

/// Asserts that there is a bias for every filter, or none.
fn verify_bias(g: &ConvGeometry, epilogue: &Epilogue<'_>) {
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == g.filters), "the bias has another length than the filters");
}

/// Elements of a piece of a sum that one task adds up.
const PIECE: usize = 4096;

/// dw = Σ of the partial sums, in their order.
fn sum_partials(partials: &[f32], dw: &mut [f32]) {
    let len = dw.len();
    dw.par_chunks_mut(PIECE).enumerate().for_each(|(piece, dw)| {
        dw.fill(0.0);
        for partial in partials.chunks_exact(len) {
            let partial = &partial[piece * PIECE..][..dw.len()];
            dw.iter_mut().zip(partial).for_each(|(sum, term)| *sum += term);
        }
    });
}
