//! A314: products of products, whose numbers exceed what a float holds.

use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::Op;

/// ln of the greatest `f32`.
const LN_MAX: f64 = 88.722_839;
/// Inputs beyond this must not be needed for an overflow: where eˣ of eˣ has its end, ln 88.72 = 4.485.
const SMALL: f64 = 4.485;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let graph = &subject.typed.graph;
    let mut powers = vec![0.0_f64; graph.values.len()];
    powers[graph.input.0] = 1.0;
    for node in &graph.nodes {
        let before: Vec<f64> = subject.operands(node).iter().map(|input| powers[input.0]).collect();
        let row = &subject.typed.rows[node.layer.0];
        let range = graph.range(node.outputs[0]);
        let power = match node.op {
            _ if range.lo.is_finite() && range.hi.is_finite() => 0.0,
            _ if row.normalises() => 1.0,
            Op::Multiply | Op::Gate => before.iter().sum(),
            _ => before.iter().copied().fold(0.0, f64::max),
        };
        node.outputs.iter().for_each(|output| powers[output.0] = power);
        let bound = range.lo.abs().max(range.hi.abs());
        let overflows = bound.is_finite() && bound > f64::from(f32::MAX);
        let limit = (LN_MAX / power).exp();
        if !overflows && limit > SMALL {
            continue;
        }
        let headline = if overflows {
            format!("what `{}` gives can reach {bound:.0e}, more than a float holds", row.instance.layer().name)
        } else {
            format!("`{}` gives its input to the power of {power}", row.instance.layer().name)
        };
        let evidence = format!("numbers above {limit:.2} become infinite, and the loss with them");
        let mut fault = Diagnostic::new(&code::OVERFLOW_CHAIN, headline)
            .at(row.instance.site.span(), "multiplied once more")
            .help("put `BatchNorm` between the products, or bound one factor by `Sigmoid`");
        if !overflows {
            fault = fault.note(evidence);
        }
        return out.push(subject.told(row, fault));
    }
}
