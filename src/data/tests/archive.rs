//! Listing archives.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn every_archive_gives_the_images_that_the_folder_gives() {
    let (one, two) = (png(1), png(2));
    let files: [(&str, &[u8]); 5] = [
        ("set/train/a/1.png", &one),
        ("set/train/b/2.png", &two),
        ("set/val/a/3.png", &two),
        ("set/train/a/.DS_Store", b"x"),
        ("set/ATTRIBUTION.txt", b"x"),
    ];
    let digest_of = |path: &Path| {
        let (listing, found) = read_listing(path, None).unwrap();
        assert_eq!(ids(&found), ["D615"], "{}", path.display());
        let validation = listing.validation.unwrap();
        let facts = [survey(&listing.train, &quiet), survey(&validation, &quiet)];
        let (images, bad) = load(listing.train.clone(), square(8), u64::MAX);
        assert_eq!((images.len(), bad.len(), images.bytes(1).unwrap()[2]), (2, 0, 2));
        digest(&listing.classes, &[(&listing.train, &facts[0]), (&validation, &facts[1])])
    };
    let folder = folder_of(&files);
    let archives =
        folder_of(&[("set.tar", &tar_of(&files)), ("set.tgz", &gzip(&tar_of(&files))), ("set.zip", &zip_of(&files))]);
    let expected = digest_of(folder.path());
    for name in ["set.tar", "set.tgz", "set.zip"] {
        assert_eq!(digest_of(&archives.path().join(name)), expected, "{name}");
    }
}

#[test]
fn a_digest_changes_with_one_byte_of_one_image() {
    let digest_of = |tint| {
        let (one, two) = (png(1), png(tint));
        let data = folder_of(&[("a/1.png", &one), ("b/1.png", &two)]);
        let (listing, _) = read_listing(data.path(), None).unwrap();
        digest(&listing.classes, &[(&listing.train, &survey(&listing.train, &quiet))])
    };
    assert_eq!(digest_of(2), digest_of(2));
    assert_ne!(digest_of(2), digest_of(3));
}

#[test]
fn a_hard_link_is_the_file_it_names_and_other_links_are_counted() {
    let image = png(1);
    let mut archive = tar::Builder::new(Vec::new());
    for name in ["a/1.png", "b/1.png"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(image.len() as u64);
        archive.append_data(&mut header, name, image.as_slice()).unwrap();
    }
    for (kind, name, target) in
        [(tar::EntryType::Link, "a/2.png", "a/1.png"), (tar::EntryType::Symlink, "a/3.png", "1.png")]
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        archive.append_link(&mut header, name, target).unwrap();
    }
    let data = folder_of(&[("x.tar", &archive.into_inner().unwrap())]);
    let (listing, found) = read_listing(&data.path().join("x.tar"), None).unwrap();
    assert_eq!(names(&listing.train), ["a/1.png", "a/2.png", "b/1.png"]);
    assert!(square(8).decode(&listing.train[1].source).is_ok());
    assert_eq!(ids(&found), ["D615"]);
}

#[test]
fn a_path_that_climbs_out_is_left_out_and_counted() {
    let image = png(1);
    let data =
        folder_of(&[("x.zip", &zip_of(&[("a/1.png", &image), ("b/1.png", &image), ("a/../../evil.png", &image)]))]);
    let (listing, found) = read_listing(&data.path().join("x.zip"), None).unwrap();
    assert_eq!((listing.train.len(), ids(&found)), (2, vec!["D615"]));
    assert!(found[0].notes[0].contains("evil.png"));
}

#[test]
fn a_broken_archive_is_refused_and_named() {
    let image = png(1);
    let whole = gzip(&tar_of(&[("a/1.png", &image), ("b/1.png", &image)]));
    let zipped = zip_of(&[("a/1.png", &image), ("b/1.png", &image)]);
    let plain = tar_of(&[("a/1.png", &image), ("b/1.png", &image)]);
    let data = folder_of(&[
        ("cut.tgz", &whole[..whole.len() / 2]),
        ("cut.zip", &zipped[..zipped.len() / 2]),
        ("cut.tar", &plain[..512 + 512 + 512 + image.len() / 2]),
    ]);
    for name in ["cut.tgz", "cut.zip", "cut.tar"] {
        let fault = read_listing(&data.path().join(name), None).unwrap_err();
        assert_eq!(fault.code.id, "D621", "{name}");
    }
}
