//! The learning rate as a function of the step and of the finished epochs' metrics, so that a resumed run needs no
//! stored state.

use std::f64::consts::PI;

use super::metric::EpochMetrics;
use super::patience::drops;
use crate::syntax::settings::{Schedule, TrainSettings};

/// One cycle starts at the peak divided by this, as in PyTorch's `OneCycleLR`.
const CYCLE_START: f64 = 25.0;
/// And it ends at its start divided by this.
const CYCLE_END: f64 = 1e4;

/// How the learning rate moves over a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    peak: f64,
    schedule: Schedule,
    warmup_steps: f64,
    steps_per_epoch: f64,
    steps: f64,
    /// What plateaus have left of it.
    share: f64,
}

impl LearningRate {
    /// The rate of a training in which an epoch has `steps_per_epoch` steps.
    #[must_use]
    pub fn new(settings: &TrainSettings, steps_per_epoch: usize) -> Self {
        Self {
            peak: settings.peak_rate(),
            schedule: settings.schedule,
            warmup_steps: settings.warmup_epochs * steps_per_epoch as f64,
            steps_per_epoch: steps_per_epoch as f64,
            steps: (settings.epochs * steps_per_epoch) as f64,
            share: 1.0,
        }
    }

    /// The same after these epochs: under `plateau` lower by what they call for.
    pub(super) fn after(self, history: &[EpochMetrics]) -> Self {
        match self.schedule {
            Schedule::Plateau { patience, factor } => Self { share: factor.powi(drops(history, patience)), ..self },
            _ => self,
        }
    }

    /// The rate of the step with `step` steps before it.
    ///
    /// It rises in a line that reaches the schedule's first rate with the last step of the warm-up; the schedule runs
    /// from there to the last step.
    #[must_use]
    pub fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        let rate = self.share * self.peak;
        if step + 1.0 < self.warmup_steps {
            return rate * self.factor(0.0) * (step + 1.0) / self.warmup_steps;
        }
        rate * self.factor((step - self.warmup_steps).max(0.0))
    }

    /// What the peak is multiplied by `after` steps behind the warm-up.
    fn factor(&self, after: f64) -> f64 {
        let steps = (self.steps - self.warmup_steps).max(1.0);
        match self.schedule {
            Schedule::Constant | Schedule::Plateau { .. } => 1.0,
            // Towards the zero that would come after the last step (Loshchilov and Hutter, 2017, "SGDR", without restarts).
            Schedule::Cosine => between(1.0, 0.0, after / steps),
            // A tail of rounding must not delay a drop by a step.
            Schedule::Step { every, factor } => factor.powf((after / (every * self.steps_per_epoch) + 1e-9).floor()),
            Schedule::OneCycle { rise } => {
                let top = (rise * steps - 1.0).max(0.0);
                let start = 1.0 / CYCLE_START;
                if after < top {
                    between(start, 1.0, after / top)
                } else {
                    between(1.0, start / CYCLE_END, (after - top) / (steps - 1.0 - top).max(1.0))
                }
            }
        }
    }
}

