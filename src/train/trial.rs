//! Short trainings at a few rates, each from the same start on the same batches: which rate learns fastest.
//!
//! The curve of a range test shows where the loss runs away. Below that it tells little: every rate had only a few steps, on
//! weights that the rates before it had brought there. Knows nothing of images or networks: whoever asks runs the trials.

use crate::diag::Result;

/// From one rate to the next one tried: two to a power of ten.
const STEP: f64 = 3.162_277_660_168_379_5;
/// Rates that are tried at most.
const MOST: usize = 6;

/// A short training at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The rate.
    pub rate: f64,
    /// The mean loss over the last third of its steps; infinite where it was not finite.
    pub loss: f64,
}

/// Tries rates around `start` until the best has a worse one on either side, none above `highest`; in the order of their rates.
/// `run` gives a trial's loss, or none where it was asked to stop; so does this then.
///
/// # Errors
/// Those of `run`.
pub(super) fn climb(
    start: f64,
    highest: f64,
    mut run: impl FnMut(f64) -> Result<Option<f64>>,
) -> Result<Option<Vec<Trial>>> {
    let mut tried: Vec<Trial> = Vec::with_capacity(MOST);
    let mut next = Some(start);
    while let Some(rate) = next {
        let Some(loss) = run(rate)? else { return Ok(None) };
        let loss = if loss.is_finite() { loss } else { f64::INFINITY };
        let place = tried.partition_point(|trial| trial.rate < rate);
        tried.insert(place, Trial { rate, loss });
        next = following(&tried, highest);
    }
    Ok(Some(tried))
}

/// The rate to try next, beside the best so far.
fn following(tried: &[Trial], highest: f64) -> Option<f64> {
    if tried.len() == MOST {
        return None;
    }
    let best = best(tried)?;
    let (above, below) = (tried[best].rate * STEP, tried[best].rate / STEP);
    if best == 0 {
        return Some(below);
    }
    (best + 1 == tried.len() && above <= highest).then_some(above)
}

/// The place of the least loss, of equals the lower rate.
fn best(tried: &[Trial]) -> Option<usize> {
    (0..tried.len()).reduce(|best, at| if tried[at].loss < tried[best].loss { at } else { best })
}

/// The rate of the least loss: the vertex of the parabola over the logarithm of the rate through the best and its neighbours.
/// None where no loss is finite.
pub(super) fn best_rate(tried: &[Trial]) -> Option<f64> {
    let best = best(tried).filter(|best| tried[*best].loss.is_finite())?;
    let loss = |at: Option<usize>| at.and_then(|at| tried.get(at)).map(|trial| trial.loss);
    let shift = match (loss(best.checked_sub(1)), loss(best.checked_add(1))) {
        (Some(below), Some(above)) if below.is_finite() && above.is_finite() => {
            let curvature = below + above - 2.0 * tried[best].loss;
            if curvature > 0.0 { 0.5 * (below - above) / curvature } else { 0.0 }
        }
        // Where the next one up runs away, the edge is near.
        (Some(_), Some(_)) => -0.5,
        _ => 0.0,
    };
    Some(tried[best].rate * STEP.powf(shift.clamp(-0.5, 0.5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the loss is this of the logarithm of the rate, with the number of trials.
    fn found(start: f64, highest: f64, loss: impl Fn(f64) -> f64) -> (Option<f64>, usize) {
        let tried = climb(start, highest, |rate| Ok(Some(loss(rate.log10())))).unwrap().unwrap();
        assert!(tried.is_sorted_by(|one, other| one.rate < other.rate), "{tried:?}");
        (best_rate(&tried), tried.len())
    }

    #[track_caller]
    fn assert_near(rate: Option<f64>, expected: f64) {
        assert!(rate.is_some_and(|rate| (rate / expected).log10().abs() < 0.05), "{rate:?} instead of {expected:e}");
    }

    #[test]
    fn the_best_rate_is_found_from_below_and_from_above() {
        let valley = |log: f64| 0.5 + (log + 2.8).powi(2);
        for (start, trials) in [(1e-3, 3), (1e-4, 5), (1e-2, 4)] {
            let (rate, count) = found(start, 10.0, valley);
            assert_near(rate, 10_f64.powf(-2.8));
            assert_eq!(count, trials, "from {start:e}");
        }
    }

    #[test]
    fn no_rate_is_tried_where_the_loss_ran_away_and_one_that_did_not_end_counts_as_such() {
        // Better and better up to a wall.
        let (rate, _) = found(1e-3, 2e-3, |log| -log);
        assert_near(rate, 1e-3);
        let (rate, count) = found(1e-3, 10.0, |log| if log > -2.6 { f64::NAN } else { -log });
        assert_near(rate, 1e-3 / STEP.sqrt());
        assert_eq!(count, 3);
        assert_eq!(found(1e-3, 10.0, |_| f64::NAN).0, None);
    }

    #[test]
    fn a_loss_that_goes_on_falling_ends_after_a_few_trials() {
        let (rate, count) = found(1e-3, 1e9, |log| -log);
        assert_eq!(count, MOST);
        assert_near(rate, 1e-3 * STEP.powi(MOST as i32 - 2));
    }

    #[test]
    fn it_ends_where_it_is_asked_to_stop() {
        assert_eq!(climb(1e-3, 1.0, |_| Ok(None)).unwrap(), None);
    }
}
