//! A rectangle that is blanked: Zhong et al., "Random erasing data augmentation", AAAI 2020.

use super::{Area, Draws, Slot};

/// The flattest shape, height to width; the steepest is its inverse.
const FLATTEST: f64 = 0.3;

/// A rectangle of up to the share `most` of the area, in half of the cases.
pub(super) fn draw(most: f64, draws: &Draws, [height, width, _]: [usize; 3]) -> Option<Area> {
    if most <= 0.0 || !draws.coin(Slot::Erase) {
        return None;
    }
    let pixels = most * draws.unit(Slot::EraseArea) * (height * width) as f64;
    let aspect = (-FLATTEST.ln() * draws.signed(Slot::EraseAspect)).exp();
    // Rounded down, and where one side is cut off the other stays: never more than the share.
    let side = |wanted: f64, limit: usize| (wanted.sqrt() as usize).min(limit);
    let (tall, wide) = (side(pixels * aspect, height), side(pixels / aspect, width));
    (tall > 0 && wide > 0).then(|| Area {
        top: draws.below(Slot::EraseRow, height - tall + 1),
        left: draws.below(Slot::EraseColumn, width - wide + 1),
        height: tall,
        width: wide,
    })
}

/// Gives every pixel of the rectangle the image's mean colour, which tells a network the least.
pub(super) fn blank(image: &mut [u8], shape: [usize; 3], area: Area) {
    let channels = shape[2];
    let pixels = (image.len() / channels).max(1) as u64;
    let mean: Vec<u8> = (0..channels)
        .map(|channel| image.iter().skip(channel).step_by(channels).map(|&byte| u64::from(byte)).sum::<u64>())
        .map(|sum| ((sum + pixels / 2) / pixels) as u8)
        .collect();
    for row in area.rows(shape) {
        image[row].chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(&mean));
    }
}