/// From one number to the other along half a cosine; `share` of the way is done.
fn between(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * share.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::settings::Rate;

    fn rate(schedule: Schedule, warmup_epochs: f64) -> LearningRate {
        let learning_rate = Some(Rate::Fixed(0.1));
        let settings = TrainSettings { schedule, warmup_epochs, learning_rate, epochs: 10, ..TrainSettings::default() };
        LearningRate::new(&settings, 20)
    }

    fn assert_near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-12, "{one} is not {other}");
    }

    #[test]
    fn a_constant_rate_stays() {
        let rate = rate(Schedule::Constant, 0.0);
        [0, 1, 199, 500].into_iter().for_each(|step| assert_near(rate.at(step), 0.1));
    }

    #[test]
    fn a_warm_up_rises_in_a_line_from_above_zero_to_the_peak() {
        let rate = rate(Schedule::Constant, 0.5);
        for (step, expected) in [(0, 0.01), (4, 0.05), (8, 0.09), (9, 0.1), (10, 0.1), (199, 0.1)] {
            assert_near(rate.at(step), expected);
        }
    }

    #[test]
    fn a_cosine_halves_in_the_middle_and_ends_just_above_zero() {
        let plain = rate(Schedule::Cosine, 0.0);
        assert_near(plain.at(0), 0.1);
        assert_near(plain.at(100), 0.05);
        assert!(plain.at(199) > 0.0 && plain.at(199) < 1e-4);
        assert_near(plain.at(200), 0.0);
        assert_near(plain.at(10_000), 0.0);
    }

    #[test]
    fn a_cosine_begins_where_the_warm_up_ends() {
        let warmed = rate(Schedule::Cosine, 2.0);
        assert_near(warmed.at(39), 0.1);
        assert_near(warmed.at(40), 0.1);
        assert_near(warmed.at(120), 0.05);
    }

    #[test]
    fn a_warm_up_longer_than_the_training_never_leaves_its_line() {
        let rate = rate(Schedule::Cosine, 20.0);
        assert_near(rate.at(199), 0.05);
    }

    #[test]
    fn steps_drop_the_rate_every_so_many_epochs_behind_the_warm_up() {
        let plain = rate(Schedule::Step { every: 2.5, factor: 0.1 }, 0.0);
        for (step, expected) in [(0, 0.1), (49, 0.1), (50, 0.01), (99, 0.01), (100, 0.001), (199, 1e-4)] {
            assert_near(plain.at(step), expected);
        }
        let warmed = rate(Schedule::Step { every: 2.5, factor: 0.1 }, 1.0);
        [(19, 0.1), (69, 0.1), (70, 0.01)].into_iter().for_each(|(step, rate)| assert_near(warmed.at(step), rate));
    }

    /// `torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps=200, pct_start=0.3)`: phases end at the steps 59 and 199.
    #[test]
    fn one_cycle_rises_from_a_25th_to_the_peak_and_falls_to_almost_nothing() {
        let cycle = rate(Schedule::OneCycle { rise: 0.3 }, 0.0);
        assert_near(cycle.at(0), 0.004);
        assert_near(cycle.at(59), 0.1);
        assert_near(cycle.at(129), (0.1 + 4e-7) / 2.0);
        assert_near(cycle.at(199), 4e-7);
        assert_near(cycle.at(500), 4e-7);
        let halfway = 0.004 + 0.096 * 0.5 * (1.0 - (PI * 20.0 / 59.0).cos());
        assert_near(cycle.at(20), halfway);
        let warmed = rate(Schedule::OneCycle { rise: 0.3 }, 1.0);
        assert_near(warmed.at(9), 0.002);
        assert_near(warmed.at(20), 0.004);
        assert_near(warmed.at(199), 4e-7);
    }

    #[test]
    fn a_plateau_drops_the_rate_and_other_schedules_do_not_look_at_the_past() {
        let epoch = |at: usize, loss: f64| EpochMetrics {
            epoch: at,
            step: 20,
            train_loss: 1.0,
            train_accuracy: 0.5,
            val_loss: Some(loss),
            val_accuracy: Some(0.5),
            learning_rate: 0.1,
            images_per_second: 1.0,
            seconds: 1.0,
        };
        let past: Vec<EpochMetrics> =
            [0.5, 0.6, 0.7, 0.8].into_iter().zip(1..).map(|(loss, at)| epoch(at, loss)).collect();
        let plateau = rate(Schedule::Plateau { patience: 2, factor: 0.5 }, 0.0);
        assert_near(plateau.after(&past[..2]).at(40), 0.1);
        assert_near(plateau.after(&past[..3]).at(60), 0.05);
        assert_near(rate(Schedule::Constant, 0.0).after(&past).at(60), 0.1);
    }
}
