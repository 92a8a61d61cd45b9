//! O503: a training that ends before it has begun.

use super::{at_setting, updates};
use crate::check::number::{counted, grouped};
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

/// Fewer updates than this seldom train a network from its beginning.
const FEW: u64 = 500;
/// Fewer than this never do.
const FAR_TOO_FEW: u64 = 100;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(updates) = updates(subject).filter(|updates| *updates < FEW) else { return };
    let train = &subject.file.front.train;
    let images = subject.images.map_or(0, |images| images.train);
    let steps = updates / train.epochs.max(1) as u64;
    let enough = FEW.div_ceil(steps.max(1));
    let headline = format!(
        "{} on {} in batches of {} make {}",
        counted(train.epochs, "epoch"),
        counted(images, "image"),
        train.batch_size,
        counted(usize::try_from(updates).unwrap_or(usize::MAX), "update")
    );
    let outlook = if updates < FAR_TOO_FEW {
        "so few updates do not train a network: it will have learned next to nothing"
    } else {
        "few networks are trained by so few updates"
    };
    let smaller = (train.batch_size / 2).max(1);
    let fault = Diagnostic::new(&code::TOO_FEW_UPDATES, headline).note(outlook).help(format!(
        "write `epochs: {}` for {} updates, or `batch_size: {smaller}` for twice as many",
        enough,
        grouped(enough * steps)
    ));
    out.push(at_setting(subject, fault, "train.epochs", "the epochs"));
}
