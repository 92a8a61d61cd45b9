//! The learning-rate range test: the rate grows step by step until the loss runs away (Smith, 2017, "Cyclical learning
//! rates for training neural networks"). The rate to train with is then found by short trials below that.

use std::ops::ControlFlow;

use super::job::Job;
use super::probe::Probe;
use super::trial::{Trial, best_rate, climb};
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::health::entropy;
use crate::syntax::settings::{Balance, Loss};

/// The first rate.
const LOWEST: f64 = 1e-6;
/// The last one.
const HIGHEST: f64 = 10.0;
/// Steps from the one to the other: some twenty to a power of ten.
const STEPS: usize = 150;
/// The test ends where the running mean of the loss is this many times its least, and worse than a guess.
const RUNAWAY: f64 = 3.0;
/// Share of the running mean that stays a step.
const RUNNING: f64 = 0.9;
/// And looks for that only after so many steps: the first losses are not smoothed yet.
const SETTLED: usize = 10;
/// Deviation, in steps, of the bell curve that the loss is smoothed by: a quarter of a power of ten. It looks both ways, so
/// that the smoothed curve does not lag behind the rate.
const BELL: f64 = 5.0;
/// A single loss counts as at most this many times the first one: what runs away has no scale.
const MOST: f64 = 3.0;
/// A loss that has not fallen by this share shows no rate at which the network learns.
const LEAST_FALL: f64 = 0.02;
/// Of the loss of a guess. A loss that stays above says little of where the network learns: the few steps of the test were too few.
const HARDLY_LEARNT: f64 = 0.95;
/// Where the loss is so many times the least, and worse than a guess, it runs away.
const RUNS: f64 = 1.1;
/// How far below the edge the first trial is, at most.
const BELOW: f64 = 3.0;
/// Steps of a trial,
const SHORT: usize = 100;
/// and where the network hardly learns anything in so many.
const LONG: usize = 300;
/// The rates that are tried at least.
const LEAST_TRIALS: usize = 3;

/// A step of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangePoint {
    /// The rate of the step.
    pub rate: f64,
    /// The mean loss of its images.
    pub loss: f64,
    /// The same, smoothed over the steps around.
    pub smoothed: f64,
}

/// What a range test has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeTest {
    /// Its steps, up to where the loss ran away.
    pub points: Vec<RangePoint>,
    /// Short trainings below that, in the order of their rates.
    pub trials: Vec<Trial>,
    /// Steps of each.
    pub trial_steps: usize,
    /// The rate to train with; none where the loss fell at no rate.
    pub suggestion: Option<f64>,
}

impl RangeTest {
    /// Runs the test on a job's own images, batches and optimizer; none where `on_step`, told (done, of about so many), ends it.
    ///
    /// # Errors
    /// As a training that cannot begin.
    pub fn run(job: &Job, mut on_step: impl FnMut(usize, usize) -> ControlFlow<()>) -> Result<Option<Self>> {
        let (guess, usual_rate) = (guess(job), job.settings.optimizer.default_rate());
        let planned = STEPS + LEAST_TRIALS * SHORT;
        let Some(points) = sweep(job, guess, &mut |done| on_step(done, planned))? else { return Ok(None) };
        let start =
            usual(&points, guess, usual_rate).or_else(|| edge(&points, guess).map(|edge| usual_rate.min(edge / BELOW)));
        let mut test = Self { points, trials: Vec::new(), trial_steps: SHORT, suggestion: None };
        let Some(mut start) = start else { return Ok(Some(test)) };
        let highest = test.points.last().map_or(HIGHEST, |last| last.rate);
        let mut done = test.points.len();
        for steps in [SHORT, LONG] {
            let trial = |rate: f64| {
                let on_step = |at: usize| on_step(done + at, planned.max(done + steps));
                let loss = trial(job, rate, steps, on_step)?;
                done += steps;
                Ok(loss)
            };
            let Some(trials) = climb(start, highest, trial)? else { return Ok(None) };
            let least = trials.iter().map(|trial| trial.loss).fold(f64::INFINITY, f64::min);
            test.suggestion = best_rate(&trials).map(two_digits);
            (test.trials, test.trial_steps) = (trials, steps);
            // A rate is not to be told from the next one while all are about as good as a guess.
            if !guess.is_finite() || least < HARDLY_LEARNT * guess {
                break;
            }
            start = test.suggestion.unwrap_or(start);
        }
        Ok(Some(test))
    }

