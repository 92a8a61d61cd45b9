//! JPEG, read strictly: a file cut short is refused, where the usual decoder fills the rest with grey.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::picture::{Bad, check_size};

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

/// The upright picture, grey or RGB; CMYK and YCCK become RGB.
pub(super) fn decode(file: &[u8]) -> Result<DynamicImage, Bad> {
    let mut strict = open(file, true)?;
    let (width, height, channels, orientation) = facts(&strict)?;
    check_size(height, width, (height * width * channels) as u64)?;
    let bytes = strict.decode().map_err(|error| explain(file, &error))?;
    let (width, height) = (width as u32, height as u32);
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        _ => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
    };
    let mut picture =
        picture.ok_or_else(|| Bad::Unreadable("the picture is smaller than its header says".to_owned()))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Width, height and channels as stored, and the orientation.
pub(super) fn header(file: &[u8]) -> Result<(usize, usize, usize, Orientation), Bad> {
    facts(&open(file, true)?)
}

/// A decoder that has read the headers and will give grey for grey and RGB for all else. Every size that a JPEG can claim passes
/// here: [`check_size`] refuses it with its limit, before anything is decoded.
fn open(file: &[u8], strict: bool) -> Result<Decoder<'_>, Bad> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|error| reason(&error))?;
    let colour = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colour));
    Ok(decoder)
}

fn facts(decoder: &Decoder<'_>) -> Result<(usize, usize, usize, Orientation), Bad> {
    let size = decoder.info().ok_or_else(|| Bad::Unreadable("the JPEG has no frame header".to_owned()))?;
    let channels = if decoder.input_colorspace() == Some(ColorSpace::Luma) { 1 } else { 3 };
    let orientation = decoder.exif().and_then(|chunk| Orientation::from_exif_chunk(chunk));
    Ok((usize::from(size.width), usize::from(size.height), channels, orientation.unwrap_or(Orientation::NoTransforms)))
}

/// A file that only a lenient decoder reads is cut short; one that none reads is damaged.
fn explain(file: &[u8], error: &DecodeErrors) -> Bad {
    let lenient = open(file, false).is_ok_and(|mut decoder| decoder.decode().is_ok());
    if lenient || is_end(error) {
        Bad::Truncated("the JPEG ends, or is broken, before its last row".to_owned())
    } else {
        reason(error)
    }
}

fn is_end(error: &DecodeErrors) -> bool {
    matches!(error, DecodeErrors::ExhaustedData)
        || matches!(error, DecodeErrors::IoErrors(zune_core::bytestream::ZByteIoError::NotEnoughBytes(..)))
}

fn reason(error: &DecodeErrors) -> Bad {
    match error {
        error if is_end(error) => Bad::Truncated("the JPEG ends within its header".to_owned()),
        error => Bad::Unreadable(format!("the JPEG is damaged: {error:?}")),
    }
}
