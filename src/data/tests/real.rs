//! The real data sets, where they are found.

use super::*;

#[test]
fn optdigits_has_ten_classes_of_small_grey_images() {
    let Some(path) = real("optdigits.tar.gz") else { return };
    let (listing, _) = read_listing(&path, None).unwrap();
    assert_eq!(listing.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let facts = survey(&listing.train, &quiet);
    assert_eq!((listing.train.len(), input_size(&facts)), (1797, Some([8, 8, 1])));
    let (train, validation) = split(&listing.train, 0.2, 1);
    assert_eq!(train.len() + validation.len(), 1797);
    assert_eq!(check_leak((&train, &survey(&train, &quiet)), (&validation, &survey(&validation, &quiet))), None);
}

#[test]
fn cifar3_has_its_counts_and_no_leak() {
    let Some(path) = real("cifar3.tar.gz") else { return };
    let (listing, found) = read_listing(&path, None).unwrap();
    let validation = listing.validation.unwrap();
    assert_eq!((listing.classes.len(), listing.train.len(), validation.len()), (3, 13_000, 1_400));
    assert!(found.iter().all(|found| found.code.id == "D615"));
    let (images, bad) = load(validation, square(32), u64::MAX);
    assert_eq!((images.len(), bad.len()), (1_400, 0));
}
