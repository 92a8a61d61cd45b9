//! P412: statistics of a single number.

use super::at_setting;
use crate::check::number::grouped;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let mut norms = subject.typed.rows.iter().filter(|row| row.instance.layer().name == "BatchNorm");
    let is_vector = |row: &&Row<'_>| subject.typed.shape(row.inputs[0]).pixels() == 1;
    let batch = subject.file.front.train.batch_size;
    let Some(norm) = norms.clone().find(is_vector).or_else(|| norms.next().filter(|_| batch == 1)) else { return };
    let last = subject.images.map(|images| images.train % batch.max(1));
    let (headline, help) = if batch == 1 {
        ("`BatchNorm` in batches of one image".to_owned(), "write a batch size of 8 or more".to_owned())
    } else if last == Some(1) && is_vector(&norm) {
        let images = subject.images.map_or(0, |images| images.train);
        let headline = format!(
            "{} images in batches of {batch} leave a last batch of one for `BatchNorm`",
            grouped(images as u64)
        );
        (headline, format!("write `batch_size: {}`", without_rest(images, batch)))
    } else {
        return;
    };
    let why = if is_vector(&norm) {
        "the variance of one number is 0: what leaves it is its shift alone, whatever the image"
    } else {
        "the statistics are those of one image, which the running averages then stand for all images with"
    };
    let fault = Diagnostic::new(&code::BATCHNORM_ON_ONE, headline).note(why).help(help);
    let fault = at_setting(subject, fault, "train.batch_size", "the batch size");
    out.push(fault.label(norm.instance.site.span(), "measures each batch"));
}

/// The nearest batch size that leaves no single image over.
fn without_rest(images: usize, batch: usize) -> usize {
    (batch + 1..2 * batch + 2).find(|&size| images % size != 1).unwrap_or(batch + 1)
}
