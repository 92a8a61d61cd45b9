//! T206, T208 and T214: groups that do not divide or are too many, and sizes beyond the limits.

use crate::check::number::{counted, described, grouped};
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, code};
use crate::graph::{MAX_ELEMENTS, Shape};

/// T206.
pub(super) fn groups(
    subject: &Subject<'_>,
    row: &Row<'_>,
    groups: usize,
    channels: usize,
    filters: usize,
) -> Diagnostic {
    let (what, number) = if groups == 0 || !channels.is_multiple_of(groups) {
        ("input channels", channels)
    } else {
        ("filters", filters)
    };
    let span = row.instance.bound.given("groups").map_or(row.instance.site.span(), |given| given.value);
    let headline = format!("{} do not divide {} {what}", counted(groups, "group"), grouped(number as u64));
    let fault = Diagnostic::new(&code::GROUPS_DO_NOT_DIVIDE, headline)
        .at(span, format!("{number} / {groups} leaves a rest of {}", number.checked_rem(groups).unwrap_or(number)));
    let near = divisor_near(groups, channels, filters);
    let fault = if row.instance.bound.has("filters") {
        fault
            .note(format!("every group takes its share of the {channels} input channels and of the {filters} filters"))
            .help(format!("write `groups: {near}`, or another number of filters"))
    } else {
        fault.help(format!("write `groups: {near}`"))
    };
    subject.told(row, fault)
}

/// The number nearest to `groups` that divides both.
fn divisor_near(groups: usize, channels: usize, filters: usize) -> usize {
    let divides = |candidate: &usize| channels.is_multiple_of(*candidate) && filters.is_multiple_of(*candidate);
    let near = (1..=channels.min(65_536)).filter(divides).min_by_key(|candidate| candidate.abs_diff(groups));
    near.unwrap_or(1)
}

/// T214.
pub(super) fn one_number(subject: &Subject<'_>, row: &Row<'_>, shape: Shape) -> Diagnostic {
    let headline = format!("`{}` normalises every number of {} by itself", row.text(), described(shape));
    let fault = Diagnostic::new(&code::NORMALISES_ONE_NUMBER, headline)
        .at(row.instance.site.span(), "gives 0, whatever goes in");
    let fewer = (1..shape.channels()).rev().find(|&groups| shape.channels().is_multiple_of(groups));
    let fault = match fewer {
        Some(groups) if row.instance.bound.has("groups") => fault.help(format!(
            "write `groups: {groups}` or less, so that {} share a mean and a deviation",
            counted(shape.channels() / groups, "channel")
        )),
        _ => fault.help("remove it, or give the layer before it more channels"),
    };
    subject.told(row, fault)
}

/// T208.
pub(super) fn overflow(subject: &Subject<'_>, row: &Row<'_>) -> Diagnostic {
    let shape = subject.typed.shape(row.inputs[0]);
    let limit = grouped(MAX_ELEMENTS as u64);
    let headline = format!("`{}` on {} needs a tensor of more than {limit} elements", row.text(), described(shape));
    let fault = Diagnostic::new(&code::SIZE_OVERFLOW, headline).at(row.instance.site.span(), "too large").help(
        if row.instance.layer().name == "Dense" {
            "give it fewer units, or make its input smaller by pooling"
        } else {
            "give it fewer filters, or make its input smaller by pooling"
        },
    );
    subject.told(row, fault)
}
