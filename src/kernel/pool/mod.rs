//! Max and average pooling with their gradients; x: N×H×W×C, y: N×H'×W'×C.
//!
//! Forward work is one task a row of outputs, backward work one a row of inputs, which gathers from the windows over
//! it: no two tasks write to one place, and sums have one order. A window may reach beyond the map at its end; only
//! the taps inside count. A global pool is a pool whose window is the map.

mod adaptive;
mod average;
mod axis;
mod max;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use adaptive::{Adaptive, adaptive_avg_forward, adaptive_avg_gradient};
pub use average::{avg_forward, avg_gradient};
pub(super) use axis::Axis;
pub use max::{Index, max_forward, max_gradient};
pub(super) use max::{MaxRow, max_gradient_rows};

use super::Window;

/// Asserts that `x` and `y` are `n` images of the window's input and output.
fn verify_lengths(w: &Window, n: usize, x: usize, y: usize) {
    assert_eq!(x, n * w.in_len(), "a pool's input");
    assert_eq!(y, n * w.out_pixels() * w.in_c, "a pool's output");
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
        dx.fill(0.0);
        for_each_window_row_over(w, at, |columns, at| add(dx, columns, at));
    });
}

/// Calls `add` for every window row over a row of pixels, which is counted over all images.
fn for_each_window_row_over(w: &Window, at: usize, mut add: impl FnMut(&Axis, WindowRow)) {
    let (rows, columns) = (Axis::rows(w), Axis::columns(w));
    for (oy, ky) in rows.windows(at % w.in_h) {
        let first = (at / w.in_h * w.out_h + oy) * w.out_w;
        for ox in 0..w.out_w {
            add(&columns, WindowRow { oy, ox, ky, place: first + ox });
        }
    }
}
