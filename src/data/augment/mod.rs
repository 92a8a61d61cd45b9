//! Training images changed at random: what `data: { augment: … }` asks for.
//!
//! Bytes go in and bytes of the same shape come out, before the normalisation: every value stays in 0..=255, so the
//! range that the checker computes for the input holds for augmented images as well. A change is a pure function of
//! the seed, the epoch and the image's place in the training set; neither threads nor batches nor a resumption move it.
//!
//! In this order: the picture is moved ([`warp`]), its light changes ([`light`]), a rectangle is blanked ([`erase`]),
//! and it is mixed with another picture that went the same way ([`mix`]).

mod beta;
mod erase;
mod light;
mod mix;
#[cfg(test)]
mod tests;
mod warp;

use std::borrow::Cow;

use crate::base::Random;
use crate::diag::Result;
use crate::syntax::settings::Augment;

/// The changes of one epoch.
#[derive(Clone, Copy, Debug)]
pub struct Augmentation {
    augment: Augment,
    random: Random,
}

impl Augmentation {
    /// The changes that `augment` makes in the epoch (from 0) of a run with this seed; none where it asks for none.
    #[must_use]
    pub fn new(augment: Augment, seed: u64, epoch: u64) -> Option<Self> {
        let random = Random::named(seed, &format!("augment/{epoch}"));
        (!augment.is_none()).then_some(Self { augment, random })
    }

    /// The image at `index` of `count` training images, as this epoch shows it; `bytes` gives an image H×W×C as it is.
    ///
    /// # Errors
    /// What `bytes` gives.
    pub(super) fn image<'a>(
        &self,
        index: usize,
        count: usize,
        shape: [usize; 3],
        bytes: impl Fn(usize) -> Result<Cow<'a, [u8]>>,
    ) -> Result<Cow<'a, [u8]>> {
        let mut image = self.view(index, shape, bytes(index)?);
        if let Some(mix) = mix::Mix::draw(&self.augment, &self.draws(index), index, count, shape) {
            let other = self.view(mix.partner, shape, bytes(mix.partner)?);
            mix.apply(image.to_mut(), &other, shape);
        }
        Ok(image)
    }

    /// The image by itself, before it is mixed with another.
    fn view<'a>(&self, index: usize, shape: [usize; 3], image: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        let draws = self.draws(index);
        let mut view = match warp::Warp::draw(&self.augment, &draws, shape) {
            Some(warp) => Cow::Owned(warp.apply(&image, shape)),
            None => image,
        };
        if let Some(light) = light::Light::draw(&self.augment, &draws) {
            light.apply(view.to_mut());
        }
        if let Some(area) = erase::draw(self.augment.erase, &draws, shape) {
            erase::blank(view.to_mut(), shape, area);
        }
        view
    }

    fn draws(&self, index: usize) -> Draws {
        Draws { random: self.random, first: index as u64 * Slot::COUNT }
    }
}

/// What is drawn for one image. Each has a number of its own, so that a change that is left out leaves the others as
/// they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    FlipColumns,
    FlipRows,
    Rotate,
    ShiftRows,
    ShiftColumns,
    Zoom,
    Crop,
    CropRows,
    CropColumns,
    Brightness,
    Contrast,
    Erase,
    EraseArea,
    EraseAspect,
    EraseRow,
    EraseColumn,
    MixKind,
    MixRole,
    MixRow,
    MixColumn,
    MixPartner,
    /// The first of those that make a share of a Beta distribution.
    MixShare = 32,
}

impl Slot {
    /// Slots an image.
    const COUNT: u64 = 128;
}

/// The random numbers of one image in one epoch.
#[derive(Clone, Copy, Debug)]
struct Draws {
    random: Random,
    first: u64,
}

impl Draws {
    /// Uniform in [0, 1).
    fn unit(&self, slot: Slot) -> f64 {
        f64::from(self.random.unit(self.first + slot as u64))
    }

    /// Uniform in [−1, 1).
    fn signed(&self, slot: Slot) -> f64 {
        2.0 * self.unit(slot) - 1.0
    }

    /// True in half of the cases.
    fn coin(&self, slot: Slot) -> bool {
        self.unit(slot) < 0.5
    }

    /// Uniform in 0..`bound`.
    fn below(&self, slot: Slot, bound: usize) -> usize {
        ((self.unit(slot) * bound as f64) as usize).min(bound.saturating_sub(1))
    }
}

/// A rectangle of an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

impl Area {
    /// The bytes of each of its rows in an image H×W×C.
    fn rows(self, [_, width, channels]: [usize; 3]) -> impl Iterator<Item = std::ops::Range<usize>> {
        (self.top..self.top + self.height).map(move |row| {
            let start = (row * width + self.left) * channels;
            start..start + self.width * channels
        })
    }
}
