//! The learning rate as a function of the step, so that a resumed run needs no stored state.

use std::f64::consts::PI;

use crate::syntax::settings::{Schedule, TrainSettings};

/// How the learning rate moves over a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    peak: f64,
    schedule: Schedule,
    warmup_steps: f64,
    steps: f64,
}

impl LearningRate {
    /// The rate of a training in which an epoch has `steps_per_epoch` steps.
    #[must_use]
    pub fn new(settings: &TrainSettings, steps_per_epoch: usize) -> Self {
        Self {
            peak: settings.peak_rate(),
            schedule: settings.schedule,
            warmup_steps: settings.warmup_epochs * steps_per_epoch as f64,
            steps: (settings.epochs * steps_per_epoch) as f64,
        }
    }

    /// The rate of the step with `step` steps before it.
    ///
    /// It rises in a line that reaches its peak with the last step of the warm-up; behind it a cosine falls towards the
    /// zero that would come after the last step (Loshchilov and Hutter, 2017, "SGDR", without restarts).
    #[must_use]
    pub fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        if step + 1.0 < self.warmup_steps {
            return self.peak * (step + 1.0) / self.warmup_steps;
        }
        match self.schedule {
            // A training with one of the last three is refused before it starts.
            Schedule::Constant | Schedule::Step { .. } | Schedule::Plateau { .. } | Schedule::OneCycle { .. } => {
                self.peak
            }
            Schedule::Cosine => {
                let after = (step - self.warmup_steps).max(0.0) / (self.steps - self.warmup_steps).max(1.0);
                self.peak * 0.5 * (1.0 + (PI * after.min(1.0)).cos())
            }
        }
    }
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
}
