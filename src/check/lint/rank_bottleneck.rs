//! P402: fewer features before the last layer than a code of its classes needs.
//!
//! Fewer than C − 1 are no fault: ResNet-18 tells 1000 classes apart by 512.

use crate::check::number::counted;
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
    let is_narrow = width < 63 && 1_usize << width < classes;
    if gives != classes || !is_narrow || last.inputs[0].trust < Trust::Full {
        return;
    }
    let headline = format!("{classes} classes are told apart by {}", counted(width, "feature"));
    let mut fault = Diagnostic::new(&code::RANK_BOTTLENECK, headline)
        .at(last.instance.site.span(), format!("gets {width}, gives {gives}"))
        .note(format!(
            "{}, each low or high, make {} patterns, fewer than there are classes",
            counted(width, "number"),
            1_usize << width
        ))
        .help(format!("give the layer before it at least {classes} outputs"));
    if let Some(before) = subject.weights_behind(last.inputs[0].value) {
        fault = fault.label(before.instance.site.span(), "the bottleneck");
    }
    out.push(subject.told(last, fault));
}
