//! What the network answers.

use super::*;
use crate::diag::code;

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
fn one_class_after_a_few_sound_updates_is_a_note_that_blames_nothing() {
    let all_one = || validation((0..30).map(|at| (at % 3, 1)), PRIOR);
    let mut course = Course::new();
    course.steps(2, &one_class(1, PRIOR), |_| {}).close(Some(&all_one()), None);
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert_eq!(finding.severity, Level::Note);
    assert!(finding.cause.contains("only 2 so far") && !finding.cause.contains("labels"), "{finding:?}");
    // The same after more of them is a warning.
    course.steps(30, &one_class(1, PRIOR), |_| {}).close(Some(&all_one()), None);
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert!(finding.severity > Level::Note && finding.cause.contains("labels"), "{finding:?}");
}

#[test]
fn one_class_of_validation_while_training_images_are_told_apart_is_a_note_that_blames_no_labels() {
    let all_one = || validation((0..30).map(|at| (at % 3, 1)), 1.7);
    let mut course = Course::new();
    course.steps(120, &learnt(6, 0.9), |_| {}).close(Some(&all_one()), None);
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert_eq!(finding.severity, Level::Note);
    assert!(
        finding.cause.contains("60 % of the last training images") && !finding.cause.contains("labels"),
        "{finding:?}"
    );
    // After the next epoch, too, it is more than that.
    course.steps(120, &learnt(6, 0.9), |_| {}).close(Some(&all_one()), None);
    assert!(course.found(&code::ONE_CLASS_PREDICTED).severity > Level::Note);
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
fn a_rate_at_which_trainings_collapse_is_blamed_before_the_labels_and_for_the_units_that_die_of_it() {
    let all_one = || validation((0..30).map(|at| (at % 3, 1)), PRIOR);
    let mut course = Course::new();
    (course.task.rate, course.task.risky_rate) = (5e-3, Some(3e-3));
    // After a few steps nothing is blamed yet.
    course.steps(40, &one_class(1, PRIOR), |_| {}).close(Some(&all_one()), None);
    assert_eq!(course.found(&code::ONE_CLASS_PREDICTED).severity, Level::Note);
    course.steps(100, &one_class(1, PRIOR), |_| {}).close(Some(&all_one()), None);
    let finding = course.found(&code::ONE_CLASS_PREDICTED);
    assert!(finding.severity > Level::Note && finding.cause.contains("5e-3, and above 3e-3"), "{finding:?}");
    assert_eq!(finding.remedies, [Remedy::rate(5e-4)]);
    let dead = |step: &mut Observed| step.units[0].alive = vec![false; 4];
    course.steps(200, &one_class(1, PRIOR), dead);
    let finding = course.found(&code::DEAD_RELU);
    assert!(finding.severity > Level::Note && finding.cause.contains("steps at a rate of 5e-3"), "{finding:?}");
}

#[test]
fn a_class_that_is_never_right_where_nothing_is_learnt_asks_for_no_weights() {
    let mut course = Course::new();
    course.task.images = vec![100, 20, 100];
    for _ in 0..3 {
        course
            .steps(70, &one_class(0, PRIOR), |_| {})
            .close(Some(&validation((0..30).map(|at| (at % 3, 0)), PRIOR)), None);
    }
    let finding = course.found(&code::CLASS_NEVER_RIGHT);
    assert_eq!((finding.because.as_deref(), finding.remedies.len()), (Some("H711"), 0), "{finding:?}");
}
