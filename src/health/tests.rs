//! Every condition on made-up statistics, both ways.

use super::*;
use crate::base::Source;
use crate::check::{self, Facts};
use crate::diag::Code;
use crate::diag::code::{self, CODES};
use crate::syntax;

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

#[test]
fn a_first_loss_far_from_the_prior_is_named_with_the_input_where_that_is_raw() {
    let task = Course::new().task;
    assert!(first_checks(&task, &learnt(3, 2.0), false).is_empty());
    let unequal = Task { images: vec![95, 3, 2], ..task.clone() };
    assert!(first_checks(&unequal, &learnt(3, 1.7), false).is_empty(), "a fresh network knows nothing of the shares");
    let found = first_checks(&task, &learnt(3, 2.2), false);
    assert!(found[0].is(&code::FIRST_LOSS_OFF) && found[0].remedies.is_empty());
    let raw = Task { is_normalised: false, ..task };
    let found = first_checks(&raw, &learnt(3, 40.0), false);
    assert_eq!(found[0].remedies, [Remedy::set("data.normalize", "standardize")]);
}

#[test]
fn an_output_that_is_the_same_for_all_images_is_named() {
    let task = Course::new().task;
    assert!(first_checks(&task, &learnt(3, PRIOR), true)[0].is(&code::INPUT_IGNORED));
    assert!(first_checks(&task, &batch([(0, 0, 1.0)]), true).is_empty(), "one image is always alike");
}

#[test]
fn a_loss_at_the_prior_for_200_steps_is_stuck_and_one_that_has_left_it_is_not() {
    let mut course = Course::new();
    course.steps(199, &learnt(3, PRIOR + 0.009), |_| {});
    assert_eq!(course.codes(), [""; 0]);
    course.steps(1, &learnt(3, PRIOR + 0.009), |_| {});
    let finding = course.found(&code::STUCK_AT_PRIOR);
    assert!(finding.cause.contains("labels") && finding.advice.contains("--sanity"), "{finding:?}");
    assert_eq!((finding.epoch, finding.step), (1, 200));

    let mut course = Course::new();
    course.steps(300, &learnt(3, PRIOR - 0.02), |_| {});
    assert_eq!(course.codes(), [""; 0]);
}

#[test]
fn two_short_epochs_at_the_prior_are_stuck() {
    let mut course = Course::new();
    for _ in 0..2 {
        assert!(course.finding(&code::STUCK_AT_PRIOR).is_none());
        course
            .steps(8, &learnt(3, PRIOR), |_| {})
            .close(Some(&validation((0..30).map(|at| (at % 3, at % 3)), 0.9)), None);
    }
    course.found(&code::STUCK_AT_PRIOR);
}

#[test]
fn one_class_is_named_while_training_even_where_it_changes_from_batch_to_batch() {
    let mut course = Course::new();
    for at in 0..200 {
        course.steps(1, &one_class(at % 3, 1.2), |step| step.layers = vec![layer(0.1, 0.5), layer(0.1, 0.3)]);
    }
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert_eq!(finding.because.as_deref(), Some("H720"), "{finding:?}");
    assert_eq!(finding.remedies, [Remedy::rate(1e-3)]);
}

#[test]
fn one_class_is_named_after_an_epoch_with_the_dead_units_that_explain_it() {
    let mut course = Course::new();
    course.steps(1, &one_class(1, PRIOR), |_| {});
    let dead = |step: &mut Observed| step.units[0].alive = vec![false; 4];
    // What was alive in one of the latest steps counts as alive.
    course.steps(6, &one_class(1, PRIOR), dead).close(Some(&validation((0..30).map(|at| (at % 3, 1)), PRIOR)), None);
    assert!(course.finding(&code::DEAD_RELU).is_none(), "{:?}", course.codes());
    course.steps(20, &one_class(1, PRIOR), dead).close(Some(&validation((0..30).map(|at| (at % 3, 1)), PRIOR)), None);
    let finding = course.found(&code::DEAD_RELU);
    assert_eq!(finding.evidence["dead"], 4);
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert_eq!((finding.evidence["class"].as_str(), finding.because.as_deref()), (Some("dog"), Some("H716")));
    assert!(finding.title.contains("`dog`") && finding.title.contains("33.33 %"), "{}", finding.title);
}

