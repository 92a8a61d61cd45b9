//! Lints: what is wrong with a network whose shapes fit. One file a lint, one list.

mod channels_first_input;
mod double_softmax;
mod pixels_dropped;
mod rectified_logits;
mod sigmoid_for_exclusive_classes;
mod softmax_in_the_middle;
mod softmax_on_one_unit;
mod squashed_logits;
mod stride_skips_pixels;
mod wrong_output_activation;

use super::subject::Subject;
use super::typing::{Row, Trust};
use crate::diag::{Diagnostic, Fix};
use crate::graph::{Op, Shape};
use crate::kernel::Window;

/// All lints, by their codes.
pub(super) static LINTS: &[fn(&Subject<'_>, &mut Vec<Diagnostic>)] = &[
    channels_first_input::check,
    pixels_dropped::check,
    stride_skips_pixels::check,
    softmax_on_one_unit::check,
    softmax_in_the_middle::check,
    double_softmax::check,
    rectified_logits::check,
    squashed_logits::check,
    sigmoid_for_exclusive_classes::check,
    wrong_output_activation::check,
];

/// Whether a layer is softmax or its logarithm.
fn is_softmax(row: &Row<'_>) -> bool {
    matches!(row.instance.layer().name, "Softmax" | "LogSoftmax")
}

/// Whether a layer is softmax over a single number, which A301 reports and no other lint repeats.
fn is_over_one_unit(subject: &Subject<'_>, row: &Row<'_>) -> bool {
    if !is_softmax(row) {
        return false;
    }
    let input = row.inputs[0];
    let known = match subject.typed.shape(input) {
        Shape::Map { .. } => input.trust >= Trust::Channels,
        Shape::Vector(_) => input.trust == Trust::Full,
    };
    known && subject.typed.shape(input).channels() == 1
}

/// What gives the probabilities: the head where it is softmax or a sigmoid, and its output is a vector.
fn probability_head<'s, 'a>(subject: &'s Subject<'a>) -> Option<&'s Row<'a>> {
    output_head(subject).filter(|head| is_softmax(head) || head.instance.layer().name == "Sigmoid")
}

/// The last layer, where the network ends in a vector; what ends in a map has a fault of its own.
fn output_head<'s, 'a>(subject: &'s Subject<'a>) -> Option<&'s Row<'a>> {
    let is_vector = matches!(subject.typed.shape(subject.typed.output), Shape::Vector(_));
    let is_known = subject.typed.output.trust >= Trust::Rank;
    if is_vector && is_known { subject.head() } else { None }
}

/// The window of each layer; none for dense layers and global pools.
fn windows(subject: &Subject<'_>) -> Vec<Option<Window>> {
    let rows = &subject.typed.rows;
    let mut windows = vec![None; rows.len()];
    for node in &subject.typed.graph.nodes {
        let at = node.layer.0;
        windows[at] = match node.op {
            // Of a separable convolution the first, which is the one that slides.
            Op::Conv(geometry) => windows[at].or(Some(geometry.window)),
            Op::MaxPool(window) | Op::AvgPool(window, _) if rows[at].instance.bound.has("size") => Some(window),
            _ => windows[at],
        };
    }
    windows
}

/// A fix that takes a layer out, where the text allows it.
fn removal(row: &Row<'_>) -> Option<Fix> {
    let edit = super::edit::remove(&row.instance.site, &row.instance.trace)?;
    Some(Fix::offered(format!("remove `{}`", row.instance.layer().name), vec![edit]))
}

/// How to take an activation out before the head, in words.
fn removal_help(row: &Row<'_>, head: &Row<'_>) -> String {
    let (name, head) = (row.instance.layer().name, head.instance.layer().name);
    if row.instance.trace.is_plain() {
        format!("remove this `{name}`; `{head}` follows its layer directly")
    } else {
        format!("repeat once less, and write the last layer behind it without `{name}`: `-> Dense -> {head}`")
    }
}

/// A fix that puts another activation in a layer's place, where the text allows it.
fn replacement(row: &Row<'_>, name: &str, word: &str) -> Option<Fix> {
    let edit = super::edit::replace(&row.instance.site, &row.instance.trace, name, word)?;
    Some(Fix::offered(format!("write `{}`", edit.text), vec![edit]))
}

/// The least cross-entropy that logits within an interval of width `span` allow over `classes` classes:
/// ln(1 + (C − 1)·e^(−span)), where the right logit is highest and all others are lowest.
fn loss_floor(span: f64, classes: usize) -> f64 {
    ((classes as f64 - 1.0) * (-span).exp()).ln_1p()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_floor_of_probabilities_as_logits_is_the_published_one() {
        for classes in [3, 10] {
            let published = (std::f64::consts::E + classes as f64 - 1.0).ln() - 1.0;
            assert!((super::loss_floor(1.0, classes) - published).abs() < 1e-12);
        }
        assert_eq!(format!("{:.3}", super::loss_floor(1.0, 3)), "0.551");
        assert_eq!(format!("{:.3}", super::loss_floor(1.0, 10)), "1.461");
    }
}
