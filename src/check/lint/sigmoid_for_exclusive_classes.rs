//! A306: a sigmoid for each of several classes, of which an image has exactly one.

use super::{output_head, replacement};
use crate::check::subject::Subject;
use crate::check::typing::Trust;
use crate::diag::{Diagnostic, Fix, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(head) = output_head(subject).filter(|head| head.instance.layer().name == "Sigmoid") else { return };
    let units = subject.typed.shape(head.output).channels();
    if units == 1 || head.output.trust < Trust::Full {
        return;
    }
    let mut fault = Diagnostic::new(
        &code::SIGMOID_FOR_EXCLUSIVE_CLASSES,
        format!("`Sigmoid` over {units} units, but every image has exactly one class"),
    )
    .at(head.instance.site.span(), "judges each class by itself")
    .note("the classes are folders, so they exclude one another; sigmoids can give all of them 99 %, or none")
    .help("write `Softmax`: its probabilities add up to one");
    fault.fixes.extend(replacement(head, "Softmax", "softmax").map(Fix::evident));
    out.push(subject.told(head, fault));
}