#[test]
fn a_network_on_its_way_is_not_blamed_for_answering_one_class() {
    let mut course = Course::new();
    course.steps(250, &one_class(0, PRIOR - 0.05), |_| {});
    course.close(Some(&validation((0..30).map(|at| (at % 3, 0)), PRIOR - 0.05)), None);
    assert_eq!(course.codes(), [""; 0]);
}

#[test]
fn unequal_classes_are_the_cause_where_nothing_else_is() {
    let mut course = Course::new();
    course.task.images = vec![95, 3, 2];
    let loss = course.task.prior_entropy();
    let unequal = |at: usize| if at < 95 { 0 } else { 1 + at % 2 };
    course.steps(200, &batch((0..100).map(|at| (unequal(at), 0, loss))), |_| {});
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert_eq!(finding.remedies, [Remedy::set("data.balance", "class_weights")]);
}

#[test]
fn a_collapse_within_an_epoch_is_named_with_the_spike() {
    let mut course = Course::new();
    course.steps(100, &learnt(8, 0.6), |_| {}).steps(1, &learnt(8, 0.6), |step| step.layers[0] = layer(50.0, 0.8));
    course.steps(40, &one_class(2, PRIOR), |_| {});
    assert!(course.finding(&code::COLLAPSE).is_none());
    course.steps(11, &one_class(2, PRIOR), |_| {});
    let finding = course.found(&code::COLLAPSE);
    assert_eq!((finding.epoch, finding.evidence["spike_step"].as_u64()), (1, Some(100)));
    assert!(finding.remedies.contains(&Remedy::rate(1e-3)));

    let mut course = Course::new();
    course.steps(100, &learnt(8, 0.6), |_| {}).steps(100, &learnt(4, 0.8), |_| {});
    assert!(course.finding(&code::COLLAPSE).is_none(), "40 % of three classes is no guess");
}

#[test]
fn a_collapse_that_only_the_validation_images_show_is_named() {
    let mut course = Course::new();
    course.steps(20, &learnt(8, 0.6), |_| {}).close(Some(&validation((0..30).map(|at| (at % 3, at % 3)), 0.5)), None);
    course.steps(20, &learnt(8, 0.6), |_| {}).close(Some(&validation((0..30).map(|at| (at % 3, 0)), 3.0)), None);
    course.found(&code::COLLAPSE);
}

#[test]
fn gradients_that_explode_are_named_where_the_loss_is_worse_than_a_guess() {
    let spike = |step: &mut Observed| step.layers = vec![layer(9.0, 0.01), layer(9.0, 0.01)];
    for (loss, is_named) in [(2.0, true), (0.5, false)] {
        let mut course = Course::new();
        course.steps(60, &learnt(5, 1.0), |_| {}).steps(3, &learnt(5, loss), spike);
        assert_eq!(course.finding(&code::EXPLODING_GRADIENT).is_some(), is_named, "{loss}");
    }
    for (first, is_named) in [(15.0, true), (13.0, false)] {
        let mut course = Course::new();
        course.steps(60, &learnt(3, 1.0), |step| step.layers[0] = layer(first, 1e-3)).close(None, None);
        assert_eq!(course.finding(&code::EXPLODING_GRADIENT).is_some(), is_named, "{first}");
    }
}

#[test]
fn gradients_that_vanish_are_named_and_relu_is_the_way_out() {
    for (first, is_named) in [(9e-5, true), (3e-4, false)] {
        let mut course = Course::new();
        course.steps(60, &learnt(3, PRIOR - 0.015), |step| step.layers[0] = layer(first, 1e-3)).close(None, None);
        assert_eq!(course.finding(&code::VANISHING_GRADIENT).is_some(), is_named, "{first}");
    }
}

#[test]
fn a_gradient_that_dead_relus_stop_is_theirs_to_answer_for() {
    let mut course = Course::new();
    let cut_off = |step: &mut Observed| {
        step.layers[0] = layer(0.0, 0.0);
        step.units[0].alive = vec![false; 4];
    };
    course.steps(1, &learnt(3, 0.9), |_| {}).close(None, None);
    course.steps(60, &learnt(3, PRIOR - 0.015), cut_off).close(None, None);
    let found = course.found(&code::VANISHING_GRADIENT);
    assert_eq!(found.because.as_deref(), Some(code::DEAD_RELU.id));
    assert!(found.cause.contains("4 of 4 ReLUs"), "{}", found.cause);
    assert!(!found.advice.contains("Sigmoid"), "{}", found.advice);
    assert!(found.title.contains("is 0,"), "{}", found.title);
}

