//! Gradients and updates.

use super::*;
use crate::diag::code;

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
fn updates_of_the_wrong_size_are_named_where_nothing_is_learnt() {
    for (ratio, right, is_named) in [
        (0.11, 3, true),
        (0.09, 3, false),
        (0.11, 6, false),
        (9e-5, 3, true),
        (2e-4, 3, false),
        (9e-5, 6, true),
        (9e-5, 10, false),
    ] {
        let mut course = Course::new();
        let size = |step: &mut Observed| step.layers = vec![layer(0.1, ratio), layer(0.1, ratio)];
        course.steps(60, &learnt(right, 1.15), size).close(None, None);
        assert_eq!(course.finding(&code::UPDATE_RATIO).is_some(), is_named, "{ratio} {right}");
    }
}

#[test]
fn updates_that_are_small_in_a_warm_up_are_no_sign_of_a_rate_that_is_too_low() {
    let mut course = Course::new();
    let small = |step: &mut Observed| {
        step.rate = 1e-4;
        step.layers = vec![layer(0.1, 1e-5), layer(0.1, 1e-5)];
    };
    course.steps(60, &learnt(6, 0.9), small).close(None, None);
    assert!(course.finding(&code::UPDATE_RATIO).is_none());
}

#[test]
fn a_higher_rate_is_at_most_ten_times_as_high_and_what_the_optimizer_trains_well_at() {
    for (rate, expected) in [(1e-6, "1e-3"), (1e-2, "1e-1")] {
        let mut course = Course::new();
        course.task.rate = rate;
        course.steps(60, &learnt(3, 1.15), |step| step.layers = vec![layer(0.1, 1e-7); 2]).close(None, None);
        let finding = course.found(&code::UPDATE_RATIO);
        assert_eq!(finding.remedies, [Remedy::set("train.learning_rate", expected)]);
    }
}

#[test]
fn a_chain_of_sigmoids_that_lets_a_fiftieth_through_is_named() {
    let chain = |units: usize, middle: f64, right| {
        let mut course = Course::new();
        course.task.units = vec![Unit { name: "dense".to_owned(), kind: UnitKind::Squashing, count: 4 }; units];
        course.task.layers = ["dense1", "dense2", "dense3"].map(str::to_owned).into();
        let step = |step: &mut Observed| {
            step.layers = vec![layer(0.3, 1e-3), layer(middle, 1e-3), layer(0.6, 1e-3)];
            step.units = vec![UnitStep { alive: vec![], saturated: 0, seen: 100 }; units];
        };
        course.steps(60, &learnt(right, 1.0), step).close(None, None);
        course.finding(&code::VANISHING_GRADIENT).map(|finding| finding.severity)
    };
    assert_eq!(chain(4, 0.012, 3), Some(Level::Warning));
    assert_eq!(chain(4, 0.012, 6), Some(Level::Note));
    assert_eq!(chain(3, 0.012, 3), None);
    assert_eq!(chain(4, 0.04, 3), None);
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
