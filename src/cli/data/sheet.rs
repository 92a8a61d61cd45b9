//! A sheet of training images as a spec's augmentation changes them.

use std::path::Path;
use std::sync::Arc;

use super::super::console::Console;
use super::super::failure::Failure;
use super::super::spec;
use crate::data::{Decoder, Examination, Images, OnBadImage, Sample, augmented_sheet, input_size};
use crate::diag::{Diagnostic, code};

/// Rows of the sheet at the most.
const IMAGES: usize = 8;
/// Columns beside the image itself.
const EPOCHS: usize = 8;
/// The longest side of a picture that is drawn: a sheet is looked at as a whole.
const MAX_SIDE: usize = 160;

/// The PNG: a row an image, the image first and then the views of the first epochs.
///
/// # Errors
/// Where the spec cannot be read or asks for no augmentation, or no image can be read.
pub(super) fn draw(path: &Path, examination: &Examination, console: &Console) -> Result<Vec<u8>, Failure> {
    let source = spec::read(path)?;
    spec::refuse_unread(&source)?;
    let front = spec::front_matter(&source);
    if front.data.augment.is_none() {
        let fault = Diagnostic::new(&code::MISSING_ARGUMENT, "the spec asks for no augmentation")
            .on(path)
            .help("write what is wanted, such as `data: { augment: { flip: horizontal, rotate: 10, shift: 10% } }`");
        return Err(fault.fault().into());
    }
    let asked = front.input.as_ref().map(|input| input.value);
    let [height, width, channels] = asked.or_else(|| input_size(&examination.train.facts)).unwrap_or([64, 64, 3]);
    let scale = (MAX_SIDE as f64 / height.max(width) as f64).min(1.0);
    let fitted = |side: usize| ((side as f64 * scale).round() as usize).max(1);
    let decoder = Decoder::new(fitted(height), fitted(width), channels, front.data.resize)?;
    let (images, bad) = Images::load(some_of_each(examination), decoder, u64::MAX, OnBadImage::Skip, &|_, _| {})?;
    console.log_tightly(&bad);
    Ok(augmented_sheet(&Arc::new(images), front.data.augment, front.train.seed, EPOCHS)?)
}

/// Readable images of every class in turn.
fn some_of_each(examination: &Examination) -> Vec<Sample> {
    let train = &examination.train;
    let readable = || train.samples.iter().zip(&train.looks).filter(|(_, look)| look.is_some());
    let of_class = |class: usize| readable().filter(move |(sample, _)| sample.class == class).map(|(sample, _)| sample);
    let classes = examination.classes.len();
    let each = IMAGES.div_ceil(classes.max(1));
    (0..classes).flat_map(|class| of_class(class).take(each)).take(IMAGES).cloned().collect()
}
