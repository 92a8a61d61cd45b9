//! Every condition on made-up statistics, both ways.

mod advice;
mod answer;
mod collapse;
mod curve;
mod finding;
mod first;
mod gradient;
mod unit;

use super::*;
use crate::diag::Code;

/// A training whose steps are made up.
struct Course {
    task: Task,
    health: Health,
    epoch: usize,
    step: u64,
}

/// A batch of images with these answers: (label, answer, loss).
fn batch(images: impl IntoIterator<Item = (usize, usize, f64)>) -> Answers {
    let mut answers = Answers::new(3, false);
    images.into_iter().for_each(|(label, answer, loss)| answers.add(loss, answer, label));
    answers
}

/// 30 images, ten a class: so many of each class are right, the others are taken for the next class.
fn learnt(right: usize, loss: f64) -> Answers {
    batch((0..30).map(|image| {
        let label = image % 3;
        (label, if image / 3 < right { label } else { (label + 1) % 3 }, loss)
    }))
}

/// 30 images, all taken for `class`.
fn one_class(class: usize, loss: f64) -> Answers {
    batch((0..30).map(|image| (image % 3, class, loss)))
}

fn validation(pairs: impl IntoIterator<Item = (usize, usize)>, loss: f64) -> Answers {
    let mut answers = Answers::new(3, true);
    pairs.into_iter().for_each(|(label, answer)| answers.add(loss, answer, label));
    answers
}

fn layer(gradient: f64, ratio: f64) -> LayerStep {
    LayerStep { gradient, weights: 1.0, update: ratio }
}

impl Course {
    fn new() -> Self {
        let unit = |name: &str, kind| Unit { name: name.to_owned(), kind, count: 4 };
        let task = Task {
            classes: ["cat", "dog", "ship"].map(str::to_owned).into(),
            images: vec![100; 3],
            is_balanced: false,
            layers: ["conv1", "dense1"].map(str::to_owned).into(),
            units: vec![unit("conv1", UnitKind::Rectifier), unit("dense1", UnitKind::Squashing)],
            batch: 30,
            is_normalised: true,
            rate: 1e-2,
            usual_rate: 1e-3,
            risky_rate: None,
        };
        Self { task, health: Health::default(), epoch: 1, step: 0 }
    }

    /// What a sound step shows.
    fn sound(&self) -> Observed {
        Observed {
            step: self.step,
            rate: self.task.rate,
            layers: vec![layer(0.1, 1e-3), layer(0.2, 2e-3)],
            units: vec![
                UnitStep { alive: vec![true; 4], saturated: 0, seen: 100 },
                UnitStep { alive: vec![], saturated: 10, seen: 100 },
            ],
        }
    }

    fn steps(&mut self, count: usize, answers: &Answers, change: impl Fn(&mut Observed)) -> &mut Self {
        for _ in 0..count {
            let mut observed = self.sound();
            change(&mut observed);
            self.step += 1;
            let at = (self.epoch, self.step);
            self.health.step(&self.task, at, answers, Some(&observed));
        }
        self
    }

    fn close(&mut self, validation: Option<&Answers>, evaluated: Option<f64>) -> &mut Self {
        let at = (self.epoch, self.step);
        self.health.close_epoch(&self.task, at, validation, evaluated);
        self.epoch += 1;
        self
    }

    fn finding(&self, code: &Code) -> Option<&Finding> {
        self.health.findings.iter().find(|finding| finding.is(code))
    }

    #[track_caller]
    fn found(&self, code: &Code) -> &Finding {
        self.finding(code).unwrap_or_else(|| panic!("{} is not among {:?}", code.id, self.codes()))
    }

    fn codes(&self) -> Vec<&str> {
        self.health.findings.iter().map(|finding| finding.code.as_str()).collect()
    }
}

const PRIOR: f64 = 1.098_612;

#[test]
fn a_training_that_does_well_gives_nothing() {
    let mut course = Course::new();
    for (right, loss) in [(5, 0.9), (7, 0.7), (8, 0.5), (9, 0.4), (9, 0.35), (9, 0.3), (9, 0.25)] {
        course.steps(60, &learnt(right, loss), |_| {});
        course.close(Some(&validation((0..30).map(|at| (at % 3, if at < 24 { at % 3 } else { 0 })), loss)), None);
    }
    assert_eq!(course.codes(), [""; 0]);
}
