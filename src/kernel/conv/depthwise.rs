//! Depthwise convolution: a group for every input channel, so that each filter sees one channel.
//!
//! Nothing is shared between channels, so vectors run over them, one tap after the other along a row of pixels. The
//! loops are plain Rust that the compiler vectorises for the instruction set at hand.

use std::ops::Range;

use rayon::prelude::*;

use super::{sum_partials, verify_bias, verify_lengths};
use crate::kernel::isa::vectorized;
use crate::kernel::{ConvGeometry, Epilogue, Isa, Space};

/// Partial sums of the weight gradient, at most.
const PARTS: usize = 16;

/// Whether every input channel is a group of its own.
pub fn fits(g: &ConvGeometry) -> bool {
    g.groups == g.window.in_c && g.groups > 1
}

/// Elements of the partial sums of the weight gradient.
pub fn partials(g: &ConvGeometry, n: usize) -> usize {
    n.min(PARTS) * g.weight_len()
}

/// Computes y, a row of pixels a task.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn forward(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    w: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    _: Space<'_>,
) {
    verify_lengths(g, n, x, w, y);
    verify_bias(g, &epilogue);
    let out_row = g.window.out_w * g.filters;
    y.par_chunks_mut(out_row).enumerate().for_each(|(index, y)| {
        let (image, row) = (index / g.window.out_h, index % g.window.out_h);
        let x = &x[image * g.window.in_len()..][..g.window.in_len()];
        vectorized(isa, || forward_row(g, x, w, row, y));
        epilogue.apply(y);
    });
}

/// Computes dx, a row of pixels a task.
pub fn input_gradient(isa: Isa, g: &ConvGeometry, n: usize, dy: &[f32], w: &[f32], dx: &mut [f32], _: Space<'_>) {
    verify_lengths(g, n, dx, w, dy);
    let in_row = g.window.in_w * g.window.in_c;
    dx.par_chunks_mut(in_row).enumerate().for_each(|(index, dx)| {
        let (image, row) = (index / g.window.in_h, index % g.window.in_h);
        let dy = &dy[image * g.out_len()..][..g.out_len()];
        vectorized(isa, || input_gradient_row(g, dy, w, row, dx));
    });
}

/// Computes dw, a part of the images a task.
pub fn weight_gradient(isa: Isa, g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], space: Space<'_>) {
    verify_lengths(g, n, x, dw, dy);
    let partials = &mut space.workspace[..partials(g, n)];
    let parts = partials.len() / g.weight_len();
    partials.par_chunks_mut(g.weight_len()).enumerate().for_each(|(part, dw)| {
        dw.fill(0.0);
        for image in n * part / parts..n * (part + 1) / parts {
            let x = &x[image * g.window.in_len()..][..g.window.in_len()];
            let dy = &dy[image * g.out_len()..][..g.out_len()];
            vectorized(isa, || add_weight_gradient(g, x, dy, dw));
        }
    });
    sum_partials(partials, dw);
}

#[inline(always)]
fn forward_row(g: &ConvGeometry, x: &[f32], w: &[f32], row: usize, y: &mut [f32]) {
    let (window, filters) = (&g.window, g.filters);
    y.fill(0.0);
    for down in 0..window.kernel[0] {
        let Some(x) = input_row(g, x, row, down) else { continue };
        for across in 0..window.kernel[1] {
            let w = &w[(down * window.kernel[1] + across) * filters..][..filters];
            let pixels = pixels(g, across);
            let x = x.chunks_exact(window.in_c).skip(first_column(g, across, &pixels)).step_by(window.stride[1]);
            for (y, x) in y.chunks_exact_mut(filters).take(pixels.end).skip(pixels.start).zip(x) {
                add_products(y, x, w);
            }
        }
    }
}

