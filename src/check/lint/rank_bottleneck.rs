//! P402: fewer features before the last layer than its classes need.

use crate::check::subject::Subject;
use crate::check::typing::Trust;
use crate::diag::{Diagnostic, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(last) = subject.weights_behind(subject.typed.output.value) else { return };
    let classes = subject.classes.count;
    let gives = subject.typed.shape(last.output).channels();
    let width = match subject.convolutions()[last.index].first() {
        Some(geometry) => geometry.window.taps() * geometry.channels_per_group(),
        None => subject.typed.shape(last.inputs[0]).len(),
    };
    if gives != classes || width + 1 >= classes || last.inputs[0].trust < Trust::Full {
        return;
    }
    let headline = format!("{classes} classes are told apart by {width} features");
    let mut fault = Diagnostic::new(&code::RANK_BOTTLENECK, headline)
        .at(last.instance.site.span(), format!("gets {width}, gives {gives}"))
        .note(format!(
            "the {classes} scores lie in a space of {width} dimensions, but to set each class apart from all others takes {}",
            classes - 1
        ))
        .help(format!("give the layer before it at least {} outputs", classes - 1));
    if let Some(before) = subject.weights_behind(last.inputs[0].value) {
        fault = fault.label(before.instance.site.span(), "the bottleneck");
    }
    out.push(subject.told(last, fault));
}
