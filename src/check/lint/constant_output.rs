//! A313: an output that is the same for every image.

use super::is_over_one_unit;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::{Graph, ValueId};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let graph = &subject.typed.graph;
    let varies = varies(subject);
    if varies[subject.typed.output.value.0] {
        return;
    }
    let needed = needed_for(graph, subject.typed.output.value);
    let freezes = subject.typed.rows.iter().find(|row| {
        let output = row.output.value.0;
        needed[output] && !varies[output] && row.inputs.iter().any(|input| varies[input.value.0])
    });
    let Some(row) = freezes.filter(|row| !is_over_one_unit(subject, row)) else { return };
    let (name, range) = (row.instance.layer().name, graph.range(row.output.value));
    let before = graph.range(row.inputs[0].value);
    let fault = Diagnostic::new(
        &code::CONSTANT_OUTPUT,
        format!("`{name}` gives {} for every image, and all that follows depends on it alone", range.lo),
    )
    .at(row.instance.site.span(), format!("of numbers in {before} it makes {range}"))
    .note("an output that does not depend on the image has no gradient to learn from")
    .help(format!("remove `{name}`, or what bounds its input"));
    out.push(subject.told(row, fault));
}

/// Whether each value can differ from image to image.
fn varies(subject: &Subject<'_>) -> Vec<bool> {
    let graph = &subject.typed.graph;
    let mut varies = vec![false; graph.values.len()];
    varies[graph.input.0] = !graph.range(graph.input).is_point();
    for node in &graph.nodes {
        let reads = subject.operands(node).iter().any(|input| varies[input.0]);
        node.outputs.iter().for_each(|output| varies[output.0] = reads && !graph.range(*output).is_point());
    }
    varies
}

/// Whether `output` is computed from each value.
fn needed_for(graph: &Graph, output: ValueId) -> Vec<bool> {
    let mut needed = vec![false; graph.values.len()];
    needed[output.0] = true;
    for node in graph.nodes.iter().rev() {
        if node.outputs.iter().any(|output| needed[output.0]) {
            node.inputs.iter().for_each(|input| needed[input.0] = true);
        }
    }
    needed
}
