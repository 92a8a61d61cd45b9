//! O501: a learning rate at which trainings fall apart.

use super::at_setting_to_be;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::syntax::settings::Optimizer;

/// Above this Adam and its kin fail.
const ADAPTIVE_FAILS: f64 = 1e-2;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let train = &subject.file.front.train;
    let (rate, name) = (train.peak_rate(), train.optimizer.name());
    let usual = if matches!(train.optimizer, Optimizer::Sgd { .. }) { "1e-2" } else { "1e-3" };
    let Some(limit) = train.risky_rate(subject.normalises()).filter(|limit| rate > *limit) else { return };
    let outlook = if rate > ADAPTIVE_FAILS && !matches!(train.optimizer, Optimizer::Sgd { .. }) {
        "at such a rate the network ends up predicting one class in most trainings, after epochs that look good"
    } else {
        "steps this long can undo an epoch's progress in one: accuracy falls back to that of guessing"
    };
    let fault = Diagnostic::new(
        &code::LEARNING_RATE_HIGH,
        format!("a learning rate of {rate} for {name}; above {limit} trainings collapse"),
    )
    .note(outlook)
    .help(format!("write `learning_rate: {usual}`, or 1e-4 if it still collapses"));
    out.push(at_setting_to_be(subject, fault, "train.learning_rate", "too high", usual));
}
