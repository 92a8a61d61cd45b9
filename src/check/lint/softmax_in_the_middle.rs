//! A302: a softmax whose probabilities go into further layers with weights.

use std::collections::BTreeSet;

use super::{is_over_one_unit, is_softmax, replacement};
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::{Graph, Op, ValueId};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for row in subject.typed.rows.iter().filter(|row| is_softmax(row) && !is_over_one_unit(subject, row)) {
        let Some(reader) = reader(&subject.typed.graph, row.output.value) else { continue };
        let Some(reader) = subject.typed.rows.get(reader) else { continue };
        let name = row.instance.layer().name;
        let headline = format!(
            "`{name}` in the middle of the network: `{}` goes on with its output",
            reader.instance.layer().name
        );
        let mut fault = Diagnostic::new(&code::SOFTMAX_IN_THE_MIDDLE, headline)
            .at(row.instance.site.span(), "before the end")
            .label(reader.instance.site.span(), "reads its output")
            .note("its outputs add up to one: with many units each is close to zero, and so is what reaches the layers before it")
            .help("use `Relu` between layers and `Softmax` at the end only");
        fault.fixes.extend(replacement(row, "Relu", "relu"));
        out.push(subject.told(row, fault));
    }
}

/// The first layer with weights, or the first junction, that a value goes into; none behind another softmax.
fn reader(graph: &Graph, value: ValueId) -> Option<usize> {
    let mut reached = BTreeSet::from([value]);
    for node in &graph.nodes {
        if !node.inputs.iter().any(|input| reached.contains(input)) {
            continue;
        }
        match node.op {
            Op::Conv(_) | Op::Product => return Some(node.layer.0),
            op if is_junction(&op) => return Some(node.layer.0),
            Op::Softmax | Op::LogSoftmax => {}
            _ => reached.extend(&node.outputs),
        }
    }
    None
}

fn is_junction(op: &Op) -> bool {
    matches!(op, Op::Add | Op::Multiply | Op::Gate | Op::Concat)
}
