//! What is known of every file before any is decoded: length, hash, size and channels from its header.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::listing::Sample;
use super::picture;
use super::source::Source;

/// What one file is, without its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Length in bytes; 0 where it cannot be read.
    pub len: u64,
    /// BLAKE3 of the bytes; of nothing where it cannot be read.
    pub hash: [u8; 32],
    /// Height, width and channels (1 or 3), upright; none where the header cannot be read.
    pub shape: Option<[usize; 3]>,
    /// Whether the extension names another format than the content.
    pub disguised: bool,
}

/// Reads every file once, on the thread pool. `progress` is told (done, total), from any thread.
#[must_use]
pub fn survey(samples: &[Sample], progress: &(dyn Fn(usize, usize) + Sync)) -> Vec<Facts> {
    let done = AtomicUsize::new(0);
    let look = |sample: &Sample| {
        let facts = facts(sample);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, samples.len());
        facts
    };
    samples.par_iter().map(look).collect()
}

fn facts(sample: &Sample) -> Facts {
    // A file that cannot be read is named when it is decoded; here it only has no facts.
    let file = sample.source.read().unwrap_or_default();
    let shape = sample.source.header(&file).map(|header| [header.height, header.width, header.channels]);
    let disguised = shape.is_some()
        && !matches!(sample.source, Source::Array { .. })
        && !picture::extension_fits(&sample.name(), &file);
    Facts { len: file.len() as u64, hash: *blake3::hash(&file).as_bytes(), shape, disguised }
}

/// A hash, in hexadecimal, of the classes and of every image's role, path, length and content.
///
/// It is the same for a folder and for an archive of it, and changes when a byte of any image does.
#[must_use]
pub fn digest(classes: &[String], roles: &[(&[Sample], &[Facts])]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut put = |bytes: &[u8]| _ = hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    classes.iter().for_each(|class| put(class.as_bytes()));
    for (samples, facts) in roles {
        put(b"role");
        for (sample, facts) in samples.iter().zip(*facts) {
            put(&sample.key);
            put(&facts.len.to_le_bytes());
            put(&facts.hash);
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// The sizes that images have, each side for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Least height and least width.
    pub min: [usize; 2],
    /// Median height and median width, the lower of two.
    pub median: [usize; 2],
    /// Greatest height and greatest width.
    pub max: [usize; 2],
    /// How many images are grey.
    pub grey: usize,
    /// How many are in colour.
    pub colour: usize,
}

impl Sizes {
    /// The sizes of the images whose header could be read; none where there is no such image.
    #[must_use]
    pub fn of(facts: &[Facts]) -> Option<Self> {
        let shapes: Vec<[usize; 3]> = facts.iter().filter_map(|facts| facts.shape).collect();
        let sorted = [0, 1].map(|side| {
            let mut values: Vec<usize> = shapes.iter().map(|shape| shape[side]).collect();
            values.sort_unstable();
            values
        });
        let grey = shapes.iter().filter(|shape| shape[2] == 1).count();
        let last = shapes.len().checked_sub(1)?;
        let at = |rank: usize| [sorted[0][rank], sorted[1][rank]];
        Some(Self { min: at(0), median: at(last / 2), max: at(last), grey, colour: shapes.len() - grey })
    }

    /// How many images these are the sizes of.
    #[must_use]
    pub fn count(&self) -> usize {
        self.grey + self.colour
    }
}

/// The input that fits these images where a spec gives none: median height and width, and 3 channels if any is in
/// colour. None where no header could be read.
#[must_use]
pub fn input_size(facts: &[Facts]) -> Option<[usize; 3]> {
    Sizes::of(facts).map(|sizes| [sizes.median[0], sizes.median[1], if sizes.colour > 0 { 3 } else { 1 }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(shapes: &[[usize; 3]]) -> Vec<Facts> {
        shapes.iter().map(|&shape| Facts { len: 1, hash: [0; 32], shape: Some(shape), disguised: false }).collect()
    }

    #[test]
    fn the_input_is_the_median_size_and_colour_wins() {
        let mut facts = shaped(&[[10, 400, 1], [20, 300, 1], [30, 200, 3], [40, 100, 1]]);
        facts.push(Facts { len: 0, hash: [0; 32], shape: None, disguised: false });
        assert_eq!(input_size(&facts), Some([20, 200, 3]));
        assert_eq!(Sizes::of(&facts).map(|sizes| (sizes.min, sizes.max, sizes.grey)), Some(([10, 100], [40, 400], 3)));
        assert_eq!(input_size(&[]), None);
    }
}
