//! A312: a network that ends in scores.

use super::output_head;
use crate::base::Span;
use crate::check::subject::Subject;
use crate::check::typing::Trust;
use crate::diag::{Diagnostic, code};
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(head) = output_head(subject).filter(|head| head.instance.layer().family != Family::Activation) else {
        return;
    };
    if head.output.trust < Trust::Full {
        return;
    }
    let name = head.instance.layer().name;
    let right = if subject.typed.shape(head.output).channels() == 1 { "Sigmoid" } else { "Softmax" };
    let fault =
        Diagnostic::new(&code::LOGITS_OUT, format!("the network ends in `{name}`: it gives scores, not probabilities"))
            .at(head.instance.site.span(), "the output")
            .note(format!("the loss is computed from scores anyway, and `netc predict` applies `{right}` to them"))
            .help(format!("nothing has to change; `-> {right}` at the end says the same"))
            .fix(format!("append `{right}`"), Span::at(subject.spec.chain.span.end), format!(" -> {right}"));
    out.push(fault);
}
