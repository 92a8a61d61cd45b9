//! Softmax and its logarithm over rows of classes, with their gradients.

use rayon::prelude::*;

use super::chunk::whole_rows;
use super::special::exp;

/// The greatest element; NaN where there is one.
pub(super) fn greatest(row: &[f32]) -> f32 {
    row.iter().fold(f32::NEG_INFINITY, |best, x| if *x > best || x.is_nan() { *x } else { best })
}

/// y = e^(x − max) of one row, and Σ y. No exponent is above 0, so nothing overflows.
pub(super) fn exponentials(x: &[f32], max: f32, y: &mut [f32]) -> f64 {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = exp(x - max));
    y.iter().map(|y| f64::from(*y)).sum()
}

/// y = softmax of every row of `c` classes.
///
/// # Panics
/// If a length is not that of its shape.
pub fn softmax(rows: usize, c: usize, x: &[f32], y: &mut [f32]) {
    for_each_row([rows, c], x, y, |x, y| {
        let share = (1.0 / exponentials(x, greatest(x), y)) as f32;
        y.iter_mut().for_each(|y| *y *= share);
    });
}

/// y = ln softmax of every row of `c` classes.
///
/// # Panics
/// If a length is not that of its shape.
pub fn log_softmax(rows: usize, c: usize, x: &[f32], y: &mut [f32]) {
    for_each_row([rows, c], x, y, |x, y| {
        let max = greatest(x);
        let log_sum = exponentials(x, max, y).ln() as f32;
        y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - max) - log_sum);
    });
}

/// d ← dL/dx from d = dL/dy and y = softmax(x): y·(d − Σ y·d) by row.
///
/// # Panics
/// If a length is not that of its shape.
pub fn softmax_gradient_in_place(rows: usize, c: usize, y: &[f32], d: &mut [f32]) {
    for_each_row([rows, c], y, d, |y, d| {
        let dot = y.iter().zip(&*d).map(|(y, d)| f64::from(*y) * f64::from(*d)).sum::<f64>() as f32;
        d.iter_mut().zip(y).for_each(|(d, y)| *d = y * (*d - dot));
    });
}

/// d ← dL/dx from d = dL/dy and y = ln softmax(x): d − e^y·Σ d by row.
///
/// # Panics
/// If a length is not that of its shape.
pub fn log_softmax_gradient_in_place(rows: usize, c: usize, y: &[f32], d: &mut [f32]) {
    for_each_row([rows, c], y, d, |y, d| {
        let sum = d.iter().map(|d| f64::from(*d)).sum::<f64>() as f32;
        d.iter_mut().zip(y).for_each(|(d, y)| *d -= exp(*y) * sum);
    });
}

/// Calls `map` with every row of `x` and `y`, in parallel.
fn for_each_row([rows, c]: [usize; 2], x: &[f32], y: &mut [f32], map: impl Fn(&[f32], &mut [f32]) + Sync) {
    assert_eq!([x.len(), y.len()], [rows * c; 2], "{rows} rows of {c}");
    x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
        x.chunks_exact(c).zip(y.chunks_exact_mut(c)).for_each(|(x, y)| map(x, y));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reference::loss;
    use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

    type Rows = fn(usize, usize, &[f32], &mut [f32]);

    const SHAPES: [(usize, usize); 4] = [(1, 1), (5, 3), (4001, 10), (3, 40_000)];

    fn run(kernel: Rows, rows: usize, c: usize, x: &[f32]) -> Vec<f32> {
        let mut y = vec![f32::NAN; rows * c];
        kernel(rows, c, x, &mut y);
        y
    }

    #[test]
    fn both_agree_with_the_reference_on_any_pool() {
        for (rows, c) in SHAPES {
            let x: Vec<f32> = normal("x", rows * c).iter().map(|x| 5.0 * x).collect();
            let got = on_any_pool(|| run(softmax, rows, c, &x));
            assert_close(&got, &loss::softmax(c, &wide(&x)), 1e-6, "softmax");
            let got = on_any_pool(|| run(log_softmax, rows, c, &x));
            assert_close(&got, &loss::log_softmax(c, &wide(&x)), 1e-6, "log softmax");
        }
    }

    #[test]
    fn gradients_agree_with_the_reference_on_any_pool() {
        for (rows, c) in [(1, 1), (5, 3), (401, 10), (70, 501)] {
            let (x, d) = (normal("x", rows * c), normal("d", rows * c));
            let gradient = |kernel: Rows, y: &[f32]| {
                on_any_pool(|| {
                    let mut dx = d.clone();
                    kernel(rows, c, y, &mut dx);
                    dx
                })
            };
            let got = gradient(softmax_gradient_in_place, &run(softmax, rows, c, &x));
            assert_close(&got, &loss::softmax_gradient(c, &loss::softmax(c, &wide(&x)), &wide(&d)), 1e-6, "softmax");
            let got = gradient(log_softmax_gradient_in_place, &run(log_softmax, rows, c, &x));
            let wanted = loss::log_softmax_gradient(c, &loss::log_softmax(c, &wide(&x)), &wide(&d));
            assert_close(&got, &wanted, 1e-5, "log softmax");
        }
    }

    #[test]
    fn large_logits_do_not_overflow_and_a_nan_shows() {
        assert_eq!(run(softmax, 1, 2, &[1e30, -1e30]), [1.0, 0.0]);
        assert_eq!(run(log_softmax, 1, 2, &[1000.0, 0.0]), [0.0, -1000.0]);
        let y = run(softmax, 2, 2, &[0.0, f32::NAN, 1.0, 1.0]);
        assert!(y[0].is_nan() && y[1].is_nan());
        assert_eq!(y[2..], [0.5, 0.5]);
    }
}
