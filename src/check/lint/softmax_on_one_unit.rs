//! A301: e^x / e^x is 1, whatever x.

use super::is_over_one_unit;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for row in subject.typed.rows.iter().filter(|row| is_over_one_unit(subject, row)) {
        let name = row.instance.layer().name;
        let mut fault = Diagnostic::new(
            &code::SOFTMAX_ON_ONE_UNIT,
            format!("`{name}` over one unit is always the same number"),
        )
        .at(row.instance.site.span(), "gets one unit")
        .note(
            "softmax divides by the sum of its inputs; with one input the output is constant and the gradient is zero",
        );
        if let Some(weights) = subject.weights_behind(row.inputs[0].value) {
            fault = fault.label(weights.instance.site.span(), "gives one unit");
        }
        let classes = subject.classes.count;
        fault = if classes == 2 {
            fault.help("one unit for two classes goes with `Sigmoid`; or give 2 units to the layer before `Softmax`")
        } else {
            fault.help(format!("give the layer before it one unit a class: {classes}"))
        };
        out.push(subject.told(row, fault));
    }
}
