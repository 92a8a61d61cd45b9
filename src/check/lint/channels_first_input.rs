//! T213: `input: 3x224x224`.

use crate::check::MAX_CHANNELS;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(input) = subject.file.front.input else { return };
    let [first, second, third] = input.value;
    if first > MAX_CHANNELS || third <= MAX_CHANNELS {
        return;
    }
    let right = format!("{second}x{third}x{first}");
    let headline = format!("the input is {first} high and has {third} channels; channels come last");
    let fault = Diagnostic::new(&code::CHANNELS_FIRST_INPUT, headline)
        .at(input.span, "height × width × channels")
        .help(format!("write `input: {right}`"));
    out.push(match subject.input_span() {
        Some(span) => fault.safe_fix(format!("write `{right}`"), span, right),
        None => fault,
    });
}
