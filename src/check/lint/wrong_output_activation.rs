//! A307: an end that gives no probabilities.

use super::{is_softmax, output_head, removal, replacement};
use crate::check::subject::Subject;
use crate::check::typing::{Row, Trust};
use crate::diag::{Diagnostic, Fix, code};
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(head) = output_head(subject).filter(|head| head.instance.layer().family == Family::Activation) else {
        return;
    };
    let units = subject.typed.shape(head.output).channels();
    let is_known = head.output.trust == Trust::Full;
    if head.instance.layer().name == "Sigmoid" {
        if units == 1 && is_known && subject.classes.count > 2 {
            out.push(subject.told(head, single_sigmoid(subject, head)));
        }
    } else if !is_softmax(head) {
        out.push(subject.told(head, no_probabilities(subject, head, is_known && units == 1)));
    }
}

fn no_probabilities(subject: &Subject<'_>, head: &Row<'_>, one_unit: bool) -> Diagnostic {
    let name = head.instance.layer().name;
    let mut fault = Diagnostic::new(
        &code::WRONG_OUTPUT_ACTIVATION,
        format!("the network ends in `{name}`, which gives no probabilities"),
    )
    .at(head.instance.site.span(), "the output");
    // A softmax just before it is all that is needed.
    if subject.origin(head.inputs[0].value).is_some_and(is_softmax) {
        fault = fault.help(format!("remove `{name}`: the probabilities of the softmax before it are the output"));
        fault.fixes.extend(removal(head).map(Fix::evident));
        return fault;
    }
    let right = if one_unit { "Sigmoid" } else { "Softmax" };
    fault = fault
        .note(format!(
            "the loss compares probabilities; what `{name}` cuts off or bends has no gradient back to the score"
        ))
        .help(format!("write `{right}` instead"));
    let fix = replacement(head, right, &right.to_lowercase());
    // With one unit a class there is nothing else that the end can be.
    let is_evident = subject.typed.shape(head.output).channels() == subject.classes.count;
    fault.fixes.extend(fix.map(|fix| if is_evident { fix.evident() } else { fix }));
    fault
}

fn single_sigmoid(subject: &Subject<'_>, head: &Row<'_>) -> Diagnostic {
    let classes = subject.classes.count;
    let mut fault = Diagnostic::new(&code::WRONG_OUTPUT_ACTIVATION, format!("one sigmoid unit for {classes} classes"))
        .at(head.instance.site.span(), "tells two classes apart at most")
        .help(format!("give the last layer {classes} units and end in `Softmax`"));
    if let Some(weights) = subject.weights_behind(head.inputs[0].value) {
        fault = fault.label(weights.instance.site.span(), "gives one unit");
    }
    fault
}
