//! A311: a `train.loss` that is made for another end of the network.

use super::{is_over_one_unit, is_softmax, output_head};
use crate::check::subject::Subject;
use crate::check::typing::{Row, Trust};
use crate::diag::{Diagnostic, Severity, code};
use crate::syntax::settings::Loss;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(loss) = subject.file.front.train.loss else { return };
    let Some(head) = output_head(subject).filter(|head| head.output.trust == Trust::Full) else { return };
    let units = subject.typed.shape(head.output).channels();
    let softmax = is_softmax(head) && !is_over_one_unit(subject, head);
    let sigmoid = head.instance.layer().name == "Sigmoid";
    let misfit = match loss {
        Loss::CrossEntropy | Loss::Focal if sigmoid && units > 1 => Some((
            "compares one probability distribution over the classes",
            "sigmoids give a probability for each class by itself: all of them can be 1 at no loss".to_owned(),
            "end in `Softmax`".to_owned(),
        )),
        Loss::CrossEntropy if units == 1 => Some((
            "wants a probability a class",
            "one number as a distribution is always 1, and its cross-entropy always 0".to_owned(),
            "write `loss: binary_cross_entropy`, or leave the key out".to_owned(),
        )),
        Loss::BinaryCrossEntropy if softmax || units > 1 && !sigmoid => Some((
            "is for one probability and two classes",
            format!("the network gives {units} numbers, one a class, of which exactly one is right"),
            "write `loss: cross_entropy`, or leave the key out".to_owned(),
        )),
        _ => None,
    };
    match misfit {
        Some((wants, why, help)) => {
            let headline = format!("`loss: {}` {wants}; the network ends in {}", loss.name(), described(head, units));
            out.push(
                at_loss(subject, head, Diagnostic::new(&code::LOSS_DOES_NOT_FIT_OUTPUT, headline)).note(why).help(help),
            );
        }
        None if loss == Loss::Mse && (softmax || sigmoid) => out.push(on_probabilities(subject, head)),
        None => {}
    }
}

fn described(head: &Row<'_>, units: usize) -> String {
    let name = head.instance.layer().name;
    if units == 1 { format!("`{name}` over one unit") } else { format!("`{name}` over {units} units") }
}

fn at_loss(subject: &Subject<'_>, head: &Row<'_>, fault: Diagnostic) -> Diagnostic {
    let fault = match subject.file.front.places.of("train.loss") {
        Some(span) => fault.at(span, "the loss"),
        None => fault,
    };
    fault.label(head.instance.site.span(), "the output")
}

/// The gradient of (p − t)² by a score has the factor p·(1 − p), which is zero where the network is wrong and sure.
fn on_probabilities(subject: &Subject<'_>, head: &Row<'_>) -> Diagnostic {
    let name = head.instance.layer().name;
    let headline = format!("`loss: mse` on the probabilities of `{name}`");
    let mut fault = at_loss(subject, head, Diagnostic::new(&code::LOSS_DOES_NOT_FIT_OUTPUT, headline))
        .note("its gradient has the factor p·(1 − p): an image that is wrong with p near 0 teaches next to nothing")
        .help("write `loss: cross_entropy`, or leave the key out");
    fault.severity = Severity::Warning;
    fault
}
