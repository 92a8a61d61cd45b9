//! Convolution as matrix products over the im2col matrix: takes every geometry, and is what the others are held to.
//!
//! A row of the im2col matrix holds what one output pixel sees of one group: taps × channels, zeros in the padding.
//! Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing", 2006.

use rayon::prelude::*;

use super::{sum_partials, verify_lengths, verify_maps};
use crate::kernel::gemm::{Into, Matrix, product};
use crate::kernel::{Activation, After, ConvGeometry, Epilogue, Isa, Scratch, Space};

/// Elements of the im2col matrix of a band of rows, roughly.
const BAND: usize = 64 << 10;

/// Partial sums of the weight gradient, at most, and their elements together.
const PARTS: usize = 8;
const PARTIALS: usize = 1 << 20;

/// Elements of the im2col matrix of a band.
pub fn scratch(g: &ConvGeometry) -> usize {
    band_rows(g) * g.window.out_w * depth(g)
}

/// Elements of the partial sums of the weight gradient, never more for fewer images.
pub fn partials(g: &ConvGeometry, n: usize) -> usize {
    most_parts(g, n) * g.weight_len()
}

/// Computes y.
pub fn forward(g: &ConvGeometry, n: usize, x: &[f32], packed: &[f32], after: After, y: &mut [f32], scratch: &Scratch) {
    verify_maps(g, n, x, y);
    let (w, epilogue) = Epilogue::of_packed(packed, [g.weight_len(), g.filters], after);
    let (rows, out_row) = (band_rows(g), g.window.out_w * g.filters);
    let bands = |(image, y): (usize, &mut [f32])| {
        let x = &x[image * g.window.in_len()..][..g.window.in_len()];
        y.par_chunks_mut(rows * out_row).enumerate().for_each(|(band, y)| {
            let into = if epilogue.residual { Into::Add } else { Into::Replace };
            for group in 0..g.groups {
                let pixels = y.len() / g.filters;
                scratch.with(pixels * depth(g), |room| {
                    let columns = columns(g, x, group, band * rows, pixels, room);
                    product(columns, weights(g, w, group), into, &mut y[first_filter(g, group)..], g.filters);
                });
            }
            epilogue.apply(Isa::Portable, y);
        });
    };
    y.par_chunks_mut(g.out_len()).enumerate().for_each(bands);
}

/// Elements of the im2col matrix of a band, and of an image of dx.
pub fn input_gradient_scratch(g: &ConvGeometry) -> usize {
    scratch(g) + g.window.in_len()
}

/// Computes dx.
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
    let (rows, out_row) = (band_rows(g), g.window.out_w * g.filters);
    // Windows of two bands overlap, so an image is one task.
    let matrix = self::scratch(g);
    dx.par_chunks_mut(g.window.in_len()).enumerate().for_each(|(image, dx)| {
        let dy = &dy[image * g.out_len()..][..g.out_len()];
        scratch.with(matrix + activation.chain_room(dx.len()), |room| {
            let (columns, of_dx) = room.split_at_mut(matrix);
            activation.chain(Isa::Portable, of_dx, dx, |dx| {
                dx.fill(0.0);
                for (band, dy) in dy.chunks(rows * out_row).enumerate() {
                    for group in 0..g.groups {
                        let pixels = dy.len() / g.filters;
                        let (dy, columns) = (gradients(g, dy, group, pixels), &mut columns[..pixels * depth(g)]);
                        product(dy, weights(g, w, group).transposed(), Into::Replace, columns, depth(g));
                        add_columns(g, columns, group, band * rows, dx);
                    }
                }
            });
        });
    });
}

/// Computes dw.
pub fn weight_gradient(g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], space: Space<'_>) {
    let Space { workspace, scratch } = space;
    verify_lengths(g, n, x, dw, dy);
    let images = n.div_ceil(most_parts(g, n).max(1)).max(1);
    let partials = &mut workspace[..n.div_ceil(images) * g.weight_len()];
    partials.par_chunks_mut(g.weight_len()).enumerate().for_each(|(part, dw)| {
        dw.fill(0.0);
        for image in part * images..n.min((part + 1) * images) {
            let x = &x[image * g.window.in_len()..][..g.window.in_len()];
            let dy = &dy[image * g.out_len()..][..g.out_len()];
            add_image(g, x, dy, dw, scratch);
        }
    });
    sum_partials(partials, dw);
}

