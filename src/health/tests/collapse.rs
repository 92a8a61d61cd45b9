//! A training that had learnt something and falls back to guessing.

use super::*;
use crate::diag::code;

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
    assert_eq!(finding.evidence["class"].as_str(), Some("ship"));
    assert_eq!(finding.evidence["fell_at_step"].as_u64(), Some(101));
    assert!(finding.title.ends_with("100 % of the answers are `ship`"), "{}", finding.title);
    assert!(finding.cause.contains("from step 101 on") && finding.cause.contains("80.0 %"), "{}", finding.cause);

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
fn a_gradient_that_was_large_long_before_a_fall_is_not_blamed_for_it() {
    let mut course = Course::new();
    course.steps(1, &learnt(8, 0.6), |step| step.layers[0] = layer(50.0, 0.8));
    course.steps(40, &learnt(8, 0.6), |_| {});
    // One step in sixteen is observed, as in a long epoch: fifty of them reach far back.
    let at = |step: u64| (1, step + 1);
    for step in 41..300 {
        let answers = if step < 230 { learnt(8, 0.6) } else { one_class(2, PRIOR) };
        let mut observed = course.sound();
        observed.step = step;
        observed.layers[0] = if step == 224 { layer(5.0, 0.3) } else { layer(0.1, 1e-3) };
        course.health.step(&course.task, at(step), &answers, Some(&observed).filter(|_| step % 16 == 0));
    }
    let finding = course.found(&code::COLLAPSE);
    assert_eq!(finding.evidence["fell_at_step"].as_u64(), Some(230));
    assert_eq!(finding.evidence["spike_step"].as_u64(), Some(224));
}

#[test]
fn a_class_that_changes_with_every_batch_is_named_with_its_share_of_a_batch() {
    let mut course = Course::new();
    course.steps(100, &learnt(8, 0.6), |_| {});
    for at in 0..51 {
        course.steps(1, &one_class([0, 1, 1, 2][at % 4], 1.5), |_| {});
    }
    let finding = course.found(&code::COLLAPSE);
    assert!(
        finding.title.ends_with("100 % of each batch are taken for one class, most often `dog`"),
        "{}",
        finding.title
    );
}

#[test]
fn what_follows_from_a_collapse_is_explained_by_it() {
    let mut course = Course::new();
    course.steps(100, &learnt(8, 0.6), |_| {});
    let dead = |step: &mut Observed| step.units[0].alive = vec![true, false, false, false];
    course.steps(400, &one_class(2, PRIOR), dead);
    for follows in [&code::ONE_CLASS_PREDICTED, &code::STUCK_AT_PRIOR, &code::DEAD_RELU] {
        let finding = course.found(follows);
        assert_eq!(finding.because.as_deref(), Some("H712"), "{finding:?}");
        assert!(!finding.cause.contains("labels"), "{}", finding.cause);
    }
    let ordered = ordered(&course.health.findings);
    assert_eq!(ordered.len(), 1);
    assert!(ordered[0].0.is(&code::COLLAPSE));
}
