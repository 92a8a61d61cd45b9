//! Max pooling and its gradient.

use std::ops::Range;

use rayon::prelude::*;

use super::axis::Axis;
use super::{WindowRow, for_each_window_row, for_each_window_row_over, verify_lengths};
use crate::kernel::isa::Loops;
use crate::kernel::{Isa, Window};

/// Channels that are compared at a time.
const LANES: usize = 16;

/// The number of a tap, as stored for the backward pass.
pub trait Index: Copy + PartialEq + Send + Sync {
    /// How many taps a window may have.
    const TAPS: usize;

    /// The number as stored; `tap` is below [`Index::TAPS`].
    fn of_tap(tap: u32) -> Self;
}

impl Index for u8 {
    const TAPS: usize = 1 << 8;

    fn of_tap(tap: u32) -> Self {
        tap as u8
    }
}

impl Index for u32 {
    const TAPS: usize = u32::MAX as usize;

    fn of_tap(tap: u32) -> Self {
        tap
    }
}

/// y = the greatest element under every window; index = the number of the tap (ky·KW + kx) that it is under, where
/// `index` has elements. The first maximum wins, and the first NaN wins over any number. Where no tap is inside the map,
/// −∞ and 0.
///
/// # Panics
/// If the lengths are not those of `n` images, the window has more taps than `I` counts, or the machine has no `isa`.
pub fn max_forward<I: Index>(isa: Isa, w: &Window, n: usize, x: &[f32], y: &mut [f32], index: &mut [I]) {
    verify_lengths(w, n, x.len(), y.len());
    let row_len = w.out_w * w.in_c;
    let row =
        |at: usize| MaxRow { pool: w, row: at % w.out_h, x: &x[at / w.out_h * w.in_len()..][..w.in_len()], first: 0 };
    if index.is_empty() {
        y.par_chunks_mut(row_len).enumerate().for_each(|(at, y)| row(at).compute::<I>(isa, y, &mut []));
        return;
    }
    assert_eq!(index.len(), y.len(), "one index an output");
    assert!(w.taps() <= I::TAPS, "a window of {} taps", w.taps());
    let rows = y.par_chunks_mut(row_len).zip(index.par_chunks_mut(row_len));
    rows.enumerate().for_each(|(at, (y, index))| row(at).compute(isa, y, index));
}

/// One row of a pool, and the rows of its input from `first` on.
pub(in crate::kernel) struct MaxRow<'a> {
    /// The pool.
    pub pool: &'a Window,
    /// The row's number.
    pub row: usize,
    /// Rows of one image.
    pub x: &'a [f32],
    /// The number of the first of them.
    pub first: usize,
}

impl MaxRow<'_> {
    /// Computes the row, and the winners' taps where `index` has elements.
    pub fn compute<I: Index>(&self, isa: Isa, y: &mut [f32], index: &mut [I]) {
        isa.vectorise(Windows { of: self, y, index });
    }

    /// What window `column` looks at.
    #[inline(always)]
    fn seen(&self, taps: [Range<usize>; 2], column: usize) -> Seen {
        let (pool, [rows, columns]) = (self.pool, taps);
        if rows.is_empty() || columns.is_empty() {
            return Seen::default();
        }
        let row = Axis::rows(pool).place(self.row, rows.start) - self.first;
        let column = Axis::columns(pool).place(column, columns.start);
        Seen {
            start: (row * pool.in_w + column) * pool.in_c,
            size: [rows.len(), columns.len()],
            apart: [pool.dilation[0] * pool.in_w * pool.in_c, pool.dilation[1] * pool.in_c],
            tap: (rows.start * pool.kernel[1] + columns.start) as u32,
            taps_of_row: pool.kernel[1] as u32,
        }
    }

    /// The greatest of all channels of a window, and the winners' taps where `index` has elements.
    #[inline(always)]
    fn window<I: Index>(&self, seen: &Seen, y: &mut [f32], index: &mut [I]) {
        let whole = y.len() - y.len() % LANES;
        for start in (0..whole).step_by(LANES) {
            let best = &mut y[start..start + LANES];
            if index.is_empty() {
                best.copy_from_slice(&seen.greatest::<LANES, false>(self.x, start).0);
            } else {
                let (greatest, winner) = seen.greatest::<LANES, true>(self.x, start);
                best.copy_from_slice(&greatest);
                index[start..start + LANES].copy_from_slice(&winner.map(I::of_tap));
            }
        }
        for (channel, y) in y.iter_mut().enumerate().skip(whole) {
            let ([best], [winner]) = seen.greatest::<1, true>(self.x, channel);
            *y = best;
            if let Some(index) = index.get_mut(channel) {
                *index = I::of_tap(winner);
            }
        }
    }
}

