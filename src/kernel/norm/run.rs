//! Normalisation of runs: consecutive numbers that share a mean and a deviation, such as the channels of one pixel.

use rayon::prelude::*;

use super::inverse_of;
use crate::kernel::Isa;
use crate::kernel::chunk::rows_per_chunk;
use crate::kernel::isa::vectorised;

/// Numbers that are summed at once, in registers.
const LANES: usize = 16;
/// Numbers that `f32` sums run over before they are added to the total.
const BLOCK: usize = 1 << 12;

/// y = (x − mean)·`inverse`, with one mean and one inverse deviation for every run of `len`.
pub(super) fn normalise(isa: Isa, len: usize, epsilon: f32, x: &[f32], y: &mut [f32], inverse: &mut [f32]) {
    let runs = rows_per_chunk(len);
    let tasks = x.par_chunks(runs * len).zip(y.par_chunks_mut(runs * len)).zip(inverse.par_chunks_mut(runs));
    tasks.for_each(|((x, y), inverse)| normalise_runs(isa, len, epsilon, x, y, inverse));
}

/// dx = `inverse`·(dy − mean of dy − y·mean of y·dy), the means over every run of `len`.
pub(super) fn gradient(isa: Isa, len: usize, y: &[f32], inverse: &[f32], dy: &[f32], dx: &mut [f32]) {
    let runs = rows_per_chunk(len);
    let operands = y.par_chunks(runs * len).zip(dy.par_chunks(runs * len)).zip(inverse.par_chunks(runs));
    let tasks = operands.zip(dx.par_chunks_mut(runs * len));
    tasks.for_each(|(((y, dy), inverse), dx)| gradient_runs(isa, len, y, inverse, dy, dx));
}

vectorised! {
    fn normalise_runs(len: usize, epsilon: f32, x: &[f32], y: &mut [f32], inverse: &mut [f32]) {
        for ((x, y), inverse) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)).zip(inverse) {
            let mean = (total(x, x, Term::First, 0.0) / len as f64) as f32;
            *inverse = inverse_of(total(x, x, Term::Product, mean) / len as f64, epsilon);
            for (y, x) in y.iter_mut().zip(x) {
                *y = (x - mean) * *inverse;
            }
        }
    }

    fn gradient_runs(len: usize, y: &[f32], inverse: &[f32], dy: &[f32], dx: &mut [f32]) {
        let runs = y.chunks_exact(len).zip(dy.chunks_exact(len)).zip(inverse);
        for (((y, dy), inverse), dx) in runs.zip(dx.chunks_exact_mut(len)) {
            let mean = (total(dy, dy, Term::First, 0.0) / len as f64) as f32;
            let slope = (total(y, dy, Term::Product, 0.0) / len as f64) as f32;
            for ((dx, dy), y) in dx.iter_mut().zip(dy).zip(y) {
                *dx = inverse * (dy - mean - y * slope);
            }
        }
    }
}

/// What a sum over two runs is of.
#[derive(Clone, Copy)]
enum Term {
    /// The numbers of the first.
    First,
    /// The products of both, less the same number each.
    Product,
}

/// Σ of `term`, in an order that the length fixes.
#[inline(always)]
fn total(a: &[f32], b: &[f32], term: Term, less: f32) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        total += f64::from(block_sum(a, b, term, less));
    }
    total
}

#[inline(always)]
fn block_sum(a: &[f32], b: &[f32], term: Term, less: f32) -> f32 {
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += of(term, a[lane], b[lane], less);
        }
    }
    let mut sum = 0.0;
    for (a, b) in a_tail.iter().zip(b_tail) {
        sum += of(term, *a, *b, less);
    }
    for lane in sums {
        sum += lane;
    }
    sum
}

#[inline(always)]
fn of(term: Term, a: f32, b: f32, less: f32) -> f32 {
    match term {
        Term::First => a,
        Term::Product => (a - less) * (b - less),
    }
}
