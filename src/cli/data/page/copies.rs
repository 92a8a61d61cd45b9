//! Copies side by side, each pair with what makes it one and why that matters.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::super::super::number::counted;
use super::figure;
use crate::data::{Alike, Examination, Sample};

/// Pairs of copies shown.
const PAIRS: usize = 60;

/// Where two copies lie; what does most harm comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lie {
    AcrossRoles,
    AcrossClasses,
    InOneClass,
}

impl Lie {
    fn words(self) -> &'static str {
        match self {
            Self::AcrossRoles => "one to train on, one to validate with",
            Self::AcrossClasses => "in two classes",
            Self::InOneClass => "in one class",
        }
    }
}

/// Two copies, and what they have in common.
struct Pair {
    one: usize,
    other: usize,
    lie: Lie,
    how: String,
}

/// Copies side by side: those between training and validation first, then those in two classes; of each kind those of the same
/// bytes first.
pub(super) fn pairs(examination: &Examination) -> String {
    let roles = || [Some(&examination.train), examination.validation.as_ref()].into_iter().flatten();
    let samples: Vec<&Sample> = roles().flat_map(|role| &role.samples).collect();
    let trained = examination.train.samples.len();
    let lie = |one: usize, other: usize| {
        if (one < trained) != (other < trained) {
            Lie::AcrossRoles
        } else if samples[one].class != samples[other].class {
            Lie::AcrossClasses
        } else {
            Lie::InOneClass
        }
    };
    let pair = |(one, other): (usize, usize), how: String| Pair { one, other, lie: lie(one, other), how };
    let same = same_bytes(examination).into_iter().map(|both| pair(both, "the same bytes".to_owned()));
    let is_other_file = |alike: &&Alike| !has_same_bytes(examination, alike.pair);
    let alike = examination.alike.iter().filter(is_other_file).map(|alike| pair(alike.pair, likeness(alike)));
    let mut pairs: Vec<Pair> = same.chain(alike).collect();
    pairs.sort_by_key(|pair| pair.lie);
    // Of many copies of a picture each is shown beside one of the others, not beside all.
    let mut seen = HashSet::new();
    pairs.retain(|pair| seen.insert(pair.other));
    if pairs.is_empty() {
        return String::new();
    }
    let mut shown = format!("<h2>Copies</h2>\n<p>{}", counted(pairs.len(), "pair"));
    shown += if pairs.len() > PAIRS { ", the first of which are:</p>\n" } else { "</p>\n" };
    shown += "<div class=\"g\">\n";
    let role = |at: usize| match examination.validation {
        Some(_) if at < trained => "train/",
        Some(_) => "validation/",
        None => "",
    };
    for Pair { one, other, lie, how } in pairs.iter().take(PAIRS) {
        let [one, other] = [*one, *other].map(|at| figure(samples[at], &format!("{}{}", role(at), samples[at].name())));
        _ = writeln!(shown, "<div class=\"p\"><p>{how}, {}</p><div>{one}{other}</div></div>", lie.words());
    }
    shown + "</div>\n"
}

/// Every file that has the bytes of an earlier one, with that.
fn same_bytes(examination: &Examination) -> Vec<(usize, usize)> {
    let roles = [Some(&examination.train), examination.validation.as_ref()].into_iter().flatten();
    let mut first = HashMap::new();
    let files = roles.flat_map(|role| &role.facts).enumerate().filter(|(_, facts)| facts.len > 0);
    let pairs = files.map(|(at, facts)| (*first.entry(facts.hash).or_insert(at), at));
    pairs.filter(|(earlier, at)| earlier != at).collect()
}

fn has_same_bytes(examination: &Examination, (one, other): (usize, usize)) -> bool {
    let trained = &examination.train.facts;
    let facts = |at: usize| match at.checked_sub(trained.len()) {
        None => trained.get(at),
        Some(at) => examination.validation.as_ref().and_then(|role| role.facts.get(at)),
    };
    facts(one).map(|facts| facts.hash) == facts(other).map(|facts| facts.hash)
}

fn likeness(alike: &Alike) -> String {
    let how = match (alike.is_mirrored, alike.is_cropped) {
        (false, false) => "",
        (true, false) => ", mirrored",
        (false, true) => ", one of them cropped",
        (true, true) => ", one of them cropped and mirrored",
    };
    format!("nearly the same{how}")
}
