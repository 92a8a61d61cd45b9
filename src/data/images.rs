//! All images of one role, decoded once: kept as bytes where they fit in memory, read again where they do not, from a
//! file of decoded images where there is one.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::cache::Cache;
use super::decode::Decoder;
use super::fingerprint::Fingerprint;
use super::listing::Sample;
use super::normalize::Statistics;
use super::option::OnBadImage;
use super::picture::Picture;
use crate::diag::{Diagnostic, Result, Severity, code};

/// The images that can be read, in the order of the samples that they came from.
#[derive(Debug)]
pub struct Images {
    decoder: Decoder,
    samples: Vec<Sample>,
    kept: Kept,
    statistics: Statistics,
}

/// Where the decoded images are.
#[derive(Debug)]
enum Kept {
    /// In memory: all one after another, H×W×C bytes each.
    Memory(Vec<u8>),
    /// In a file, each at the place given here.
    File(Cache, Vec<usize>),
    /// Nowhere: each is decoded again when it is needed.
    Nowhere,
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

    /// As [`Images::load`], by a file of decoded images in `folder`, which is made where it is not there yet.
    ///
    /// `hashes` are those of the samples' contents: the file is of these and of no others.
    ///
    /// # Errors
    /// As [`Images::load`], and M805 where the file cannot be written.
    pub fn load_cached(
        samples: Vec<Sample>,
        hashes: &[[u8; 32]],
        decoder: Decoder,
        budget: u64,
        folder: &Path,
        on_bad: OnBadImage,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(Self, Vec<Diagnostic>)> {
        let cache = Cache::of(folder, &samples, hashes, &decoder, progress)?;
        let (mut good, mut places, mut bad) = (Vec::with_capacity(samples.len()), Vec::new(), Vec::new());
        for (place, sample) in samples.into_iter().enumerate() {
            if cache.is_readable(place) {
                good.push(sample);
                places.push(place);
            } else {
                // The file does not say why; the image does so once more.
                let fault = decoder.decode(&sample.source).err().unwrap_or_else(|| changed(&sample));
                if on_bad == OnBadImage::Stop {
                    return Err(stopping(*fault));
                }
                bad.push(*fault);
            }
        }
        if good.is_empty() {
            return Err(none_readable(&bad));
        }
        let statistics = cache.statistics.clone();
        let mut images = Self { decoder, samples: good, kept: Kept::File(cache, places), statistics };
        let len = images.decoder.image_len();
        if (images.len() as u64).saturating_mul(len as u64) <= budget {
            let mut kept = vec![0; images.len() * len];
            let fill =
                |(index, slot): (usize, &mut [u8])| images.bytes(index).map(|bytes| slot.copy_from_slice(&bytes));
            kept.par_chunks_exact_mut(len).enumerate().try_for_each(fill)?;
            images.kept = Kept::Memory(kept);
        }
        Ok((images, bad))
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
        let kept = kept.map_or(Kept::Nowhere, Kept::Memory);
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
        matches!(self.kept, Kept::Memory(_))
    }

    /// What each image looks like as the network's input; none where images are not kept in memory.
    pub(super) fn looks(&self) -> Option<Vec<Option<Fingerprint>>> {
        let Kept::Memory(kept) = &self.kept else { return None };
        let [height, width, channels] = self.decoder.shape();
        let look = |bytes: &[u8]| Fingerprint::of(&Picture { height, width, channels, bytes: bytes.to_vec() }).ok();
        Some(kept.par_chunks_exact(self.decoder.image_len()).map(look).collect())
    }

    /// Bytes H×W×C of the image at `index`.
    ///
    /// # Errors
    /// Where the image is not kept in memory and its file has since become unreadable.
    pub fn bytes(&self, index: usize) -> Result<Cow<'_, [u8]>> {
        let len = self.decoder.image_len();
        match &self.kept {
            Kept::Memory(kept) => return Ok(Cow::Borrowed(&kept[index * len..(index + 1) * len])),
            Kept::File(cache, places) => {
                let mut bytes = vec![0; len];
                if cache.read(places[index], &mut bytes) {
                    return Ok(Cow::Owned(bytes));
                }
            }
            Kept::Nowhere => {}
        }
        Ok(Cow::Owned(self.decoder.decode(&self.samples[index].source)?))
    }
}

/// An image that could not be read when its file of decoded images was made, and can be now.
fn changed(sample: &Sample) -> Box<Diagnostic> {
    Diagnostic::new(&code::UNREADABLE_IMAGE, "the file could not be read when the images were decoded into `--cache`")
        .on(sample.source.place())
        .help("empty the folder that `--cache` names")
        .fault()
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
