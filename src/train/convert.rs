//! The spec's settings as the data room's options, and back to what a model keeps.

use crate::data::{Decoder, Normalize, Normalizer, Resize};
use crate::diag::Result;
use crate::graph::{Graph, Shape};
use crate::model::Normalization;
use crate::syntax::settings;

impl From<settings::Resize> for Resize {
    fn from(resize: settings::Resize) -> Self {
        match resize {
            settings::Resize::Stretch => Self::Stretch,
            settings::Resize::Crop => Self::Crop,
            settings::Resize::Pad => Self::Pad,
        }
    }
}

impl From<&settings::Normalize> for Normalize {
    fn from(normalize: &settings::Normalize) -> Self {
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
        match normalize {
            settings::Normalize::Standardize => Self::Standardize,
            settings::Normalize::ZeroToOne => Self::ZeroToOne,
            settings::Normalize::MinusOneToOne => Self::MinusOneToOne,
            settings::Normalize::Imagenet => Self::Imagenet,
            settings::Normalize::None => Self::None,
            settings::Normalize::MeanStd { mean, std } => Self::MeanStd { mean: narrow(mean), std: narrow(std) },
        }
    }
}

impl From<&Normalizer> for Normalization {
    fn from(normalizer: &Normalizer) -> Self {
        Self { mean: normalizer.mean.clone(), deviation: normalizer.deviation.clone() }
    }
}

impl From<&Normalization> for Normalizer {
    fn from(normalization: &Normalization) -> Self {
        Self { mean: normalization.mean.clone(), deviation: normalization.deviation.clone() }
    }
}

/// Height, width and channels of a network's images.
pub(super) fn input_of(graph: &Graph) -> [usize; 3] {
    match graph.shape(graph.input) {
        Shape::Map { h, w, c } => [h, w, c],
        Shape::Vector(len) => [1, 1, len],
    }
}

/// What brings images to an input.
///
/// # Errors
/// N105 where no image can become that.
pub(super) fn decoder(input: [usize; 3], resize: settings::Resize) -> Result<Decoder> {
    let [height, width, channels] = input;
    Decoder::new(height, width, channels, resize.into())
}
