//! An encoded image file as rows of bytes: by content, upright, 8 bits a channel, grey or RGB.
//!
//! Alpha is dropped, as Pillow's `convert("RGB")` drops it; 16 bits are scaled to 8; of an animation the first frame
//! counts. Sizes are checked before memory is spent, and a decoder that panics is a bad file, not the end.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::jpeg;

/// The largest height and width that are decoded.
pub(super) const MAX_SIDE: usize = 16_384;
/// The most bytes that a decoded image may take (256 MiB: 89 megapixels of RGB).
pub(super) const MAX_DECODED_BYTES: u64 = 256 << 20;

/// An image: `height` × `width` × `channels` bytes, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub height: usize,
    pub width: usize,
    /// 1 for grey, 3 for RGB.
    pub channels: usize,
    pub bytes: Vec<u8>,
}

/// What an image's header tells, with the orientation applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub height: usize,
    pub width: usize,
    /// 1 for grey, 3 for colour.
    pub channels: usize,
}

/// Why a file gives no picture, with the reason for the user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bad {
    Unreadable(String),
    Truncated(String),
    TooLarge(String),
}

impl Picture {
    /// Decodes a whole file.
    pub fn decode(file: &[u8]) -> Result<Self, Bad> {
        contained(|| {
            let decoded = match format(file)? {
                ImageFormat::Jpeg => jpeg::decode(file)?,
                format => decode_other(file, format)?,
            };
            Ok(Self::from_dynamic(decoded))
        })
    }

    fn from_dynamic(decoded: DynamicImage) -> Self {
        let (height, width) = (decoded.height() as usize, decoded.width() as usize);
        let (channels, bytes) = match decoded {
            DynamicImage::ImageLuma8(grey) => (1, grey.into_raw()),
            DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
                (1, decoded.into_luma8().into_raw())
            }
            colour => (3, colour.into_rgb8().into_raw()),
        };
        Self { height, width, channels, bytes }
    }

    /// The picture in grey (1) or RGB (3), by the luma of ITU-R 601 in Pillow's integer arithmetic.
    pub fn with_channels(self, channels: usize) -> Self {
        let bytes = match (self.channels, channels) {
            (3, 1) => self.bytes.as_chunks::<3>().0.iter().map(|&pixel| luma(pixel)).collect(),
            (1, 3) => self.bytes.iter().flat_map(|&grey| [grey; 3]).collect(),
            _ => return self,
        };
        Self { channels, bytes, ..self }
    }
}

impl Header {
    /// Reads as much of the file as tells its size and channels.
    pub fn read(file: &[u8]) -> Result<Self, Bad> {
        contained(|| {
            let (width, height, channels, orientation) = match format(file)? {
                ImageFormat::Jpeg => jpeg::header(file)?,
                format => {
                    let mut decoder = decoder(file, format)?;
                    let (width, height) = decoder.dimensions();
                    let channels = if decoder.color_type().has_color() { 3 } else { 1 };
                    (width as usize, height as usize, channels, orientation(&mut decoder))
                }
            };
            let (height, width) = if turns(orientation) { (width, height) } else { (height, width) };
            Ok(Self { height, width, channels })
        })
    }
}

/// Luma of ITU-R 601, rounded, in 16-bit fixed point.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000) >> 16) as u8
}

/// Refuses a size before memory is spent on it.
pub(super) fn check_size(height: usize, width: usize, bytes: u64) -> Result<(), Bad> {
    let limit = MAX_DECODED_BYTES >> 20;
    if height.max(width) > MAX_SIDE {
        Err(Bad::TooLarge(format!("the image says it is {height}×{width}, and a side has at most {MAX_SIDE} pixels")))
    } else if bytes > MAX_DECODED_BYTES {
        Err(Bad::TooLarge(format!("the image is {height}×{width}, which takes more than {limit} MiB decoded")))
    } else {
        Ok(())
    }
}

