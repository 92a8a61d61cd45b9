//! The images of a training: from a path to two sets of files, then to decoded images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::DataRecord;
use crate::data::{
    Decoder, Facts, Images, Listing, OnBadImage, Sample, budget, check_balance, check_channels, check_class_count,
    check_conflicts, check_duplicates, check_empty, check_extensions, check_few, check_leak, check_near_leak,
    check_upscaled, check_validation, digest, input_size, read_listing, split, survey,
};
use crate::diag::{Diagnostic, Result};
use crate::syntax::settings::{Classes, Validation};

/// The share of every class that is held back where neither the spec nor the data says otherwise.
const DEFAULT_SHARE: f64 = 0.1;

/// What a spec says of its data set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The classes, by number or by name; left out, the folders give them.
    pub classes: Option<&'a Classes>,
    /// Where validation images come from; left out, the data's own folder, else a share.
    pub validation: Option<&'a Validation>,
    /// Decides which images are held back.
    pub seed: u64,
}

/// Files to train on and to validate with; nothing is decoded yet.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Files to train on.
    pub train: Vec<Sample>,
    /// Files to validate with; may be empty.
    pub validation: Vec<Sample>,
    /// The input that fits the images: median height and width, 1 or 3 channels; none where no header could be read.
    pub input: Option<[usize; 3]>,
    /// Whether the validation images have a folder of their own.
    pub has_own_validation: bool,
    /// Path, digest and split, for the record.
    pub record: DataRecord,
    /// Of the files to train on.
    facts: Vec<Facts>,
    /// Of the files to validate with.
    validation_facts: Vec<Facts>,
    /// Where decoded images are kept.
    cache: Option<PathBuf>,
}

/// The images of a data set, decoded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Images to train on.
    pub train: Arc<Images>,
    /// Images to validate with.
    pub validation: Option<Arc<Images>>,
}

