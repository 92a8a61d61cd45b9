//! Kernels of `f32` that are given operands rounded to bf16: what they compute is what a kernel of bf16 computes.
//!
//! Rounded copies are made of a few images at a time, so that they stay in cache and take little memory.

use rayon::prelude::*;

use super::{
    ConvForward, ConvGradient, ConvInputGradient, ConvKernel, PooledConv, PooledGradient, PooledInputGradient,
};
use crate::kernel::bf16::round_all;
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Space};

/// Elements of the images that are rounded at a time, roughly.
const IMAGES: usize = 1 << 20;

/// Elements of a piece that one task rounds.
const PIECE: usize = 1 << 14;

/// Lengths of the operands of a convolution, and of its gradients.
pub(super) trait Lengths {
    /// Elements of an image of the input.
    fn input(&self) -> usize;
    /// Elements of an image of the output, or what there is of it behind a pool.
    fn output(&self) -> usize;
    /// Elements of the weights.
    fn weights(&self) -> usize;
}

impl Lengths for ConvGeometry {
    fn input(&self) -> usize {
        self.window.in_len()
    }

    fn output(&self) -> usize {
        self.out_len()
    }

    fn weights(&self) -> usize {
        self.weight_len()
    }
}

impl Lengths for PooledConv {
    fn input(&self) -> usize {
        self.conv.window.in_len()
    }

    fn output(&self) -> usize {
        self.out_len()
    }

    fn weights(&self) -> usize {
        self.conv.weight_len()
    }
}

/// Images that are rounded at a time, of which `len` elements are.
fn images_at_a_time(len: usize, n: usize) -> usize {
    (IMAGES / len.max(1)).min(n).max(1)
}

/// Elements of the packed weights, and room to round them first.
pub(super) fn packed(row: &ConvForward, g: &ConvGeometry) -> usize {
    (row.run.packed)(g) + g.weights()
}

/// Packs rounded weights; a bias stays as it is.
pub(super) fn pack(row: &ConvForward, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
    let (to, rounded) = to.split_at_mut((row.run.packed)(g));
    round_all(row.isa, w, &mut rounded[..w.len()]);
    (row.run.pack)(g, &rounded[..w.len()], bias, to);
}

/// Elements of the workspace of a forward convolution: rounded inputs, and the kernel's own.
pub(super) fn forward_workspace(row: &ConvForward, g: &ConvGeometry, n: usize) -> usize {
    let images = images_at_a_time(g.input(), n);
    padded(images * g.input()) + (row.workspace)(g, images)
}

/// Elements of the workspace of an input gradient: rounded weights and gradients, and the kernel's own.
pub(super) fn input_gradient_workspace<G: Lengths, Run>(row: &ConvKernel<G, Run>, g: &G, n: usize) -> usize {
    let images = images_at_a_time(g.output(), n);
    padded(g.weights()) + padded(images * g.output()) + (row.workspace)(g, images)
}

/// Elements of the workspace of a weight gradient: rounded inputs and gradients, the share of the images at hand, and the
/// kernel's own.
pub(super) fn weight_gradient_workspace<G: Lengths, Run>(row: &ConvKernel<G, Run>, g: &G, n: usize) -> usize {
    let images = images_at_a_time(g.input() + g.output(), n);
    padded(g.weights()) + padded(images * g.input()) + padded(images * g.output()) + (row.workspace)(g, images)
}

/// The first elements of a workspace, of which the others are left.
fn take<'a>(workspace: &mut &'a mut [f32], len: usize) -> &'a mut [f32] {
    let (taken, rest) = std::mem::take(workspace).split_at_mut(padded(len));
    *workspace = rest;
    aligned(taken, len)
}

/// A rounded copy in the workspace.
fn rounded<'a>(isa: Isa, from: &[f32], workspace: &mut &'a mut [f32]) -> &'a [f32] {
    let to = take(workspace, from.len());
    to.par_chunks_mut(PIECE).zip(from.par_chunks(PIECE)).for_each(|(to, from)| round_all(isa, from, to));
    to
}