/// Runs a decoder so that its panic is one file's fault.
fn contained<T>(work: impl FnOnce() -> Result<T, Bad>) -> Result<T, Bad> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Bad::Unreadable("the image makes its decoder fail: it is damaged".to_owned())))
}

fn decode_other(file: &[u8], format: ImageFormat) -> Result<DynamicImage, Bad> {
    let mut decoder = decoder(file, format)?;
    let orientation = orientation(&mut decoder);
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(|error| reason(&error))?;
    decoded.apply_orientation(orientation);
    Ok(decoded)
}

fn decoder(file: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_, Bad> {
    let mut limits = Limits::default();
    // Sides are looked at below, by one who says how long they are.
    limits.max_alloc = Some(2 * MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| reason(&error))?;
    let (width, height) = decoder.dimensions();
    check_size(height as usize, width as usize, decoder.total_bytes())?;
    Ok(decoder)
}

/// The orientation that the metadata gives; damaged metadata give none.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

fn turns(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

fn reason(error: &ImageError) -> Bad {
    match error {
        ImageError::Limits(error) => Bad::TooLarge(format!("the image is larger than what is decoded: {error}")),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Bad::Truncated("the file ends before its picture does".to_owned())
        }
        ImageError::Unsupported(error) => Bad::Unreadable(format!("the image is of a kind that is not read: {error}")),
        error => Bad::Unreadable(format!("the image is damaged: {error}")),
    }
}

/// The format by the first bytes; for a file of another kind, what it is instead.
fn format(file: &[u8]) -> Result<ImageFormat, Bad> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    match image::guess_format(file) {
        Ok(format @ (Bmp | Gif | Jpeg | Png | Tiff | WebP)) => Ok(format),
        _ => Err(Bad::Unreadable(format!("the file is {}", kind_of(file)))),
    }
}

/// Whether the extension of `name` is that of the content's format; one that names no format fits any.
pub(super) fn extension_fits(name: &str, file: &[u8]) -> bool {
    let claimed = ImageFormat::from_path(name).ok();
    claimed.is_none_or(|claimed| image::guess_format(file).is_ok_and(|format| format == claimed))
}

/// What a file that is no image of a known format seems to be.
fn kind_of(file: &[u8]) -> &'static str {
    let text = file.trim_ascii_start();
    let begins = |mark: &[u8]| text.len() >= mark.len() && text[..mark.len()].eq_ignore_ascii_case(mark);
    match file {
        [] => "empty",
        _ if begins(b"version https://git-lfs") => "a Git LFS pointer, not the picture: run `git lfs pull`",
        _ if begins(b"<!doctype html") || begins(b"<html") => "a web page, not a picture: the download went wrong",
        _ if begins(b"<svg") || begins(b"<?xml") => {
            "an SVG or XML text; pictures are PNG, JPEG, BMP, GIF, WebP or TIFF"
        }
        [b'P', b'K', 3 | 5, ..] => "a zip archive",
        [0, 0, 0, 12, b'j', b'P', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => "a JPEG 2000; convert it to PNG or JPEG",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an AVIF or HEIC image, or a video; convert it to PNG or JPEG",
        _ => "no PNG, JPEG, BMP, GIF, WebP or TIFF by its content",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_the_luma_that_pillow_computes() {
        assert_eq!([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3], [1, 2, 3]].map(luma), [76, 150, 29, 255, 2]);
    }

    #[test]
    fn a_file_of_another_kind_is_told_by_name() {
        let told = |file: &[u8]| match Picture::decode(file) {
            Err(Bad::Unreadable(reason)) => reason,
            other => format!("{other:?}"),
        };
        assert_eq!(told(b""), "the file is empty");
        assert!(told(b"version https://git-lfs.github.com/spec/v1\n").contains("git lfs pull"));
        assert!(told(b"\n<!DOCTYPE html><html>").contains("web page"));
    }

    #[test]
    fn a_panic_of_a_decoder_is_the_files_fault() {
        let outcome = contained::<()>(|| std::panic::resume_unwind(Box::new("inside")));
        assert!(matches!(outcome, Err(Bad::Unreadable(_))));
    }
}
