//! P410: initial weights whose scores are so large that the first loss is far above ln C.
//!
//! Expected mean squares are followed from the images, standardised to 1, to the scores. A weight drawn around zero
//! multiplies the mean square of its inputs by fan-in times its variance, a sum with such a branch adds the two, and a
//! ReLU keeps at least half; what cannot be bounded from below ends the search.

use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::graph::{Graph, Init, Node, Op, Param, Source, ValueId};
use crate::kernel::{Activation, Window};
use crate::syntax::settings::Normalize;

/// So many times ln C has the first loss to be before it is reported: bounds are loose by a few at most.
const TIMES: f64 = 10.0;
/// The share of its mean square that a rectified normal number keeps when it is averaged: 1/π.
const KEPT_BY_MEAN: f64 = std::f64::consts::FRAC_1_PI;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    if subject.file.front.data.normalize.value != Normalize::Standardize || subject.classes.assumed {
        return;
    }
    let graph = &subject.typed.graph;
    let Some(last) = subject.weights_behind(subject.typed.output.value) else { return };
    let Some(square) = mean_squares(graph)[last.output.value.0] else { return };
    let classes = subject.classes.count as f64;
    let (usual, loss) = (classes.ln(), square.sqrt() * greatest_of(classes));
    if loss < TIMES * usual {
        return;
    }
    let headline = format!("the first loss will be about {loss:.0}, where a guess has ln {classes} = {usual:.2}");
    let fault = Diagnostic::new(&code::INIT_SCALE, headline)
        .at(last.instance.site.span(), format!("scores of about ±{:.0} before any training", square.sqrt()))
        .note("each sum adds the mean squares of its branches, and nothing brings them back to 1")
        .help("put `BatchNorm` behind the convolutions of each branch");
    out.push(subject.told(last, fault));
}

/// A lower bound of the expected greatest of `count` normal numbers, the difference of two for two of them.
fn greatest_of(count: f64) -> f64 {
    let two = 1.0 / std::f64::consts::PI.sqrt();
    two.max(count.ln().sqrt() * 0.8)
}

/// The expected mean square of each value, or a lower bound of it; `None` where there is none.
fn mean_squares(graph: &Graph) -> Vec<Option<f64>> {
    let mut squares: Vec<Option<f64>> = vec![None; graph.values.len()];
    squares[graph.input.0] = Some(1.0);
    let gains = gains(graph);
    for node in &graph.nodes {
        let square = mean_square(graph, node, &squares, &gains);
        node.outputs.iter().for_each(|output| squares[output.0] = square);
    }
    squares
}

fn mean_square(graph: &Graph, node: &Node, squares: &[Option<f64>], gains: &[Option<f64>]) -> Option<f64> {
    let gain = |kernel: ValueId| match graph.value(kernel).source {
        Source::Param(param) => gains[param.0],
        _ => None,
    };
    let of = |at: usize| squares[node.inputs[at].0];
    match node.op {
        Op::Conv(geometry) => Some(of(0)? * gain(node.inputs[1])? * seen_share(&geometry.window)),
        Op::Product => Some(of(0)? * gain(node.inputs[1])?),
        Op::Bias | Op::Reshape(_) | Op::Dropout(_) | Op::MaxPool(_) => of(0),
        Op::BatchNorm(_) => Some(1.0),
        Op::Map(Activation::Relu) => Some(of(0)? / 2.0),
        Op::AvgPool(window, _) if window.padding.is_none() && graph.range(node.inputs[0]).lo >= 0.0 => {
            Some(of(0)? * KEPT_BY_MEAN)
        }
        Op::Add if is_drawn(graph, node.inputs[0]) || is_drawn(graph, node.inputs[1]) => Some(of(0)? + of(1)?),
        _ => None,
    }
}

/// Whether a value comes straight from weights drawn around zero, so that it correlates with nothing.
fn is_drawn(graph: &Graph, value: ValueId) -> bool {
    match graph.producer(value) {
        Some(node) if matches!(node.op, Op::Conv(_) | Op::Product) => true,
        Some(node) if matches!(node.op, Op::Bias | Op::BatchNorm(_)) => is_drawn(graph, node.inputs[0]),
        _ => false,
    }
}

/// For each parameter that is drawn, fan-in times the variance of its weights, as `model::initialise` draws them.
pub(super) fn gains(graph: &Graph) -> Vec<Option<f64>> {
    let gain = |(param, behind): (&Param, Option<Activation>)| match param.init {
        Init::Fan { .. } if behind.is_some_and(Activation::is_rectifier) => Some(2.0),
        Init::Fan { fan_in, fan_out } => Some(2.0 * fan_in as f64 / (fan_in + fan_out) as f64),
        Init::Constant(_) => None,
    };
    graph.params.iter().zip(graph.activations_behind_params()).map(gain).collect()
}

/// The share of a window's taps that meet pixels, over all windows.
fn seen_share(window: &Window) -> f64 {
    let along = |axis: usize, places: usize| {
        let kernel = window.kernel[axis];
        let seen = (0..places).map(|place| (0..kernel).filter(|&tap| window.sees(axis, place, tap)).count());
        seen.sum::<usize>() as f64 / (places * kernel) as f64
    };
    along(0, window.out_h) * along(1, window.out_w)
}