#[inline(always)]
fn input_gradient_row(g: &ConvGeometry, dy: &[f32], w: &[f32], row: usize, dx: &mut [f32]) {
    let (window, filters) = (&g.window, g.filters);
    let out_row = window.out_w * filters;
    dx.fill(0.0);
    for down in 0..window.kernel[0] {
        let Some(row) = output_row(g, row, down) else { continue };
        let dy = &dy[row * out_row..][..out_row];
        for across in 0..window.kernel[1] {
            let w = &w[(down * window.kernel[1] + across) * filters..][..filters];
            let pixels = pixels(g, across);
            let first = first_column(g, across, &pixels);
            let dx = dx.chunks_exact_mut(window.in_c).skip(first).step_by(window.stride[1]);
            for (dx, dy) in dx.zip(dy.chunks_exact(filters).take(pixels.end).skip(pixels.start)) {
                add_sums(dx, dy, w);
            }
        }
    }
}

#[inline(always)]
fn add_weight_gradient(g: &ConvGeometry, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (window, filters) = (&g.window, g.filters);
    for (row, dy) in dy.chunks_exact(window.out_w * filters).enumerate() {
        for down in 0..window.kernel[0] {
            let Some(x) = input_row(g, x, row, down) else { continue };
            for across in 0..window.kernel[1] {
                let dw = &mut dw[(down * window.kernel[1] + across) * filters..][..filters];
                let pixels = pixels(g, across);
                let x = x.chunks_exact(window.in_c).skip(first_column(g, across, &pixels)).step_by(window.stride[1]);
                for (dy, x) in dy.chunks_exact(filters).take(pixels.end).skip(pixels.start).zip(x) {
                    add_products(dw, x, dy);
                }
            }
        }
    }
}

/// to[c·m + j] += x[c] · w[c·m + j], m filters a channel.
#[inline(always)]
fn add_products(to: &mut [f32], x: &[f32], w: &[f32]) {
    if to.len() == x.len() {
        for ((to, x), w) in to.iter_mut().zip(x).zip(w) {
            *to += x * w;
        }
        return;
    }
    let multiplier = to.len() / x.len();
    for ((to, x), w) in to.chunks_exact_mut(multiplier).zip(x).zip(w.chunks_exact(multiplier)) {
        to.iter_mut().zip(w).for_each(|(to, w)| *to += x * w);
    }
}

/// to[c] += Σⱼ dy[c·m + j] · w[c·m + j], m filters a channel.
#[inline(always)]
fn add_sums(to: &mut [f32], dy: &[f32], w: &[f32]) {
    if to.len() == dy.len() {
        for ((to, dy), w) in to.iter_mut().zip(dy).zip(w) {
            *to += dy * w;
        }
        return;
    }
    let multiplier = dy.len() / to.len();
    for ((to, dy), w) in to.iter_mut().zip(dy.chunks_exact(multiplier)).zip(w.chunks_exact(multiplier)) {
        *to += dy.iter().zip(w).map(|(dy, w)| dy * w).sum::<f32>();
    }
}

/// The input row that an output row sees through a kernel row; `None` in the padding.
fn input_row<'a>(g: &ConvGeometry, x: &'a [f32], row: usize, down: usize) -> Option<&'a [f32]> {
    let window = &g.window;
    let row = (row * window.stride[0] + down * window.dilation[0]).checked_sub(window.padding.top)?;
    let len = window.in_w * window.in_c;
    (row < window.in_h).then(|| &x[row * len..][..len])
}

/// The output row that sees an input row through a kernel row.
fn output_row(g: &ConvGeometry, row: usize, down: usize) -> Option<usize> {
    let window = &g.window;
    let from = (row + window.padding.top).checked_sub(down * window.dilation[0])?;
    (from.is_multiple_of(window.stride[0]) && from / window.stride[0] < window.out_h).then(|| from / window.stride[0])
}

/// The output columns that see the inside of the image through a kernel column.
fn pixels(g: &ConvGeometry, across: usize) -> Range<usize> {
    let (window, stride) = (&g.window, g.window.stride[1]);
    let (offset, left) = (across * window.dilation[1], window.padding.left);
    let start = left.saturating_sub(offset).div_ceil(stride);
    let end = (window.in_w + left).saturating_sub(offset).div_ceil(stride).min(window.out_w);
    start.min(end)..end
}

/// The input column that the first of these pixels sees through a kernel column.
fn first_column(g: &ConvGeometry, across: usize, pixels: &Range<usize>) -> usize {
    (pixels.start * g.window.stride[1] + across * g.window.dilation[1]).saturating_sub(g.window.padding.left)
}