#[test]
fn dead_units_are_a_warning_only_where_nothing_is_learnt() {
    for (right, alive, level) in
        [(3, false, Level::Warning), (3, true, Level::Note), (8, false, Level::Note), (8, true, Level::Note)]
    {
        let half = |step: &mut Observed| step.units[0].alive = vec![false, false, alive, alive];
        let mut course = Course::new();
        course.steps(1, &learnt(right, 0.9), |_| {}).close(None, None);
        course.steps(60, &learnt(right, 0.9), half).close(None, None);
        assert_eq!(course.found(&code::DEAD_RELU).severity, level);
    }
    let mut course = Course::new();
    course.steps(60, &learnt(3, 0.9), |step| step.units[0].alive = vec![false, true, true, true]).close(None, None);
    assert!(course.finding(&code::DEAD_RELU).is_none(), "one of four");
}

#[test]
fn units_that_were_dead_before_the_first_step_are_no_matter_of_the_rate() {
    let mut course = Course::new();
    course.steps(60, &learnt(3, 0.9), |step| step.units[0].alive = vec![false; 4]).close(None, None);
    let finding = course.found(&code::DEAD_RELU);
    assert!(finding.remedies.is_empty() && finding.advice.contains("init_from"), "{finding:?}");
}

#[test]
fn saturated_activations_are_named() {
    for (saturated, is_named) in [(51, true), (50, false)] {
        let mut course = Course::new();
        course.steps(60, &learnt(3, 0.9), |step| step.units[1].saturated = saturated).close(None, None);
        assert_eq!(course.finding(&code::SATURATED).is_some(), is_named);
    }
}

#[test]
fn a_training_accuracy_that_swings_is_named_and_one_that_rises_with_a_dent_is_not() {
    let course_of = |rights: &[usize]| {
        let mut course = Course::new();
        for right in rights {
            course.steps(20, &learnt(*right, 0.8), |_| {}).close(None, None);
        }
        course.finding(&code::OSCILLATING).is_some()
    };
    assert!(course_of(&[5, 7, 4, 7, 4, 7, 4]));
    assert!(!course_of(&[5, 6, 7, 5, 8, 8, 9]));
}

#[test]
fn five_epochs_without_gain_are_named_with_the_rate_that_would_help() {
    let slow = |step: &mut Observed| step.layers = vec![layer(0.1, 1e-6), layer(0.1, 2e-6)];
    let mut course = Course::new();
    for _ in 0..6 {
        assert!(course.finding(&code::NOT_CONVERGING).is_none());
        course.steps(20, &learnt(3, 1.15), slow).close(None, None);
    }
    let finding = course.found(&code::NOT_CONVERGING);
    assert_eq!(finding.because.as_deref(), Some("H720"));
    let Remedy::Set { value, .. } = &finding.remedies[0] else { panic!("{finding:?}") };
    assert_eq!(value, "1e1", "a thousand times the rate that moves weights by a millionth");
}

#[test]
fn updates_of_the_wrong_size_are_named_where_nothing_is_learnt() {
    for (ratio, right, is_named) in
        [(0.11, 3, true), (0.09, 3, false), (0.11, 6, false), (9e-5, 3, true), (2e-4, 3, false)]
    {
        let mut course = Course::new();
        let size = |step: &mut Observed| step.layers = vec![layer(0.1, ratio), layer(0.1, ratio)];
        course.steps(60, &learnt(right, 1.15), size).close(None, None);
        assert_eq!(course.finding(&code::UPDATE_RATIO).is_some(), is_named, "{ratio} {right}");
    }
}

#[test]
fn overfitting_is_named_after_three_epochs_and_a_note_while_it_costs_little() {
    let course_of = |losses: &[f64], right| {
        let mut course = Course::new();
        for (at, loss) in losses.iter().enumerate() {
            course.steps(5, &learnt(right, 0.9 - 0.1 * at as f64), |_| {});
            course.close(
                Some(&validation((0..30).map(|at| (at % 3, if at < 18 { at % 3 } else { (at + 1) % 3 })), *loss)),
                None,
            );
        }
        course.finding(&code::OVERFITTING).map(|finding| finding.severity)
    };
    assert_eq!(course_of(&[0.8, 0.7, 0.75, 0.8, 0.9], 9), Some(Level::Warning));
    assert_eq!(course_of(&[0.8, 0.7, 0.71, 0.72, 0.73], 9), Some(Level::Note));
    assert_eq!(course_of(&[0.8, 0.7, 0.75, 0.8], 9), None);
    assert_eq!(course_of(&[0.8, 0.7, 0.75, 0.8, 0.69], 9), None);
}

