//! O504: batches that are a large part of the images.

use super::at_setting_to_be;
use crate::check::number::counted;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

/// An epoch of fewer batches than this averages away what sets images apart.
const FEWEST_BATCHES: usize = 10;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let batch = subject.file.front.train.batch_size;
    let Some(images) = subject.images.map(|images| images.train).filter(|images| *images > 0) else { return };
    if images >= FEWEST_BATCHES * batch || batch == 1 {
        return;
    }
    let headline = if batch > images {
        format!("a batch of {batch} is more than {} to train on", counted(images, "image"))
    } else {
        format!(
            "{} in batches of {batch}: an epoch has {}",
            counted(images, "image"),
            counted(images.div_ceil(batch), "update")
        )
    };
    let fits = (images / FEWEST_BATCHES).max(1);
    let fits = if fits > 1 { 1 << fits.ilog2() } else { fits };
    let fault = Diagnostic::new(&code::BATCH_TOO_LARGE, headline).help(format!("write `batch_size: {fits}`"));
    out.push(at_setting_to_be(subject, fault, "train.batch_size", "too large", &fits.to_string()));
}
