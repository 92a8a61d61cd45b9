//! The forward convolution that pools as it goes: a few of its rows in cache at a time.

use rayon::prelude::*;

use super::{MOST_TAPS, PooledConv};
use crate::kernel::conv::direct::{FEWEST_TASKS, columns};
use crate::kernel::conv::{Bands, ConvBands, Rows, Weights, direct, whole_tiles};
use crate::kernel::piece::{self, Cut, Place};
use crate::kernel::pool::MaxRow;
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{After, ConvGeometry, Isa, Scratch, Window};

/// Whether the convolution can pool as it goes.
pub fn can<'a, Conv: ConvBands<'a>>(g: &PooledConv) -> bool {
    g.pool.taps() <= MOST_TAPS && Conv::can(&g.conv)
}

/// Whether it can, and by rule is worth it.
pub fn fits<'a, Conv: ConvBands<'a>>(g: &PooledConv, packed: Weights) -> bool {
    g.pool.taps() <= MOST_TAPS && Conv::fits(&g.conv, packed)
}

/// Elements of the convolution's rows of a band, and of the room that they take to compute; of what is pooled of them, too,
/// where a task has some of the filters.
pub fn scratch<Conv: Bands>(isa: Isa, g: &PooledConv) -> usize {
    let rows = rows_in_cache::<Conv>(g);
    let bands = (0..g.pool.out_h).map(|first| band_room::<Conv>(isa, g, first, rows.min(g.pool.out_h - first)));
    // More images never make fewer bands of all together.
    let is_cut = g.pool.out_h.div_ceil(band_rows::<Conv>(g, 1)) < FEWEST_TASKS;
    let pooled = if is_cut { padded(rows * g.pool.out_w * columns(&g.conv, FEWEST_TASKS - 1)) } else { 0 };
    padded(bands.max().unwrap_or(0)) + pooled
}

/// Elements of the room that the pool's rows from `first` on, `count` of them, take.
fn band_room<Conv: Bands>(isa: Isa, g: &PooledConv, first: usize, count: usize) -> usize {
    let rows = g.conv_rows(first, count);
    padded(rows.len() * out_row(g)) + Conv::room(isa, &g.conv, rows.start, rows.len())
}

/// Elements of one of the convolution's output rows.
fn out_row(g: &PooledConv) -> usize {
    g.conv.window.out_w * g.conv.filters
}

/// Rows of the pool whose operands stay in cache, and of the convolution whole tiles where there is room.
fn rows_in_cache<Conv: Bands>(g: &PooledConv) -> usize {
    let rows = direct::rows_in_cache(direct::row_len(&g.conv), g.conv.window.out_h) / g.pool.stride[0].max(1);
    let unit = unit::<Conv>(g);
    if rows > unit { rows - rows % unit } else { rows.max(1) }
}

/// Rows of the pool that whole tiles of the convolution make.
fn unit<Conv: Bands>(g: &PooledConv) -> usize {
    whole_tiles(Conv::TILE, g.pool.stride[0])
}

/// Rows of the pool of a band for `n` images.
fn band_rows<Conv: Bands>(g: &PooledConv, n: usize) -> usize {
    let fair = (g.pool.out_h * n).div_ceil(direct::TASKS).max(1);
    rows_in_cache::<Conv>(g).min(fair.next_multiple_of(unit::<Conv>(g)))
}

/// Computes y (n×H'×W'×O), the pooled values, and the winners' taps where `index` has room for them.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run<'a, Conv: ConvBands<'a>>(
    isa: Isa,
    g: &PooledConv,
    n: usize,
    x: &[f32],
    packed: &'a [f32],
    after: After,
    y: &mut [f32],
    index: &mut [u8],
    scratch: &Scratch,
) {
    super::verify_maps(g, n, x, y, if index.is_empty() { &[] } else { index });
    if y.is_empty() {
        return;
    }
    assert!(!after.residual, "nothing is added before a pool");
    let rows = band_rows::<Conv>(g, n);
    let columns = columns(&g.conv, n * g.pool.out_h.div_ceil(rows));
    if index.is_empty() && columns < g.conv.filters {
        return by_filters::<Conv>(isa, g, [n, rows, columns], x, packed, after, y, scratch);
    }
    let pooled = Pooled { isa, g, conv: Conv::new(isa, &g.conv, packed, after) };
    let band_len = rows * g.pool.out_w * g.pool.in_c;
    let image = |image: usize| &x[image * g.conv.window.in_len()..][..g.conv.window.in_len()];
    if index.is_empty() {
        y.par_chunks_mut(g.out_len()).enumerate().for_each(|(at, y)| {
            let bands = y.par_chunks_mut(band_len).enumerate();
            bands.for_each(|(band, y)| pooled.band(image(at), band * rows, y, &mut [], scratch));
        });
        return;
    }
    let images = y.par_chunks_mut(g.out_len()).zip(index.par_chunks_mut(g.out_len())).enumerate();
    images.for_each(|(at, (y, index))| {
        let bands = y.par_chunks_mut(band_len).zip(index.par_chunks_mut(band_len)).enumerate();
        bands.for_each(|(band, (y, index))| pooled.band(image(at), band * rows, y, index, scratch));
    });
}

