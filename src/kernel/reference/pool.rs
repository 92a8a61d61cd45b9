//! Pools and their gradients. x: N×H×W×C, y: N×H'×W'×C.

use super::{Real, places, taps};
use crate::kernel::Window;
use crate::kernel::pool::Adaptive;

/// The greatest element under every window, and the number of the tap that it is under. The first of equals wins, and
/// so does the first NaN; padding never does.
#[must_use]
pub fn max_forward<T: Real>(w: &Window, n: usize, x: &[T]) -> (Vec<T>, Vec<usize>) {
    let mut y = Vec::new();
    let mut index = Vec::new();
    for (image, oy, ox) in places(w, n) {
        for channel in 0..w.in_c {
            let values = taps(w, oy, ox).map(|(tap, pixel)| (x[image * w.in_len() + pixel * w.in_c + channel], tap));
            let winner = values.reduce(|best, next| {
                let wins = next.0 > best.0 || next.0.is_nan() && !best.0.is_nan();
                if wins { next } else { best }
            });
            let (value, tap) = winner.unwrap_or((T::LOWEST, 0));
            y.push(value);
            index.push(tap);
        }
    }
    (y, index)
}

/// dL/dx: each window's dL/dy goes to the tap that won.
#[must_use]
pub fn max_gradient<T: Real>(w: &Window, n: usize, index: &[usize], dy: &[T]) -> Vec<T> {
    let mut dx = vec![T::ZERO; n * w.in_len()];
    for (at, (image, oy, ox)) in places(w, n).enumerate() {
        for (tap, pixel) in taps(w, oy, ox) {
            for channel in (0..w.in_c).filter(|channel| index[at * w.in_c + channel] == tap) {
                dx[image * w.in_len() + pixel * w.in_c + channel] += dy[at * w.in_c + channel];
            }
        }
    }
    dx
}

/// What an average divides by: the taps inside the map, or, if padding counts, inside the padded map.
fn divisor<T: Real>(w: &Window, count_padding: bool, oy: usize, ox: usize) -> T {
    let inside_padded = |tap: &usize| {
        let row = oy * w.stride[0] + tap / w.kernel[1] * w.dilation[0];
        let column = ox * w.stride[1] + tap % w.kernel[1] * w.dilation[1];
        row < w.padding.top + w.in_h + w.padding.bottom && column < w.padding.left + w.in_w + w.padding.right
    };
    let count = if count_padding { (0..w.taps()).filter(inside_padded).count() } else { taps(w, oy, ox).count() };
    T::of(count.max(1) as f64)
}

/// The mean under every window; `count_padding` as PyTorch's `count_include_pad`, otherwise as Keras's `same`.
#[must_use]
pub fn avg_forward<T: Real>(w: &Window, n: usize, count_padding: bool, x: &[T]) -> Vec<T> {
    let mut y = Vec::new();
    for (image, oy, ox) in places(w, n) {
        for channel in 0..w.in_c {
            let mut sum = T::ZERO;
            taps(w, oy, ox).for_each(|(_, pixel)| sum += x[image * w.in_len() + pixel * w.in_c + channel]);
            y.push(sum / divisor(w, count_padding, oy, ox));
        }
    }
    y
}

/// dL/dx: each window's dL/dy, divided, goes to all its taps.
#[must_use]
pub fn avg_gradient<T: Real>(w: &Window, n: usize, count_padding: bool, dy: &[T]) -> Vec<T> {
    let mut dx = vec![T::ZERO; n * w.in_len()];
    for (at, (image, oy, ox)) in places(w, n).enumerate() {
        for (_, pixel) in taps(w, oy, ox) {
            for channel in 0..w.in_c {
                let share = dy[at * w.in_c + channel] / divisor(w, count_padding, oy, ox);
                dx[image * w.in_len() + pixel * w.in_c + channel] += share;
            }
        }
    }
    dx
}

/// The places of `n` images under every window of a pool to a fixed size: output place, pixel, share of the mean.
fn adaptive_taps<T: Real>(pool: &Adaptive, n: usize) -> impl Iterator<Item = (usize, usize, T)> + '_ {
    (0..n * pool.out_h * pool.out_w).flat_map(move |place| {
        let (image, oy, ox) = (place / (pool.out_h * pool.out_w), place / pool.out_w % pool.out_h, place % pool.out_w);
        let (rows, columns) = (pool.rows(oy), pool.columns(ox));
        let share = T::ONE / T::of((rows.len() * columns.len()) as f64);
        let pixel = move |row: usize, column: usize| (image * pool.in_h + row) * pool.in_w + column;
        rows.flat_map(move |row| columns.clone().map(move |column| (place, pixel(row, column), share)))
    })
}

/// The mean under every window of a pool to a fixed size.
#[must_use]
pub fn adaptive_avg_forward<T: Real>(pool: &Adaptive, n: usize, x: &[T]) -> Vec<T> {
    let c = pool.channels;
    let mut y = vec![T::ZERO; n * pool.out_h * pool.out_w * c];
    for (place, pixel, share) in adaptive_taps::<T>(pool, n) {
        (0..c).for_each(|channel| y[place * c + channel] += x[pixel * c + channel] * share);
    }
    y
}

/// dL/dx: each window's dL/dy, divided, goes to all places under it.
#[must_use]
pub fn adaptive_avg_gradient<T: Real>(pool: &Adaptive, n: usize, dy: &[T]) -> Vec<T> {
    let c = pool.channels;
    let mut dx = vec![T::ZERO; n * pool.in_h * pool.in_w * c];
    for (place, pixel, share) in adaptive_taps::<T>(pool, n) {
        (0..c).for_each(|channel| dx[pixel * c + channel] += dy[place * c + channel] * share);
    }
    dx
}
