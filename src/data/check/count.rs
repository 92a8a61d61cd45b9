//! Checks of how many images the classes have, and of which classes there are.

use super::super::listing::Sample;
use super::quoted;
use crate::diag::{Diagnostic, Severity, code};

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
    let images = train.len();
    let message =
        format!("`{most}` has {many} of {images} images, {share} %, and `{least}` {few}: {ratio:.1} times as many");
    let severity = if ratio >= 10.0 { Severity::Warning } else { Severity::Note };
    let found = Diagnostic::new(&code::CLASS_IMBALANCE, message)
        .note(format!("always answering `{most}` is right for {share} % of these images: an accuracy of {share} % means that nothing was learned"))
        .note(format!("weights that balance the classes: {}", weights.join(", ")))
        .help("write `data: { balance: class_weights }` or collect images of the small classes, and read the recall of each class instead of the accuracy");
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

/// D607 for every trained class that has no validation image; `is_split` where they are a share of the images, and not a
/// folder of its own.
#[must_use]
pub fn check_validation(
    classes: &[String],
    train: &[Sample],
    validation: &[Sample],
    is_split: bool,
) -> Vec<Diagnostic> {
    let help = match is_split {
        true => "add images of it: there are too few to hold a share of them back",
        false => "add images of it to the validation set, or let netc split: `data: { validation: 10% }`",
    };
    let counts = counts(classes.len(), train).into_iter().zip(counts(classes.len(), validation));
    let missing = |(class, _): (&String, _)| {
        Diagnostic::new(
            &code::CLASS_MISSING_IN_VALIDATION,
            format!("class `{class}` is trained but has no validation image"),
        )
        .help(help)
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

#[cfg(test)]
mod tests {
    use super::super::made_up::samples;
    use super::*;

    fn classes(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
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
        assert!(warned.help.unwrap().contains("balance: class_weights"));
    }

    #[test]
    fn a_class_without_validation_images_is_named() {
        let names = classes(&["a", "b"]);
        let found = check_validation(&names, &samples(&[3, 3]), &samples(&[1, 0]), false);
        assert_eq!(found.iter().map(|found| found.message.contains("`b`")).collect::<Vec<_>>(), [true]);
        let split = check_validation(&names, &samples(&[3, 3]), &samples(&[1, 0]), true);
        assert!(split[0].help.as_ref().is_some_and(|help| !help.contains("let netc split")), "{split:?}");
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
}
