//! Everything that can be said of a data set by itself, without a spec: what `netc data` shows.

use std::path::Path;

use super::alike::{Alike, alike};
use super::check::{
    Seen, check_balance, check_blank, check_channels, check_conflicts, check_duplicates, check_empty, check_extensions,
    check_few, check_leak, check_near, check_validation,
};
use super::fingerprint::Fingerprint;
use super::inspect::inspect;
use super::listing::{Sample, read_listing};
use super::survey::{Facts, survey};
use crate::diag::{Diagnostic, Result};

/// A data set that has been looked at.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Images to train on.
    pub train: Examined,
    /// Images of a validation folder.
    pub validation: Option<Examined>,
    /// Copies by what they show, those of the same bytes among them: places among the images to train on with those of
    /// the validation folder behind them.
    pub alike: Vec<Alike>,
    /// What was found, by code.
    pub found: Vec<Diagnostic>,
}

/// Images of one role with what is known of each.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// The files.
    pub samples: Vec<Sample>,
    /// Of their bytes, one a file; without a size where there is no picture.
    pub facts: Vec<Facts>,
    /// Of their pictures, one a file; none where there is none.
    pub looks: Vec<Option<Fingerprint>>,
}

impl Examined {
    fn of(samples: Vec<Sample>, found: &mut Vec<Diagnostic>, progress: &(dyn Fn(usize) + Sync)) -> Self {
        let total = samples.len();
        let mut facts = survey(&samples, &|done, _| progress(done));
        let looks = inspect(&samples, &|done, _| progress(total + done));
        let looks: Vec<_> = looks.into_iter().map(|look| look.map_err(|fault| found.push(*fault)).ok()).collect();
        // What a header says of a picture that cannot be had counts for nothing.
        facts.iter_mut().zip(&looks).filter(|(_, look)| look.is_none()).for_each(|(facts, _)| facts.shape = None);
        Self { samples, facts, looks }
    }

    fn seen(&self) -> Seen<'_> {
        Seen { samples: &self.samples, facts: &self.facts, looks: &self.looks }
    }
}

impl Examination {
    /// Lists the data at `path`, reads and decodes every file, and checks all of it.
    ///
    /// `progress` is told (done, total), from any thread.
    ///
    /// # Errors
    /// What [`read_listing`] gives; all else that is wrong is found.
    pub fn of(path: &Path, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Self> {
        let (listing, mut found) = read_listing(path, None)?;
        let held = listing.validation.as_ref().map_or(0, Vec::len);
        let (trained, total) = (listing.train.len(), 2 * (listing.train.len() + held));
        let train = Examined::of(listing.train, &mut found, &|done| progress(done, total));
        let validation = listing
            .validation
            .map(|samples| Examined::of(samples, &mut found, &|done| progress(2 * trained + done, total)));
        let looks = [Some(&train), validation.as_ref()].into_iter().flatten().flat_map(|role| &role.looks);
        let alike = alike(&looks.map(Option::as_ref).collect::<Vec<_>>());
        let mut examination = Self { classes: listing.classes, train, validation, alike, found };
        examination.check();
        Ok(examination)
    }

    fn check(&mut self) {
        let Self { classes, train, validation, alike, found } = self;
        let nothing = Examined::default();
        let held = validation.as_ref().unwrap_or(&nothing);
        let readable: Vec<Sample> = readable(train);
        // Classes that lost every image; those that had none are found already.
        let empty = check_empty(classes, &readable);
        let lost: Vec<Diagnostic> = empty.into_iter().filter(|fault| !found.contains(fault)).collect();
        found.extend(lost);
        found.extend(check_balance(classes, &readable));
        found.extend(check_few(classes, &readable));
        if validation.is_some() {
            found.extend(check_validation(classes, &train.samples, &held.samples, false));
        }
        for role in [&*train, held] {
            found.extend(check_duplicates(&role.samples, &role.facts));
            found.extend(check_conflicts(&role.samples, &role.facts));
            found.extend(check_extensions(&role.samples, &role.facts));
            found.extend(check_blank(role.seen()));
        }
        found.extend(check_leak((&train.samples, &train.facts), (&held.samples, &held.facts)));
        found.extend(check_near(train.seen(), held.seen(), alike));
        found.extend(check_channels(&[train.facts.as_slice(), held.facts.as_slice()].concat()));
        found.sort_by_key(|fault| (std::cmp::Reverse(fault.severity), fault.code.id));
    }
}

/// The images that give a picture.
fn readable(role: &Examined) -> Vec<Sample> {
    role.samples.iter().zip(&role.looks).filter(|(_, look)| look.is_some()).map(|(sample, _)| sample.clone()).collect()
}
