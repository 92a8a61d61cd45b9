//! P406: dropout that leaves too little.

use crate::check::number::percent;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Severity, code};
use crate::graph::{Shape, ValueId};

/// A higher rate drops more than it keeps.
const RATE: f64 = 0.5;
/// A higher rate on a map is worth a note: neighbours carry the same, so much less is usual there.
const RATE_ON_MAP: f64 = 0.3;
/// Less of the signal than this must not be left behind all dropouts of a path.
const SURVIVAL: f64 = 0.05;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for row in &subject.typed.rows {
        let Some(rate) = rate(row) else { continue };
        if rate > RATE {
            out.push(subject.told(row, high(row, rate)));
        } else if rate > RATE_ON_MAP && is_between_convolutions(subject, row) {
            out.push(subject.told(row, on_map(subject, row, rate)));
        }
    }
    out.extend(survival(subject));
}

/// The rate of a dropout.
pub(super) fn rate(row: &Row<'_>) -> Option<f64> {
    row.instance.bound.has("rate").then(|| row.instance.bound.real("rate"))
}

/// 1 − rate to three digits, as it would be written.
fn kept_rate(rate: f64) -> f64 {
    ((1.0 - rate) * 1000.0).round() / 1000.0
}

fn high(row: &Row<'_>, rate: f64) -> Diagnostic {
    let kept = percent(1.0 - rate);
    Diagnostic::new(&code::DROPOUT_SURVIVAL, format!("`{}` drops {} and keeps {kept}", row.text(), percent(rate)))
        .at(row.instance.site.span(), "the rate is the share that is dropped")
        .help(format!(
            "write `Dropout({})` if {} was to be kept; 0.5 is the usual maximum",
            kept_rate(rate),
            percent(rate)
        ))
}

fn on_map(subject: &Subject<'_>, row: &Row<'_>, rate: f64) -> Diagnostic {
    let shape = subject.typed.shape(row.inputs[0]);
    let headline = format!("`{}` drops {} of a map of {shape} between convolutions", row.text(), percent(rate));
    let mut fault = Diagnostic::new(&code::DROPOUT_SURVIVAL, headline)
        .at(row.instance.site.span(), "on a map")
        .help("on maps 0.1 to 0.3 is usual; `SpatialDropout` drops whole channels");
    fault.severity = Severity::Note;
    fault
}

/// Whether a convolution that is not the last layer with weights reads the map.
fn is_between_convolutions(subject: &Subject<'_>, row: &Row<'_>) -> bool {
    let Shape::Map { .. } = subject.typed.shape(row.output) else { return false };
    let mut later = subject.typed.rows[row.index + 1..].iter().filter(|row| row.is_weighted());
    let next_convolves = later.next().is_some_and(|next| subject.typed.shape(next.inputs[0]).pixels() > 1);
    next_convolves && later.next().is_some()
}

/// The share that is left behind all dropouts since the last normalisation, on the best path to the output.
fn survival(subject: &Subject<'_>) -> Option<Diagnostic> {
    let mut kept = vec![1.0_f64; subject.typed.graph.values.len()];
    let mut last = None;
    for row in &subject.typed.rows {
        let best = |inputs: &[ValueId]| inputs.iter().map(|input| kept[input.0]).fold(0.0, f64::max);
        let before = best(&row.inputs.iter().map(|input| input.value).collect::<Vec<_>>());
        let normalises = row.normalises();
        let here = if normalises { 1.0 } else { before * (1.0 - rate(row).unwrap_or(0.0)) };
        kept[row.output.value.0] = here;
        last = if rate(row).is_some() { Some(row) } else { last };
    }
    let (left, last) = (kept[subject.typed.output.value.0], last?);
    if left >= SURVIVAL {
        return None;
    }
    let headline = format!("behind all dropouts {} of the signal is left", percent(left));
    let fault = Diagnostic::new(&code::DROPOUT_SURVIVAL, headline)
        .at(last.instance.site.span(), "the last of them")
        .help("lower the rates, or keep dropout before the last layers only");
    Some(subject.told(last, fault))
}