fn add_image(g: &ConvGeometry, x: &[f32], dy: &[f32], dw: &mut [f32], scratch: &Scratch) {
    let (rows, out_row) = (band_rows(g), g.window.out_w * g.filters);
    for (band, dy) in dy.chunks(rows * out_row).enumerate() {
        for group in 0..g.groups {
            let pixels = dy.len() / g.filters;
            scratch.with(pixels * depth(g), |room| {
                let columns = columns(g, x, group, band * rows, pixels, room).transposed();
                let dy = gradients(g, dy, group, pixels);
                product(columns, dy, Into::Add, &mut dw[first_filter(g, group)..], g.filters);
            });
        }
    }
}

/// What one output pixel sees of one group.
fn depth(g: &ConvGeometry) -> usize {
    g.window.taps() * g.channels_per_group()
}

fn first_filter(g: &ConvGeometry, group: usize) -> usize {
    group * g.filters_per_group()
}

fn band_rows(g: &ConvGeometry) -> usize {
    (BAND / (g.window.out_w * depth(g)).max(1)).clamp(1, g.window.out_h)
}

fn most_parts(g: &ConvGeometry, n: usize) -> usize {
    PARTS.min(n).min((PARTIALS / g.weight_len().max(1)).max(1))
}

/// The weights of a group: taps·channels × filters.
fn weights<'a>(g: &ConvGeometry, w: &'a [f32], group: usize) -> Matrix<'a> {
    Matrix::rows(&w[first_filter(g, group)..], depth(g), g.filters_per_group(), g.filters)
}

/// The output gradients of a group: pixels × filters.
fn gradients<'a>(g: &ConvGeometry, dy: &'a [f32], group: usize, pixels: usize) -> Matrix<'a> {
    Matrix::rows(&dy[first_filter(g, group)..], pixels, g.filters_per_group(), g.filters)
}

/// The im2col matrix of `pixels` output pixels from row `first` on; the image itself where it is that matrix.
fn columns<'a>(
    g: &ConvGeometry,
    x: &'a [f32],
    group: usize,
    first: usize,
    pixels: usize,
    room: &'a mut [f32],
) -> Matrix<'a> {
    let (window, channels) = (&g.window, g.channels_per_group());
    if window.kernel == [1, 1] && window.stride == [1, 1] && window.padding.is_none() {
        let start = first * window.in_w * window.in_c + group * channels;
        return Matrix::rows(&x[start..], pixels, channels, window.in_c);
    }
    for (pixel, row) in room.chunks_exact_mut(depth(g)).enumerate() {
        let place = [first + pixel / window.out_w, pixel % window.out_w];
        for (tap, to) in row.chunks_exact_mut(channels).enumerate() {
            match seen(g, place, tap) {
                Some(from) => to.copy_from_slice(&x[from + group * channels..][..channels]),
                None => to.fill(0.0),
            }
        }
    }
    Matrix::rows(room, pixels, depth(g), depth(g))
}

/// Adds the gradient of an im2col matrix to the image that it was read from.
fn add_columns(g: &ConvGeometry, columns: &[f32], group: usize, first: usize, dx: &mut [f32]) {
    let channels = g.channels_per_group();
    for (pixel, row) in columns.chunks_exact(depth(g)).enumerate() {
        let place = [first + pixel / g.window.out_w, pixel % g.window.out_w];
        for (tap, from) in row.chunks_exact(channels).enumerate() {
            if let Some(to) = seen(g, place, tap) {
                let dx = &mut dx[to + group * channels..][..channels];
                dx.iter_mut().zip(from).for_each(|(sum, term)| *sum += term);
            }
        }
    }
}

/// Where in the image the pixel begins that an output place sees through a tap; `None` in the padding.
fn seen(g: &ConvGeometry, place: [usize; 2], tap: usize) -> Option<usize> {
    let window = &g.window;
    let along = |axis: usize, tap: usize, before: usize, len: usize| {
        (place[axis] * window.stride[axis] + tap * window.dilation[axis]).checked_sub(before).filter(|&at| at < len)
    };
    let row = along(0, tap / window.kernel[1], window.padding.top, window.in_h)?;
    let column = along(1, tap % window.kernel[1], window.padding.left, window.in_w)?;
    Some((row * window.in_w + column) * window.in_c)
}
