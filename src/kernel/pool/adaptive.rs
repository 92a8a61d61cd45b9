//! Average pooling to a fixed size, PyTorch's `AdaptiveAvgPool2d`: window o of O along an axis of L places goes from
//! ⌊o·L/O⌋ to ⌈(o + 1)·L/O⌉, so that windows differ in size and overlap by a place where O does not divide L.

use std::ops::Range;

use rayon::prelude::*;

/// The sizes of such a pool, an image at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Adaptive {
    /// Rows of the map.
    pub in_h: usize,
    /// Columns of the map.
    pub in_w: usize,
    /// Channels of the map.
    pub channels: usize,
    /// Rows of the output.
    pub out_h: usize,
    /// Columns of the output.
    pub out_w: usize,
}

impl Adaptive {
    /// The rows under row `oy` of the output.
    #[must_use]
    pub fn rows(&self, oy: usize) -> Range<usize> {
        span(self.in_h, self.out_h, oy)
    }

    /// The columns under column `ox` of the output.
    #[must_use]
    pub fn columns(&self, ox: usize) -> Range<usize> {
        span(self.in_w, self.out_w, ox)
    }

    /// The rows of the output over row `y`.
    #[must_use]
    pub fn rows_over(&self, y: usize) -> Range<usize> {
        // The inverse of the spans: the first that ends behind `y`, and the first that starts behind it.
        y * self.out_h / self.in_h..((y + 1) * self.out_h).div_ceil(self.in_h)
    }

    fn verify(&self, n: usize, x: usize, y: usize) {
        assert_eq!(x, n * self.in_h * self.in_w * self.channels, "a pool's input");
        assert_eq!(y, n * self.out_h * self.out_w * self.channels, "a pool's output");
    }
}

fn span(len: usize, windows: usize, at: usize) -> Range<usize> {
    at * len / windows..((at + 1) * len).div_ceil(windows)
}

/// y = the mean under every window.
///
/// # Panics
/// If the lengths are not those of `n` images.
pub fn adaptive_avg_forward(pool: &Adaptive, n: usize, x: &[f32], y: &mut [f32]) {
    pool.verify(n, x.len(), y.len());
    let (c, image) = (pool.channels, pool.in_h * pool.in_w * pool.channels);
    y.par_chunks_mut(pool.out_w * c).enumerate().for_each(|(at, y)| {
        let x = &x[at / pool.out_h * image..][..image];
        let rows = pool.rows(at % pool.out_h);
        for (ox, y) in y.chunks_exact_mut(c).enumerate() {
            let columns = pool.columns(ox);
            y.fill(0.0);
            for row in rows.clone() {
                let line = &x[(row * pool.in_w + columns.start) * c..(row * pool.in_w + columns.end) * c];
                for pixel in line.chunks_exact(c) {
                    y.iter_mut().zip(pixel).for_each(|(y, x)| *y += x);
                }
            }
            let share = 1.0 / (rows.len() * columns.len()) as f32;
            y.iter_mut().for_each(|y| *y *= share);
        }
    });
}

/// dx = dL/dx: each window's dL/dy, divided, goes to all places under it. All of `dx` is written.
///
/// # Panics
/// If the lengths are not those of `n` images.
pub fn adaptive_avg_gradient(pool: &Adaptive, n: usize, dy: &[f32], dx: &mut [f32]) {
    pool.verify(n, dx.len(), dy.len());
    let c = pool.channels;
    dx.par_chunks_mut(pool.in_w * c).enumerate().for_each(|(at, dx)| {
        dx.fill(0.0);
        for oy in pool.rows_over(at % pool.in_h) {
            let rows = pool.rows(oy).len();
            let line = &dy[(at / pool.in_h * pool.out_h + oy) * pool.out_w * c..][..pool.out_w * c];
            for (ox, dy) in line.chunks_exact(c).enumerate() {
                let columns = pool.columns(ox);
                let share = 1.0 / (rows * columns.len()) as f32;
                for pixel in dx[columns.start * c..columns.end * c].chunks_exact_mut(c) {
                    pixel.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy * share);
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reference;
    use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

    #[test]
    fn pooling_to_a_size_agrees_with_the_reference_on_any_pool() {
        for [in_h, in_w, out_h, out_w, channels] in
            [[7, 5, 3, 2, 19], [6, 6, 6, 6, 3], [3, 4, 7, 5, 1], [12, 1, 5, 1, 16], [20, 17, 1, 1, 35]]
        {
            let pool = Adaptive { in_h, in_w, channels, out_h, out_w };
            let x = normal("x", 2 * in_h * in_w * channels);
            let dy = normal("dy", 2 * out_h * out_w * channels);
            let got = on_any_pool(|| {
                let mut out = vec![f32::NAN; dy.len() + x.len()];
                let (y, dx) = out.split_at_mut(dy.len());
                adaptive_avg_forward(&pool, 2, &x, y);
                adaptive_avg_gradient(&pool, 2, &dy, dx);
                out
            });
            let (y, dx) = got.split_at(dy.len());
            assert_close(y, &reference::pool::adaptive_avg_forward(&pool, 2, &wide(&x)), 1e-6, &format!("{pool:?}"));
            assert_close(dx, &reference::pool::adaptive_avg_gradient(&pool, 2, &wide(&dy)), 1e-6, &format!("{pool:?}"));
        }
    }

    #[test]
    fn windows_are_those_of_pytorch() {
        let pool = Adaptive { in_h: 7, in_w: 3, channels: 1, out_h: 3, out_w: 5 };
        assert_eq!([0, 1, 2].map(|oy| pool.rows(oy)), [0..3, 2..5, 4..7]);
        assert_eq!([0, 1, 2, 3, 4].map(|ox| pool.columns(ox)), [0..1, 0..2, 1..2, 1..3, 2..3]);
    }

    #[test]
    fn every_row_finds_the_windows_over_it() {
        for (in_h, out_h) in (1..15).flat_map(|len| (1..15).map(move |out| (len, out))) {
            let pool = Adaptive { in_h, in_w: 1, channels: 1, out_h, out_w: 1 };
            for y in 0..in_h {
                let over: Vec<usize> = (0..out_h).filter(|oy| pool.rows(*oy).contains(&y)).collect();
                assert_eq!(pool.rows_over(y).collect::<Vec<_>>(), over, "row {y} of {pool:?}");
            }
        }
    }
}
