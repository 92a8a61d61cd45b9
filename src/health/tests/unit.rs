//! Units that are dead or saturated.

use super::*;
use crate::diag::code;

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
fn units_that_die_while_nothing_is_learnt_are_not_why() {
    let mut course = Course::new();
    course.steps(40, &learnt(3, PRIOR + 0.5), |_| {}).steps(40, &learnt(3, PRIOR), |_| {});
    let dead = |step: &mut Observed| {
        step.units[0].alive = vec![false; 4];
        step.layers = vec![layer(0.0, 0.0), layer(1e-2, 1e-3)];
    };
    course.steps(200, &one_class(1, PRIOR), dead).close(Some(&validation((0..30).map(|at| (at % 3, 1)), PRIOR)), None);
    assert_eq!(course.found(&code::DEAD_RELU).severity, Level::Note);
    assert!(course.finding(&code::VANISHING_GRADIENT).is_none(), "{:?}", course.codes());
    for code in [&code::ONE_CLASS_PREDICTED, &code::STUCK_AT_PRIOR] {
        let finding = course.found(code);
        assert!(finding.because.is_none() && finding.remedies.is_empty(), "{finding:?}");
        assert!(finding.cause.contains("labels"), "{finding:?}");
    }
    // Steps that rewrote the weights at the start are to blame all the same.
    let mut course = Course::new();
    course.steps(1, &learnt(3, PRIOR), |step| step.layers = vec![layer(1.0, 0.5); 2]);
    course.steps(79, &learnt(3, PRIOR), |_| {}).steps(200, &one_class(1, PRIOR), dead);
    assert_eq!(course.found(&code::ONE_CLASS_PREDICTED).because.as_deref(), Some("H716"));
}

#[test]
fn dead_units_of_a_training_that_does_well_call_for_nothing() {
    let mut course = Course::new();
    course.steps(1, &learnt(8, 0.6), |_| {});
    course.steps(60, &learnt(8, 0.6), |step| step.units[0].alive = vec![false, false, true, true]).close(None, None);
    let finding = course.found(&code::DEAD_RELU);
    assert!(finding.remedies.is_empty() && finding.advice.contains("nothing has to be done"), "{finding:?}");
    assert!(finding.title.ends_with("zero on each of 150 images"), "five observed batches of 30: {}", finding.title);
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
