//! The learning-rate range test: the rate grows step by step until the loss runs away (Smith, 2017, "Cyclical learning
//! rates for training neural networks").

use std::ops::ControlFlow;

use super::job::Job;
use super::probe::Probe;
use crate::diag::{Diagnostic, Fault, Result, code};

/// The first rate.
const LOWEST: f64 = 1e-6;
/// The last one.
const HIGHEST: f64 = 10.0;
/// Steps from the one to the other: some twenty to a power of ten.
const STEPS: usize = 150;
/// Share of the smoothed loss that stays a step.
const SMOOTHING: f64 = 0.9;
/// The test ends where the smoothed loss is this many times the least.
const RUNAWAY: f64 = 3.0;
/// And looks for that only after so many steps: the first losses are not smoothed yet.
const SETTLED: usize = 10;
/// Where the loss is least it no longer falls: the rate is too high there by so much.
const TOO_HIGH: f64 = 10.0;
/// A loss that has not fallen by this share shows no rate at which the network learns.
const LEAST_FALL: f64 = 0.02;

/// A step of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangePoint {
    /// The rate of the step.
    pub rate: f64,
    /// The mean loss of its images.
    pub loss: f64,
    /// The same, smoothed over the steps before.
    pub smoothed: f64,
}

/// What a range test has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeTest {
    /// Its steps, up to where the loss ran away.
    pub points: Vec<RangePoint>,
    /// The rate to train with; none where the loss fell at no rate.
    pub suggestion: Option<f64>,
}

impl RangeTest {
    /// Runs the test on a job's own images, batches and optimizer; none where `on_step`, told (done, of so many), ends it.
    ///
    /// # Errors
    /// As a training that cannot begin.
    pub fn run(job: &Job, mut on_step: impl FnMut(usize, usize) -> ControlFlow<()>) -> Result<Option<Self>> {
        let mut probe = Probe::new(job)?;
        let mut points: Vec<RangePoint> = Vec::with_capacity(STEPS);
        let mut mean = 0.0;
        for at in 0..STEPS {
            let rate = LOWEST * (HIGHEST / LOWEST).powf(at as f64 / (STEPS - 1) as f64);
            let loss = probe.step(rate)?;
            mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss;
            // Before many steps are done, the zero that the mean began with is still in it.
            let smoothed = mean / (1.0 - SMOOTHING.powf((at + 1) as f64));
            if !smoothed.is_finite() {
                break;
            }
            points.push(RangePoint { rate, loss, smoothed });
            let least = points.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
            if at >= SETTLED && smoothed > RUNAWAY * least {
                break;
            }
            if on_step(at + 1, STEPS).is_break() {
                return Ok(None);
            }
        }
        let suggestion = suggestion(&points);
        Ok(Some(Self { points, suggestion }))
    }

    /// The suggested rate.
    ///
    /// # Errors
    /// M809 where there is none.
    pub fn rate(&self) -> Result<f64> {
        self.suggestion.ok_or_else(|| nothing_learnt(&self.points))
    }
}

/// A tenth of the rate at which the smoothed loss is least, to two digits.
fn suggestion(points: &[RangePoint]) -> Option<f64> {
    let settled = points.get(SETTLED..)?;
    let least = settled.iter().min_by(|a, b| a.smoothed.total_cmp(&b.smoothed))?;
    let start = settled.first()?.smoothed;
    (least.smoothed < (1.0 - LEAST_FALL) * start).then(|| two_digits(least.rate / TOO_HIGH))
}

/// The nearest number of two significant digits.
fn two_digits(number: f64) -> f64 {
    format!("{number:.1e}").parse().unwrap_or(number)
}

fn nothing_learnt(points: &[RangePoint]) -> Fault {
    let losses = points.iter().map(|point| point.smoothed);
    let (first, least) = (losses.clone().next().unwrap_or(f64::NAN), losses.fold(f64::INFINITY, f64::min));
    Diagnostic::new(&code::RUN_FAILED, "the range test found no learning rate at which the loss falls")
        .note(format!("from {LOWEST:e} to {HIGHEST} the smoothed loss went from {first:.3} to {least:.3} at best"))
        .help("look for what keeps the network from learning: `netc check --data DATA`, labels, `normalize`; or give a rate")
        .fault()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(losses: impl Fn(f64) -> f64) -> Vec<RangePoint> {
        let point = |at: usize| {
            let rate = LOWEST * 10_f64.powf(7.0 * at as f64 / 140.0);
            RangePoint { rate, loss: losses(rate), smoothed: losses(rate) }
        };
        (0..140).map(point).collect()
    }

    #[test]
    fn the_suggestion_is_a_tenth_of_where_the_loss_is_least() {
        let valley = |rate: f64| 1.0 + (rate.log10() + 2.0).abs();
        let found = suggestion(&points(valley)).unwrap();
        assert!((found - 1e-3).abs() < 1e-9, "{found}");
    }

    #[test]
    fn a_loss_that_does_not_fall_gives_none() {
        assert_eq!(suggestion(&points(|_| 1.1)), None);
        assert_eq!(suggestion(&points(|rate| 1.0 + rate)), None);
        assert_eq!(suggestion(&[]), None);
    }

    #[test]
    fn a_rate_is_rounded_to_two_digits() {
        assert_eq!([0.001_234, 0.099_6, 3.0].map(two_digits), [0.0012, 0.1, 3.0]);
    }
}
