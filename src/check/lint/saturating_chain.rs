//! A310: so many squashing activations on every path that the gradient cannot reach the first layers.

use crate::check::number::percent;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Severity, code};
use crate::graph::{Op, ValueId};
use crate::kernel::Activation;
use crate::layer::Family;

/// A kind of squashing activation: its greatest slope, and from how many on it is a note and a warning.
struct Kind {
    is_one: fn(Activation) -> bool,
    slope: f64,
    note: usize,
    warning: usize,
}

const KINDS: [Kind; 2] = [
    Kind {
        is_one: |activation| matches!(activation, Activation::Sigmoid | Activation::HardSigmoid),
        slope: 0.25,
        note: 3,
        warning: 4,
    },
    Kind { is_one: |activation| activation == Activation::Tanh, slope: 1.0, note: 6, warning: usize::MAX },
];

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for kind in &KINDS {
        let counts = counts(subject, kind);
        let worst = ends(subject).into_iter().max_by_key(|end| counts[end.0]);
        if let Some(end) = worst.filter(|end| counts[end.0] >= kind.note) {
            out.extend(saturating(subject, kind, &counts, end));
        }
    }
}

/// The fewest activations of a kind between the last normalisation, or the images, and each value.
fn counts(subject: &Subject<'_>, kind: &Kind) -> Vec<usize> {
    let graph = &subject.typed.graph;
    let mut counts = vec![0; graph.values.len()];
    for node in &graph.nodes {
        let before = subject.operands(node).iter().map(|input| counts[input.0]).min().unwrap_or(0);
        let normalises = subject.typed.rows[node.layer.0].normalises();
        let squashes = matches!(node.op, Op::Map(activation) if (kind.is_one)(activation));
        let count = if normalises { 0 } else { before + usize::from(squashes) };
        node.outputs.iter().for_each(|output| counts[output.0] = count);
    }
    counts
}

/// Where paths end: at the scores, and at each normalisation.
fn ends(subject: &Subject<'_>) -> Vec<ValueId> {
    let head = subject.head().filter(|head| head.instance.layer().family == Family::Activation);
    let scores = head.map_or(subject.typed.output.value, |head| head.inputs[0].value);
    let norms = subject.typed.rows.iter().filter(|row| row.normalises());
    norms.map(|row| row.inputs[0].value).chain([scores]).collect()
}

fn saturating(subject: &Subject<'_>, kind: &Kind, counts: &[usize], end: ValueId) -> Option<Diagnostic> {
    let chain = chain(subject, kind, counts, end);
    let (last, first) = (chain.first()?, chain.last()?);
    let (count, name) = (counts[end.0], last.instance.layer().name);
    let share = kind.slope.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let headline =
        format!("{count} times `{name}` between the first layer and the last, with no normalisation between");
    let evidence = if kind.slope < 1.0 {
        format!(
            "each passes at most a quarter of the gradient: of what the last layer gets, {} of it reaches the first",
            if share < 0.0005 { format!("{share:.0e}") } else { percent(share) }
        )
    } else {
        format!("a `{name}` passes the whole gradient only at 0, and less the further its input is from there")
    };
    let mut fault = Diagnostic::new(&code::SATURATING_CHAIN, headline)
        .at(last.instance.site.span(), format!("the last of {count}"))
        .note(evidence)
        .help("use `Relu` between layers, or `BatchNorm` before each activation");
    fault.severity = if count >= kind.warning { Severity::Warning } else { Severity::Note };
    if first.instance.site.span() != last.instance.site.span() {
        fault = fault.label(first.instance.site.span(), "the first");
    }
    Some(subject.told(last, fault))
}

/// The activations on the path to `end` that has the fewest, the last first.
fn chain<'s, 'a>(subject: &'s Subject<'a>, kind: &Kind, counts: &[usize], end: ValueId) -> Vec<&'s Row<'a>> {
    let mut chain = Vec::new();
    let mut value = end;
    while counts[value.0] > 0 {
        let Some(node) = subject.typed.graph.producer(value) else { break };
        if matches!(node.op, Op::Map(activation) if (kind.is_one)(activation)) {
            chain.push(&subject.typed.rows[node.layer.0]);
        }
        let Some(before) = subject.operands(node).into_iter().min_by_key(|input| counts[input.0]) else { break };
        value = before;
    }
    chain
}
