//! What a picture looks like, in little: enough to know it again re-encoded, resized or a little brighter.
//!
//! A perceptual hash finds candidates fast: the signs of the 64 lowest frequencies, the mean apart, of the discrete
//! cosine transform of the picture at 32×32 in grey (Zauner, "Implementation and benchmarking of perceptual image hash
//! functions", 2010). Pictures of one kind can share it, a leaf in the middle of a grey table and the next one, so a
//! candidate counts only if the two also correlate pixel by pixel at 16×16.

use super::picture::{Bad, Picture};
use super::resize::resize;
use crate::syntax::settings::Resize;

/// The most bits of the hash in which copies differ.
pub(super) const MAX_BITS: u32 = 8;
/// The least correlation of two copies, at 16×16 in grey.
pub(super) const MIN_CORRELATION: f64 = 0.995;
/// The most that the mean of a channel differs in two copies of the same brightness, in bytes.
const MAX_TINT: f32 = 40.0;
/// How many times as bright one of two copies can be.
const MAX_GAIN: f32 = 2.5;

/// The most that the values of a blank picture lie apart, of 255.
const MAX_BLANK: u8 = 8;

/// Side of the picture that is transformed.
const SIDE: usize = 32;
/// Side of the picture that is compared.
const SMALL: usize = 16;
/// Side of the square of frequencies that is kept.
const FREQUENCIES: usize = 8;

/// A picture in little.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    hash: u64,
    /// Grey, 16×16.
    small: [u8; SMALL * SMALL],
    /// Mean of red, green and blue.
    tint: [f32; 3],
    /// How far the values of a channel lie apart, of the channel where they do so most.
    spread: u8,
}

impl Fingerprint {
    /// Of a decoded picture of any size.
    pub(super) fn of(picture: &Picture) -> Result<Self, Bad> {
        let colour = resize(picture.clone(), SIDE, SIDE, Resize::Stretch)?.with_channels(3);
        let tint = std::array::from_fn(|channel| {
            let sum: u32 = colour.bytes.iter().skip(channel).step_by(3).map(|&byte| u32::from(byte)).sum();
            sum as f32 / (SIDE * SIDE) as f32
        });
        let grey = colour.with_channels(1).bytes;
        let spread = (0..picture.channels).map(|channel| spread(picture, channel)).max().unwrap_or(0);
        Ok(Self { hash: hash(&grey), small: halved(&grey), tint, spread })
    }

    /// Whether the whole picture is one colour, but for the noise of an encoder.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.spread <= MAX_BLANK
    }

    /// The perceptual hash.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether both show the same picture.
    #[must_use]
    pub fn is_copy_of(&self, other: &Self) -> bool {
        (self.hash ^ other.hash).count_ones() <= MAX_BITS
            && self.tint_from(other) <= MAX_TINT
            && correlation(&self.small, &other.small) >= MIN_CORRELATION
    }

    /// How far the mean colours lie apart, in bytes of the brighter picture, once the darker one is as bright.
    fn tint_from(&self, other: &Self) -> f32 {
        let light = |one: &Self| one.tint.iter().sum::<f32>();
        let (bright, dark) = if light(self) >= light(other) { (self, other) } else { (other, self) };
        let gain = (light(bright) / light(dark).max(1.0)).min(MAX_GAIN);
        bright.tint.iter().zip(&dark.tint).map(|(bright, dark)| (bright - gain * dark).abs()).fold(0.0, f32::max)
    }
}

/// How far the values of a channel lie apart.
fn spread(picture: &Picture, channel: usize) -> u8 {
    let values = picture.bytes.iter().skip(channel).step_by(picture.channels);
    let (least, most) = values.fold((u8::MAX, 0), |(least, most), &byte| (least.min(byte), most.max(byte)));
    most.saturating_sub(least)
}

/// Bit by bit whether a frequency is above the median of all, rows first.
fn hash(grey: &[u8]) -> u64 {
    let rows: Vec<f64> = grey.iter().map(|&byte| f64::from(byte)).collect();
    let basis = basis();
    // Over columns, then over rows; what is kept is the first frequencies only.
    let mut half = [[0.0; FREQUENCIES + 1]; SIDE];
    for (row, half) in rows.chunks_exact(SIDE).zip(&mut half) {
        *half = std::array::from_fn(|u| row.iter().zip(&basis[u]).map(|(value, wave)| value * wave).sum());
    }
    let frequency = |v: usize, u: usize| half.iter().zip(&basis[v]).map(|(row, wave)| row[u] * wave).sum::<f64>();
    let kept: [f64; 64] = std::array::from_fn(|at| frequency(at / FREQUENCIES + 1, at % FREQUENCIES + 1));
    let mut sorted = kept;
    sorted.sort_by(f64::total_cmp);
    let median = f64::midpoint(sorted[31], sorted[32]);
    kept.iter().enumerate().fold(0, |hash, (bit, &value)| hash | u64::from(value > median) << bit)
}

