//! The first checks, and numbers that are none.

use super::*;
use crate::diag::code;

#[test]
fn a_first_loss_far_from_the_prior_is_named_with_the_input_where_that_is_raw() {
    let task = Course::new().task;
    assert!(first_checks(&task, &learnt(3, 2.0), false).is_empty());
    let unequal = Task { images: vec![95, 3, 2], ..task.clone() };
    assert!(first_checks(&unequal, &learnt(3, 1.7), false).is_empty(), "a fresh network knows nothing of the shares");
    assert!(
        first_checks(&task, &learnt(3, 6.7), false).is_empty(),
        "as digits behind two pools have it, and learn well"
    );
    let found = first_checks(&task, &learnt(3, 12.0), false);
    assert!(found[0].is(&code::FIRST_LOSS_OFF) && found[0].remedies.is_empty());
    let raw = Task { is_normalised: false, ..task };
    let found = first_checks(&raw, &learnt(3, 2.2), false);
    assert_eq!(found[0].remedies, [Remedy::set("data.normalize", "standardize")]);
}

#[test]
fn an_output_that_is_the_same_for_all_images_is_named() {
    let task = Course::new().task;
    assert!(first_checks(&task, &learnt(3, PRIOR), true)[0].is(&code::INPUT_IGNORED));
    assert!(first_checks(&task, &batch([(0, 0, 1.0)]), true).is_empty(), "one image is always alike");
}

#[test]
fn a_number_that_is_none_is_named_with_its_layer() {
    let task = Course::new().task;
    let finding = non_finite(&task, "the loss", Some("conv1"), 1e-2, false);
    assert!(finding.is(&code::NON_FINITE) && finding.title.contains("`conv1`"), "{finding:?}");
    assert!(finding.remedies.contains(&Remedy::rate(1e-3)));
    assert!(non_finite(&task, "the loss", None, 1e-2, true).remedies.is_empty());
    let absurd = Task { rate: 1e15, ..task };
    assert!(non_finite(&absurd, "the loss", None, 1e15, false).advice.contains("--lr 1e-3"), "a tenth is no way out");
}

#[test]
fn a_batch_that_is_not_learnt_and_an_input_that_says_nothing_are_named() {
    assert!(cannot_overfit(0.5, 16, 200, 0.1).advice.contains("--lr 1e-2"));
    assert!(ignores_input(0.4, 0.4).is(&code::INPUT_IGNORED));
}
