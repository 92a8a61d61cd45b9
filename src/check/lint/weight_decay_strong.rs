//! O505: a penalty on weights that outweighs the loss.

use super::at_setting_to_be;
use super::init_scale::gains;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::{Graph, Init, Param};
use crate::syntax::settings::Optimizer;

/// From here on a decay that is added to the gradient pulls all weights to zero.
const STRONG: f64 = 0.05;
/// So many times ln C has the penalty to be at the first step. Networks that train well have up to three times.
const TIMES: f64 = 10.0;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let train = &subject.file.front.train;
    // Decoupled decay is no part of the gradient: a rate of 1e-3 makes a step's share of it a thousandth.
    if matches!(train.optimizer, Optimizer::AdamW { .. }) || train.weight_decay == 0.0 {
        return;
    }
    let decay = train.weight_decay;
    let loss = (subject.classes.count as f64).ln();
    let penalty = 0.5 * decay * squares(&subject.typed.graph);
    let outweighs = penalty > TIMES * loss && !subject.normalises();
    if decay < STRONG && !outweighs {
        return;
    }
    let headline =
        format!("a weight decay of {decay} for {}: strong enough to hold the weights at zero", train.optimizer.name());
    let fault = Diagnostic::new(&code::WEIGHT_DECAY_STRONG, headline)
        .note(format!("at the first step the penalty ½·λ·Σw² is {penalty:.2}, and the loss of a guess {loss:.2}"))
        .help("write `weight_decay: 1e-4`, or use `adamw`, whose decay is no part of the gradient");
    out.push(at_setting_to_be(subject, fault, "train.weight_decay", "too strong", "1e-4"));
}

/// The expected sum of the squares of all weights that decay, as they are drawn.
fn squares(graph: &Graph) -> f64 {
    let of = |(param, gain): (&Param, Option<f64>)| match (param.init, gain) {
        (Init::Fan { fan_in, .. }, Some(gain)) => gain / fan_in as f64 * param.len() as f64,
        (Init::Constant(value), _) => f64::from(value).powi(2) * param.len() as f64,
        (Init::Fan { .. }, None) => 0.0,
    };
    graph.params.iter().zip(gains(graph)).filter(|(param, _)| param.role.is_kernel()).map(of).sum()
}