    /// The suggested rate.
    ///
    /// # Errors
    /// M809 where there is none.
    pub fn rate(&self) -> Result<f64> {
        self.suggestion.ok_or_else(|| nothing_learnt(&self.points))
    }
}

/// The test itself: steps at a rate that grows; none where `on_step`, told how many are done, ends it.
fn sweep(job: &Job, guess: f64, on_step: &mut impl FnMut(usize) -> ControlFlow<()>) -> Result<Option<Vec<RangePoint>>> {
    let mut probe = Probe::new(job)?;
    let (mut rates, mut losses) = (Vec::with_capacity(STEPS), Vec::with_capacity(STEPS));
    let (mut mean, mut least) = (0.0, f64::INFINITY);
    for at in 0..STEPS {
        let rate = LOWEST * (HIGHEST / LOWEST).powf(at as f64 / (STEPS - 1) as f64);
        let loss = probe.step(rate)?;
        mean = RUNNING * mean + (1.0 - RUNNING) * loss;
        // Before many steps are done, the zero that the mean began with is still in it.
        let running = mean / (1.0 - RUNNING.powf((at + 1) as f64));
        if !running.is_finite() {
            break;
        }
        rates.push(rate);
        losses.push(loss);
        least = running.min(least);
        if at >= SETTLED && running > RUNAWAY * least && running > guess {
            break;
        }
        if on_step(at + 1).is_break() {
            return Ok(None);
        }
    }
    let smoothed = smoothed(&losses);
    let point = |at: usize| RangePoint { rate: rates[at], loss: losses[at], smoothed: smoothed[at] };
    Ok(Some((0..rates.len()).map(point).collect()))
}

/// The mean loss over the last third of so many steps at one rate; none where `on_step`, told how many are done, ends it.
fn trial(job: &Job, rate: f64, steps: usize, mut on_step: impl FnMut(usize) -> ControlFlow<()>) -> Result<Option<f64>> {
    let mut probe = Probe::new(job)?;
    let (mut sum, scored) = (0.0, steps / 3);
    for at in 0..steps {
        let loss = probe.step(rate)?;
        if !loss.is_finite() {
            return Ok(Some(f64::INFINITY));
        }
        if at + scored >= steps {
            sum += loss;
        }
        if on_step(at + 1).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(sum / scored as f64))
}

/// The loss of a guess by the classes' shares; infinite where the loss that is trained by is not the cross-entropy.
fn guess(job: &Job) -> f64 {
    if !matches!(job.settings.loss, None | Some(Loss::CrossEntropy | Loss::BinaryCrossEntropy)) {
        return f64::INFINITY;
    }
    let mut images = vec![0; job.classes.len()];
    job.train.samples().iter().for_each(|sample| images[sample.class] += 1);
    if job.balance != Balance::None {
        images.iter_mut().for_each(|count| *count = 1.min(*count));
    }
    entropy(&images)
}

/// The losses, each with those around it by a bell curve.
fn smoothed(losses: &[f64]) -> Vec<f64> {
    let most = MOST * losses.first().copied().unwrap_or(0.0);
    let at = |place: usize| {
        let weighed = losses.iter().enumerate().map(|(other, loss)| {
            let weight = (-0.5 * ((other as f64 - place as f64) / BELL).powi(2)).exp();
            (weight, weight * loss.min(most))
        });
        let (weights, sum) = weighed.fold((0.0, 0.0), |(weights, sum), (weight, loss)| (weights + weight, sum + loss));
        sum / weights
    };
    (0..losses.len()).map(at).collect()
}

/// The last rate at which at least half of what was won is kept: of the fall below a guess, or where the loss never fell
/// below that, of the fall from the first loss. Where the loss is least is a matter of chance on a flat valley; where it runs
/// away is not.
fn edge(points: &[RangePoint], guess: f64) -> Option<f64> {
    let first = points.first()?.smoothed;
    let least = points.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
    let is_learnt = |from: f64| least < (1.0 - LEAST_FALL) * from;
    let from = [first.min(guess), first].into_iter().find(|from| is_learnt(*from))?;
    let most = f64::midpoint(least, from);
    points.iter().rev().find(|point| point.smoothed <= most).map(|point| point.rate)
}

