//! What goes in: the interval of the images' numbers, and the smallest images that a network takes.

use crate::graph::Range;
use crate::syntax::settings::Normalize;

/// The largest side of an input that is tried.
pub(super) const LARGEST_SIDE: usize = 4096;
/// The side that is assumed where a spec says nothing and the network takes it.
pub(super) const USUAL_SIDE: usize = 224;

/// Means of ImageNet's channels, of byte / 255.
const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
/// Deviations of ImageNet's channels.
const IMAGENET_STD: [f64; 3] = [0.229, 0.224, 0.225];

/// The interval that images lie in once they are normalised. Standardised by their own statistics they have no bound
/// that is known before the images are.
pub(super) fn range_of(normalize: &Normalize) -> Range {
    match normalize {
        Normalize::Standardize => Range::REAL,
        Normalize::ZeroToOne => Range::closed(0.0, 1.0),
        Normalize::MinusOneToOne => Range::closed(-1.0, 1.0),
        Normalize::None => Range::closed(0.0, 255.0),
        Normalize::Imagenet => standardized(&IMAGENET_MEAN, &IMAGENET_STD),
        Normalize::MeanStd { mean, std } => standardized(mean, std),
    }
}

fn standardized(mean: &[f64], std: &[f64]) -> Range {
    let ends = mean.iter().zip(std).map(|(mean, std)| Range::closed(-mean / std, (1.0 - mean) / std));
    ends.reduce(Range::union).unwrap_or(Range::REAL)
}

/// The smallest side from 1 to [`LARGEST_SIDE`] for which `fits` holds; it holds for every larger one too, since a
/// larger map makes every map after it larger or leaves it as it is.
pub(super) fn smallest_side(fits: impl Fn(usize) -> bool) -> Option<usize> {
    if !fits(LARGEST_SIDE) {
        return None;
    }
    let (mut low, mut high) = (0, LARGEST_SIDE);
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if fits(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_side_is_found_wherever_it_lies() {
        for smallest in [1, 2, 36, 4096] {
            assert_eq!(smallest_side(|side| side >= smallest), Some(smallest));
        }
        assert_eq!(smallest_side(|_| false), None);
    }

    #[test]
    fn imagenet_normalisation_has_known_ends() {
        let range = range_of(&Normalize::Imagenet);
        assert!((range.lo + 2.118).abs() < 1e-3 && (range.hi - 2.640).abs() < 1e-3, "{range}");
    }
}
