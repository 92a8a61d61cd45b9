//! P409: a layer that changes nothing.

use super::dropout_survival::rate;
use super::removal;
use crate::check::expand::Origin;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Fix, code};
use crate::graph::PaddingRule;
use crate::kernel::{Padding, Window};
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for (row, window) in subject.typed.rows.iter().zip(subject.windows()) {
        let Some(why) = why(row, window.as_ref()) else { continue };
        let mut fault = Diagnostic::new(&code::NO_OP_LAYER, format!("`{}` changes nothing: {why}", row.text()))
            .at(row.instance.site.span(), "changes nothing")
            .help("remove it");
        fault.fixes.extend(removal(row).map(Fix::evident));
        out.push(subject.told(row, fault));
    }
}

fn why(row: &Row<'_>, window: Option<&Window>) -> Option<&'static str> {
    let (name, bound) = (row.instance.layer().name, &row.instance.bound);
    let is_single = |window: &Window| window.taps() == 1 && window.stride == [1, 1] && window.padding.is_none();
    match row.instance.layer().family {
        Family::Pool if window.is_some_and(is_single) => Some("its window is one place"),
        Family::Passing if rate(row) == Some(0.0) => Some("its rate is 0"),
        Family::Passing if name == "Flatten" && row.is_passed_over() => Some("its input is a vector already"),
        Family::Passing if name == "Identity" && !is_whole_branch(row) => Some("it stands beside other layers"),
        Family::Passing if bound.has("pad") && pads_nothing(bound.padding("pad")) => Some("it pads by 0"),
        _ => None,
    }
}

fn pads_nothing(padding: PaddingRule) -> bool {
    let none = Padding { top: 0, bottom: 0, left: 0, right: 0 };
    matches!(padding, PaddingRule::Explicit(explicit) if explicit == none)
}

/// Whether the layer is all that its branch, or its block, is made of.
fn is_whole_branch(row: &Row<'_>) -> bool {
    row.instance.site.origin != Origin::Name || row.instance.site.chain.stages.len() == 1
}