#[test]
fn a_class_that_is_never_right_is_named_with_what_it_is_taken_for() {
    let mut course = Course::new();
    for epoch in 0..3 {
        assert!(course.finding(&code::CLASS_NEVER_RIGHT).is_none(), "{epoch}");
        course.steps(5, &learnt(7, 0.6), |_| {});
        course.close(Some(&validation((0..30).map(|at| (at % 3, if at % 3 == 1 { 2 } else { at % 3 })), 0.6)), None);
    }
    let finding = course.found(&code::CLASS_NEVER_RIGHT);
    assert_eq!(
        (finding.evidence["class"].as_str(), finding.evidence["taken_for"].as_str()),
        (Some("dog"), Some("ship"))
    );
}

#[test]
fn a_loss_that_passes_by_the_prior_on_its_way_down_is_not_stuck() {
    let mut course = Course::new();
    let wrong = |loss| one_class(0, loss);
    course.steps(100, &wrong(PRIOR + 0.2), |_| {}).steps(100, &wrong(PRIOR - 0.2), |_| {});
    assert!(course.finding(&code::STUCK_AT_PRIOR).is_none(), "{:?}", course.codes());
    course.steps(200, &wrong(PRIOR), |_| {});
    course.found(&code::STUCK_AT_PRIOR);
}

/// Nine of ten images are cats.
fn mostly_cats(cats_right: usize, others_right: usize, loss: f64) -> Answers {
    batch((0..30).map(|at| match at {
        0..27 => (0, if at < cats_right { 0 } else { 1 }, loss),
        _ => (1 + at % 2, if at - 27 < others_right { 1 + at % 2 } else { 0 }, loss),
    }))
}

#[test]
fn classes_that_count_alike_are_held_against_a_guess_among_equals() {
    let course = |is_balanced, answers: &Answers| {
        let mut course = Course::new();
        course.task.images = vec![900, 50, 50];
        course.task.is_balanced = is_balanced;
        course.steps(200, answers, |_| {});
        course
    };
    let prior = entropy(&[900, 50, 50]);
    // The loss of a guess by the counts says nothing where the classes are weighed; that of a guess among equals does.
    course(false, &mostly_cats(27, 0, prior)).found(&code::STUCK_AT_PRIOR);
    assert!(course(true, &mostly_cats(20, 3, prior)).finding(&code::STUCK_AT_PRIOR).is_none());
    let stuck = course(true, &mostly_cats(27, 0, PRIOR));
    let finding = stuck.found(&code::STUCK_AT_PRIOR);
    assert!(
        finding.remedies.iter().all(|remedy| *remedy != Remedy::set("data.balance", "class_weights")),
        "{finding:?}"
    );
    // Three of four is much where the classes count alike, and nothing where one of them is nine tenths.
    assert!((mostly_cats(20, 3, 0.4).mean_recall() - (20.0 / 27.0 + 2.0) / 3.0).abs() < 1e-12);
}

#[test]
fn a_class_that_is_not_learnt_yet_is_a_note_and_weights_are_for_rare_classes() {
    let answers = |loss| validation((0..30).map(|at| (at % 3, if at % 3 == 1 { 2 } else { at % 3 })), loss);
    for (images, losses, level, remedies) in [
        ([100, 100, 100], [0.9, 0.8, 0.7], Level::Note, 0),
        ([100, 100, 100], [0.9, 0.8, 0.79], Level::Warning, 0),
        ([100, 20, 100], [0.9, 0.8, 0.7], Level::Warning, 1),
    ] {
        let mut course = Course::new();
        course.task.images = images.into();
        for loss in losses {
            course.steps(5, &learnt(7, 0.6), |_| {}).close(Some(&answers(loss)), None);
        }
        let finding = course.found(&code::CLASS_NEVER_RIGHT);
        assert_eq!((finding.severity, finding.remedies.len()), (level, remedies), "{images:?} {losses:?}");
    }
}

