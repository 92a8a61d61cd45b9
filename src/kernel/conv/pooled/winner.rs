//! The winners of a pool, a stretch of one row at a time, as terms of sums: what both gradients run over.

use super::{PooledConv, Seen};
use crate::kernel::Isa;
use crate::kernel::micro::{SparseKernel, Terms};

/// Elements of x that a stretch sees, at most: they stay in the first-level cache while every filter passes over them.
const STRETCH: usize = 6 << 10;

/// Sums over the winners of an image, a filter at a time.
pub(super) struct Sums<'a> {
    /// What takes them.
    pub kernel: SparseKernel,
    g: &'a PooledConv,
}

impl<'a> Sums<'a> {
    /// The sums of a convolution under a pool.
    pub fn new(isa: Isa, g: &'a PooledConv) -> Self {
        Self { kernel: SparseKernel::of(isa), g }
    }

    /// Kernel rows, and elements of a run in whole registers: what a filter's weights or their gradient take.
    pub fn shape(&self) -> [usize; 2] {
        [self.g.conv.window.kernel[0], self.kernel.whole(self.g.run())]
    }

    /// Elements of that.
    pub fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// Elements from one kernel row to the next in a patch whose rows have `row_len`.
    pub fn down(&self, row_len: usize) -> usize {
        self.g.conv.window.dilation[0] * row_len
    }

    /// Calls `row` for each row of the pool of one image, with what the row sees.
    pub fn rows(&self, dy: &[f32], index: &[u8], mut row: impl FnMut(&Seen, PoolRow<'_>)) {
        let len = self.g.pool.out_w * self.g.pool.in_c;
        for (at, (dy, index)) in dy.chunks_exact(len).zip(index.chunks_exact(len)).enumerate() {
            let seen = Seen::of(self.g, at);
            row(&seen, PoolRow { row: at, first: seen.first, index, dy });
        }
    }

    /// Calls `sum` for each stretch of a row and each filter that has winners in it, with these as offsets into a patch
    /// whose rows have `row_len` elements.
    pub fn filters(&self, row: PoolRow<'_>, row_len: usize, mut sum: impl FnMut(usize, &Terms)) {
        let (pool, stretch) = (&self.g.pool, stretch(self.g));
        let (winners, mut terms) = (Winners::new(self.g, row_len), Terms::new());
        for start in (0..pool.out_w).step_by(stretch) {
            let end = pool.out_w.min(start + stretch);
            for filter in 0..pool.in_c {
                winners.terms(row, row_len, start, end, filter, &mut terms);
                if !terms.is_empty() {
                    sum(filter, &terms);
                }
            }
        }
    }
}

/// Pixels of a stretch.
fn stretch(g: &PooledConv) -> usize {
    let rows = g.pool.kernel[0] + g.conv.window.kernel[0] - 1;
    let each = rows * g.pool.stride[1] * g.conv.window.stride[1] * g.conv.window.in_c;
    (STRETCH / each.max(1)).clamp(4, Terms::MOST)
}

/// Where the taps of the pool's windows lie in a patch of x.
struct Winners<'a> {
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
    fn new(g: &'a PooledConv, row_len: usize) -> Self {
        let mut taps = [0; super::MOST_TAPS];
        for (tap, at) in taps.iter_mut().enumerate().take(g.pool.taps()) {
            let [ky, kx] = [tap / g.pool.kernel[1], tap % g.pool.kernel[1]];
            *at = offset(g, row_len, [ky * g.pool.dilation[0], kx * g.pool.dilation[1]]);
        }
        Self { g, taps }
    }

    /// The terms of one filter for the row's pixels from `start` to `end`.
    fn terms(&self, row: PoolRow<'_>, row_len: usize, start: usize, end: usize, filter: usize, terms: &mut Terms) {
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
