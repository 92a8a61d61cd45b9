//! A305: a bounded activation directly on the logits.

use super::{is_over_one_unit, is_softmax, loss_floor, probability_head, removal, removal_help};
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

/// Bounded activations and their ends.
const BOUNDED: [(&str, f64, f64); 3] = [("Sigmoid", 0.0, 1.0), ("HardSigmoid", 0.0, 1.0), ("Tanh", -1.0, 1.0)];

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(head) = probability_head(subject).filter(|head| !is_over_one_unit(subject, head)) else { return };
    let Some(row) = subject.origin(head.inputs[0].value) else { return };
    let name = row.instance.layer().name;
    let Some((_, low, high)) = BOUNDED.iter().find(|(bounded, ..)| *bounded == name) else { return };
    let classes = subject.typed.shape(head.inputs[0]).channels();
    let head_name = head.instance.layer().name;
    let bound = if is_softmax(head) {
        let floor = loss_floor(high - low, classes);
        format!(
            "no class of {classes} can get more than {:.1} %, and the loss cannot fall below {floor:.3}",
            (-floor).exp() * 100.0
        )
    } else if classes == 1 {
        let sigmoid = |x: f64| 100.0 / (1.0 + (-x).exp());
        format!("the output stays between {:.1} % and {:.1} %", sigmoid(*low), sigmoid(*high))
    } else {
        return;
    };
    let mut fault = Diagnostic::new(
        &code::SQUASHED_LOGITS,
        format!("`{name}` holds the scores for `{head_name}` between {low} and {high}"),
    )
    .at(row.instance.site.span(), format!("from {low} to {high}"))
    .label(head.instance.site.span(), "wants scores without bounds")
    .note(bound)
    .help(removal_help(row, head));
    fault.fixes.extend(removal(row));
    out.push(subject.told(row, fault));
}