/// Computes all images in tasks of some rows and some filters, each of which reads its share of the weights. What a task has
/// pooled lies in a room of its own until it is finished.
#[allow(clippy::too_many_arguments, reason = "as `run`, and how it is cut")]
fn by_filters<'a, Conv: ConvBands<'a>>(
    isa: Isa,
    g: &PooledConv,
    [n, rows, columns]: [usize; 3],
    x: &[f32],
    packed: &'a [f32],
    after: After,
    y: &mut [f32],
    scratch: &Scratch,
) {
    let (Window { out_h, out_w, .. }, in_len) = (g.pool, g.conv.window.in_len());
    let bands = out_h.div_ceil(rows);
    let first_row = |band: usize| band / bands * out_h + band % bands * rows;
    let cut = Cut { runs: n * bands, start: |band| first_row(band) * out_w, columns };
    cut.for_each([1, n * out_h * out_w, g.conv.filters], y, &|Place { run, columns }, mut y| {
        let (image, first) = (run / bands, run % bands * rows);
        let (width, rows) = (columns.len(), rows.min(out_h - first));
        let part =
            PooledConv { conv: ConvGeometry { filters: width, ..g.conv }, pool: Window { in_c: width, ..g.pool } };
        let pooled = Pooled { isa, g: &part, conv: Conv::of_filters(isa, &g.conv, columns, packed, after) };
        let len = rows * out_w * width;
        scratch.with(padded(len) + band_room::<Conv>(isa, &part, first, rows), |room| {
            let (of_y, room) = room.split_at_mut(padded(len));
            let of_y = aligned(of_y, len);
            pooled.compute(&x[image * in_len..][..in_len], first, of_y, &mut [], room);
            for (pixel, values) in of_y.chunks_exact(width).enumerate() {
                piece::row(&mut y, 0, pixel).copy_from_slice(values);
            }
        });
    });
}

struct Pooled<'a, Conv> {
    isa: Isa,
    g: &'a PooledConv,
    conv: Conv,
}

impl<Conv: Bands> Pooled<'_, Conv> {
    /// Computes the rows of the pool from `first` on, as many as `y` holds.
    fn band(&self, x: &[f32], first: usize, y: &mut [f32], index: &mut [u8], scratch: &Scratch) {
        let rows = y.len() / self.row_len();
        let room = band_room::<Conv>(self.isa, self.g, first, rows);
        scratch.with(room, |room| self.compute(x, first, y, index, room));
    }

    /// Elements of a row of the pool.
    fn row_len(&self) -> usize {
        self.g.pool.out_w * self.g.pool.in_c
    }

    /// The same, by way of `room`.
    fn compute(&self, x: &[f32], first: usize, y: &mut [f32], index: &mut [u8], room: &mut [f32]) {
        let (g, row_len) = (self.g, self.row_len());
        let rows = g.conv_rows(first, y.len() / row_len);
        let (map, room) = room.split_at_mut(padded(rows.len() * out_row(g)));
        let map = aligned(map, rows.len() * out_row(g));
        if !map.is_empty() {
            self.conv.band(Rows::whole(x), rows.start, map, room);
        }
        let mut index = index.chunks_exact_mut(row_len);
        for (at, y) in y.chunks_exact_mut(row_len).enumerate() {
            let index = index.next().unwrap_or_default();
            let row = MaxRow { pool: &g.pool, row: first + at, x: map, first: rows.start };
            row.compute(self.isa, y, index);
        }
    }
}
