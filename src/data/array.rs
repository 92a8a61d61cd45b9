//! Images that lie decoded in an array of bytes, as `.npz` and IDX files hold them.

use std::path::PathBuf;
use std::sync::Arc;

use super::listing::Sample;
use super::picture::Picture;
use super::source::Source;

/// Images of one size, one after another, H×W×C bytes each.
#[derive(Debug, PartialEq, Eq)]
pub struct Pixels {
    /// The file, and the array in it where it holds several, as shown to the user.
    pub place: PathBuf,
    /// Rows, columns and channels (1 or 3) of each image.
    pub shape: [usize; 3],
    /// All images.
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// Bytes of the image at `index`.
    pub(super) fn image(&self, index: usize) -> &[u8] {
        let len = self.shape.iter().product::<usize>();
        &self.bytes[index * len..(index + 1) * len]
    }

    pub(super) fn picture(&self, index: usize) -> Picture {
        let [height, width, channels] = self.shape;
        Picture { height, width, channels, bytes: self.image(index).to_vec() }
    }

    /// How many images there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.shape.iter().product::<usize>().max(1)
    }
}

/// The labels that occur, as names in the order of their numbers.
pub(super) fn class_names(labels: &[&[u64]]) -> (Vec<u64>, Vec<String>) {
    let mut numbers: Vec<u64> = labels.iter().flat_map(|labels| labels.iter().copied()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let names = numbers.iter().map(u64::to_string).collect();
    (numbers, names)
}

/// A sample for each image, in the order of class and place.
pub(super) fn samples(pixels: &Arc<Pixels>, labels: &[u64], numbers: &[u64]) -> Vec<Sample> {
    let sample = |(index, label): (usize, &u64)| {
        let class = numbers.binary_search(label).unwrap_or_default();
        let place = pixels.place.join(index.to_string());
        let source = Source::Array { place, pixels: Arc::clone(pixels), index };
        // Padded, so that the order of keys is that of places.
        Sample { class, key: format!("{label}/{index:010}").into_bytes(), source }
    };
    let mut samples: Vec<Sample> = labels.iter().enumerate().map(sample).collect();
    samples.sort_by(|one, other| (one.class, &one.key).cmp(&(other.class, &other.key)));
    samples
}
