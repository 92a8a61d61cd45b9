//! What the counts and hashes of the images say about a training before it starts.

use std::collections::{BTreeSet, HashMap};

use super::listing::Sample;
use super::survey::Facts;
use crate::diag::{Diagnostic, Severity, code};

/// How many examples a message names.
const NAMED: usize = 3;

/// Images a class, in the order of the classes.
fn counts(classes: usize, samples: &[Sample]) -> Vec<usize> {
    let mut counts = vec![0; classes];
    samples.iter().for_each(|sample| counts[sample.class] += 1);
    counts
}

/// D603 for every class without an image to train on; it stays a class, so that no label changes its number.
#[must_use]
pub fn check_empty(classes: &[String], train: &[Sample]) -> Vec<Diagnostic> {
    let empty = |(class, _): (&String, usize)| {
        Diagnostic::new(&code::EMPTY_CLASS, format!("class `{class}` has no image to train on"))
            .note("it stays a class, which the network cannot learn")
            .help(format!("add images to the folder `{class}`, or remove the folder"))
    };
    classes.iter().zip(counts(classes.len(), train)).filter(|(_, count)| *count == 0).map(empty).collect()
}

/// D604 where one class has 3 times (note) or 10 times (warning) the images of another, empty classes apart.
#[must_use]
pub fn check_balance(classes: &[String], train: &[Sample]) -> Option<Diagnostic> {
    let counts = counts(classes.len(), train);
    let present: Vec<(&String, usize)> = classes.iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    let (least, few) = present.iter().min_by_key(|(_, count)| *count)?;
    let (most, many) = present.iter().rev().max_by_key(|(_, count)| *count)?;
    let ratio = *many as f64 / *few as f64;
    if ratio < 3.0 {
        return None;
    }
    let share = (*many as f64 / train.len() as f64 * 100.0).round();
    let weight = |count: usize| train.len() as f64 / (present.len() * count) as f64;
    let weights: Vec<String> = present.iter().map(|(name, count)| format!("{name} {:.3}", weight(*count))).collect();
    let message = format!("`{most}` has {many} images and `{least}` {few}, {ratio:.1} times as many");
    let severity = if ratio >= 10.0 { Severity::Warning } else { Severity::Note };
    let found = Diagnostic::new(&code::CLASS_IMBALANCE, message)
        .note(format!("always answering `{most}` is right for {share} % of these images: an accuracy of {share} % means that nothing was learned"))
        .note(format!("weights that balance the classes: {}", weights.join(", ")))
        .help("set `data: { balance: class_weights }`, and read the recall of each class instead of the accuracy");
    Some(Diagnostic { severity, ..found })
}

/// D609 where there are fewer than 20 training images a class.
#[must_use]
pub fn check_few(classes: &[String], train: &[Sample]) -> Option<Diagnostic> {
    let (images, classes) = (train.len(), classes.len());
    (images < 20 * classes).then(|| {
        let message = format!("{images} images for {classes} classes are fewer than 20 a class");
        Diagnostic::new(&code::FEW_IMAGES, message).help("collect more images, or expect the result to be chance")
    })
}

/// D607 for every trained class that has no validation image.
#[must_use]
pub fn check_validation(classes: &[String], train: &[Sample], validation: &[Sample]) -> Vec<Diagnostic> {
    let counts = counts(classes.len(), train).into_iter().zip(counts(classes.len(), validation));
    let missing = |(class, _): (&String, _)| {
        Diagnostic::new(
            &code::CLASS_MISSING_IN_VALIDATION,
            format!("class `{class}` is trained but has no validation image"),
        )
        .help("add images of it to the validation set, or let netc split: `data: { validation: 10% }`")
    };
    classes.iter().zip(counts).filter(|(_, (train, held))| *train > 0 && *held == 0).map(missing).collect()
}

