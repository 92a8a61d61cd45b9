//! Depthwise convolution: a group for every input channel, so that each filter sees one channel.
//!
//! Plain loops over channels, one tap after the other along a row of pixels: for several filters a channel, and for
//! channels that fill no whole registers.

use std::ops::Range;

use rayon::prelude::*;

use super::{sum_partials, verify_lengths, verify_maps};
use crate::kernel::{Activation, After, ConvGeometry, Epilogue, Isa, Scratch};

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
pub fn forward(g: &ConvGeometry, n: usize, x: &[f32], packed: &[f32], after: After, y: &mut [f32]) {
    verify_maps(g, n, x, y);
    let (w, epilogue) = Epilogue::of_packed(packed, [g.weight_len(), g.filters], after);
    let out_row = g.window.out_w * g.filters;
    y.par_chunks_mut(out_row).enumerate().for_each(|(index, y)| {
        let (image, row) = (index / g.window.out_h, index % g.window.out_h);
        let x = &x[image * g.window.in_len()..][..g.window.in_len()];
        epilogue.start(y);
        add_forward_row(g, x, w, row, y);
        epilogue.apply(Isa::Portable, y);
    });
}

/// Computes dx, a row of pixels a task.
pub fn input_gradient(
    g: &ConvGeometry,
    n: usize,
    dy: &[f32],
    w: &[f32],
    activation: Activation,
    dx: &mut [f32],
    scratch: &Scratch,
) {
    verify_lengths(g, n, dx, w, dy);
    let in_row = g.window.in_w * g.window.in_c;
    dx.par_chunks_mut(in_row).enumerate().for_each(|(index, dx)| {
        let (image, row) = (index / g.window.in_h, index % g.window.in_h);
        let dy = &dy[image * g.out_len()..][..g.out_len()];
        scratch.with(activation.chain_room(in_row), |room| {
            activation.chain(Isa::Portable, room, dx, |dx| input_gradient_row(g, dy, w, row, dx));
        });
    });
}

/// Elements of a row of dx.
pub fn input_gradient_scratch(g: &ConvGeometry) -> usize {
    g.window.in_w * g.window.in_c
}

/// Computes dw, a part of the images a task.
pub fn weight_gradient(g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], workspace: &mut [f32]) {
    verify_lengths(g, n, x, dw, dy);
    let partials = &mut workspace[..partials(g, n)];
    let parts = partials.len() / g.weight_len();
    partials.par_chunks_mut(g.weight_len()).enumerate().for_each(|(part, dw)| {
        dw.fill(0.0);
        for image in n * part / parts..n * (part + 1) / parts {
            let x = &x[image * g.window.in_len()..][..g.window.in_len()];
            let dy = &dy[image * g.out_len()..][..g.out_len()];
            add_weight_gradient(g, x, dy, dw);
        }
    });
    sum_partials(partials, dw);
}

/// Adds to one row of y.
fn add_forward_row(g: &ConvGeometry, x: &[f32], w: &[f32], row: usize, y: &mut [f32]) {
    let kernel = g.window.kernel;
    for (tap, w) in w.chunks_exact(g.filters).enumerate() {
        let Some(x) = input_row(g, x, row, tap / kernel[1]) else { continue };
        for pixel in pixels(g, tap % kernel[1]) {
            let x = &x[column(g, pixel, tap % kernel[1]) * g.window.in_c..][..g.window.in_c];
            add_products(&mut y[pixel * g.filters..][..g.filters], x, w);
        }
    }
}

/// Computes one row of dx.
fn input_gradient_row(g: &ConvGeometry, dy: &[f32], w: &[f32], row: usize, dx: &mut [f32]) {
    let kernel = g.window.kernel;
    let out_row = g.window.out_w * g.filters;
    dx.fill(0.0);
    for (tap, w) in w.chunks_exact(g.filters).enumerate() {
        let Some(row) = output_row(g, row, tap / kernel[1]) else { continue };
        let dy = &dy[row * out_row..][..out_row];
        for pixel in pixels(g, tap % kernel[1]) {
            let dx = &mut dx[column(g, pixel, tap % kernel[1]) * g.window.in_c..][..g.window.in_c];
            add_sums(dx, &dy[pixel * g.filters..][..g.filters], w);
        }
    }
}

/// Adds one image's share to dw.
fn add_weight_gradient(g: &ConvGeometry, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let kernel = g.window.kernel;
    for (row, dy) in dy.chunks_exact(g.window.out_w * g.filters).enumerate() {
        for (tap, dw) in dw.chunks_exact_mut(g.filters).enumerate() {
            let Some(x) = input_row(g, x, row, tap / kernel[1]) else { continue };
            for pixel in pixels(g, tap % kernel[1]) {
                let x = &x[column(g, pixel, tap % kernel[1]) * g.window.in_c..][..g.window.in_c];
                add_products(dw, x, &dy[pixel * g.filters..][..g.filters]);
            }
        }
    }
}

/// to[c·m + j] += x[c] · w[c·m + j], m filters a channel.
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
    start..end
}

/// The input column that one of these output columns sees.
fn column(g: &ConvGeometry, pixel: usize, across: usize) -> usize {
    pixel * g.window.stride[1] + across * g.window.dilation[1] - g.window.padding.left
}
