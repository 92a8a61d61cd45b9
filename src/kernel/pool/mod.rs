//! Max and average pooling with their gradients; x: N×H×W×C, y: N×H'×W'×C.
//!
//! Forward work is one task a row of outputs, backward work one a row of inputs, which gathers from the windows over
//! it: no two tasks write to one place, and sums have one order. A window may reach beyond the map at its end; only
//! the taps inside count. A global pool is a pool whose window is the map.

mod adaptive;
mod average;
mod axis;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use adaptive::{Adaptive, adaptive_avg_forward, adaptive_avg_gradient};
pub use average::{avg_forward, avg_gradient};
pub(super) use axis::Axis;

use super::Window;

/// The number of a tap, as stored for the backward pass.
pub trait Index: Copy + PartialEq + Send + Sync {
    /// How many taps a window may have.
    const TAPS: usize;

    /// The number as stored; `tap` is below [`Index::TAPS`].
    fn of_tap(tap: usize) -> Self;

    /// The number of the tap.
    fn tap(self) -> usize;
}

impl Index for u8 {
    const TAPS: usize = 1 << 8;

    fn of_tap(tap: usize) -> Self {
        tap as u8
    }

    fn tap(self) -> usize {
        usize::from(self)
    }
}

impl Index for u32 {
    const TAPS: usize = u32::MAX as usize;

    fn of_tap(tap: usize) -> Self {
        tap as u32
    }

    fn tap(self) -> usize {
        self as usize
    }
}

/// Asserts that `x` and `y` are `n` images of the window's input and output.
fn verify_lengths(w: &Window, n: usize, x: usize, y: usize) {
    assert_eq!(x, n * w.in_len(), "a pool's input");
    assert_eq!(y, n * w.out_pixels() * w.in_c, "a pool's output");
}

/// Calls `visit` with every tap inside the map of window (`oy`, `ox`): the tap's number and the pixel under it.
fn for_each_tap(w: &Window, oy: usize, ox: usize, mut visit: impl FnMut(usize, usize)) {
    let (rows, columns) = (Axis::rows(w), Axis::columns(w));
    for ky in rows.taps(oy) {
        for kx in columns.taps(ox) {
            visit(ky * w.kernel[1] + kx, rows.place(oy, ky) * w.in_w + columns.place(ox, kx));
        }
    }
}

/// Whether `next` takes the place of `best`: the first maximum wins, and the first NaN wins over any number.
#[inline(always)]
pub(super) fn wins(next: f32, best: f32) -> bool {
    (next > best) | (next.is_nan() & !best.is_nan())
}

/// y = the greatest element under every window; index = the number of the tap (ky·KW + kx) that it is under. Where no
/// tap is inside the map, −∞ and 0.
///
/// # Panics
/// If the lengths are not those of `n` images, or the window has more taps than `I` counts.
pub fn max_forward<I: Index>(w: &Window, n: usize, x: &[f32], y: &mut [f32], index: &mut [I]) {
    verify_lengths(w, n, x.len(), y.len());
    assert_eq!(index.len(), y.len(), "one index an output");
    assert!(w.taps() <= I::TAPS, "a window of {} taps", w.taps());
    let (c, row) = (w.in_c, w.out_w * w.in_c);
    y.par_chunks_mut(row).zip(index.par_chunks_mut(row)).enumerate().for_each(|(at, (y, index))| {
        let image = &x[at / w.out_h * w.in_len()..][..w.in_len()];
        for (ox, (y, index)) in y.chunks_exact_mut(c).zip(index.chunks_exact_mut(c)).enumerate() {
            let mut empty = true;
            for_each_tap(w, at % w.out_h, ox, |tap, pixel| {
                let values = &image[pixel * c..][..c];
                if std::mem::take(&mut empty) {
                    y.copy_from_slice(values);
                    index.fill(I::of_tap(tap));
                } else {
                    take_greater(I::of_tap(tap), values, y, index);
                }
            });
            if empty {
                y.fill(f32::NEG_INFINITY);
                index.fill(I::of_tap(0));
            }
        }
    });
}

/// Puts each of `values` that wins, and `tap` with it, in the place of the best so far.
#[inline(always)]
fn take_greater<I: Index>(tap: I, values: &[f32], best: &mut [f32], index: &mut [I]) {
    for ((value, best), index) in values.iter().zip(best).zip(index) {
        let takes = wins(*value, *best);
        *best = if takes { *value } else { *best };
        *index = if takes { tap } else { *index };
    }
}

/// [`max_forward`] for inference, without the index.
///
/// # Panics
/// If the lengths are not those of `n` images.
pub fn max_forward_plain(w: &Window, n: usize, x: &[f32], y: &mut [f32]) {
    verify_lengths(w, n, x.len(), y.len());
    let c = w.in_c;
    y.par_chunks_mut(w.out_w * c).enumerate().for_each(|(at, y)| {
        let image = &x[at / w.out_h * w.in_len()..][..w.in_len()];
        for (ox, y) in y.chunks_exact_mut(c).enumerate() {
            y.fill(f32::NEG_INFINITY);
            for_each_tap(w, at % w.out_h, ox, |_, pixel| {
                for (value, best) in image[pixel * c..][..c].iter().zip(y.iter_mut()) {
                    *best = if wins(*value, *best) { *value } else { *best };
                }
            });
        }
    });
}

/// dx = dL/dx: each window's dL/dy goes to the tap that won. All of `dx` is written.
///
/// # Panics
/// If the lengths are not those of `n` images.
pub fn max_gradient<I: Index>(w: &Window, n: usize, index: &[I], dy: &[f32], dx: &mut [f32]) {
    verify_lengths(w, n, dx.len(), dy.len());
    assert_eq!(index.len(), dy.len(), "one index an output");
    let c = w.in_c;
    for_each_window_row(w, dx, |dx, columns, at| {
        let (index, dy) = (&index[at.place * c..][..c], &dy[at.place * c..][..c]);
        for kx in columns.taps(at.ox) {
            let tap = I::of_tap(at.ky * w.kernel[1] + kx);
            let pixel = &mut dx[columns.place(at.ox, kx) * c..][..c];
            for ((dx, index), dy) in pixel.iter_mut().zip(index).zip(dy) {
                *dx += if *index == tap { *dy } else { 0.0 };
            }
        }
    });
}

/// A row of taps of one window.
struct WindowRow {
    /// The window's row among the outputs of its image.
    oy: usize,
    /// The window's column.
    ox: usize,
    /// The row of taps.
    ky: usize,
    /// The window's place among the outputs of all images.
    place: usize,
}

/// Zeroes `dx`, and calls `add` for every row of pixels in it and every window row over it. In parallel over the rows
/// of pixels; the windows over one of them come in one order.
fn for_each_window_row(w: &Window, dx: &mut [f32], add: impl Fn(&mut [f32], &Axis, WindowRow) + Sync) {
    dx.par_chunks_mut(w.in_w * w.in_c).enumerate().for_each(|(at, dx)| {
        let (rows, columns) = (Axis::rows(w), Axis::columns(w));
        dx.fill(0.0);
        for (oy, ky) in rows.windows(at % w.in_h) {
            let first = (at / w.in_h * w.out_h + oy) * w.out_w;
            for ox in 0..w.out_w {
                add(dx, &columns, WindowRow { oy, ox, ky, place: first + ox });
            }
        }
    });
}
