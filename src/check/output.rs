//! What the network gives against what is wanted of it: T207, T209, T210.

use super::expand::Origin;
use super::number::{counted, grouped};
use super::subject::Subject;
use super::typing::{Row, Trust};
use crate::base::Span;
use crate::diag::{Diagnostic, code};
use crate::graph::Shape;

/// Reports an output that is no vector, or no vector of the classes.
pub(super) fn check_output(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let output = subject.typed.output;
    let Some(last) = subject.typed.rows.last() else { return };
    match subject.typed.shape(output) {
        shape @ Shape::Map { .. } if output.trust >= Trust::Rank => out.push(not_a_vector(subject, last, shape)),
        Shape::Vector(width) if output.trust == Trust::Full && !fits_classes(subject, width) => {
            out.push(units_not_classes(subject, width));
        }
        _ => {}
    }
}

/// One unit stands for two classes, and what is wrong with one unit otherwise is said where its activation is.
fn fits_classes(subject: &Subject<'_>, width: usize) -> bool {
    let has_sigmoid = |name: &str| subject.head().is_some_and(|head| head.instance.layer().name == name);
    let classes = subject.classes.count;
    width == classes
        || width == 1 && (classes == 2 || has_sigmoid("Sigmoid") || has_sigmoid("Softmax") || has_sigmoid("LogSoftmax"))
}

/// T207.
fn units_not_classes(subject: &Subject<'_>, width: usize) -> Diagnostic {
    let classes = subject.classes.count;
    let headline = format!("the network gives {}, but there are {classes} classes", counted(width, "number"));
    let weights = subject.weights_behind(subject.typed.output.value);
    let place = weights.map_or(subject.spec.chain.span, |row| row.instance.site.span());
    let mut fault = Diagnostic::new(&code::UNITS_NOT_CLASSES, headline).at(place, format!("gives {width}"));
    match (&subject.file.front.classes, &subject.classes.names) {
        (Some(classes), _) => fault = fault.label(classes.span, "the classes"),
        (None, Some(names)) => fault = fault.note(format!("the data has the classes {}", names.join(", "))),
        (None, None) => {}
    }
    let Some(row) = weights else { return fault.help(format!("end in a layer of {classes} units")) };
    let argument = if row.instance.bound.has("units") { "units" } else { "filters" };
    fault = fault.help(format!("give this `{}` {classes} {argument}", row.instance.layer().name));
    if row.instance.bound.has(argument)
        && let Some(span) = own_number(subject, row, argument)
    {
        fault = fault.fix(format!("write `{classes}`"), span, classes.to_string());
    }
    subject.told(row, fault)
}

/// The place of a number in the text that only this layer has: an argument of a layer that stands there once, or an
/// item of a list.
fn own_number(subject: &Subject<'_>, row: &Row<'_>, argument: &str) -> Option<Span> {
    let site = &row.instance.site;
    let given = row.instance.bound.given(argument)?;
    let is_number = subject.source.slice(given.value).bytes().all(|byte| byte.is_ascii_digit());
    let is_item = site.args.get(given.index).is_some_and(|arg| arg.value.span != given.value);
    let stands_once = row.instance.trace.is_plain() || is_item;
    (site.origin == Origin::Name && is_number && stands_once && !given.value.is_empty()).then_some(given.value)
}

/// T209.
fn not_a_vector(subject: &Subject<'_>, last: &Row<'_>, shape: Shape) -> Diagnostic {
    let classes = subject.classes.count;
    let headline = format!("the network ends in a map of {shape}, not in one number a class");
    let known = subject.typed.output.trust >= Trust::Channels;
    let layers = if known && shape.channels() == classes {
        "GlobalAvgPool".to_owned()
    } else {
        format!("GlobalAvgPool -> Dense({classes})")
    };
    let fault = Diagnostic::new(&code::OUTPUT_NOT_A_VECTOR, headline).at(last.instance.site.span(), "the last layer");
    let is_probability = matches!(last.instance.layer().name, "Softmax" | "LogSoftmax" | "Sigmoid");
    let fault = if is_probability && last.instance.site.origin == Origin::Name && last.instance.trace.is_plain() {
        let place = Span::at(last.instance.site.call.start);
        fault.help(format!("put `{layers}` before `{}`", last.instance.layer().name)).fix(
            format!("insert `{layers}`"),
            place,
            format!("{layers} -> "),
        )
    } else {
        let place = Span::at(subject.spec.chain.span.end);
        fault.help(format!("go on with `{layers} -> Softmax`")).fix(
            format!("append `{layers} -> Softmax`"),
            place,
            format!(" -> {layers} -> Softmax"),
        )
    };
    subject.told(last, fault)
}

/// T210. Only a network without faults is held to it.
pub(super) fn check_expectations(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let expect = &subject.file.front.expect;
    let params = subject.typed.graph.trained_params();
    if let Some(expected) = expect.params.filter(|expected| expected.value != params) {
        let headline =
            format!("the network has {} parameters, not the expected {}", grouped(params), grouped(expected.value));
        let mut fault = Diagnostic::new(&code::EXPECTATION_FAILED, headline)
            .at(expected.span, format!("{} {}", difference(params, expected.value), "than expected"))
            .note(layer_table(subject))
            .help("change the network, or the expectation if it is out of date");
        if subject.input_assumed {
            fault = fault.note(format!("without `input` the images are taken to be {}", subject.input));
        }
        out.push(fault);
    }
    let width = subject.typed.shape(subject.typed.output).len();
    if let Some(expected) = expect.output.filter(|expected| expected.value != width) {
        let headline = format!("the network gives {}, not the expected {}", counted(width, "number"), expected.value);
        out.push(
            Diagnostic::new(&code::EXPECTATION_FAILED, headline)
                .at(expected.span, format!("{width} in fact"))
                .note(layer_table(subject))
                .help("change the network, or the expectation if it is out of date"),
        );
    }
}

fn difference(found: u64, expected: u64) -> String {
    let by = grouped(found.abs_diff(expected));
    if found > expected { format!("{by} more") } else { format!("{by} fewer") }
}

/// Layers that have parameters or change the shape, a line each.
fn layer_table(subject: &Subject<'_>) -> String {
    let params = subject.params_by_layer();
    let mut lines = Vec::new();
    for (row, params) in subject.typed.rows.iter().zip(params) {
        let shape = subject.typed.shape(row.output);
        if params > 0 || row.inputs.iter().any(|input| subject.typed.shape(*input) != shape) {
            lines.push(format!("{:<24} {:>14} {:>12}", row.text(), shape.to_string(), grouped(params)));
        }
    }
    let hidden = lines.len().saturating_sub(40);
    if hidden > 0 {
        lines.truncate(40);
        lines.push(format!("… and {}", counted(hidden, "more layer")));
    }
    lines.join("\n")
}