/// D616 where the data has a class that is not declared.
#[must_use]
pub fn check_classes(found: &[String], declared: &[String]) -> Option<Diagnostic> {
    let unknown: Vec<&str> = found.iter().filter(|name| !declared.contains(name)).map(String::as_str).collect();
    let first = unknown.first()?;
    let names = quoted(unknown.iter().copied());
    let verb = if unknown.len() == 1 { "is" } else { "are" };
    let message = format!("the data's {names} {verb} not among the declared classes");
    let found = Diagnostic::new(&code::CLASSES_DIFFER_FROM_SPEC, message)
        .note(format!("declared: {}", declared.join(", ")))
        .note(format!("in the data: {}", found.join(", ")));
    Some(match crate::base::closest(first, declared.iter().map(String::as_str)) {
        Some(near) => found.help(format!("rename the folder `{first}` to `{near}`, or write `{first}` in `classes`")),
        None => found.help("make `classes` name the folders, or leave `classes` out: the folders then give the names"),
    })
}

/// D616 where the data has another number of classes than the spec declares.
#[must_use]
pub fn check_class_count(found: &[String], declared: usize) -> Option<Diagnostic> {
    (found.len() != declared).then(|| {
        let message = format!("the spec declares {declared} classes, and the data has {}", found.len());
        Diagnostic::new(&code::CLASSES_DIFFER_FROM_SPEC, message)
            .note(format!("in the data: {}", found.join(", ")))
            .help(format!("write `classes: {}`, or leave it out", found.len()))
    })
}

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
    let found = Diagnostic::new(&code::DUPLICATE_IMAGE, format!("{copies} images are copies of others in their class"))
        .on(first[1].source.place());
    let found = groups.iter().take(NAMED).fold(found, |found, group| found.note(same(group)));
    Some(found.help("remove the copies: they count double, and one in training spoils the validation of the other"))
}

/// D618 where the same image lies in two classes.
#[must_use]
pub fn check_conflicts(samples: &[Sample], facts: &[Facts]) -> Option<Diagnostic> {
    let groups = same_bytes(samples, facts);
    let groups: Vec<_> = groups.iter().filter(|group| classes_of(group).len() > 1).collect();
    let first = groups.first()?;
    let found =
        Diagnostic::new(&code::SAME_IMAGE_TWO_CLASSES, format!("{} images lie in more than one class", groups.len()))
            .on(first[0].source.place());
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

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    fn classes(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn samples(counts: &[usize]) -> Vec<Sample> {
        let of = |class: usize| {
            let source = Source::File(format!("{class}.png").into());
            Sample { class, key: format!("{class}/x.png").into(), source }
        };
        counts.iter().enumerate().flat_map(|(class, &count)| vec![of(class); count]).collect()
    }

    fn facts(hashes: &[u8]) -> Vec<Facts> {
        hashes.iter().map(|&byte| Facts { len: 1, hash: [byte; 32], shape: None }).collect()
    }

    #[test]
    fn imbalance_tells_the_accuracy_that_means_nothing_and_the_weights() {
        let names = classes(&["healthy", "rust", "scab"]);
        assert_eq!(check_balance(&names, &samples(&[20, 10, 10])), None);
        let noted = check_balance(&names, &samples(&[30, 10, 0])).unwrap();
        assert_eq!(noted.severity, Severity::Note);
        let warned = check_balance(&names, &samples(&[72, 7, 21])).unwrap();
        assert_eq!((warned.severity, warned.code.id), (Severity::Warning, "D604"));
        assert!(warned.notes[0].contains("an accuracy of 72 %"), "{:?}", warned.notes);
        assert!(warned.notes[1].contains("healthy 0.463, rust 4.762, scab 1.587"), "{:?}", warned.notes);
    }

    #[test]
    fn a_class_without_validation_images_is_named() {
        let names = classes(&["a", "b"]);
        let found = check_validation(&names, &samples(&[3, 3]), &samples(&[1, 0]));
        assert_eq!(found.iter().map(|found| found.message.contains("`b`")).collect::<Vec<_>>(), [true]);
        assert_eq!(check_few(&names, &samples(&[3, 3])).unwrap().code.id, "D609");
    }

    #[test]
    fn an_undeclared_class_is_an_error_with_the_nearest_name() {
        let declared = classes(&["healthy", "rust"]);
        assert_eq!(check_classes(&classes(&["rust"]), &declared), None);
        let found = check_classes(&classes(&["helthy", "rust"]), &declared).unwrap();
        assert!(found.help.unwrap().contains("to `healthy`"));
        assert_eq!(check_class_count(&declared, 3).unwrap().code.id, "D616");
        assert_eq!(check_class_count(&declared, 2), None);
    }

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
