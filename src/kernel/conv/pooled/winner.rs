//! The winners of a stretch of one row of the pool, as terms of a sum.

use super::PooledConv;
use crate::kernel::micro::Terms;

/// Elements of x that a stretch sees, at most: they stay in the first-level cache while every filter passes over them.
const STRETCH: usize = 6 << 10;

/// Pixels of a stretch.
pub(super) fn stretch(g: &PooledConv) -> usize {
    let rows = g.pool.kernel[0] + g.conv.window.kernel[0] - 1;
    let each = rows * g.pool.stride[1] * g.conv.window.stride[1] * g.conv.window.in_c;
    (STRETCH / each.max(1)).clamp(4, Terms::MOST)
}

/// Where the taps of the pool's windows lie in a patch of x.
pub(super) struct Winners<'a> {
    g: &'a PooledConv,
    /// For each tap, how far its first element lies from the window's.
    taps: [usize; super::MOST_TAPS],
}

/// One row of the pool, and what of x is seen from it.
#[derive(Clone, Copy)]
pub(super) struct PoolRow<'a> {
    /// Its number.
    pub row: usize,
    /// The convolution's first output row in the patch.
    pub first: usize,
    /// The winners' taps, the row's W×C.
    pub index: &'a [u8],
    /// The gradient of the pooled values.
    pub dy: &'a [f32],
}

impl<'a> Winners<'a> {
    /// The winners in patches whose rows have `row_len` elements.
    pub fn new(g: &'a PooledConv, row_len: usize) -> Self {
        let mut taps = [0; super::MOST_TAPS];
        for (tap, at) in taps.iter_mut().enumerate().take(g.pool.taps()) {
            let [ky, kx] = [tap / g.pool.kernel[1], tap % g.pool.kernel[1]];
            *at = offset(g, row_len, [ky * g.pool.dilation[0], kx * g.pool.dilation[1]]);
        }
        Self { g, taps }
    }

    /// The terms of one filter for the row's pixels from `start` to `end`.
    pub fn terms(&self, row: PoolRow<'_>, row_len: usize, start: usize, end: usize, filter: usize, terms: &mut Terms) {
        let (pool, filters) = (&self.g.pool, self.g.pool.in_c);
        terms.clear();
        let across = pool.stride[1] * self.g.conv.window.stride[1] * self.g.conv.window.in_c;
        let origin = self.origin(row, row_len);
        let (index, dy) = (&row.index[start * filters..end * filters], &row.dy[start * filters..end * filters]);
        let pairs = index.iter().skip(filter).step_by(filters).zip(dy.iter().skip(filter).step_by(filters));
        for (pixel, (&tap, &value)) in (start..end).zip(pairs) {
            // A window over the padding starts before the patch; its winner does not.
            let at = (origin + (pixel * across) as isize).wrapping_add_unsigned(self.taps[usize::from(tap)]);
            terms.push(at.unsigned_abs(), value);
        }
    }

    /// Where the window of the row's first pixel starts in the patch.
    fn origin(&self, row: PoolRow<'_>, row_len: usize) -> isize {
        let (pool, window) = (&self.g.pool, &self.g.conv.window);
        let down = (row.row * pool.stride[0]) as isize - (pool.padding.top + row.first) as isize;
        down * (window.stride[0] * row_len) as isize - (pool.padding.left * window.stride[1] * window.in_c) as isize
    }
}

/// How far the first tap of the convolution's output place (row, column) lies from that of place (0, 0).
fn offset(g: &PooledConv, row_len: usize, [row, column]: [usize; 2]) -> usize {
    let window = &g.conv.window;
    row * window.stride[0] * row_len + column * window.stride[1] * window.in_c
}
