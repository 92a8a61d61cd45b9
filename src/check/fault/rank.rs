//! T202 and T203: a map where a vector is wanted, and the other way round.

use crate::check::edit;
use crate::check::number::{described, grouped};
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, code};
use crate::graph::Shape;

/// T202.
pub(super) fn dense_on_map(subject: &Subject<'_>, row: &Row<'_>, shape: Shape) -> Diagnostic {
    let instance = row.instance;
    let units = subject.typed.shape(row.output).channels() as u64;
    let bias = if instance.bound.flag("bias") { units } else { 0 };
    let params = |inputs: usize| grouped((inputs as u64).saturating_mul(units).saturating_add(bias));
    let place = edit::before(&instance.site, &instance.trace, subject.source);
    let mut fault =
        Diagnostic::new(&code::DENSE_ON_FEATURE_MAP, format!("`Dense` wants a vector, got {}", described(shape)))
            .at(instance.site.span(), "wants a vector");
    if let Some(maker) = subject.maker(row.inputs[0].value) {
        fault = fault.label(maker.instance.site.span(), format!("gives {shape}"));
    }
    let exact = row.inputs[0].trust == crate::check::typing::Trust::Full && !subject.input_assumed;
    let told = |inputs: usize| if exact { format!(" ({} parameters here)", params(inputs)) } else { String::new() };
    fault = fault
        .help(format!("put `Flatten`{} or `GlobalAvgPool`{} before it", told(shape.len()), told(shape.channels())))
        .fix("insert `Flatten`", place, "Flatten -> ")
        .fix("insert `GlobalAvgPool`", place, "GlobalAvgPool -> ");
    subject.told(row, fault)
}

/// T203.
pub(super) fn window_on_vector(subject: &Subject<'_>, row: &Row<'_>, shape: Shape) -> Diagnostic {
    let name = row.instance.layer().name;
    let mut fault =
        Diagnostic::new(&code::WINDOW_ON_VECTOR, format!("`{name}` wants a feature map, got {}", described(shape)))
            .at(row.instance.site.span(), "wants height, width and channels");
    match flattener(subject, row) {
        Some(made) => {
            let flat = made.instance.layer().name;
            fault = fault
                .label(made.instance.site.span(), "the map becomes a vector here")
                .help(format!("move `{name}` before `{flat}`, or remove it"));
        }
        None => fault = fault.help("remove it"),
    }
    subject.told(row, fault)
}

/// The layer behind which there is no map any more.
fn flattener<'s, 'a>(subject: &'s Subject<'a>, row: &Row<'_>) -> Option<&'s Row<'a>> {
    let mut made = subject.maker(row.inputs[0].value)?;
    while matches!(subject.typed.shape(*made.inputs.first()?), Shape::Vector(_)) {
        made = subject.maker(made.inputs[0].value)?;
    }
    Some(made)
}
