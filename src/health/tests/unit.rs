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
