//! Convolution and its two gradients: three tables of kernels.
//!
//! Whoever plans takes the first row that fits the geometry and whose instruction set is not above the chosen one; the
//! last row of each table fits everything. Tensors are N×H×W×C, weights H×W×I×O with I the channels of one group.

mod depthwise;
mod direct;
mod im2col;
mod patch;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::{ConvGeometry, Epilogue, Isa, Space};

/// How a forward kernel is called: geometry, images, x, w, epilogue, y, room.
pub type RunForward = fn(&ConvGeometry, usize, &[f32], &[f32], Epilogue<'_>, &mut [f32], Space<'_>);

/// How a gradient kernel is called: geometry, images, the two operands, the result, room.
pub type RunGradient = fn(&ConvGeometry, usize, &[f32], &[f32], &mut [f32], Space<'_>);

/// A row of a table: a kernel with what it needs and what it can do.
#[derive(Debug)]
pub struct ConvKernel<Run> {
    /// Unique in its table.
    pub name: &'static str,
    /// What the machine must have.
    pub isa: Isa,
    /// Whether it can compute this convolution, and is worth it.
    pub fits: fn(&ConvGeometry) -> bool,
    /// Elements of shared workspace for a geometry and a number of images.
    pub workspace: fn(&ConvGeometry, usize) -> usize,
    /// Elements of scratch for each worker.
    pub scratch: fn(&ConvGeometry) -> usize,
    /// The function.
    pub run: Run,
}

/// Computes y = activation(x ∗ w + bias), n×H'×W'×O, from x (n×H×W×I) and w, overwriting y.
pub type ConvForward = ConvKernel<RunForward>;

/// Computes a gradient: dx (n×H×W×I) from dy (n×H'×W'×O) and w, or dw, summed over the images, from x and dy;
/// overwrites it.
pub type ConvGradient = ConvKernel<RunGradient>;

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
    direct_forward!(Isa::Avx512, "direct-avx512"),
    direct_forward!(Isa::Avx2, "direct-avx2"),
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
    direct_input_gradient!(Isa::Avx512, "direct-avx512"),
    direct_input_gradient!(Isa::Avx2, "direct-avx2"),
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