/// Hears how far the reading of files is: (done, total), from any thread.
pub type OnFile<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Dataset {
    /// Lists, splits and surveys the data at `path`, and checks it.
    ///
    /// # Errors
    /// What [`read_listing`] and [`Listing::with_classes`] give. All else that is wrong with the data, errors among it,
    /// comes with the data set.
    pub fn open(path: &Path, wanted: &Wanted<'_>, on_file: OnFile<'_>) -> Result<(Self, Vec<Diagnostic>)> {
        let folder = match wanted.validation {
            Some(Validation::Folder(name)) => Some(name.as_str()),
            _ => None,
        };
        let (listing, mut found) = read_listing(path, folder)?;
        let listing = match wanted.classes {
            Some(Classes::Names(names)) => listing.with_classes(names)?,
            Some(Classes::Count(count)) => {
                found.extend(check_class_count(&listing.classes, *count));
                listing
            }
            None => listing,
        };
        let dataset = Self::divide(path, listing, wanted).surveyed(&mut found, on_file);
        Ok((dataset, found))
    }

    /// The listing with its validation images.
    fn divide(path: &Path, listing: Listing, wanted: &Wanted<'_>) -> Self {
        let Listing { classes, train, validation } = listing;
        let share = match wanted.validation {
            Some(Validation::Share(share)) => Some(*share),
            _ => None,
        };
        let (train, held, from, has_own_validation) = match (share, validation) {
            (None, Some(held)) => (train, held, "the data's own folder".to_owned(), true),
            (share, own) => {
                let share = share.unwrap_or(DEFAULT_SHARE);
                let (train, held) = split(&train, share, wanted.seed);
                let (percent, seed) = ((100.0 * share) as f32, wanted.seed);
                let ignored = if own.is_some() { "; the data's own folder is not used" } else { "" };
                (train, held, format!("{percent} % of every class, by seed {seed}{ignored}"), false)
            }
        };
        let record = DataRecord {
            path: path.display().to_string(),
            validation: from,
            train_images: train.len(),
            validation_images: held.len(),
            ..DataRecord::default()
        };
        Self {
            classes,
            train,
            validation: held,
            input: None,
            has_own_validation,
            record,
            facts: Vec::new(),
            validation_facts: Vec::new(),
            cache: None,
        }
    }

    fn surveyed(mut self, found: &mut Vec<Diagnostic>, on_file: OnFile<'_>) -> Self {
        let total = self.train.len() + self.validation.len();
        let trained = self.train.len();
        let train = survey(&self.train, &|done, _| on_file(done, total));
        let validation = survey(&self.validation, &|done, _| on_file(trained + done, total));
        self.check_counts(found);
        self.check_files(&train, &validation, found);
        self.input = input_size(&train);
        self.record.digest = digest(&self.classes, &[(&self.train, &train), (&self.validation, &validation)]);
        (self.facts, self.validation_facts) = (train, validation);
        self
    }

    fn check_counts(&self, found: &mut Vec<Diagnostic>) {
        let empty = check_empty(&self.classes, &self.train);
        // A folder without images is found where folders are listed.
        let lost: Vec<Diagnostic> = empty.into_iter().filter(|fault| !found.contains(fault)).collect();
        found.extend(lost);
        found.extend(check_balance(&self.classes, &self.train));
        found.extend(check_few(&self.classes, &self.train));
        if !self.validation.is_empty() {
            let is_split = !self.has_own_validation;
            found.extend(check_validation(&self.classes, &self.train, &self.validation, is_split));
        }
    }

    /// A share of the images may catch one of two copies. D605 names these; D606 is for a validation set of one's own,
    /// from which a copy can be taken away.
    fn check_files(&self, train: &[Facts], validation: &[Facts], found: &mut Vec<Diagnostic>) {
        let (samples, facts) = if self.has_own_validation {
            found.extend(check_leak((&self.train, train), (&self.validation, validation)));
            (self.train.clone(), train.to_vec())
        } else {
            ([self.train.clone(), self.validation.clone()].concat(), [train, validation].concat())
        };
        found.extend(check_duplicates(&samples, &facts));
        found.extend(check_conflicts(&samples, &facts));
        found.extend(check_extensions(&samples, &facts));
        found.extend(check_channels(&facts));
    }

    /// What is worth knowing of the images once the network's input is known.
    pub(super) fn check_input(&self, input: [usize; 3]) -> Option<Diagnostic> {
        check_upscaled(&self.facts, input[0], input[1])
    }

    /// The data set with its decoded images kept in files in this folder.
    #[must_use]
    pub fn cached_in(self, cache: Option<PathBuf>) -> Self {
        Self { cache, ..self }
    }

    /// Decodes all images; what does not fit into half of the available memory is read again each time it is needed.
    ///
    /// # Errors
    /// As [`Images::load`].
    pub fn load(&self, decoder: Decoder, on_bad: OnBadImage, on_file: OnFile<'_>) -> Result<(Loaded, Vec<Diagnostic>)> {
        let trained = self.train.len();
        let total = trained + self.validation.len();
        let in_train = |done, _| on_file(done, total);
        let (train, mut bad) = self.images(&self.train, &self.facts, decoder, on_bad, &in_train)?;
        // Classes whose every image is one that cannot be read; those without files are found by now.
        let before = check_empty(&self.classes, &self.train);
        bad.extend(check_empty(&self.classes, train.samples()).into_iter().filter(|fault| !before.contains(fault)));
        let mut loaded = Loaded { train: Arc::new(train), validation: None };
        if !self.validation.is_empty() {
            let in_validation = |done, _| on_file(trained + done, total);
            let (held, more) =
                self.images(&self.validation, &self.validation_facts, decoder, on_bad, &in_validation)?;
            bad.extend(more);
            bad.extend(check_near_leak(&loaded.train, &held, self.bytes()));
            loaded.validation = Some(Arc::new(held));
        }
        Ok((loaded, bad))
    }

    /// Whether two files, one to train on and one to validate with, have the same bytes.
    fn bytes(&self) -> impl Fn(&Sample, &Sample) -> bool {
        let hashes = |samples: &[Sample], facts: &[Facts]| -> BTreeMap<_, [u8; 32]> {
            samples.iter().zip(facts).map(|(sample, facts)| (sample.key.clone(), facts.hash)).collect()
        };
        let train = hashes(&self.train, &self.facts);
        let validation = hashes(&self.validation, &self.validation_facts);
        move |one, other| train.get(&one.key) == validation.get(&other.key)
    }

    /// The images of one role.
    fn images(
        &self,
        samples: &[Sample],
        facts: &[Facts],
        decoder: Decoder,
        on_bad: OnBadImage,
        on_file: OnFile<'_>,
    ) -> Result<(Images, Vec<Diagnostic>)> {
        let samples = samples.to_vec();
        match &self.cache {
            None => Images::load(samples, decoder, budget(), on_bad, on_file),
            Some(folder) => {
                let hashes: Vec<[u8; 32]> = facts.iter().map(|facts| facts.hash).collect();
                Images::load_cached(samples, &hashes, decoder, budget(), folder, on_bad, on_file)
            }
        }
    }
}
