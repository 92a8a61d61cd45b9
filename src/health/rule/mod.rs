//! The conditions: one function each, two lists.

mod answer;
mod collapse;
mod curve;
mod first;
mod gradient;
mod unit;

use super::finding::Finding;
use super::history::View;

pub(super) use collapse::fallen;
pub use first::{cannot_overfit, first_checks, ignores_input, non_finite};

/// A condition.
pub(super) type Rule = fn(&View<'_>) -> Option<Finding>;

/// Looked at after every step, once there are enough of them.
pub(super) const STEP_RULES: &[Rule] =
    &[gradient::spikes, unit::dead_while_stuck, collapse::collapse, answer::one_class, answer::stuck];

/// Looked at after every epoch; what may explain another comes first.
pub(super) const EPOCH_RULES: &[Rule] = &[
    unit::dead,
    unit::saturated,
    gradient::update_ratio,
    gradient::exploding,
    gradient::vanishing,
    gradient::frozen,
    collapse::collapse,
    answer::one_class,
    answer::stuck,
    answer::never_right,
    curve::not_converging,
    curve::disagree,
    curve::oscillating,
    curve::overfitting,
    curve::too_good,
];
