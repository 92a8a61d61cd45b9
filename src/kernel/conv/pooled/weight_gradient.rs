//! dw as sums over the winners: for each of them, the gradient times what its window of the convolution saw.
//!
//! What a stretch of a row sees is copied, a register of channels after the other: rows of an image lie so far apart that
//! they would compete for the same few places of the first-level cache.

use rayon::prelude::*;

use super::super::patch::{Patch, Rows};
use super::winner::{Map, PoolRow, Sums, rows_of, shape, stretch};
use super::{PooledConv, Seen};
use crate::kernel::conv::direct::TASKS;
use crate::kernel::micro::{Lists, SparseKernel, prefetch};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Isa, Scratch, Space};

/// Elements of all partial sums together, at most, unless there is only one.
const PARTIALS: usize = 1 << 21;

/// Elements of the partial sums.
pub fn workspace(isa: Isa, g: &PooledConv, n: usize) -> usize {
    let len = Slices::new(isa, g).sums();
    padded(most_parts(len, n) * len)
}

/// Elements of what a stretch sees.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    Slices::new(isa, g).room()
}

/// Computes dw (H×W×I×O), overwriting it.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run(isa: Isa, g: &PooledConv, n: usize, x: &[f32], dy: &[f32], index: &[u8], dw: &mut [f32], space: Space<'_>) {
    let Space { workspace, scratch } = space;
    super::verify_lengths(g, n, x, dw, dy, index);
    let by_row = ByRow::new(isa, g);
    let len = by_row.len();
    let images = n.div_ceil(most_parts(len, n)).max(1);
    let partials = aligned(workspace, n.div_ceil(images) * len);
    let gradient = WeightGradient { by_row, scratch };
    partials.par_chunks_mut(len).enumerate().for_each(|(part, sums)| {
        sums.fill(0.0);
        for image in part * images..n.min((part + 1) * images) {
            let x = &x[image * g.conv.window.in_len()..][..g.conv.window.in_len()];
            let pooled = image * g.out_len()..(image + 1) * g.out_len();
            gradient.image(x, &dy[pooled.clone()], &index[pooled], sums);
        }
    });
    gradient.by_row.reduce(partials, dw);
}

/// Partial sums of `len` elements for `n` images at most.
pub fn most_parts(len: usize, n: usize) -> usize {
    n.min(TASKS).min(PARTIALS / len.max(1)).max(1)
}

/// What a stretch sees of x, in slices of so many channels.
#[derive(Clone, Copy)]
struct Slices<'a> {
    kernel: SparseKernel,
    g: &'a PooledConv,
    /// Slices.
    count: usize,
    /// Channels of a slice: a register, or all where they are fewer.
    channels: usize,
    /// Rows and columns.
    size: [usize; 2],
}

impl<'a> Slices<'a> {
    fn new(isa: Isa, g: &'a PooledConv) -> Self {
        let kernel = SparseKernel::of(isa);
        let (pool, window) = (&g.pool, &g.conv.window);
        let channels = kernel.lanes().min(window.in_c);
        let count = window.in_c.div_ceil(channels.max(1));
        let of_conv = (stretch(g, channels) - 1) * pool.stride[1] + (pool.kernel[1] - 1) * pool.dilation[1] + 1;
        let columns = (of_conv.min(window.out_w) - 1) * window.stride[1] + window.kernel[1];
        Self { kernel, g, count, channels, size: [Seen::most_rows(g), columns] }
    }

    fn map(&self) -> Map {
        Map { pixel: self.channels, row: self.size[1] * self.channels }
    }

    /// Elements of one, with what whole registers read beyond its end.
    fn len(&self) -> usize {
        let run = self.g.conv.window.kernel[1] * self.channels;
        self.size[0] * self.map().row + self.kernel.whole(run) - run
    }

    /// Elements of all, aligned.
    fn room(&self) -> usize {
        padded(self.count * self.len())
    }

    /// Elements of a partial sum: [slice][filter][kernel row][run], whole registers a run.
    fn sums(&self) -> usize {
        let [rows, whole] = shape(self.kernel, self.g, self.channels);
        self.count * self.g.conv.filters * rows * whole
    }
}

/// Rows of an image that are read soon.
pub struct Ahead<'a> {
    rows: &'a [f32],
    /// Elements that are asked for at a time.
    each: usize,
}

impl Ahead<'_> {
    /// None.
    pub fn nothing() -> Self {
        Self { rows: &[], each: 0 }
    }

    fn ask(&mut self) {
        let (now, later) = self.rows.split_at(self.each.min(self.rows.len()));
        prefetch(now);
        self.rows = later;
    }
}

struct WeightGradient<'a> {
    by_row: ByRow<'a>,
    scratch: &'a Scratch,
}

