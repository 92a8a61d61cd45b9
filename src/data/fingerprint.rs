//! What a picture looks like, in little: enough to know it again.

use super::alike::{Grey, SIDE};
use super::picture::{Bad, Picture};
use super::resize::resize;
use crate::syntax::settings::Resize;

/// The most that the mean of a channel differs in two copies of the same brightness, in bytes.
const MAX_TINT: f32 = 40.0;
/// How many times as bright one of two copies can be.
const MAX_GAIN: f32 = 2.5;

/// The most that the values of a blank picture lie apart, of 255.
const MAX_BLANK: u8 = 8;

/// Pixels along a side below which two pictures that look alike cannot be told from a picture and its copy: handwritten signs
/// of two hands are then as near to each other as a photograph and what an encoder made of it.
const FEW: usize = 16;

/// A picture in little.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    grey: Grey,
    /// Mean of red, green and blue.
    tint: [f32; 3],
    /// How far the values of a channel lie apart, of the channel where they do so most.
    spread: u8,
    /// Whether the picture has so few pixels that only the same ones are a copy.
    has_few_pixels: bool,
}

impl Fingerprint {
    /// Of a decoded picture of any size.
    pub(super) fn of(picture: &Picture) -> Result<Self, Bad> {
        let colour = resize(picture.clone(), SIDE, SIDE, Resize::Stretch)?.with_channels(3);
        let tint = std::array::from_fn(|channel| {
            let sum: u32 = colour.bytes.iter().skip(channel).step_by(3).map(|&byte| u32::from(byte)).sum();
            sum as f32 / (SIDE * SIDE) as f32
        });
        let bytes = colour.with_channels(1).bytes;
        let spread = (0..picture.channels).map(|channel| spread(picture, channel)).max().unwrap_or(0);
        let has_few_pixels = picture.height.min(picture.width) < FEW;
        Ok(Self { grey: std::array::from_fn(|at| bytes[at]), tint, spread, has_few_pixels })
    }

    /// Whether the whole picture is one colour, but for the noise of an encoder.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.spread <= MAX_BLANK
    }

    /// Whether the picture has so few pixels that only the same ones are a copy.
    pub(super) fn has_few_pixels(&self) -> bool {
        self.has_few_pixels
    }

    /// Whether both have the same pixels, but for rounding; of one the mirror image, where it is so.
    pub(super) fn has_pixels_of(&self, other: &Self, is_mirrored: bool) -> bool {
        let mut rows = self.grey.chunks_exact(SIDE).zip(other.grey.chunks_exact(SIDE));
        rows.all(|(one, other)| {
            let mut pixels = one.iter().enumerate();
            pixels.all(|(at, byte)| byte.abs_diff(other[if is_mirrored { SIDE - 1 - at } else { at }]) <= 1)
        })
    }

    /// In grey, 32×32.
    pub(super) fn grey(&self) -> &Grey {
        &self.grey
    }

    /// Whether both have nearly the same mean colour, once the darker one is as bright.
    pub(super) fn has_tint_of(&self, other: &Self) -> bool {
        let light = |one: &Self| one.tint.iter().sum::<f32>();
        let (bright, dark) = if light(self) >= light(other) { (self, other) } else { (other, self) };
        let gain = (light(bright) / light(dark).max(1.0)).min(MAX_GAIN);
        bright.tint.iter().zip(&dark.tint).all(|(bright, dark)| (bright - gain * dark).abs() <= MAX_TINT)
    }
}

/// How far the values of a channel lie apart.
fn spread(picture: &Picture, channel: usize) -> u8 {
    let values = picture.bytes.iter().skip(channel).step_by(picture.channels);
    let (least, most) = values.fold((u8::MAX, 0), |(least, most), &byte| (least.min(byte), most.max(byte)));
    most.saturating_sub(least)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

    use super::*;

    fn of(picture: RgbImage, format: ImageFormat) -> Fingerprint {
        let mut file = Vec::new();
        DynamicImage::ImageRgb8(picture).write_to(&mut Cursor::new(&mut file), format).unwrap();
        Fingerprint::of(&Picture::decode(&file).unwrap()).unwrap()
    }

    #[test]
    fn one_colour_is_blank_even_after_encoding_and_a_faint_picture_is_not() {
        let plain = RgbImage::from_pixel(64, 64, Rgb([200, 40, 90]));
        assert!(of(plain.clone(), ImageFormat::Jpeg).is_blank());
        let mut spotted = plain;
        (20..30).for_each(|at| spotted.put_pixel(at, 30, Rgb([230, 40, 90])));
        assert!(!of(spotted, ImageFormat::Png).is_blank());
    }
}
