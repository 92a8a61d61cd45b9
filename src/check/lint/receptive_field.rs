//! P405: places that see a small part of the image, averaged at the end.

use crate::check::number::percent;
use crate::check::receptive::receptive_fields;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::Shape;
use crate::layer::Family;

/// Below this share of the image's rows a place sees little.
const SHARE: f64 = 0.25;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Shape::Map { h: rows, .. } = subject.input else { return };
    let pools = |row: &crate::check::typing::Row<'_>| {
        let shrinks = subject.typed.shape(row.output).pixels() == 1 && subject.typed.shape(row.inputs[0]).pixels() > 1;
        row.instance.layer().family == Family::Pool && shrinks
    };
    let passed = |row: &crate::check::typing::Row<'_>| row.inputs.len() == 1;
    let Some(pool) = subject.behind(subject.typed.output.value, pools, passed) else { return };
    let seen = receptive_fields(&subject.typed.graph)[pool.inputs[0].value.0];
    let share = seen as f64 / rows as f64;
    if share >= SHARE {
        return;
    }
    let name = pool.instance.layer().name;
    let fault = Diagnostic::new(
        &code::RECEPTIVE_FIELD,
        format!("before `{name}` a place sees {seen} of the image's {rows} rows"),
    )
    .at(pool.instance.site.span(), format!("gets views of {} of the height", percent(share)))
    .note("what is larger than such a view is only seen in parts, and the parts are averaged without their places")
    .help("pool or stride earlier, or add layers, so that a place sees at least a quarter of the image");
    out.push(subject.told(pool, fault));
}
