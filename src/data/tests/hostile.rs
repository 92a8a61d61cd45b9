//! A small hostile folder, made here: what becomes of each file stands beside its name.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is read.
    Loads,
    /// It is listed, and named by this code when it is decoded.
    Named(&'static str),
    /// It is not listed.
    LeftOut,
}

use Fate::{LeftOut, Loads, Named};

fn jpeg() -> Vec<u8> {
    encoded(ImageFormat::Jpeg, 64, 64, 7)
}

/// A JPEG whose frame header says another height and width.
fn jpeg_claiming(height: u16, width: u16) -> Vec<u8> {
    let mut file = jpeg();
    let frame = file.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a baseline frame");
    file[frame + 5..frame + 9].copy_from_slice(&[height.to_be_bytes(), width.to_be_bytes()].concat());
    file
}

/// A PNG whose header says another size, with the checksum that belongs to it.
fn png_claiming(side: u32) -> Vec<u8> {
    let mut file = png(1);
    file[16..24].copy_from_slice(&[side.to_be_bytes(), side.to_be_bytes()].concat());
    let mut sum = flate2::Crc::new();
    sum.update(&file[12..29]);
    file[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    file
}

fn cut(file: &[u8], percent: usize) -> Vec<u8> {
    file[..file.len() * percent / 100].to_vec()
}

/// Every file of the folder, with its fate.
fn files() -> Vec<(&'static [u8], Vec<u8>, Fate)> {
    let flipped = |mut file: Vec<u8>| {
        let middle = file.len() / 2;
        file[middle] ^= 0xff;
        file
    };
    vec![
        (b"apple/plain.jpg", jpeg(), Loads),
        (b"apple/UPPER.JPEG", jpeg(), Loads),
        (b"apple/no_extension", jpeg(), Loads),
        (b"apple/jpeg_named.png", jpeg(), Loads),
        (b"apple/deep/er/inside.png", png(1), Loads),
        (b"apple/trailing.jpg", [jpeg(), vec![0x5a; 2000]].concat(), Loads),
        (b"apple/download.jpg.part", jpeg(), LeftOut),
        (b"apple/labels.csv", b"a,b".to_vec(), LeftOut),
        (b"apple/Thumbs.db", jpeg(), LeftOut),
        (b"apple/.hidden.jpg", jpeg(), LeftOut),
        (b"apple/._plain.jpg", b"\0\x05\x16\x07".to_vec(), LeftOut),
        (b"apple/page.jpg", b"<!DOCTYPE html><html></html>".to_vec(), Named("D601")),
        (b"apple/pointer.jpg", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), Named("D601")),
        (b"cherry/zero.jpg", Vec::new(), Named("D601")),
        (b"cherry/one_byte.png", vec![7], Named("D601")),
        (b"cherry/mark_only.png", b"\x89PNG\r\n\x1a\n".to_vec(), Named("D602")),
        (b"cherry/cut_50.jpg", cut(&jpeg(), 50), Named("D602")),
        (b"cherry/cut_90.jpg", cut(&jpeg(), 90), Named("D602")),
        (b"cherry/cut.png", cut(&encoded(ImageFormat::Png, 64, 64, 3), 50), Named("D602")),
        (b"cherry/wrong_sum.png", flipped(encoded(ImageFormat::Png, 64, 64, 3)), Named("D601")),
        (b"cherry/no_height.jpg", jpeg_claiming(0, 64), Named("D601")),
        (b"cherry/claims_65500.jpg", jpeg_claiming(65_500, 65_500), Named("D617")),
        (b"cherry/claims_20000.png", png_claiming(20_000), Named("D617")),
        (b"cherry/claims_12000.png", png_claiming(12_000), Named("D617")),
        (b"cherry/fine.gif", encoded(ImageFormat::Gif, 8, 8, 4), Loads),
        ("tomato/помидор 🍅.png".as_bytes(), png(2), Loads),
        (b"tomato/quote\" & 'tick', comma;tab\t.png", png(3), Loads),
        (b"tomato/new\nline.png", png(4), Loads),
        (b"tomato/-rf.png", png(5), Loads),
        (b"tomato/bad_\xff\xfe_utf8.png", png(6), Loads),
        (b"tomato/1x500.png", encoded(ImageFormat::Png, 500, 1, 6), Loads),
        (b"only_bad/zero.png", Vec::new(), Named("D601")),
        (b".ipynb_checkpoints/plain.jpg", jpeg(), LeftOut),
        (b"__MACOSX/apple/._plain.jpg", jpeg(), LeftOut),
        (b"stray.jpg", jpeg(), LeftOut),
        (b"README.txt", b"hello".to_vec(), LeftOut),
    ]
}

/// The folder, with links and empty folders.
fn hostile() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &[u8]| folder.path().join(std::ffi::OsStr::from_bytes(name));
    for (name, bytes, _) in files() {
        let path = at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    std::fs::create_dir_all(at(b"empty_class")).unwrap();
    std::fs::create_dir_all(at(b"apple/folder_named.jpg")).unwrap();
    symlink("plain.jpg", at(b"apple/link.jpg")).unwrap();
    symlink("nowhere.jpg", at(b"apple/dangling.jpg")).unwrap();
    symlink("..", at(b"apple/loop")).unwrap();
    folder
}

#[test]
fn every_file_of_a_hostile_folder_meets_its_fate() {
    let folder = hostile();
    let (listing, _) = read_listing(folder.path(), None).unwrap();
    let fate = |name: &[u8]| match listing.train.iter().find(|sample| sample.key == name) {
        None => LeftOut,
        Some(sample) => square(24).decode(&sample.source).map_or_else(|fault| Named(fault.code.id), |_| Loads),
    };
    let links = [(b"apple/link.jpg".as_slice(), Loads), (b"apple/dangling.jpg", Named("D601"))];
    let expected = files().into_iter().map(|(name, _, fate)| (name, fate)).chain(links);
    let wrong: Vec<String> = expected
        .filter(|(name, expected)| fate(name) != *expected)
        .map(|(name, expected)| format!("{}: {:?}, not {expected:?}", String::from_utf8_lossy(name), fate(name)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_image_that_is_too_large_is_told_with_its_size_and_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.png");
    for (side, said) in
        [(20_000, "20000×20000, and a side has at most 16384 pixels"), (12_000, "12000×12000, which takes")]
    {
        std::fs::write(&path, png_claiming(side)).unwrap();
        let fault = square(24).decode(&Source::File(path.clone())).unwrap_err();
        assert!(fault.message.contains(said), "{}", fault.message);
    }
}

#[test]
fn a_hostile_folder_keeps_its_classes_and_is_told_in_a_few_messages() {
    let folder = hostile();
    let (listing, found) = read_listing(folder.path(), None).unwrap();
    assert_eq!(listing.classes, ["apple", "cherry", "empty_class", "only_bad", "tomato"]);
    assert_eq!(ids(&found), ["D603", "D615", "D619"]);
    let (images, bad) = load(listing.train, square(24), u64::MAX);
    assert!(bad.iter().all(|fault| !fault.is_error()));
    let lost: Vec<_> = check_empty(&listing.classes, images.samples());
    assert_eq!(lost.len(), 2, "only_bad has no image either, and both stay classes: {lost:?}");
}
