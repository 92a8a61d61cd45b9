//! A309: an activation on numbers that it leaves as they are.

use super::removal;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Fix, code};
use crate::graph::Op;
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let head = subject.head().map(|head| head.index);
    for row in subject.typed.rows.iter().filter(|row| Some(row.index) != head) {
        let Some((lo, hi)) = identity_between(subject, row) else { continue };
        let range = subject.typed.graph.range(row.inputs[0].value);
        if !range.lies_within(lo, hi) {
            continue;
        }
        let name = row.instance.layer().name;
        let mut fault =
            Diagnostic::new(&code::REDUNDANT_ACTIVATION, format!("`{name}` gets numbers in {range} and changes none"))
                .at(row.instance.site.span(), "changes nothing")
                .help("remove it");
        if let Some(maker) = subject.maker(row.inputs[0].value) {
            fault = fault.label(maker.instance.site.span(), format!("gives {range}"));
        }
        fault.fixes.extend(removal(row).map(Fix::evident));
        out.push(subject.told(row, fault));
    }
}

/// The interval on which an activation is the identity.
fn identity_between(subject: &Subject<'_>, row: &Row<'_>) -> Option<(f64, f64)> {
    if row.instance.layer().family != Family::Activation {
        return None;
    }
    if row.instance.layer().name == "PRelu" {
        return Some((0.0, f64::INFINITY));
    }
    match subject.typed.graph.producer(row.output.value)?.op {
        Op::Map(activation) => activation.is_identity_between(),
        _ => None,
    }
}
