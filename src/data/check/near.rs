//! Checks of what the pictures show: blank ones, and copies in other bytes.

use std::collections::BTreeMap;

use super::super::alike::{Alike, alike_across};
use super::super::fingerprint::Fingerprint;
use super::super::images::Images;
use super::super::listing::Sample;
use super::super::survey::Facts;
use super::{NAMED, quoted};
use crate::diag::{Diagnostic, Severity, code};

/// Images of one role with what is known of each.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The files.
    pub samples: &'a [Sample],
    /// Of their bytes.
    pub facts: &'a [Facts],
    /// Of their pictures; none where there is none.
    pub looks: &'a [Option<Fingerprint>],
}

/// D614 where pictures are of a single colour.
#[must_use]
pub fn check_blank(seen: Seen<'_>) -> Option<Diagnostic> {
    let is_blank = |look: &Option<Fingerprint>| look.as_ref().is_some_and(Fingerprint::is_blank);
    let blank: Vec<&Sample> =
        seen.samples.iter().zip(seen.looks).filter(|(_, look)| is_blank(look)).map(|(sample, _)| sample).collect();
    let first = blank.first()?;
    let message = match blank.len() {
        1 => "one image is of a single colour".to_owned(),
        count => format!("{count} images are of a single colour"),
    };
    let names: Vec<_> = blank.iter().take(NAMED).map(|sample| sample.name()).collect();
    let found = Diagnostic::new(&code::BLANK_IMAGE, message)
        .on(first.source.place())
        .note(format!("among them {}", quoted(names.iter().map(AsRef::as_ref))));
    Some(found.help("remove them: they show nothing of their class"))
}

/// What pictures that are there more than once mean, by where they lie: D606 (a warning here: the bytes differ) across
/// training and validation, D618 across classes, D605 within one. Copies of the same bytes are left to the checks of
/// bytes.
#[must_use]
pub fn check_near(train: Seen<'_>, validation: Seen<'_>, alike: &[Alike]) -> Vec<Diagnostic> {
    let trained = train.samples.len();
    let samples: Vec<&Sample> = train.samples.iter().chain(validation.samples).collect();
    let hashes: Vec<[u8; 32]> = train.facts.iter().chain(validation.facts).map(|facts| facts.hash).collect();
    let mut by_code: BTreeMap<&str, Vec<Alike>> = BTreeMap::new();
    for alike in alike.iter().filter(|alike| hashes[alike.pair.0] != hashes[alike.pair.1]) {
        let (one, other) = alike.pair;
        let code = if (one < trained) != (other < trained) {
            "D606"
        } else if samples[one].class != samples[other].class {
            "D618"
        } else {
            "D605"
        };
        by_code.entry(code).or_default().push(*alike);
    }
    by_code.into_iter().map(|(code, pairs)| near(code, &pairs, &samples)).collect()
}

/// The most pixels of a data set that are looked at before a training: half a second a core.
const MOST_PIXELS: usize = 1 << 29;
/// The most pairs of a training and a validation image that are compared before a training: a second a core.
const MOST_PAIRS: usize = 1 << 26;

/// D606, as a warning, where validation images look like training images, both as the network sees them. `has_same_bytes`
/// tells the copies of files, which are left to the checks of bytes. Nothing where images are not in memory, or so many
/// that it would take more than a moment: `netc data` looks at all.
#[must_use]
pub fn check_near_leak(
    train: &Images,
    validation: &Images,
    has_same_bytes: impl Fn(&Sample, &Sample) -> bool,
) -> Option<Diagnostic> {
    let [height, width, _] = train.decoder().shape();
    let (trained, held) = (train.len(), validation.len());
    if (trained + held) * height * width > MOST_PIXELS || trained * held > MOST_PAIRS {
        return None;
    }
    let (train_looks, validation_looks) = (train.looks()?, validation.looks()?);
    let [train_looks, validation_looks] =
        [&train_looks, &validation_looks].map(|looks| looks.iter().map(Option::as_ref).collect::<Vec<_>>());
    let pairs = alike_across(&train_looks, &validation_looks).into_iter();
    let is_other_file = |alike: &Alike| {
        let (one, other) = alike.pair;
        !has_same_bytes(&train.samples()[one], &validation.samples()[other])
    };
    let behind = |alike: Alike| Alike { pair: (alike.pair.0, trained + alike.pair.1), ..alike };
    let pairs: Vec<Alike> = pairs.filter(is_other_file).map(behind).collect();
    let samples: Vec<&Sample> = train.samples().iter().chain(validation.samples()).collect();
    (!pairs.is_empty()).then(|| near("D606", &pairs, &samples))
}

fn near(code: &str, pairs: &[Alike], samples: &[&Sample]) -> Diagnostic {
    let mut later: Vec<usize> = pairs.iter().map(|alike| alike.pair.1).collect();
    later.sort_unstable();
    later.dedup();
    let (is, images) = match later.len() {
        1 => ("is", "one image".to_owned()),
        count => ("are", format!("{count} images")),
    };
    let (code, message, help) = match code {
        "D606" => (
            &code::TRAIN_VALIDATION_LEAK,
            format!("{images} of the validation set {is} nearly the same as training images"),
            "look at them (`netc data … --html page.html`); remove copies from one side",
        ),
        "D618" => (
            &code::SAME_IMAGE_TWO_CLASSES,
            format!("{images} {is} nearly the same as images of another class"),
            "look at them (`netc data … --html page.html`); keep each in the class that it belongs to",
        ),
        _ => (
            &code::DUPLICATE_IMAGE,
            format!("{images} {is} nearly the same as others in their class"),
            "look at them (`netc data … --html page.html`); remove copies, or put them on one side of the split",
        ),
    };
    let found = Diagnostic::new(code, message).on(samples[pairs[0].pair.1].source.place());
    let found = pairs.iter().take(NAMED).fold(found, |found, alike| {
        let (one, other) = alike.pair;
        let how = match (alike.is_mirrored, alike.is_cropped) {
            (false, false) => "",
            (true, false) => ", mirrored",
            (false, true) => ", one of them cropped",
            (true, true) => ", one of them cropped and mirrored",
        };
        found.note(format!("`{}` looks like `{}`{how}", samples[other].name(), samples[one].name()))
    });
    let found = found
        .note(
            "nearly the same: alike in the lowest frequencies of 32×32 grey, and much more so than their neighbours; as \
             they are, mirrored, or up to 15 % cropped",
        )
        .help(help);
    Diagnostic { severity: Severity::Warning, ..found }
}