/// Where the loss fell, but hardly below that of a guess: the rate at which the optimizer mostly trains well, or half of where
/// the loss runs away, if that is less. After a collapse the loss is that of a guess again, whatever the rate: there is no edge
/// to be seen.
fn usual(points: &[RangePoint], guess: f64, usual: f64) -> Option<f64> {
    let first = points.first()?.smoothed;
    let (at, least) = points
        .iter()
        .map(|point| point.smoothed)
        .enumerate()
        .reduce(|least, one| if one.1 < least.1 { one } else { least })?;
    if !guess.is_finite() || least < HARDLY_LEARNT * guess || least >= (1.0 - LEAST_FALL) * first {
        return None;
    }
    let runs_away = points[at..].iter().find(|point| point.smoothed > RUNS * least.max(guess));
    Some(runs_away.map_or(usual, |point| usual.min(point.rate / 2.0)))
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
        (0..=140).map(point).collect()
    }

    #[track_caller]
    fn assert_edge(losses: impl Fn(f64) -> f64, guess: f64, expected: f64) {
        let found = edge(&points(losses), guess).unwrap();
        assert!((found / expected).log10().abs() < 0.06, "{found:e} instead of {expected:e}");
    }

    #[test]
    fn the_edge_is_where_half_of_the_fall_below_a_guess_is_lost() {
        // From 5 down to 1 at a hundredth, and up again: half way from a guess of 3 is 2, at a tenth.
        let valley = |rate: f64| 1.0 + (rate.log10() + 2.0).abs();
        assert_edge(valley, 3.0, 1e-1);
        // A first loss that is far above a guess does not move it, nor does a valley that is flat.
        assert_edge(|rate| if rate < 1e-5 { 400.0 } else { valley(rate) }, 3.0, 1e-1);
        assert_edge(|rate| valley(rate).max(1.05), 3.0, 1e-1);
        // Of a loss that has no guess, or never falls below it, the first one counts.
        assert_edge(valley, f64::INFINITY, 1.0);
        assert_edge(valley, 1.0, 1.0);
    }

    #[test]
    fn a_loss_that_hardly_falls_below_a_guess_gives_the_usual_rate_below_where_it_runs_away() {
        // Towards the guess from above, worse from 3e-3 on, and back to the guess once the network has collapsed.
        let course = |rate: f64| match rate {
            ..1e-4 => 1.5,
            ..3e-3 => 1.06,
            ..1e-2 => 1.35,
            _ => 1.1,
        };
        let found = |usual_rate| usual(&points(course), 1.08, usual_rate);
        assert_eq!(found(1e-3), Some(1e-3));
        assert!(found(1e-2).is_some_and(|rate| (1.4e-3..1.6e-3).contains(&rate)), "{:?}", found(1e-2));
        // A loss that shows where the network learns, and one that never fell, are left to the edge.
        assert_eq!(usual(&points(|rate| course(rate) - 0.1), 1.08, 1e-3), None);
        assert_eq!(usual(&points(|_| 1.1), 1.1, 1e-3), None);
    }

    #[test]
    fn a_loss_that_does_not_fall_gives_none() {
        assert_eq!(edge(&points(|_| 1.1), 1.1), None);
        assert_eq!(edge(&points(|rate| 1.0 + rate), 1.1), None);
        assert_eq!(edge(&[], 1.1), None);
    }

    #[test]
    fn smoothing_neither_lags_nor_lets_a_single_loss_count_for_more_than_it_says() {
        let mut losses: Vec<f64> = (0..60).map(|at| 1.0 + (f64::from(at) - 30.0).abs() / 10.0).collect();
        let lowest = |losses: &[f64]| {
            let smoothed = smoothed(losses);
            (0..60).min_by(|one, other| smoothed[*one].total_cmp(&smoothed[*other])).unwrap()
        };
        assert_eq!(lowest(&losses), 30);
        losses[58] = 1e30;
        assert_eq!(lowest(&losses), 30);
        assert!(smoothed(&losses).iter().all(|loss| *loss <= 12.0));
    }

    #[test]
    fn a_rate_is_rounded_to_two_digits() {
        assert_eq!([0.001_234, 0.099_6, 3.0].map(two_digits), [0.0012, 0.1, 3.0]);
    }
}
