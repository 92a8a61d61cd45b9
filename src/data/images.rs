//! All images of one role, decoded once: kept as bytes where they fit in memory, read again where they do not.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::decode::Decoder;
use super::listing::Sample;
use super::normalize::Statistics;
use super::option::OnBadImage;
use crate::diag::{Diagnostic, Result, Severity, code};

/// The images that can be read, in the order of the samples that they came from.
#[derive(Debug)]
pub struct Images {
    decoder: Decoder,
    samples: Vec<Sample>,
    /// All images one after another, H×W×C bytes each; none where they are read again when they are needed.
    kept: Option<Vec<u8>>,
    statistics: Statistics,
}

impl Images {
    /// Decodes every sample once, on the thread pool, and keeps the bytes if all fit into `budget` bytes.
    ///
    /// `progress` is told (done, total), from any thread. What cannot be read is left out and named by the
    /// diagnostics, in the order of the samples.
    ///
    /// # Errors
    /// D622 where no image can be read, and with [`OnBadImage::Stop`] the fault of the first that cannot.
    pub fn load(
        samples: Vec<Sample>,
        decoder: Decoder,
        budget: u64,
        on_bad: OnBadImage,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(Self, Vec<Diagnostic>)> {
        let len = decoder.image_len();
        let keep = (samples.len() as u64).saturating_mul(len as u64) <= budget;
        let mut kept = vec![0; if keep { samples.len() * len } else { 0 }];
        let done = AtomicUsize::new(0);
        let look = |sample: &Sample, slot: &mut [u8]| {
            let outcome = decoder.decode(&sample.source).map(|image| {
                slot.copy_from_slice(&image[..slot.len()]);
                Statistics::of(&image, decoder.channels())
            });
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, samples.len());
            outcome
        };
        let outcomes: Vec<Result<Statistics>> = if keep {
            samples.par_iter().zip(kept.par_chunks_exact_mut(len)).map(|(sample, slot)| look(sample, slot)).collect()
        } else {
            samples.par_iter().map(|sample| look(sample, &mut [])).collect()
        };
        Self::gather(samples, decoder, keep.then_some(kept), outcomes, on_bad)
    }

    /// Closes the gaps that bad images left.
    fn gather(
        samples: Vec<Sample>,
        decoder: Decoder,
        mut kept: Option<Vec<u8>>,
        outcomes: Vec<Result<Statistics>>,
        on_bad: OnBadImage,
    ) -> Result<(Self, Vec<Diagnostic>)> {
        let len = decoder.image_len();
        let (mut good, mut bad) = (Vec::with_capacity(samples.len()), Vec::new());
        let mut statistics = Statistics::default();
        for (index, (sample, outcome)) in samples.into_iter().zip(outcomes).enumerate() {
            match outcome {
                Err(fault) if on_bad == OnBadImage::Stop => return Err(stopping(*fault)),
                Err(fault) => bad.push(*fault),
                Ok(sums) => {
                    if let Some(kept) = &mut kept {
                        kept.copy_within(index * len..(index + 1) * len, good.len() * len);
                    }
                    statistics = statistics.merge(&sums);
                    good.push(sample);
                }
            }
        }
        if good.is_empty() {
            return Err(none_readable(&bad));
        }
        if let Some(kept) = &mut kept {
            kept.truncate(good.len() * len);
        }
        Ok((Self { decoder, samples: good, kept, statistics }, bad))
    }

    /// How many images there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an empty set is never made")]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// The files and classes, in order.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The input that the images were brought to.
    #[must_use]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Sums over all pixels, for the normalisation.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Whether the images are kept in memory.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        self.kept.is_some()
    }

    /// Bytes H×W×C of the image at `index`.
    ///
    /// # Errors
    /// Where the image is not kept in memory and its file has since become unreadable.
    pub fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let len = self.decoder.image_len();
        match &self.kept {
            Some(kept) => Ok(Cow::Borrowed(&kept[index * len..(index + 1) * len])),
            None => Ok(Cow::Owned(self.decoder.decode(&self.samples[index].source)?)),
        }
    }
}

/// A bad image as what ends the work.
fn stopping(fault: Diagnostic) -> Box<Diagnostic> {
    let fault = Diagnostic { severity: Severity::Error, ..fault };
    fault.help("repair or remove the file, or leave it out with `--on-bad-image skip`").fault()
}

fn none_readable(bad: &[Diagnostic]) -> Box<Diagnostic> {
    let message = format!("none of the {} images can be read", bad.len());
    let none = bad.first().map_or_else(
        || Diagnostic::new(&code::NO_IMAGES, "there is no image in any class folder"),
        |first| Diagnostic::new(&code::NO_IMAGES, message).note(format!("the first: {}", first.message)),
    );
    none.help("give images in PNG, JPEG, BMP, GIF, WebP or TIFF").fault()
}
