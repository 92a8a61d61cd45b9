//! O508: nothing to tell learning from memorising.

use super::at_setting;
use crate::check::number::counted;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(images) = subject.images.filter(|images| images.validation == 0) else { return };
    let headline = format!("all {} are trained on, and none is left to validate with", counted(images.train, "image"));
    let fault = Diagnostic::new(&code::NO_VALIDATION, headline)
        .note(
            "without other images nothing shows whether the network has learned or memorised, and which epoch was best",
        )
        .help("write `data: { validation: 20% }`, or put a folder `val` with images of every class beside `train`");
    out.push(at_setting(subject, fault, "data.validation", "holds none back"));
}
