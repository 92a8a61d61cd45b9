//! Small pictures of images, as files in memory, to be shown in a page.

use std::borrow::Cow;
use std::io::Cursor;
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use super::augment::Augmentation;
use super::images::Images;
use super::picture::Picture;
use super::resize::resize;
use super::source::Source;
use crate::diag::{Diagnostic, Result, code};
use crate::syntax::settings::{Augment, Resize};

/// Quality of a small picture: no blocks are seen, and a page of hundreds stays small.
const QUALITY: u8 = 80;
/// Pixels between the pictures of a sheet.
const GAP: usize = 4;

/// The image as a JPEG of at most `side` pixels a side, its shape kept; smaller ones are not enlarged.
///
/// # Errors
/// D601, D602 or D617 where the file gives no picture.
pub fn thumbnail(source: &Source, side: usize) -> Result<Vec<u8>> {
    let small = |picture: Picture| {
        let scale = (side as f64 / picture.height.max(picture.width) as f64).min(1.0);
        let fitted = |length: usize| ((length as f64 * scale).round() as usize).max(1);
        let (height, width) = (fitted(picture.height), fitted(picture.width));
        resize(picture, height, width, Resize::Stretch)
    };
    let picture = small(source.picture()?).map_err(|bad| source.name(bad))?;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode_image(&drawn(picture.bytes, picture.height, picture.width, picture.channels))
        .map_err(|error| unencoded(&error))?;
    Ok(jpeg)
}

/// A PNG with a row for each image: the image as it is, then as the first `epochs` epochs of a run show it.
///
/// # Errors
/// Where an image cannot be read again.
pub fn augmented_sheet(images: &Arc<Images>, augment: Augment, seed: u64, epochs: usize) -> Result<Vec<u8>> {
    let [height, width, channels] = images.decoder().shape();
    let (rows, columns) = (images.len(), epochs + 1);
    let (full_height, full_width) = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP);
    let mut sheet = vec![255; full_height * full_width * channels];
    for index in 0..rows {
        for column in 0..columns {
            let augmentation = column.checked_sub(1).and_then(|epoch| Augmentation::new(augment, seed, epoch as u64));
            let view: Cow<'_, [u8]> = match augmentation {
                Some(augmentation) => {
                    augmentation.image(index, rows, images.decoder().shape(), |index| images.bytes(index))?
                }
                None => images.bytes(index)?,
            };
            let corner = (index * (height + GAP) * full_width + column * (width + GAP)) * channels;
            for (row, pixels) in view.chunks_exact(width * channels).enumerate() {
                let start = corner + row * full_width * channels;
                sheet[start..start + pixels.len()].copy_from_slice(pixels);
            }
        }
    }
    let mut png = Cursor::new(Vec::new());
    drawn(sheet, full_height, full_width, channels)
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|error| unencoded(&error))?;
    Ok(png.into_inner())
}

fn drawn(bytes: Vec<u8>, height: usize, width: usize, channels: usize) -> DynamicImage {
    let (height, width) = (height as u32, width as u32);
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        _ => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
    };
    picture.unwrap_or_default()
}

fn unencoded(error: &image::ImageError) -> Box<Diagnostic> {
    Diagnostic::new(&code::WRITE_FAILED, format!("a picture cannot be drawn: {error}")).fault()
}
