//! Average pooling.

use rayon::prelude::*;

use super::axis::Axis;
use super::{for_each_window_row, verify_lengths};
use crate::kernel::Window;

/// Channels that are summed at once, in registers.
const LANES: usize = 16;

/// One over what the mean of window (`oy`, `ox`) divides by: the taps inside the map or, where padding counts, inside
/// the padded map. 0 where there is none.
fn share(w: &Window, count_padding: bool, oy: usize, ox: usize) -> f32 {
    let (rows, columns) = (Axis::rows(w), Axis::columns(w));
    let count = if count_padding {
        rows.padded_taps(oy) * columns.padded_taps(ox)
    } else {
        rows.taps(oy).len() * columns.taps(ox).len()
    };
    if count == 0 { 0.0 } else { 1.0 / count as f32 }
}

/// y = the mean under every window. With `count_padding` zeros of the padding count (PyTorch's `count_include_pad`);
/// what a last window reaches beyond the padding never does. Without it, only the taps inside the map count (Keras).
///
/// # Panics
/// If the lengths are not those of `n` images.
pub fn avg_forward(w: &Window, n: usize, count_padding: bool, x: &[f32], y: &mut [f32]) {
    verify_lengths(w, n, x.len(), y.len());
    let c = w.in_c;
    y.par_chunks_mut(w.out_w * c).enumerate().for_each(|(at, y)| {
        let image = &x[at / w.out_h * w.in_len()..][..w.in_len()];
        let oy = at % w.out_h;
        for (ox, y) in y.chunks_exact_mut(c).enumerate() {
            let share = share(w, count_padding, oy, ox);
            let (blocks, tail) = y.as_chunks_mut::<LANES>();
            let tail_channel = blocks.len() * LANES;
            for (block, y) in blocks.iter_mut().enumerate() {
                *y = sum_under_window(w, image, [oy, ox], block * LANES).map(|sum| sum * share);
            }
            for (channel, y) in tail.iter_mut().enumerate() {
                let [sum] = sum_under_window(w, image, [oy, ox], tail_channel + channel);
                *y = sum * share;
            }
        }
    });
}

/// The sums of `N` channels from `channel` on, row by row of the window so that long sums keep their precision.
fn sum_under_window<const N: usize>(w: &Window, image: &[f32], [oy, ox]: [usize; 2], channel: usize) -> [f32; N] {
    let (rows, columns) = (Axis::rows(w), Axis::columns(w));
    let mut total = [0.0; N];
    for ky in rows.taps(oy) {
        let line = rows.place(oy, ky) * w.in_w;
        let mut row = [0.0; N];
        for kx in columns.taps(ox) {
            let values = &image[(line + columns.place(ox, kx)) * w.in_c + channel..][..N];
            row.iter_mut().zip(values).for_each(|(row, value)| *row += value);
        }
        total.iter_mut().zip(row).for_each(|(total, row)| *total += row);
    }
    total
}

/// dx = dL/dx: each window's dL/dy, divided, goes to all its taps. All of `dx` is written.
///
/// # Panics
/// If the lengths are not those of `n` images.
pub fn avg_gradient(w: &Window, n: usize, count_padding: bool, dy: &[f32], dx: &mut [f32]) {
    verify_lengths(w, n, dx.len(), dy.len());
    let c = w.in_c;
    for_each_window_row(w, dx, |dx, columns, at| {
        let share = share(w, count_padding, at.oy, at.ox);
        let dy = &dy[at.place * c..][..c];
        for kx in columns.taps(at.ox) {
            let pixel = &mut dx[columns.place(at.ox, kx) * c..][..c];
            pixel.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy * share);
        }
    });
}
