//! How far a step moves a kernel, at a cost that does not grow with the kernel.
//!
//! Of a kernel with many numbers some are looked at, in runs that are spread evenly over it: a dense layer's step takes about as
//! long as memory takes to bring its weights, and looking at all of them would take a good part of that again.

use std::ops::Range;

use crate::kernel::{Isa, update};

/// Numbers of a run.
const RUN: usize = 1 << 10;
/// Runs of a kernel that are looked at, at most.
const RUNS: usize = 16;

/// A kernel's weights from before its update to after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Before(Vec<f32>);

impl Before {
    /// Keeps what is looked at of `weights`.
    pub fn keep(&mut self, weights: &[f32]) {
        self.0.clear();
        runs(weights.len()).for_each(|run| self.0.extend_from_slice(&weights[run]));
    }

    /// ‖w‖ before the update and ‖Δw‖, of the weights that were kept and are `after` now.
    pub fn norms(&self, isa: Isa, after: &[f32]) -> [f64; 2] {
        let mut sums = [0.0; 2];
        let mut at = 0;
        for run in runs(after.len()) {
            let before = &self.0[at..at + run.len()];
            at += run.len();
            let [weights, change] = update::change(isa, before, &after[run]);
            sums = [sums[0] + weights, sums[1] + change];
        }
        // As if the rest were like what is looked at.
        sums.map(|sum| (sum * after.len() as f64 / at.max(1) as f64).sqrt())
    }
}

/// ‖g‖, of what is looked at of a gradient.
pub(super) fn norm(isa: Isa, gradient: &[f32]) -> f64 {
    let (mut sum, mut looked_at) = (0.0, 0);
    for run in runs(gradient.len()) {
        looked_at += run.len();
        sum += f64::from(update::norm(isa, &gradient[run])).powi(2);
    }
    (sum * gradient.len() as f64 / looked_at.max(1) as f64).sqrt()
}

/// What is looked at of so many numbers.
fn runs(len: usize) -> impl Iterator<Item = Range<usize>> {
    let (count, length) = if len <= RUNS * RUN { (1, len) } else { (RUNS, RUN) };
    (0..count).map(move |run| {
        let start = if count == 1 { 0 } else { run * (len - length) / (count - 1) };
        start..start + length
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    fn norm(numbers: impl Iterator<Item = f64>) -> f64 {
        numbers.map(|number| number * number).sum::<f64>().sqrt()
    }

    /// Kernels of so many weights and how they change: the norms found, against those of all numbers.
    fn both(len: usize) -> ([f64; 2], [f64; 2]) {
        let [weights, changes] = [1, 2].map(|seed| Random::new(seed, len as u64));
        let weight = |at: u64| weights.unit(at) - 0.5;
        // Of a dense layer some inputs say more than others.
        let change = |at: u64| 1e-3 * (changes.unit(at) - 0.5) * if (at / 128).is_multiple_of(3) { 4.0 } else { 1.0 };
        let before: Vec<f32> = (0..len as u64).map(weight).collect();
        let after: Vec<f32> = (0..len as u64).map(|at| weight(at) + change(at)).collect();
        let mut kept = Before::default();
        kept.keep(&before);
        assert!((super::norm(Isa::detect(), &before) / kept.norms(Isa::detect(), &after)[0] - 1.0).abs() < 1e-6);
        let all = [
            norm(before.iter().map(|&weight| f64::from(weight))),
            norm(before.iter().zip(&after).map(|(before, after)| f64::from(after - before))),
        ];
        (kept.norms(Isa::detect(), &after), all)
    }

    #[test]
    fn a_small_kernel_is_measured_whole_and_a_large_one_by_runs_that_speak_for_it() {
        for (len, within) in [(1, 1e-6), (1000, 1e-6), (RUNS * RUN, 1e-6), (100_352, 0.05), (3_000_000, 0.05)] {
            let (found, all) = both(len);
            let is_near = |(found, all): (&f64, &f64)| (found / all - 1.0).abs() <= within;
            assert!(found.iter().zip(&all).all(is_near), "{len}: {found:?} of {all:?}");
        }
    }

    #[test]
    fn runs_reach_from_end_to_end_and_do_not_meet() {
        for len in [RUNS * RUN + 1, 100_352, 1 << 22] {
            let runs: Vec<_> = runs(len).collect();
            assert!(runs.windows(2).all(|pair| pair[0].end <= pair[1].start), "{len}");
            assert_eq!((runs[0].start, runs[RUNS - 1].end), (0, len));
        }
    }
}
