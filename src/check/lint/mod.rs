//! Lints: what is wrong with a network whose shapes fit. One file a lint, one list.

mod affine_after_affine;
mod batch_too_large;
mod batchnorm_on_one;
mod bias_before_batchnorm;
mod channels_first_input;
mod constant_output;
mod double_softmax;
mod dropout_before_batchnorm;
mod dropout_survival;
mod flatten_explosion;
mod init_scale;
mod input_not_normalised;
mod kernel_covers_map;
mod learning_rate_high;
mod learning_rate_low;
mod logits_out;
mod loss_does_not_fit_output;
mod no_op_layer;
mod no_validation;
mod normalised_twice;
mod overflow_chain;
mod padding_only_weights;
mod pixels_dropped;
mod rank_bottleneck;
mod receptive_field;
mod rectified_logits;
mod redundant_activation;
mod saturating_chain;
mod sigmoid_for_exclusive_classes;
mod softmax_in_the_middle;
mod softmax_on_one_unit;
mod squashed_logits;
mod stride_skips_pixels;
mod too_few_updates;
mod weight_decay_strong;
mod window_in_padding;
mod wrong_output_activation;

use super::subject::Subject;
use super::typing::{Row, Trust};
use crate::diag::{Diagnostic, Fix};
use crate::graph::Shape;

/// A lint: adds what it finds.
type Lint = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// Lints that can tell of a part of the network while another is faulty, by their codes.
static OF_PARTS: &[Lint] = &[
    window_in_padding::check,
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
    loss_does_not_fit_output::check,
    logits_out::check,
];

/// Lints on a network of which every part is known, by their codes.
static OF_WHOLES: &[Lint] = &[
    affine_after_affine::check,
    redundant_activation::check,
    saturating_chain::check,
    constant_output::check,
    overflow_chain::check,
    dropout_survival::check,
    dropout_before_batchnorm::check,
    bias_before_batchnorm::check,
    no_op_layer::check,
    batchnorm_on_one::check,
    learning_rate_high::check,
    learning_rate_low::check,
    too_few_updates::check,
    batch_too_large::check,
    weight_decay_strong::check,
    input_not_normalised::check,
    normalised_twice::check,
    no_validation::check,
];

/// Lints on sizes and counts that follow from the size of the input, which has to be given, by their codes.
static OF_SIZES: &[Lint] = &[
    flatten_explosion::check,
    rank_bottleneck::check,
    kernel_covers_map::check,
    padding_only_weights::check,
    receptive_field::check,
    init_scale::check,
];

/// Everything that the lints find; what needs facts that are not there is left out.
pub(super) fn check_all(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let mut run = |lints: &[Lint]| lints.iter().for_each(|lint| lint(subject, out));
    run(OF_PARTS);
    if subject.is_sound {
        run(OF_WHOLES);
        if !subject.input_assumed {
            run(OF_SIZES);
        }
    }
}

/// Puts a fault at a setting of the front matter, where the spec gives it.
fn at_setting(subject: &Subject<'_>, fault: Diagnostic, key: &str, label: &str) -> Diagnostic {
    match subject.file.front.places.of(key) {
        Some(span) => fault.at(span, label),
        None => fault,
    }
}

/// The same with the fix that writes `value` there.
fn at_setting_to_be(subject: &Subject<'_>, fault: Diagnostic, key: &str, label: &str, value: &str) -> Diagnostic {
    let fault = at_setting(subject, fault, key, label);
    match fault.span() {
        Some(span) => fault.fix(format!("write `{value}`"), span, value),
        None => fault,
    }
}

/// How often the weights are changed over the whole training, where the number of images is known.
fn updates(subject: &Subject<'_>) -> Option<u64> {
    let train = &subject.file.front.train;
    let images = subject.images?.train.max(1);
    let steps = images.div_ceil(train.batch_size.clamp(1, images));
    Some(steps as u64 * train.epochs as u64)
}

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
