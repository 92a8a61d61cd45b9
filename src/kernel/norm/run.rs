//! Normalisation of runs: consecutive numbers that share a mean and a deviation, such as the channels of one pixel.

use rayon::prelude::*;

use super::inverse_of;
use crate::kernel::chunk::rows_per_chunk;

/// Numbers that are summed at once, in registers.
const LANES: usize = 16;
/// Numbers that `f32` sums run over before they are added to the total.
const BLOCK: usize = 1 << 12;

/// y = (x − mean)·`inverse`, with one mean and one inverse deviation for every run of `len`.
pub(super) fn normalise(len: usize, epsilon: f32, x: &[f32], y: &mut [f32], inverse: &mut [f32]) {
    let runs = rows_per_chunk(len);
    let tasks = x.par_chunks(runs * len).zip(y.par_chunks_mut(runs * len)).zip(inverse.par_chunks_mut(runs));
    tasks.for_each(|((x, y), inverse)| {
        for ((x, y), inverse) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)).zip(inverse) {
            let mean = (total(x, x, |x, _| x) / len as f64) as f32;
            *inverse = inverse_of(total(x, x, |x, _| (x - mean) * (x - mean)) / len as f64, epsilon);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - mean) * *inverse);
        }
    });
}

/// dx = `inverse`·(dy − mean of dy − y·mean of y·dy), the means over every run of `len`.
pub(super) fn gradient(len: usize, y: &[f32], inverse: &[f32], dy: &[f32], dx: &mut [f32]) {
    let runs = rows_per_chunk(len);
    let operands = y.par_chunks(runs * len).zip(dy.par_chunks(runs * len)).zip(inverse.par_chunks(runs));
    operands.zip(dx.par_chunks_mut(runs * len)).for_each(|(((y, dy), inverse), dx)| {
        let runs = y.chunks_exact(len).zip(dy.chunks_exact(len)).zip(inverse);
        for (((y, dy), inverse), dx) in runs.zip(dx.chunks_exact_mut(len)) {
            let mean = (total(dy, dy, |dy, _| dy) / len as f64) as f32;
            let slope = (total(y, dy, |y, dy| y * dy) / len as f64) as f32;
            for ((dx, dy), y) in dx.iter_mut().zip(dy).zip(y) {
                *dx = inverse * (dy - mean - y * slope);
            }
        }
    });
}

/// Σ term(a, b), in an order that the length fixes.
fn total(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    a.chunks(BLOCK).zip(b.chunks(BLOCK)).map(|(a, b)| f64::from(block_sum(a, b, &term))).sum()
}

fn block_sum(a: &[f32], b: &[f32], term: &impl Fn(f32, f32) -> f32) -> f32 {
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += term(*a, *b));
    }
    let tail: f32 = a_tail.iter().zip(b_tail).map(|(a, b)| term(*a, *b)).sum();
    sums.iter().sum::<f32>() + tail
}
