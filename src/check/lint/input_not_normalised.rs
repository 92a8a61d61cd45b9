//! O506: the first layer with weights gets numbers far from 1.

use super::at_setting_to_be;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::Op;
use crate::syntax::settings::Normalize;

/// Inputs beyond this make the first gradients that many times too large.
const FAR: f64 = 50.0;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let graph = &subject.typed.graph;
    let is_far = |node: &&crate::graph::Node| {
        let range = graph.range(node.inputs[0]);
        let bound = range.lo.abs().max(range.hi.abs());
        matches!(node.op, Op::Conv(_) | Op::Product) && bound.is_finite() && bound > FAR
    };
    let Some(node) = graph.nodes.iter().find(is_far) else { return };
    // Units of bytes are a fault of their own.
    if super::normalised_twice::is_in_bytes(&subject.file.front.data.normalize.value) {
        return;
    }
    let row = &subject.typed.rows[node.layer.0];
    let (name, range) = (row.instance.layer().name, graph.range(node.inputs[0]));
    let headline = format!("the first `{name}` gets numbers in {range}; it is made for numbers around 0");
    let fault = Diagnostic::new(&code::INPUT_NOT_NORMALISED, headline)
        .note("weights are drawn for inputs of mean 0 and deviation 1: here the first scores and gradients are a hundred times too large")
        .help("leave `normalize` out, or write `normalize: standardize`");
    let is_none = subject.file.front.data.normalize.value == Normalize::None;
    let label = if is_none { "the bytes as they are" } else { "gives this range" };
    let fault = at_setting_to_be(subject, fault, "data.normalize", label, "standardize");
    out.push(fault.label(row.instance.site.span(), format!("gets {range}")));
}
