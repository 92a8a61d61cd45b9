//! Brightness and contrast, as one table of 256 bytes an image.

use super::{Draws, Slot};
use crate::syntax::settings::Augment;

/// Factors of the light.
#[derive(Clone, Copy, Debug)]
pub(super) struct Light {
    /// On every byte.
    brightness: f64,
    /// On the distance of every byte from the image's mean.
    contrast: f64,
}

impl Light {
    /// Factors uniform in 1 ± `brightness` and 1 ± `contrast`.
    pub fn draw(augment: &Augment, draws: &Draws) -> Option<Self> {
        let factor = |share: f64, slot| 1.0 + share * draws.signed(slot);
        (augment.brightness > 0.0 || augment.contrast > 0.0).then(|| Self {
            brightness: factor(augment.brightness, Slot::Brightness),
            contrast: factor(augment.contrast, Slot::Contrast),
        })
    }

    /// `brightness · (mean + contrast · (byte − mean))`, cut off at black and at white.
    pub fn apply(&self, image: &mut [u8]) {
        let sum: u64 = image.iter().map(|&byte| u64::from(byte)).sum();
        let mean = sum as f64 / image.len().max(1) as f64;
        let changed = |byte: usize| self.brightness * (mean + self.contrast * (byte as f64 - mean));
        // A float becomes the nearest integer that a byte can hold.
        let table: [u8; 256] = std::array::from_fn(|byte| changed(byte).round() as u8);
        image.iter_mut().for_each(|byte| *byte = table[usize::from(*byte)]);
    }
}
