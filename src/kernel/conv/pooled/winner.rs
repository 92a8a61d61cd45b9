//! The winners of a pool, a stretch of one row at a time, as terms of sums: what both gradients run over.

use std::ops::Range;

use super::{PooledConv, Seen};
use crate::kernel::Isa;
use crate::kernel::micro::{Lists, SparseKernel};

/// Elements of x that a stretch sees of the channels that are summed over together, at most: they stay in the first-level
/// cache while every filter passes over them.
const STRETCH: usize = 6 << 10;

/// Sums over the winners of an image, a filter at a time.
pub(in super::super) struct Sums<'a> {
    /// What takes them.
    pub kernel: SparseKernel,
    g: &'a PooledConv,
    /// How x or dx lies in memory.
    map: Map,
    /// For each tap of the pool, how far what its place sees lies from what the first place of the window sees.
    taps: [u32; super::MOST_TAPS],
}

/// How the convolution's input, or some of its channels, lies in memory.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Map {
    /// Elements of a pixel.
    pub pixel: usize,
    /// Elements from one row to the next.
    pub row: usize,
}

/// One row of the pool, and what of x is seen from it.
#[derive(Clone, Copy)]
pub(in super::super) struct PoolRow<'a> {
    /// Its number.
    pub row: usize,
    /// The convolution's first output row in the patch.
    pub first: usize,
    /// The winners' taps, the row's W×C.
    pub index: &'a [u8],
    /// The gradient of the pooled values.
    pub dy: &'a [f32],
}

/// The rows of the pool of one image, each with what it sees.
pub(in super::super) fn rows_of<'a>(
    g: &'a PooledConv,
    dy: &'a [f32],
    index: &'a [u8],
) -> impl Iterator<Item = (Seen, PoolRow<'a>)> {
    let len = g.pool.out_w * g.pool.in_c;
    dy.chunks_exact(len).zip(index.chunks_exact(len)).enumerate().map(|(row, (dy, index))| {
        let seen = Seen::of(g, row);
        let row = PoolRow { row, first: seen.first, index, dy };
        (seen, row)
    })
}

impl<'a> Sums<'a> {
    /// The sums of a convolution under a pool.
    pub fn new(isa: Isa, g: &'a PooledConv, map: Map) -> Self {
        let (pool, window) = (&g.pool, &g.conv.window);
        let mut taps = [0; super::MOST_TAPS];
        for (tap, at) in taps.iter_mut().enumerate().take(pool.taps()) {
            let down = tap / pool.kernel[1] * pool.dilation[0] * window.stride[0] * map.row;
            let across = tap % pool.kernel[1] * pool.dilation[1] * window.stride[1] * map.pixel;
            *at = (down + across) as u32;
        }
        Self { kernel: SparseKernel::of(isa), g, map, taps }
    }

    /// Kernel rows, and elements of a run in whole registers: what a filter's weights or their gradient take.
    pub fn shape(&self) -> [usize; 2] {
        shape(self.kernel, self.g, self.map.pixel)
    }

    /// Elements of that.
    pub fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// Elements from one kernel row to the next.
    pub fn down(&self) -> usize {
        self.g.conv.window.dilation[0] * self.map.row
    }

    /// The stretches of a row, each a range of pixels.
    pub fn stretches(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (width, stretch) = (self.g.pool.out_w, stretch(self.g, self.map.pixel));
        (0..width).step_by(stretch).map(move |start| start..width.min(start + stretch))
    }

    /// Calls `sum` with some filters at a time and the terms of each for these `pixels` of a row, as offsets into a patch
    /// whose first column is what the convolution's output column `column` sees first.
    pub fn terms(
        &self,
        row: PoolRow<'_>,
        pixels: &Range<usize>,
        column: usize,
        lists: &mut Lists,
        mut sum: impl FnMut(Range<usize>, &Lists),
    ) {
        let (pool, window) = (&self.g.pool, &self.g.conv.window);
        let across = window.stride[1] * self.map.pixel;
        let down = (row.row * pool.stride[0]) as isize - (pool.padding.top + row.first) as isize;
        let down = down * (window.stride[0] * self.map.row) as isize;
        for first in (0..pool.in_c).step_by(Lists::SUMS) {
            let filters = first..pool.in_c.min(first + Lists::SUMS);
            lists.clear();
            for pixel in pixels.clone() {
                let at = pixel * pool.in_c + first;
                // A window over the padding starts before the patch; its winner does not.
                let place = (pixel * pool.stride[1]) as isize - (pool.padding.left + column) as isize;
                let origin = (down + place * across as isize) as u32;
                lists.push(origin, &self.taps, &row.index[at..][..filters.len()], &row.dy[at..][..filters.len()]);
            }
            sum(filters, lists);
        }
    }
}

/// Kernel rows, and elements of a run in whole registers, where pixels have `pixel` elements.
pub(super) fn shape(kernel: SparseKernel, g: &PooledConv, pixel: usize) -> [usize; 2] {
    let [rows, taps] = g.conv.window.kernel;
    [rows, kernel.whole(taps * pixel)]
}

/// Pixels of a stretch.
pub(super) fn stretch(g: &PooledConv, pixel: usize) -> usize {
    let rows = g.pool.kernel[0] + g.conv.window.kernel[0] - 1;
    let each = rows * g.pool.stride[1] * g.conv.window.stride[1] * pixel;
    (STRETCH / each.max(1)).clamp(4, Lists::MOST)
}
