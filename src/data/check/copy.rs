//! Checks of images that are there more than once, told by their hashes.

use std::collections::{BTreeSet, HashMap};

use super::super::listing::Sample;
use super::super::survey::Facts;
use super::{NAMED, quoted};
use crate::diag::{Diagnostic, code};

/// D606 where a validation image is, byte for byte, also a training image.
#[must_use]
pub fn check_leak(train: (&[Sample], &[Facts]), validation: (&[Sample], &[Facts])) -> Option<Diagnostic> {
    let trained: HashMap<[u8; 32], &Sample> = readable(train).map(|(sample, facts)| (facts.hash, sample)).collect();
    let leaks: Vec<(&Sample, &Sample)> = readable(validation)
        .filter_map(|(sample, facts)| trained.get(&facts.hash).map(|twin| (sample, *twin)))
        .collect();
    let (first, _) = leaks.first()?;
    let message = format!("{} of {} validation images are training images as well", leaks.len(), validation.0.len());
    let found = Diagnostic::new(&code::TRAIN_VALIDATION_LEAK, message).on(first.source.place());
    let found = leaks.iter().take(NAMED).fold(found, |found, (held, trained)| {
        found.note(format!(
            "`{}` has the bytes of `{}`",
            held.source.place().display(),
            trained.source.place().display()
        ))
    });
    Some(found.help("remove them from one side; what the network has seen says nothing about what it has not"))
}

/// D605 where images of one class are copies of one another: a split may put copies on both sides.
#[must_use]
pub fn check_duplicates(samples: &[Sample], facts: &[Facts]) -> Option<Diagnostic> {
    let groups = same_bytes(samples, facts);
    let groups: Vec<_> = groups.iter().filter(|group| classes_of(group).len() == 1).collect();
    let copies: usize = groups.iter().map(|group| group.len() - 1).sum();
    let first = groups.first()?;
    let message = match copies {
        1 => "one image is a copy of another in its class".to_owned(),
        count => format!("{count} images are copies of others in their class"),
    };
    let found = Diagnostic::new(&code::DUPLICATE_IMAGE, message).on(first[1].source.place());
    let found = groups.iter().take(NAMED).fold(found, |found, group| found.note(same(group)));
    Some(found.help("remove the copies: they count double, and one in training spoils the validation of the other"))
}

/// D618 where the same image lies in two classes.
#[must_use]
pub fn check_conflicts(samples: &[Sample], facts: &[Facts]) -> Option<Diagnostic> {
    let groups = same_bytes(samples, facts);
    let groups: Vec<_> = groups.iter().filter(|group| classes_of(group).len() > 1).collect();
    let first = groups.first()?;
    let message = match groups.len() {
        1 => "one image lies in more than one class".to_owned(),
        count => format!("{count} images lie in more than one class"),
    };
    let found = Diagnostic::new(&code::SAME_IMAGE_TWO_CLASSES, message).on(first[0].source.place());
    let found = groups.iter().take(NAMED).fold(found, |found, group| found.note(same(group)));
    Some(found.help("keep each in the class that it belongs to"))
}

/// The samples whose file could be read, with their facts.
fn readable<'a>((samples, facts): (&'a [Sample], &'a [Facts])) -> impl Iterator<Item = (&'a Sample, &'a Facts)> {
    samples.iter().zip(facts).filter(|(_, facts)| facts.len > 0)
}

/// Groups of two or more samples with the same bytes, in the order of their first.
fn same_bytes<'a>(samples: &'a [Sample], facts: &[Facts]) -> Vec<Vec<&'a Sample>> {
    let mut groups: Vec<Vec<&Sample>> = Vec::new();
    let mut by_hash: HashMap<[u8; 32], usize> = HashMap::new();
    for (sample, facts) in samples.iter().zip(facts).filter(|(_, facts)| facts.len > 0) {
        let group = *by_hash.entry(facts.hash).or_insert(groups.len());
        groups.resize_with(groups.len().max(group + 1), Vec::new);
        groups[group].push(sample);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn classes_of(group: &[&Sample]) -> BTreeSet<usize> {
    group.iter().map(|sample| sample.class).collect()
}

fn same(group: &[&Sample]) -> String {
    let names: Vec<_> = group.iter().map(|sample| sample.name()).collect();
    format!("{} have the same bytes", quoted(names.iter().map(AsRef::as_ref)))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{facts, samples};
    use super::*;

    #[test]
    fn the_same_bytes_are_a_leak_a_copy_or_a_conflict_by_where_they_lie() {
        let all = samples(&[2, 2]);
        let leak = check_leak((&all, &facts(&[1, 2, 3, 4])), (&all[..2], &facts(&[9, 4])));
        assert!(leak.unwrap().message.starts_with("1 of 2"));
        assert_eq!(check_leak((&all, &facts(&[1, 2, 3, 4])), (&all[..1], &facts(&[9]))), None);
        assert_eq!(check_duplicates(&all, &facts(&[1, 1, 2, 3])).unwrap().code.id, "D605");
        assert_eq!(check_conflicts(&all, &facts(&[1, 1, 2, 3])), None);
        assert_eq!(check_conflicts(&all, &facts(&[1, 2, 3, 1])).unwrap().code.id, "D618");
        assert_eq!(check_duplicates(&all, &facts(&[1, 2, 3, 1])), None);
    }
}