impl WeightGradient<'_> {
    /// Adds an image's share to `to`.
    fn image(&self, x: &[f32], dy: &[f32], index: &[u8], to: &mut [f32]) {
        let mut lists = Lists::new();
        self.scratch.with(self.by_row.room(), |room| {
            room.fill(0.0);
            for (seen, row) in rows_of(self.by_row.g, dy, index) {
                let mut ahead = self.ahead(x, row.row);
                self.by_row.row(&seen, row, Rows::whole(x), room, &mut lists, &mut ahead, to);
            }
        });
    }

    /// What the next row of the pool sees of the image first: asked for while this row is computed, a little at a time.
    fn ahead<'x>(&self, x: &'x [f32], row: usize) -> Ahead<'x> {
        let g = self.by_row.g;
        let window = &g.conv.window;
        if row + 1 >= g.pool.out_h {
            return Ahead::nothing();
        }
        let row_len = window.in_w * window.in_c;
        let place = |patch: Patch| (patch.top + patch.rows as isize).clamp(0, window.in_h as isize).unsigned_abs();
        let (start, end) = (place(Seen::of(g, row).patch), place(Seen::of(g, row + 1).patch));
        let rows = &x[start.min(end) * row_len..end * row_len];
        let calls = self.by_row.sums.stretches().count() * self.by_row.slices.count * g.conv.filters;
        Ahead { rows, each: rows.len().div_ceil(calls.max(1)) }
    }
}

/// The sums of one row of the pool after the other.
pub struct ByRow<'a> {
    isa: Isa,
    sums: Sums<'a>,
    g: &'a PooledConv,
    slices: Slices<'a>,
}

impl<'a> ByRow<'a> {
    /// Those of a convolution under a pool.
    pub fn new(isa: Isa, g: &'a PooledConv) -> Self {
        let slices = Slices::new(isa, g);
        Self { isa, sums: Sums::new(isa, g, slices.map()), g, slices }
    }

    /// Elements of the room, which holds zeros before the first row.
    pub fn room(&self) -> usize {
        self.slices.room()
    }

    /// Elements of the sums.
    pub fn len(&self) -> usize {
        self.slices.sums()
    }

    /// Adds the share of one row to `to`.
    #[allow(clippy::too_many_arguments, reason = "a row, what it reads, its room and the result")]
    pub fn row(
        &self,
        seen: &Seen,
        row: PoolRow<'_>,
        x: Rows<'_>,
        room: &mut [f32],
        lists: &mut Lists,
        ahead: &mut Ahead<'_>,
        to: &mut [f32],
    ) {
        let (pool, window) = (&self.g.pool, &self.g.conv.window);
        let room = aligned(room, self.slices.count * self.slices.len());
        for pixels in self.sums.stretches() {
            let column = (pixels.start * pool.stride[1]).saturating_sub(pool.padding.left);
            let left = seen.patch.left + (column * window.stride[1]) as isize;
            let patch = Patch { left, columns: self.slices.size[1], ..seen.patch }.among(x);
            patch.copy_slices(self.isa, x.values, self.slices.channels, self.slices.len(), room);
            self.stretch(row, &pixels, column, room, lists, ahead, to);
        }
    }

    /// Adds the share of some pixels of a row.
    #[allow(clippy::too_many_arguments, reason = "a stretch of a row, what it reads and what it writes")]
    fn stretch(
        &self,
        row: PoolRow<'_>,
        pixels: &std::ops::Range<usize>,
        column: usize,
        x: &[f32],
        lists: &mut Lists,
        ahead: &mut Ahead<'_>,
        to: &mut [f32],
    ) {
        let (shape, len, slice_len) = (self.sums.shape(), self.sums.len(), self.slices.len());
        self.sums.terms(row, pixels, column, lists, |filters, lists| {
            let of_slices = to.chunks_exact_mut(self.g.conv.filters * len).zip(x.chunks_exact(slice_len));
            for (to, x) in of_slices {
                let of_filters = to[filters.start * len..filters.end * len].chunks_exact_mut(len);
                for (at, to) in of_filters.enumerate() {
                    ahead.ask();
                    self.sums.kernel.accumulate(lists.of(at), shape, x, self.sums.down(), to);
                }
            }
        });
    }

    /// dw = Σ of the partial sums, in their order.
    pub fn reduce(&self, partials: &[f32], dw: &mut [f32]) {
        let (g, channels) = (self.g, self.slices.channels);
        let ([_, whole], of_filter) = (self.sums.shape(), self.sums.len());
        dw.par_chunks_mut(g.conv.filters).enumerate().for_each(|(at, dw)| {
            let (tap, channel) = (at / g.conv.window.in_c, at % g.conv.window.in_c);
            let [down, across] = [tap / g.conv.window.kernel[1], tap % g.conv.window.kernel[1]];
            let of_slice = down * whole + across * channels + channel % channels;
            for (filter, dw) in dw.iter_mut().enumerate() {
                let place = (channel / channels * g.conv.filters + filter) * of_filter + of_slice;
                *dw = partials.iter().skip(place).step_by(self.slices.sums()).sum();
            }
        });
    }
}