/// The waves of the cosine transform (type II): wave u at x is cos(π u (2 x + 1) / 2 N).
fn basis() -> [[f64; SIDE]; FREQUENCIES + 1] {
    let wave = |u: usize, x: usize| std::f64::consts::PI * (u * (2 * x + 1)) as f64 / (2 * SIDE) as f64;
    std::array::from_fn(|u| std::array::from_fn(|x| wave(u, x).cos()))
}

/// The mean of every four pixels.
fn halved(grey: &[u8]) -> [u8; SMALL * SMALL] {
    std::array::from_fn(|at| {
        let corner = at / SMALL * 2 * SIDE + at % SMALL * 2;
        let sum: u32 =
            [corner, corner + 1, corner + SIDE, corner + SIDE + 1].iter().map(|&at| u32::from(grey[at])).sum();
        ((sum + 2) / 4) as u8
    })
}

/// Pearson's correlation; 0 where one does not vary.
fn correlation(one: &[u8], other: &[u8]) -> f64 {
    let mean = |values: &[u8]| values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut of_one, mut of_other) = (0.0, 0.0, 0.0);
    for (&one, &other) in one.iter().zip(other) {
        let (one, other) = (f64::from(one) - mean_one, f64::from(other) - mean_other);
        both += one * other;
        of_one += one * one;
        of_other += other * other;
    }
    let scale = (of_one * of_other).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::imageops::{FilterType, resize};
    use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

    use super::*;

    /// A made-up landscape: blobs of colour in places that the seed gives.
    fn landscape(seed: u64) -> RgbImage {
        let random = crate::base::Random::new(seed, 7);
        let blobs: Vec<[f32; 6]> =
            (0..9).map(|blob| std::array::from_fn(|at| random.unit(blob * 8 + at as u64))).collect();
        RgbImage::from_fn(160, 120, |x, y| {
            let (x, y) = (x as f32 / 160.0, y as f32 / 120.0);
            let mut sum = [60.0_f32, 80.0, 70.0];
            for [row, column, size, red, green, blue] in &blobs {
                let near = (-((x - column).powi(2) + (y - row).powi(2)) / (0.01 + 0.03 * size)).exp() * 110.0;
                [red, green, blue].iter().zip(&mut sum).for_each(|(share, sum)| *sum += near * **share);
            }
            Rgb(sum.map(|value| value as u8))
        })
    }

    fn of(picture: RgbImage, format: ImageFormat) -> Fingerprint {
        let mut file = Vec::new();
        DynamicImage::ImageRgb8(picture).write_to(&mut Cursor::new(&mut file), format).unwrap();
        Fingerprint::of(&Picture::decode(&file).unwrap()).unwrap()
    }

    #[test]
    fn a_copy_is_known_again_encoded_resized_and_brightened() {
        for seed in 0..20 {
            let original = landscape(seed);
            let print = of(original.clone(), ImageFormat::Png);
            let brighter =
                RgbImage::from_fn(160, 120, |x, y| Rgb(original.get_pixel(x, y).0.map(|byte| byte.saturating_add(15))));
            let half = resize(&original, 80, 60, FilterType::Lanczos3);
            let other = resize(&original, 201, 140, FilterType::CatmullRom);
            let darker = RgbImage::from_fn(160, 120, |x, y| Rgb(original.get_pixel(x, y).0.map(|byte| byte / 2)));
            for (what, copy) in [
                ("encoded", original),
                ("brighter", brighter),
                ("half as bright", darker),
                ("halved", half),
                ("stretched", other),
            ] {
                assert!(print.is_copy_of(&of(copy, ImageFormat::Jpeg)), "{what}, {seed}");
            }
        }
    }

    #[test]
    fn other_pictures_are_no_copies() {
        let prints: Vec<Fingerprint> = (0..60).map(|seed| of(landscape(seed), ImageFormat::Png)).collect();
        for (at, one) in prints.iter().enumerate() {
            assert!(prints[at + 1..].iter().all(|other| !one.is_copy_of(other)), "{at}");
        }
        let mirrored = of(image::imageops::flip_horizontal(&landscape(1)), ImageFormat::Png);
        assert!(!mirrored.is_copy_of(&prints[1]));
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
