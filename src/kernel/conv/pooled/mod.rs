//! A convolution whose output goes into a max pool and nowhere else: it is never stored.
//!
//! Forward, a few output rows are computed into cache, activated and pooled; what stays is the pooled value and the
//! winner's place. Backward, only the winners carry a gradient, at one place of a window: both gradients of the
//! convolution are sums over these places. The activation's derivative is taken before, from the pooled value.

pub(super) mod forward;
pub(super) mod input_gradient;
pub(super) mod open_rows;
pub(super) mod spread;
#[cfg(test)]
mod tests;
pub(super) mod unpooled;
pub(super) mod weight_gradient;
pub(super) mod window;
pub(super) mod winner;

use std::fmt;

use super::patch::Patch;
use crate::kernel::micro::SparseKernel;
use crate::kernel::pool::Axis;
use crate::kernel::{ConvGeometry, Isa, Window};

/// A convolution and the max pool over its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PooledConv {
    /// The convolution.
    pub conv: ConvGeometry,
    /// The pool; its input is the convolution's output.
    pub pool: Window,
}

/// Taps that a byte counts.
pub(super) const MOST_TAPS: usize = 256;

/// Whether sums over the winners can be taken: one run of taps and channels a kernel row.
pub(super) fn can_be_sparse(g: &PooledConv) -> bool {
    let is_run = g.conv.groups == 1 && g.conv.window.dilation[1] == 1;
    is_run && g.pool.taps() <= MOST_TAPS && u32::try_from(g.conv.window.in_len()).is_ok()
}

/// Whether they can, and by rule are less work than those over all places: at least three places a winner, and weights
/// that stay in cache.
pub(super) fn fits_sparse(g: &PooledConv) -> bool {
    let is_sparse = g.pool.stride[0] * g.pool.stride[1] > 2;
    can_be_sparse(g) && is_sparse && g.conv.weight_len() <= WEIGHTS
}

/// Elements of the weights, at most.
const WEIGHTS: usize = 1 << 18;

impl fmt::Display for PooledConv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, max pool {} to {}x{}", self.conv, self.pool, self.pool.out_h, self.pool.out_w)
    }
}

impl PooledConv {
    /// Elements of one image of the pool's output.
    #[must_use]
    pub fn out_len(&self) -> usize {
        self.pool.out_pixels() * self.pool.in_c
    }

    /// Multiply-accumulates of one image's sums over the winners.
    #[must_use]
    pub fn winner_macs(&self) -> u64 {
        self.pool.out_pixels() as u64 * self.conv.weight_len() as u64
    }

    /// Elements of x that a kernel row sees, in one run.
    fn run(&self) -> usize {
        self.conv.window.kernel[1] * self.conv.window.in_c
    }

    /// The convolution's output rows that the pool's rows from `first` on, `count` of them, look at.
    pub(super) fn conv_rows(&self, first: usize, count: usize) -> std::ops::Range<usize> {
        let rows = Axis::rows(&self.pool);
        let start = rows.first_place(first);
        start..rows.end_place(first + count - 1).max(start)
    }
}

/// What the sums over the winners of one row of the pool read of x, or write of dx, in whole rows.
pub(super) struct Seen {
    pub patch: Patch,
    /// The convolution's first output row in it.
    pub first: usize,
}

impl Seen {
    pub fn of(g: &PooledConv, pool_row: usize) -> Self {
        let rows = g.conv_rows(pool_row, 1);
        Self { patch: super::direct::band_patch(&g.conv, rows.start, rows.len().max(1)), first: rows.start }
    }

    /// The most elements of a room for any row, whole registers of a run beyond its end included.
    pub fn most_room(isa: Isa, g: &PooledConv) -> usize {
        super::direct::band_patch(&g.conv, 0, Self::most_conv_rows(g)).len() + slack(isa, g)
    }

    /// The most rows of a patch.
    pub fn most_rows(g: &PooledConv) -> usize {
        super::direct::band_patch(&g.conv, 0, Self::most_conv_rows(g)).rows
    }

    fn most_conv_rows(g: &PooledConv) -> usize {
        (0..g.pool.out_h).map(|row| g.conv_rows(row, 1).len()).max().unwrap_or(0).max(1)
    }

    /// Elements of the patch, and of what whole registers read beyond its end.
    pub fn len(&self, isa: Isa, g: &PooledConv) -> usize {
        self.patch.len() + slack(isa, g)
    }
}

/// Elements that whole registers read beyond the last run.
fn slack(isa: Isa, g: &PooledConv) -> usize {
    SparseKernel::of(isa).whole(g.run()) - g.run()
}

/// Asserts that the operands have the lengths that the geometry gives them.
fn verify_lengths(g: &PooledConv, n: usize, x: &[f32], w: &[f32], y: &[f32], index: &[u8]) {
    verify_maps(g, n, x, y, index);
    assert_eq!(w.len(), g.conv.weight_len(), "the weights have another length than their geometry");
}

/// The same of its input and its pooled output.
fn verify_maps(g: &PooledConv, n: usize, x: &[f32], y: &[f32], index: &[u8]) {
    assert_eq!(x.len(), n * g.conv.window.in_len(), "the input has another length than its geometry");
    assert_eq!(y.len(), n * g.out_len(), "the pooled output has another length than its geometry");
    assert!(index.is_empty() || index.len() == y.len(), "the winners' places are as many as the pooled values");
}
