//! `data:`: how images become inputs.

use crate::base::Spanned;

/// `data:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSettings {
    /// How an image of another size is brought to the input's.
    pub resize: Resize,
    /// How bytes become numbers.
    pub normalize: Spanned<Normalize>,
    /// Where validation images come from; `None`: a folder of the data's if it has one, else 10 %.
    pub validation: Option<Spanned<Validation>>,
    /// How training images are changed at random.
    pub augment: Augment,
    /// What is done where classes are of unequal size.
    pub balance: Balance,
}

/// How an image of another size is brought to the input's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resize {
    /// Each axis by itself; the aspect changes.
    #[default]
    Stretch,
    /// The shorter side fits, the middle of the longer is kept.
    Crop,
    /// The longer side fits, the rest is filled with black.
    Pad,
}

/// How bytes become numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Normalize {
    /// Mean 0 and deviation 1 per channel, measured on the training images and kept in the model.
    #[default]
    Standardize,
    /// byte / 255.
    ZeroToOne,
    /// byte / 127.5 − 1.
    MinusOneToOne,
    /// The published means and deviations of ImageNet.
    Imagenet,
    /// The bytes as they are, 0 to 255.
    None,
    /// Given means and deviations of byte / 255, one a channel.
    MeanStd {
        /// Means.
        mean: Vec<f64>,
        /// Deviations, above zero.
        std: Vec<f64>,
    },
}

/// Where validation images come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Validation {
    /// A share of every class, in (0, 1).
    Share(f64),
    /// The folder of that name in the data.
    Folder(String),
}

/// How training images are changed at random, each time they are seen; what is zero is left out. Amounts are uniform
/// from none to the most. Validation images stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augment {
    /// Which way they are mirrored, in half of the cases each.
    pub flip: Option<Flip>,
    /// Degrees, from 0 to 180, that they are turned by at most, either way; beyond its borders a picture goes on as its
    /// mirror image.
    pub rotate: f64,
    /// Share of a side, in [0, 1), that they are moved by at most.
    pub shift: f64,
    /// Share, in [0, 1), that they grow or shrink by at most.
    pub zoom: f64,
    /// Share of a side, in [0, 1), that is cut off at most, anywhere; what is left is scaled to the whole.
    pub crop: f64,
    /// Share, in [0, 1], that every byte grows or shrinks by at most.
    pub brightness: f64,
    /// Share, in [0, 1], that the distance of every byte from the image's mean grows or shrinks by at most.
    pub contrast: f64,
    /// Share of the area, in [0, 1), that gets the mean colour at most, in half of the cases (Zhong et al., 2020, "Random erasing").
    pub erase: f64,
    /// α of the Beta distribution by which two images are blended (Zhang et al., 2018, "mixup").
    pub mixup: f64,
    /// α of the Beta distribution by which one image is pasted into another (Yun et al., 2019, "CutMix").
    pub cutmix: f64,
}

impl Augment {
    /// Whether images stay as they are.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Which way an image is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flip {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
    /// Each by itself.
    Both,
}

/// What is done where classes are of unequal size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Nothing.
    #[default]
    None,
    /// The training loss of an image is weighted by N / (C · images of its class).
    ClassWeights,
    /// Images of small classes are seen more often: an epoch has as many of each class as there are of the largest.
    Oversample,
}

impl Balance {
    /// Every way with its word.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("class_weights", Self::ClassWeights), ("oversample", Self::Oversample)];

    /// As written in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, balance)| *balance == self).map_or("", |(name, _)| *name)
    }
}
