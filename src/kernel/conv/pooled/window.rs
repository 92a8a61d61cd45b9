//! dx as sums over the winners, a window at a time: what they spread comes together in registers.

use super::spread::{self, SpreadRow, Winners};
use super::winner::PoolRow;
use super::{PooledConv, Seen, verify_lengths};
use crate::kernel::micro::{Lists, Map, WindowKernel, Windows};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, Isa, Padding, Space};

/// Channels, at least: whole registers are not worth it for fewer.
const CHANNELS: usize = 8;

/// Whether it can compute this: square windows inside the convolution's output, 3×3 taps at every place.
pub fn can(g: &PooledConv) -> bool {
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
    super::can_be_sparse(g) && is_whole && is_every_place && has_kernel
}

/// Whether it can, and by rule is worth it: there are enough channels.
pub fn fits(g: &PooledConv) -> bool {
    can(g) && super::fits_sparse(g) && g.conv.window.in_c >= CHANNELS
}

/// The kernel for the sizes of its windows.
fn kernel(isa: Isa, g: &PooledConv) -> WindowKernel {
    WindowKernel::of(isa, g.pool.kernel[0], g.conv.window.kernel[0])
}

/// Elements of the weights in the kernel's order.
pub fn workspace(isa: Isa, g: &PooledConv) -> usize {
    padded(kernel(isa, g).weights(g.conv.window.in_c, g.conv.filters))
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
    let spread = Spread::new(isa, g, w, workspace);
    spread::over_images(isa, g, Winners { dy, index }, &spread, activation, dx, scratch);
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

/// The weights in the kernel's order.
pub struct Spread<'a> {
    g: &'a PooledConv,
    kernel: WindowKernel,
    weights: &'a [f32],
}

impl<'a> Spread<'a> {
    /// Brings w into that order, in `workspace`.
    pub fn new(isa: Isa, g: &'a PooledConv, w: &[f32], workspace: &'a mut [f32]) -> Self {
        let kernel = kernel(isa, g);
        let weights = aligned(workspace, kernel.weights(g.conv.window.in_c, g.conv.filters));
        arrange(&kernel, g, w, weights);
        Self { g, kernel, weights }
    }
}

impl SpreadRow for Spread<'_> {
    fn row(&self, seen: &Seen, row: PoolRow<'_>, _: &mut Lists, room: &mut [f32]) {
        let PoolRow { index, dy: values, .. } = row;
        let (channels, filters) = (self.g.conv.window.in_c, self.g.pool.in_c);
        let map = Map { row: seen.patch.row_len(), channels };
        let windows = Windows { index, values, filters, apart: self.g.pool.stride[1] * channels };
        self.kernel.spread(windows, self.weights, room, map);
    }
}
