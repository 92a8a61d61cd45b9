//! A303: probabilities into softmax.

use super::{is_over_one_unit, is_softmax, loss_floor, removal};
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Fix, code};
use crate::graph::ValueId;
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for row in subject.typed.rows.iter().filter(|row| is_softmax(row) && !is_over_one_unit(subject, row)) {
        let Some(first) = softmax_before(subject, row.inputs[0].value) else { continue };
        let classes = subject.typed.shape(row.inputs[0]).channels();
        let name = row.instance.layer().name;
        let floor = loss_floor(1.0, classes);
        let mut fault = Diagnostic::new(&code::DOUBLE_SOFTMAX, format!("`{name}` gets the probabilities of another `Softmax`"))
            .at(row.instance.site.span(), "a second time")
            .label(first.instance.site.span(), "gives probabilities already")
            .note(format!(
                "of {classes} numbers from 0 to 1, softmax makes at most {:.1} % for the right class: the loss cannot fall below {floor:.3}",
                (-floor).exp() * 100.0
            ))
            .help("remove one of the two");
        fault.fixes.extend(removal(row).or_else(|| removal(first)).map(Fix::evident));
        out.push(subject.told(row, fault));
    }
}

/// The softmax whose probabilities a value still holds, pooled or passed on at most.
fn softmax_before<'s, 'a>(subject: &'s Subject<'a>, value: ValueId) -> Option<&'s Row<'a>> {
    let mut row = subject.maker(value)?;
    while matches!(row.instance.layer().family, Family::Passing | Family::Pool) {
        row = subject.maker(row.inputs[0].value)?;
    }
    (row.instance.layer().name == "Softmax").then_some(row)
}