/// Computes y.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the kernel")]
pub(super) fn forward(
    row: &ConvForward,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    packed: &[f32],
    after: After,
    y: &mut [f32],
    space: Space<'_>,
) {
    super::verify_maps(g, n, x, y);
    let Space { workspace, scratch } = space;
    let (isa, images) = (row.isa, images_at_a_time(g.input(), n));
    let packed = &packed[..(row.run.packed)(g)];
    let parts = x.chunks((images * g.input()).max(1)).zip(y.chunks_mut((images * g.output()).max(1)));
    for (x, y) in parts {
        let mut workspace = &mut *workspace;
        let x = rounded(isa, x, &mut workspace);
        (row.run.run)(g, x.len() / g.input(), x, packed, after, y, Space { workspace, scratch });
    }
}

/// Computes dx.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the kernel")]
pub(super) fn input_gradient(
    row: &ConvInputGradient,
    g: &ConvGeometry,
    n: usize,
    dy: &[f32],
    w: &[f32],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    super::verify_lengths(g, n, dx, w, dy);
    let Space { mut workspace, scratch } = space;
    let (isa, images) = (row.isa, images_at_a_time(g.output(), n));
    let w = rounded(isa, w, &mut workspace);
    let parts = dy.chunks((images * g.output()).max(1)).zip(dx.chunks_mut((images * g.input()).max(1)));
    for (dy, dx) in parts {
        let mut workspace = &mut *workspace;
        let dy = rounded(isa, dy, &mut workspace);
        (row.run)(g, dy.len() / g.output(), dy, w, activation, dx, Space { workspace, scratch });
    }
}

/// Computes dx behind a pool.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the kernel")]
pub(super) fn pooled_input_gradient(
    row: &PooledInputGradient,
    g: &PooledConv,
    n: usize,
    dy: &[f32],
    w: &[f32],
    index: &[u8],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    let Space { mut workspace, scratch } = space;
    let (isa, images) = (row.isa, images_at_a_time(g.output(), n));
    let w = rounded(isa, w, &mut workspace);
    let len = images * g.output();
    for ((dy, index), dx) in dy.chunks(len).zip(index.chunks(len)).zip(dx.chunks_mut(images * g.input())) {
        let mut workspace = &mut *workspace;
        let dy = rounded(isa, dy, &mut workspace);
        (row.run)(g, dy.len() / g.output(), dy, w, index, activation, dx, Space { workspace, scratch });
    }
}

/// Computes dw.
pub(super) fn weight_gradient(
    row: &ConvGradient,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    space: Space<'_>,
) {
    super::verify_lengths(g, n, x, dw, dy);
    let Space { workspace, scratch } = space;
    sum_over_images(row.isa, g, n, x, dy, dw, workspace, |_, x, dy, dw, workspace| {
        (row.run)(g, x.len() / g.input(), x, dy, dw, Space { workspace, scratch });
    });
}

/// Computes dw behind a pool.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the kernel")]
pub(super) fn pooled_weight_gradient(
    row: &PooledGradient,
    g: &PooledConv,
    n: usize,
    x: &[f32],
    dy: &[f32],
    index: &[u8],
    dw: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    sum_over_images(row.isa, g, n, x, dy, dw, workspace, |first, x, dy, dw, workspace| {
        let index = &index[first * g.output()..][..dy.len()];
        (row.run)(g, x.len() / g.input(), x, dy, index, dw, Space { workspace, scratch });
    });
}

/// dw = Σ of the shares of a few images each, in their order; `share` is given the first image, rounded operands, where
/// the share goes, and a workspace.
#[allow(clippy::too_many_arguments, reason = "operands, their room, and the kernel")]
fn sum_over_images<G: Lengths>(
    isa: Isa,
    g: &G,
    n: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    mut workspace: &mut [f32],
    share: impl Fn(usize, &[f32], &[f32], &mut [f32], &mut [f32]),
) {
    let images = images_at_a_time(g.input() + g.output(), n);
    let part = take(&mut workspace, dw.len());
    dw.fill(0.0);
    let parts = x.chunks((images * g.input()).max(1)).zip(dy.chunks((images * g.output()).max(1)));
    for (at, (x, dy)) in parts.enumerate() {
        let mut workspace = &mut *workspace;
        let (x, dy) = (rounded(isa, x, &mut workspace), rounded(isa, dy, &mut workspace));
        share(at * images, x, dy, part, workspace);
        dw.iter_mut().zip(&*part).for_each(|(sum, share)| *sum += share);
    }
}
