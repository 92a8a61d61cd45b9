//! A304: an activation that is flat below zero, directly on the logits.

use super::{is_over_one_unit, probability_head, removal, removal_help};
use crate::check::number::percent;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, Fix, code};

/// Activations that are zero, with a gradient of exactly zero, for all small enough inputs.
const FLAT_BELOW: [&str; 3] = ["Relu", "Relu6", "HardSwish"];

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(head) = probability_head(subject).filter(|head| !is_over_one_unit(subject, head)) else { return };
    let Some(row) = subject.origin(head.inputs[0].value) else { return };
    let name = row.instance.layer().name;
    if !FLAT_BELOW.contains(&name) {
        return;
    }
    let head_name = head.instance.layer().name;
    let (chance, what) = if head_name == "Sigmoid" {
        (0.5, "the one output".to_owned())
    } else {
        let classes = subject.typed.shape(head.inputs[0]).channels();
        (1.0 / classes as f64, format!("each of the {classes} classes"))
    };
    let mut fault = Diagnostic::new(&code::RECTIFIED_LOGITS, format!("`{name}` cuts the scores that `{head_name}` turns into probabilities"))
        .at(row.instance.site.span(), "nothing below zero gets through")
        .label(head.instance.site.span(), "wants scores of any sign")
        .note(format!(
            "once all scores of an image are negative, {what} gets {} and the gradient is exactly zero: training stays there",
            if chance == 0.5 { percent(chance) } else { format!("{:.2} %", chance * 100.0) }
        ))
        .help(removal_help(row, head));
    if let Some(weights) = subject.weights_behind(row.inputs[0].value) {
        fault = fault.label(weights.instance.site.name.span, "gives the scores");
    }
    fault.fixes.extend(removal(row).map(Fix::evident));
    out.push(subject.told(row, fault));
}