#[test]
fn a_layer_without_updates_is_named_and_the_rate_only_where_it_has_a_gradient() {
    for (gradient, remedies) in [(0.1, 1), (0.0, 0)] {
        let mut course = Course::new();
        course.steps(20, &learnt(5, 0.9), |step| step.layers[0] = layer(gradient, 0.0)).close(None, None);
        assert_eq!(course.found(&code::FROZEN_LAYER).remedies.len(), remedies);
    }
    let mut course = Course::new();
    course.steps(20, &learnt(5, 0.9), |_| {}).close(None, None);
    assert!(course.finding(&code::FROZEN_LAYER).is_none());
}

#[test]
fn validation_that_is_easier_than_training_is_noted() {
    let right = validation((0..30).map(|at| (at % 3, at % 3)), 0.1);
    let most = validation((0..30).map(|at| (at % 3, if at < 24 { at % 3 } else { 0 })), 0.5);
    let course_of = |answers: &Answers, evaluated| {
        let mut course = Course::new();
        course.steps(5, &learnt(7, 0.6), |_| {}).close(Some(answers), evaluated);
        course.finding(&code::VALIDATION_TOO_GOOD).map(|finding| finding.severity)
    };
    assert_eq!(course_of(&right, None), Some(Level::Note));
    assert_eq!(course_of(&most, Some(0.7)), Some(Level::Note));
    assert_eq!(course_of(&most, Some(0.85)), None);
    assert_eq!(course_of(&most, None), None);
}

#[test]
fn a_loss_that_falls_without_the_accuracy_is_named() {
    let course_of = |fall: f64| {
        let mut course = Course::new();
        for epoch in 0..6 {
            let answers = batch((0..30).map(|image| (image % 3, (image / 3) % 3, 3.0 - fall * f64::from(epoch))));
            course.steps(5, &answers, |_| {}).close(None, None);
        }
        course.finding(&code::LOSS_AND_ACCURACY_DISAGREE).is_some()
    };
    assert!(course_of(0.1));
    assert!(!course_of(0.005));
}

#[test]
fn a_number_that_is_none_is_named_with_its_layer() {
    let task = Course::new().task;
    let finding = non_finite(&task, "the loss", Some("conv1"), 1e-2, false);
    assert!(finding.is(&code::NON_FINITE) && finding.title.contains("`conv1`"), "{finding:?}");
    assert!(finding.remedies.contains(&Remedy::rate(1e-3)));
    assert!(non_finite(&task, "the loss", None, 1e-2, true).remedies.is_empty());
}

#[test]
fn a_batch_that_is_not_learnt_and_an_input_that_says_nothing_are_named() {
    assert!(cannot_overfit(0.5, 16, 200, 0.1).advice.contains("--lr 1e-2"));
    assert!(ignores_input(0.4, 0.4).is(&code::INPUT_IGNORED));
}

#[test]
fn a_finding_is_told_once_unless_it_becomes_graver_or_the_run_went_back() {
    let mut health = Health::default();
    let note = Finding { severity: Level::Note, ..ignores_input(0.4, 0.4) };
    assert_eq!(health.keep(vec![note.clone()], 1, 1).len(), 1);
    assert_eq!(health.keep(vec![note.clone()], 2, 2).len(), 0);
    assert_eq!(health.keep(vec![Finding { severity: Level::Warning, ..note.clone() }], 3, 3).len(), 1);
    assert_eq!(health.findings.len(), 1);
    let mut health = health.recovered(Health::default());
    assert_eq!((health.keep(vec![note], 1, 1).len(), health.findings.len(), health.recoveries), (1, 2, 1));
}

#[test]
fn consequences_are_folded_under_their_cause_and_causes_ordered_by_weight() {
    let finding = |code: &'static Code, because: Option<&str>| Finding {
        because: because.map(str::to_owned),
        ..Finding::new(code, "")
    };
    let findings = [
        finding(&code::STUCK_AT_PRIOR, Some("H716")),
        finding(&code::OVERFITTING, None),
        finding(&code::DEAD_RELU, None),
        finding(&code::ONE_CLASS_PREDICTED, Some("H720")),
    ];
    let ordered: Vec<(&str, Vec<&str>)> = ordered(&findings)
        .into_iter()
        .map(|(root, explained)| (root.code.as_str(), explained.iter().map(|one| one.code.as_str()).collect()))
        .collect();
    // What explains H711 was not found, so it stands for itself.
    assert_eq!(ordered, [("H716", vec!["H710"]), ("H711", vec![]), ("H721", vec![])]);
}

