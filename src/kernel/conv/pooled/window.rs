//! dx as sums over the winners, a window at a time: what they spread comes together in registers.

use rayon::prelude::*;

use super::open_rows::OpenRows;
use super::{PooledConv, Seen, verify_lengths};
use crate::kernel::micro::{Map, WindowKernel, Windows};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, Isa, Padding, Space};

/// Channels, at least: whole registers are not worth it for fewer.
const CHANNELS: usize = 8;

/// Whether it can compute this, and is worth it: square windows inside the convolution's output, 3×3 taps at every place,
/// enough channels.
pub fn fits(g: &PooledConv) -> bool {
    let (pool, conv) = (&g.pool, &g.conv.window);
    let is_inside = |axis: usize, out: usize, len: usize| {
        out.saturating_sub(1).saturating_mul(pool.stride[axis]).saturating_add(pool.kernel[axis]) <= len
    };
    let is_whole = pool.padding == Padding::default()
        && pool.dilation == [1, 1]
        && is_inside(0, pool.out_h, pool.in_h)
        && is_inside(1, pool.out_w, pool.in_w);
    let is_square = pool.kernel[0] == pool.kernel[1] && conv.kernel[0] == conv.kernel[1];
    let is_every_place = conv.stride == [1, 1] && conv.dilation == [1, 1];
    let has_kernel = is_square && WindowKernel::exists(pool.kernel[0], conv.kernel[0]);
    super::fits_sparse(g) && is_whole && is_every_place && has_kernel && conv.in_c >= CHANNELS
}

/// The kernel for the sizes of its windows.
fn kernel(isa: Isa, g: &PooledConv) -> WindowKernel {
    WindowKernel::of(isa, g.pool.kernel[0], g.conv.window.kernel[0])
}

/// Elements of the weights in the kernel's order.
pub fn workspace(isa: Isa, g: &PooledConv) -> usize {
    padded(kernel(isa, g).weights(g.conv.window.in_c, g.conv.filters))
}

/// Elements of the rows of dx that a row of the pool adds to.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    Seen::most_room(isa, g)
}

/// Computes dx (n×H×W×I).
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run(
    isa: Isa,
    g: &PooledConv,
    n: usize,
    dy: &[f32],
    w: &[f32],
    index: &[u8],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    verify_lengths(g, n, dx, w, dy, index);
    let kernel = kernel(isa, g);
    let weights = aligned(workspace, kernel.weights(g.conv.window.in_c, g.conv.filters));
    arrange(&kernel, g, w, weights);
    let gradient = InputGradient { isa, g, kernel, weights };
    let images = dx.par_chunks_mut(g.conv.window.in_len()).zip(dy.par_chunks(g.out_len()));
    images.zip(index.par_chunks(g.out_len())).for_each(|((dx, dy), index)| {
        scratch.with(self::scratch(isa, g), |room| {
            gradient.image(dy, index, OpenRows::new(isa, activation, room), dx);
        });
    });
}

/// H×W×I×O in the kernel's order, with zeros for channels that there are not.
fn arrange(kernel: &WindowKernel, g: &PooledConv, w: &[f32], to: &mut [f32]) {
    let (channels, filters) = (g.conv.window.in_c, g.conv.filters);
    to.fill(0.0);
    for (at, w) in w.chunks_exact(filters).enumerate() {
        for (filter, &w) in w.iter().enumerate() {
            to[kernel.place(filters, [at / channels, at % channels, filter])] = w;
        }
    }
}

struct InputGradient<'a> {
    isa: Isa,
    g: &'a PooledConv,
    kernel: WindowKernel,
    weights: &'a [f32],
}

impl InputGradient<'_> {
    fn image(&self, dy: &[f32], index: &[u8], mut rows: OpenRows<'_>, dx: &mut [f32]) {
        let (g, channels, filters) = (self.g, self.g.conv.window.in_c, self.g.pool.in_c);
        let len = g.pool.out_w * filters;
        for (row, (values, index)) in dy.chunks_exact(len).zip(index.chunks_exact(len)).enumerate() {
            let seen = Seen::of(g, row);
            let map = Map { row: seen.patch.row_len(), channels };
            let windows = Windows { index, values, filters, apart: g.pool.stride[1] * channels };
            let room = rows.open(&seen.patch, seen.len(self.isa, g), dx);
            self.kernel.spread(windows, self.weights, room, map);
        }
        rows.close(dx);
    }
}
