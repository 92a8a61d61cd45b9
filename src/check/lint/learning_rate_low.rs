//! O502: a learning rate at which nothing moves within the training.

use super::{at_setting_to_be, updates};
use crate::check::number::grouped;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::syntax::settings::Optimizer;

/// Below this a step of Adam moves a weight by less than a thousandth of its size.
const ADAPTIVE: f64 = 1e-5;
/// Rate times updates below which SGD has gone nowhere.
const SGD_DISTANCE: f64 = 0.01;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let train = &subject.file.front.train;
    let rate = train.peak_rate();
    let (headline, usual) = match (train.optimizer, updates(subject)) {
        (Optimizer::Sgd { .. }, Some(updates)) if rate * (updates as f64) < SGD_DISTANCE => {
            let distance = rate * updates as f64;
            (format!("a rate of {rate} over {} updates goes a distance of {distance:.4}", grouped(updates)), "1e-2")
        }
        (Optimizer::Sgd { .. }, _) => return,
        _ if rate < ADAPTIVE => {
            (format!("a learning rate of {rate} for {} moves next to nothing", train.optimizer.name()), "1e-3")
        }
        _ => return,
    };
    let fault = Diagnostic::new(&code::LEARNING_RATE_LOW, headline).help(format!("write `learning_rate: {usual}`"));
    out.push(at_setting_to_be(subject, fault, "train.learning_rate", "too low", usual));
}