/// The taps of a window that lie in the map, the first of its channels.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Where the first tap's values lie.
    start: usize,
    /// Rows and columns of taps.
    size: [usize; 2],
    /// Elements from one of them to the next.
    apart: [usize; 2],
    /// The number of the first tap.
    tap: u32,
    /// Taps from one row to the next.
    taps_of_row: u32,
}

impl Seen {
    /// The greatest of `N` channels from `channel` on, and their taps if they are asked for.
    #[inline(always)]
    fn greatest<const N: usize, const WINNERS: bool>(&self, x: &[f32], channel: usize) -> ([f32; N], [u32; N]) {
        let (mut best, mut winner) = ([f32::NEG_INFINITY; N], [self.tap; N]);
        let (mut row, mut first) = (self.start + channel, self.tap);
        for _ in 0..self.size[0] {
            let (mut at, mut tap) = (row, first);
            for _ in 0..self.size[1] {
                let values = &x[at..at + N];
                for lane in 0..N {
                    let takes = wins(values[lane], best[lane]);
                    best[lane] = if takes { values[lane] } else { best[lane] };
                    if WINNERS {
                        winner[lane] = if takes { tap } else { winner[lane] };
                    }
                }
                at += self.apart[1];
                tap += 1;
            }
            row += self.apart[0];
            first += self.taps_of_row;
        }
        (best, winner)
    }
}

/// Whether `next` takes the place of `best`: it is greater, or the first that is not a number.
#[inline(always)]
#[allow(clippy::neg_cmp_op_on_partial_ord, reason = "what is not a number is not less either: one comparison for both")]
fn wins(next: f32, best: f32) -> bool {
    !(next <= best) & !best.is_nan()
}

struct Windows<'a, I> {
    of: &'a MaxRow<'a>,
    y: &'a mut [f32],
    index: &'a mut [I],
}

impl<I: Index> Loops for Windows<'_, I> {
    #[inline(always)]
    fn run(self) {
        let (row, pool) = (self.of, self.of.pool);
        let (rows, columns) = (Axis::rows(pool).taps(row.row), Axis::columns(pool));
        let mut index = self.index.chunks_exact_mut(pool.in_c);
        for (column, y) in self.y.chunks_exact_mut(pool.in_c).enumerate() {
            let seen = row.seen([rows.clone(), columns.taps(column)], column);
            row.window(&seen, y, index.next().unwrap_or_default());
        }
    }
}

/// dx = dL/dx: each window's dL/dy goes to the tap that won. All of `dx` is written.
///
/// # Panics
/// If the lengths are not those of `n` images, or the machine has no `isa`.
pub fn max_gradient<I: Index>(isa: Isa, w: &Window, n: usize, index: &[I], dy: &[f32], dx: &mut [f32]) {
    verify_lengths(w, n, dx.len(), dy.len());
    assert_eq!(index.len(), dy.len(), "one index an output");
    for_each_window_row(w, dx, |dx, columns, at| isa.vectorise(Winners { w, index, dy, dx, columns, at }));
}

/// The same for the rows of one image's dx from `first` on, as many as `dx` holds.
pub(in crate::kernel) fn max_gradient_rows<I: Index>(
    isa: Isa,
    w: &Window,
    index: &[I],
    dy: &[f32],
    first: usize,
    dx: &mut [f32],
) {
    for (row, dx) in dx.chunks_exact_mut(w.in_w * w.in_c).enumerate() {
        dx.fill(0.0);
        for_each_window_row_over(w, first + row, |columns, at| {
            isa.vectorise(Winners { w, index, dy, dx, columns, at });
        });
    }
}

/// A row of taps of one window, whose winners give their share to a row of dx.
struct Winners<'a, I> {
    w: &'a Window,
    index: &'a [I],
    dy: &'a [f32],
    dx: &'a mut [f32],
    columns: &'a Axis,
    at: WindowRow,
}

impl<I: Index> Loops for Winners<'_, I> {
    #[inline(always)]
    fn run(self) {
        let (c, at) = (self.w.in_c, self.at);
        let (index, dy) = (&self.index[at.place * c..][..c], &self.dy[at.place * c..][..c]);
        for kx in self.columns.taps(at.ox) {
            let tap = I::of_tap((at.ky * self.w.kernel[1] + kx) as u32);
            let pixel = &mut self.dx[self.columns.place(at.ox, kx) * c..][..c];
            for ((dx, index), dy) in pixel.iter_mut().zip(index).zip(dy) {
                *dx += if *index == tap { *dy } else { 0.0 };
            }
        }
    }
}
