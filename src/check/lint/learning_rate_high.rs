//! O501: a learning rate at which trainings fall apart.

use super::at_setting_to_be;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::syntax::settings::{Optimizer, Schedule};

/// Above this Adam and its kin are at risk.
const ADAPTIVE: f64 = 3e-3;
/// Above this they fail.
const ADAPTIVE_FAILS: f64 = 1e-2;
/// Above this plain SGD without normalisation is at risk.
const SGD: f64 = 0.1;
/// The same with a momentum of 0.9, which makes steps ten times as long.
const SGD_WITH_MOMENTUM: f64 = 0.05;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let train = &subject.file.front.train;
    let (rate, name) = (train.peak_rate(), train.optimizer.name());
    let (limit, usual) = match train.optimizer {
        Optimizer::Sgd { .. } if subject.normalises() => return,
        Optimizer::Sgd { momentum, .. } => (if momentum >= 0.9 { SGD_WITH_MOMENTUM } else { SGD }, "1e-2"),
        // Raised slowly, and with normalised layers, the peak of a cycle may be higher.
        _ if subject.normalises() && is_raised(subject) => (ADAPTIVE_FAILS, "1e-3"),
        _ => (ADAPTIVE, "1e-3"),
    };
    if rate <= limit {
        return;
    }
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

fn is_raised(subject: &Subject<'_>) -> bool {
    let train = &subject.file.front.train;
    train.warmup_epochs > 0.0 || matches!(train.schedule, Schedule::OneCycle { .. })
}
