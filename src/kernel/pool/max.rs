//! Max pooling and its gradient.

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

    #[inline(always)]
    fn window<I: Index>(&self, column: usize, y: &mut [f32], mut index: Option<&mut [I]>) {
        let whole = y.len() - y.len() % LANES;
        for start in (0..whole).step_by(LANES) {
            let (best, winner) = self.greatest::<LANES>(column, start);
            y[start..start + LANES].copy_from_slice(&best);
            if let Some(index) = &mut index {
                index[start..start + LANES].copy_from_slice(&winner.map(I::of_tap));
            }
        }
        for channel in whole..y.len() {
            let ([best], [winner]) = self.greatest::<1>(column, channel);
            y[channel] = best;
            if let Some(index) = &mut index {
                index[channel] = I::of_tap(winner);
            }
        }
    }

    /// The greatest of `N` channels from `channel` on, and their taps.
    #[inline(always)]
    fn greatest<const N: usize>(&self, column: usize, channel: usize) -> ([f32; N], [u32; N]) {
        let (pool, rows, columns) = (self.pool, Axis::rows(self.pool), Axis::columns(self.pool));
        let (mut best, mut winner) = ([f32::NEG_INFINITY; N], [0; N]);
        let mut is_first = true;
        for ky in rows.taps(self.row) {
            let row = (rows.place(self.row, ky) - self.first) * pool.in_w;
            for kx in columns.taps(column) {
                let at = (row + columns.place(column, kx)) * pool.in_c + channel;
                let tap = (ky * pool.kernel[1] + kx) as u32;
                let values = &self.x[at..at + N];
                for lane in 0..N {
                    let takes = is_first | wins(values[lane], best[lane]);
                    best[lane] = if takes { values[lane] } else { best[lane] };
                    winner[lane] = if takes { tap } else { winner[lane] };
                }
                is_first = false;
            }
        }
        (best, winner)
    }
}

/// Whether `next` takes the place of `best`.
#[inline(always)]
fn wins(next: f32, best: f32) -> bool {
    (next > best) | (next.is_nan() & !best.is_nan())
}

struct Windows<'a, I> {
    of: &'a MaxRow<'a>,
    y: &'a mut [f32],
    index: &'a mut [I],
}

impl<I: Index> Loops for Windows<'_, I> {
    #[inline(always)]
    fn run(self) {
        let channels = self.of.pool.in_c;
        let mut index = self.index.chunks_exact_mut(channels);
        for (column, y) in self.y.chunks_exact_mut(channels).enumerate() {
            self.of.window(column, y, index.next());
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
