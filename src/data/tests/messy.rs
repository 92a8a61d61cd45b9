//! A hostile folder: what a robust loader should do with each file stands in its own manifest.

use std::collections::BTreeMap;
use std::process::Command;

use super::*;

/// The unpacked folder, where the archive is found and can be unpacked with its odd names and links.
fn messy() -> Option<tempfile::TempDir> {
    let archive = real("messy.tar.gz")?;
    let folder = tempfile::tempdir().unwrap();
    let unpacked = Command::new("tar").arg("xf").arg(archive).arg("-C").arg(folder.path()).status();
    unpacked.is_ok_and(|status| status.success()).then_some(folder)
}

fn key(listing: &Listing, name: &str) -> Source {
    let found = listing.train.iter().find(|sample| sample.name() == name);
    found.unwrap_or_else(|| panic!("{name} is listed")).source.clone()
}

/// Mean absolute difference of two images' bytes.
fn distance(one: &[u8], other: &[u8]) -> f64 {
    one.iter().zip(other).map(|(&one, &other)| f64::from(one.abs_diff(other))).sum::<f64>() / one.len() as f64
}

#[test]
fn every_file_meets_what_its_manifest_expects() {
    let Some(folder) = messy() else { return };
    let root = folder.path().join("messy");
    let manifest = std::fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let mut outcomes: BTreeMap<String, bool> = BTreeMap::new();
    for part in ["folder", "formats"] {
        let entries = crate::data::folder::walk(&root.join(part)).unwrap().0;
        for entry in entries {
            if let entry::Kind::Image(source) = entry.kind {
                let name = format!("{part}/{}", String::from_utf8_lossy(&entry.path));
                outcomes.insert(name, square(24).decode(&source).is_ok());
            }
        }
    }
    let mut wrong = Vec::new();
    for row in manifest.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let name = columns[0].replace("\\n", "\n").replace("\\t", "\t").replace("\\udcff\\udcfe", "\u{fffd}\u{fffd}");
        let expect = columns[6];
        let outcome = outcomes.get(&name).copied();
        let stray = name == "folder/stray_at_root.jpg";
        let met = match expect {
            "load" | "load_first_frame" => outcome == Some(true),
            "skip" | "skip_or_partial" => outcome == Some(false),
            "ignore" => outcome.is_none() || stray,
            _ => true,
        };
        if !met {
            wrong.push(format!("{name}: expected {expect}, got {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_folder_lists_its_classes_and_says_what_is_odd() {
    let Some(folder) = messy() else { return };
    let (listing, found) = read_listing(&folder.path().join("messy/folder"), None).unwrap();
    let classes = ["apple", "cherry", "empty_class", "exif_rock", "mixed types", "only_bad_class", "sizes", "tomato"];
    assert_eq!(listing.classes, classes);
    assert_eq!(ids(&found), ["D603", "D615", "D619"]);
    let facts = survey(&listing.train, &quiet);
    assert!(check_conflicts(&listing.train, &facts).unwrap().notes[0].contains("same_in_two_classes.jpg"));
    assert!(check_duplicates(&listing.train, &facts).unwrap().notes.iter().any(|note| note.contains("copy (1).jpg")));
    assert!(check_extensions(&listing.train, &facts).unwrap().message.starts_with("5 files"));
    let (images, bad) = load(listing.train, square(24), u64::MAX);
    let emptied = check_empty(&listing.classes, images.samples());
    assert_eq!(emptied.len(), 2, "only_bad_class has lost its only image");
    assert!(bad.iter().any(|fault| fault.message.contains("git lfs pull")));
    assert!(bad.iter().all(|fault| !fault.is_error()));
}

#[test]
fn the_archive_reads_as_the_folder_does() {
    let (Some(archive), Some(folder)) = (real("messy.tar.gz"), messy()) else { return };
    let (packed, _) = read_listing(&archive, None).unwrap();
    let (loose, _) = read_listing(&folder.path().join("messy"), None).unwrap();
    assert_eq!(packed.classes, loose.classes);
    let links = ["folder/apple/link_to_file.jpg", "folder/apple/dangling.jpg"];
    let loose = names(&loose.train).into_iter().filter(|name| !links.contains(&name.as_str())).collect::<Vec<_>>();
    assert_eq!(names(&packed.train), loose);
}

#[test]
fn all_orientations_decode_to_the_same_upright_picture() {
    let Some(folder) = messy() else { return };
    let (listing, _) = read_listing(&folder.path().join("messy/folder"), None).unwrap();
    let upright = square(64).decode(&key(&listing, "exif_rock/orient_1.jpg")).unwrap();
    for orientation in 2..=8 {
        let turned = square(64).decode(&key(&listing, &format!("exif_rock/orient_{orientation}.jpg"))).unwrap();
        assert!(distance(&upright, &turned) < 4.0, "orientation {orientation}: {}", distance(&upright, &turned));
    }
    let rock: Vec<Sample> =
        listing.train.iter().filter(|sample| sample.name().starts_with("exif_rock/")).cloned().collect();
    assert_eq!(Sizes::of(&survey(&rock, &quiet)).map(|sizes| (sizes.min, sizes.max)), Some(([200, 300], [200, 300])));
}

#[test]
fn colour_models_agree_with_their_twins() {
    let Some(folder) = messy() else { return };
    let file = |name: &str| Source::File(folder.path().join("messy").join(name));
    let (cmyk, rgb) = (file("formats/pil__pil_sample_cmyk.jpg"), file("formats/pil__pil_sample_rgb.jpg"));
    let apart = distance(&square(50).decode(&cmyk).unwrap(), &square(50).decode(&rgb).unwrap());
    assert!(apart < 12.0, "CMYK is off by {apart}");
    let clear = square(4).decode(&file("folder/mixed types/all_transparent.png")).unwrap();
    assert_eq!(clear[..3], [255, 0, 0], "alpha is dropped");
}
