//! A training's steps and epochs as its health sees them.

use std::ops::ControlFlow;

use super::change::Before;
use super::gauge::{Gauge, first_non_finite};
use super::job::Job;
use super::metric::{class_logits, class_of, cross_entropy};
use crate::exec::{Moment, Rate, Session};
use crate::graph::{Graph, Op};
use crate::health::{Answers, Finding, Health, Observed, Task, non_finite};
use crate::plan::Plan;
use crate::syntax::settings::Balance;

/// What is looked at, and what it means.
#[derive(Clone, Debug)]
pub(super) struct Examiner {
    pub task: Task,
    gauge: Gauge,
    peak: f64,
    /// A layer's weights from before its update to after it.
    before: Before,
    logits: Vec<f32>,
    /// Whether the losses of the training are the cross-entropies of its answers.
    is_plain: bool,
}

/// A step that ran.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    /// What was seen, where it was looked at.
    pub observed: Option<Observed>,
    /// Whether its loss was finite; else nothing was updated.
    pub is_finite: bool,
}

impl Examiner {
    /// For the steps of `plan`, the training plan of the job.
    pub fn new(job: &Job, plan: &Plan) -> Self {
        let gauge = Gauge::new(&job.graph, plan, job.steps_per_epoch());
        let mut images = vec![0; job.classes.len()];
        for sample in job.train.samples() {
            if let Some(count) = images.get_mut(sample.class) {
                *count += 1;
            }
        }
        let peak = job.settings.peak_rate();
        let task = Task {
            classes: job.classes.clone(),
            images,
            is_balanced: job.balance != Balance::None,
            layers: gauge.layers.clone(),
            units: gauge.units.clone(),
            batch: job.batch(),
            is_normalised: job.normalizer.deviation.iter().any(|deviation| *deviation != 1.0),
            rate: peak,
            usual_rate: job.settings.optimizer.default_rate(),
            risky_rate: job.settings.risky_rate(normalises(&job.graph)),
        };
        Self { task, gauge, peak, before: Before::default(), logits: Vec::new(), is_plain: job.objective().is_plain() }
    }

    /// How much of the settings' rate is left after the recoveries of `health`.
    pub fn rate_left(&self, health: &Health) -> f64 {
        rate_left(self.peak, &self.task, health.recoveries)
    }

    /// Goes by the rate that is left after the recoveries of `health`.
    pub fn take_rate(&mut self, health: &Health) {
        self.task.rate = self.peak * self.rate_left(health);
    }

    /// Runs a step; nothing is updated where its loss is not finite.
    pub fn run(&mut self, session: &mut Session, count: usize, rate: &Rate) -> Ran {
        let Self { gauge, before, .. } = self;
        let mut observed = gauge.is_due(rate.step).then(|| gauge.observed(rate.step, rate.learning_rate));
        let flow = session.run_watched(count, rate, &mut |moment| {
            if gauge.is_end_of_forward(moment) && !has_finite_losses(moment) {
                return ControlFlow::Break(());
            }
            if let Some(observed) = &mut observed {
                gauge.look(moment, before, observed);
            }
            ControlFlow::Continue(())
        });
        Ran { observed, is_finite: flow.is_continue() }
    }

    /// Counts the answers to a batch, and whether all of its images got the same output.
    pub fn answers(&mut self, session: &Session, labels: &[u32]) -> (Answers, bool) {
        let mut answers = Answers::new(self.task.classes.len(), false);
        let (rows, losses) = (session.logits(labels.len()), session.losses(labels.len()));
        for ((units, label), loss) in rows.rows().into_iter().zip(labels).zip(losses) {
            class_logits(&units, &mut self.logits);
            let label = *label as usize;
            let loss = if self.is_plain { f64::from(*loss) } else { cross_entropy(&self.logits, label) };
            answers.add(loss, class_of(&self.logits), label);
        }
        let is_constant = rows.rows().into_iter().all(|row| row == rows.row(0));
        (answers, is_constant)
    }

    /// H713: `what` is not finite; where it was seen first, by a forward pass over the batch that is in the session.
    pub fn non_finite(&self, session: &mut Session, graph: &Graph, count: usize, what: &str, rate: &Rate) -> Finding {
        let mut found = session.plan().params.iter().find_map(|slot| {
            let is_whole = session.tensor(slot).iter().all(|number| number.is_finite());
            (!is_whole).then(|| slot.name.split('.').next().unwrap_or_default().to_owned())
        });
        if found.is_none() && count > 0 {
            let _ = session.run_watched(count, rate, &mut first_non_finite(graph, &mut found));
        }
        non_finite(&self.task, what, found.as_deref(), rate.learning_rate, rate.step == 0)
    }
}

fn normalises(graph: &Graph) -> bool {
    let is_norm = |op: &Op| matches!(op, Op::BatchNorm(_) | Op::BatchNormTraining(_) | Op::GroupNorm(_));
    graph.nodes.iter().any(|node| is_norm(&node.op))
}

/// How much of a rate is left after so many recoveries: a tenth each time, and from the first on no more than the rate at which
/// the optimizer mostly trains well, where a tenth would still be one at which such trainings collapse.
fn rate_left(peak: f64, task: &Task, recoveries: usize) -> f64 {
    let Some(later) = recoveries.checked_sub(1) else { return 1.0 };
    let is_risky = task.risky_rate.is_some_and(|risky| peak * TENTH > risky);
    let first = if is_risky { TENTH.min(task.usual_rate / peak) } else { TENTH };
    first * TENTH.powi(i32::try_from(later).unwrap_or(i32::MAX))
}

/// What is left of a rate after a recovery.
pub(super) const TENTH: f64 = 0.1;

fn has_finite_losses(moment: &Moment<'_>) -> bool {
    moment.plan.losses.is_none_or(|losses| moment.numbers(losses).iter().all(|loss| loss.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_leaves_a_tenth_of_the_rate_and_no_rate_that_would_collapse_again() {
        let task = |risky_rate| Task { usual_rate: 1e-3, risky_rate, ..Task::default() };
        let rates = |peak: f64, risky| [0, 1, 2].map(|recoveries| peak * rate_left(peak, &task(risky), recoveries));
        let assert_near = |rates: [f64; 3], expected: [f64; 3]| {
            let pairs = rates.into_iter().zip(expected);
            assert!(pairs.clone().all(|(rate, expected)| (rate / expected - 1.0).abs() < 1e-9), "{rates:?}");
        };
        assert_near(rates(1e-2, Some(3e-3)), [1e-2, 1e-3, 1e-4]);
        assert_near(rates(2e-2, Some(3e-3)), [2e-2, 2e-3, 2e-4]);
        assert_near(rates(5e-2, Some(3e-3)), [5e-2, 1e-3, 1e-4]);
        assert_near(rates(5e-2, None), [5e-2, 5e-3, 5e-4]);
    }
}
