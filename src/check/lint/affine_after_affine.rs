//! A308: two layers with weights and nothing between them that bends.

use crate::check::edit;
use crate::check::number::grouped;
use crate::check::subject::Subject;
use crate::check::trace::Frame;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, code};
use crate::graph::ValueId;
use crate::kernel::ConvGeometry;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let (readers, affine) = (subject.readers(), subject.affine_in_place());
    let (convolutions, params) = (subject.convolutions(), subject.params_by_layer());
    for row in subject.typed.rows.iter().filter(|row| row.is_weighted()) {
        let Some(first) = weights_before(subject, &readers, &affine, row.inputs[0].value) else { continue };
        let kernels = [first, row].map(|row| convolutions[row.index].as_slice());
        if !is_factoring(subject, [first, row], kernels) {
            out.push(subject.told(row, affine_after_affine(subject, first, row, params[first.index])));
        }
    }
}

/// The layer with weights before `value`, where nothing but affine layers stands between and no other layer reads what
/// they give.
fn weights_before<'s, 'a>(
    subject: &'s Subject<'a>,
    readers: &[usize],
    affine: &[bool],
    mut value: ValueId,
) -> Option<&'s Row<'a>> {
    loop {
        if readers[value.0] > 1 {
            return None;
        }
        let row = subject.maker(value)?;
        if row.is_weighted() {
            return Some(row);
        }
        if !affine[row.index] {
            return None;
        }
        value = row.inputs[0].value;
    }
}

/// Whether the pair is written as two on purpose: one map of fewer channels than either side, a depthwise or grouped
/// convolution with what mixes its channels, a 1×1 that narrows, or rows and columns by themselves.
fn is_factoring(subject: &Subject<'_>, [first, second]: [&Row<'_>; 2], [before, behind]: [&[ConvGeometry]; 2]) -> bool {
    let width = subject.typed.shape(first.output).channels();
    let gives = subject.typed.shape(second.output).channels();
    match (before.last(), behind.first()) {
        (Some(p), _) if p.groups > 1 => true,
        (_, Some(r)) if r.groups > 1 => true,
        (Some(p), _) if p.window.kernel == [1, 1] && p.filters < p.window.in_c => true,
        (Some(p), Some(r)) => {
            let apart = (0..2).all(|axis| p.window.kernel[axis] == 1 || r.window.kernel[axis] == 1);
            let both = p.window.taps() > 1 && r.window.taps() > 1;
            let narrow = width < gives && width < p.window.taps() * p.window.in_c && r.window.taps() == 1;
            apart && both || narrow
        }
        (None, None) => width < gives && width < subject.typed.shape(first.inputs[0]).len(),
        _ => false,
    }
}

fn affine_after_affine(subject: &Subject<'_>, first: &Row<'_>, second: &Row<'_>, params: u64) -> Diagnostic {
    let [one, two] = [first.text(), second.text()];
    let both_dense = [first, second].iter().all(|row| row.instance.layer().name == "Dense");
    let headline = if both_dense {
        format!("`{one} -> {two}` equals `{two}`: {} parameters buy nothing", grouped(params))
    } else {
        format!("no activation between `{one}` and `{two}`: together they are one affine map")
    };
    let mut fault = Diagnostic::new(&code::AFFINE_AFTER_AFFINE, headline)
        .at(second.instance.site.span(), "affine again")
        .label(first.instance.site.span(), "affine, and nothing bends what it gives")
        .help(format!("put an activation such as `Relu` behind `{}`", first.instance.layer().name));
    let is_in_block = first.instance.trace.0.iter().any(|frame| matches!(frame, Frame::Block { .. }));
    if !is_in_block {
        let bent = bent(subject, first);
        fault = fault.fix("insert `Relu`", bent.span, bent.text);
    }
    fault
}

/// An activation behind the layer, and behind a normalisation that follows it at once.
fn bent(subject: &Subject<'_>, first: &Row<'_>) -> crate::diag::Edit {
    let norm = subject
        .typed
        .rows
        .get(first.index + 1)
        .filter(|next| next.instance.layer().name == "BatchNorm" && next.inputs[0].value == first.output.value);
    let site = norm.unwrap_or(first).instance.site;
    edit::insert_behind(&site, "Relu")
        .unwrap_or_else(|| edit::set_argument(first.instance, subject.source, "activation", "relu"))
}