#[test]
fn what_is_remembered_comes_back_from_text_to_the_bit() {
    let mut course = Course::new();
    course.steps(210, &learnt(3, PRIOR), |step| step.layers[1] = layer(f64::INFINITY, 1.0 / 3.0)).close(None, None);
    course.steps(3, &learnt(3, 0.1 + 0.2), |_| {});
    let text = serde_json::to_string(&course.health).unwrap();
    let back: Health = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}

/// The spec after the advice of findings with these remedies, each checked to have no error.
#[track_caller]
fn advised(spec: &str, remedies: &[Remedy]) -> String {
    let finding = |remedy: &Remedy| Finding { remedies: vec![remedy.clone()], ..Finding::new(&code::COLLAPSE, "") };
    let findings: Vec<Finding> = remedies.iter().map(finding).collect();
    let source = advise(&Source::new("a.net", spec), &findings).source;
    let (file, mut faults) = syntax::parse(&source);
    faults.extend(check::check(&source, &file, &Facts::default()).diagnostics);
    assert!(faults.iter().all(|fault| !fault.is_error()), "{}\n{faults:?}", source.text());
    source.text().to_owned()
}

#[test]
fn a_setting_is_changed_where_it_stands_and_added_where_its_section_is() {
    let body = "---\nConv -> Relu -> Flatten -> Dense(3) -> Softmax\n";
    let rate = [Remedy::rate(1e-4)];
    for (before, after) in [
        ("---\ntrain: { learning_rate: 0.01, epochs: 3 }\n", "---\ntrain: { learning_rate: 1e-4, epochs: 3 }\n"),
        ("---\ntrain: { epochs: 3 }\n", "---\ntrain: { learning_rate: 1e-4, epochs: 3 }\n"),
        ("---\ntrain: {}\n", "---\ntrain: { learning_rate: 1e-4 }\n"),
        ("---\ntrain:\n  epochs: 3 # few\n", "---\ntrain:\n  learning_rate: 1e-4\n  epochs: 3 # few\n"),
        ("---\nclasses: 3\n", "---\nclasses: 3\ntrain: { learning_rate: 1e-4 }\n"),
    ] {
        assert_eq!(advised(&format!("{before}{body}"), &rate), format!("{after}{body}"));
    }
    let bare = &body[4..];
    assert_eq!(advised(bare, &rate), format!("---\ntrain: {{ learning_rate: 1e-4 }}\n---\n{bare}"));
}

#[test]
fn several_findings_make_one_edit_and_the_weightiest_sets_a_key() {
    let spec = "---\ntrain: { learning_rate: 0.01 }\n---\nConv -> Relu -> Flatten -> Dense(3) -> Softmax\n";
    let remedies = [
        Remedy::rate(1e-3),
        Remedy::rate(5.0),
        Remedy::set("data.balance", "class_weights"),
        Remedy::set("train.warmup", "1"),
    ];
    let expected = "---\ntrain: { warmup: 1, learning_rate: 1e-3 }\ndata: { balance: class_weights }\n---\n";
    assert_eq!(advised(spec, &remedies), format!("{expected}Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n"));
}

#[test]
fn sigmoids_between_the_layers_become_relus_and_the_output_stays() {
    let spec = "---\nclasses: 2\n---\n[Conv(8) -> Sigmoid()] * 2 -> Flatten -> Dense(9, activation: tanh) -> Dense(1) -> Sigmoid\n";
    let expected =
        "---\nclasses: 2\n---\n[Conv(8) -> Relu] * 2 -> Flatten -> Dense(9, activation: relu) -> Dense(1) -> Sigmoid\n";
    assert_eq!(advised(spec, &[Remedy::Rectify]), expected);
}

#[test]
fn every_code_of_health_is_weighed() {
    let findings: Vec<Finding> =
        CODES.iter().filter(|code| code.id.starts_with('H')).map(|code| Finding::new(code, "")).collect();
    assert_eq!(findings.len(), 19);
    assert_eq!(ordered(&findings).len(), findings.len());
}
