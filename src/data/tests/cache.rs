//! Files of decoded images.

use std::os::unix::fs::FileExt;

use super::*;

/// Two classes of tinted images, one bad, and the hashes of all.
fn made_up() -> (tempfile::TempDir, Vec<Sample>, Vec<[u8; 32]>) {
    let images = [1, 2, 3, 4].map(png);
    let mut files: Vec<(&str, &[u8])> =
        ["a/1.png", "a/2.png", "b/1.png", "b/3.png"].into_iter().zip(images.iter().map(Vec::as_slice)).collect();
    files.push(("b/2.png", b"no image"));
    let data = folder_of(&files);
    let samples = read_listing(data.path(), None).unwrap().0.train;
    let hashes = survey(&samples, &quiet).iter().map(|facts| facts.hash).collect();
    (data, samples, hashes)
}

fn cached(
    folder: &Path,
    (samples, hashes): (&[Sample], &[[u8; 32]]),
    budget: u64,
) -> (Images, Vec<crate::diag::Diagnostic>) {
    Images::load_cached(samples.to_vec(), hashes, square(8), budget, folder, OnBadImage::Skip, &quiet).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn all(images: &Images) -> Vec<Vec<u8>> {
    (0..images.len()).map(|at| images.bytes(at).unwrap().into_owned()).collect()
}

#[test]
fn images_from_the_file_are_those_that_decoding_gives() {
    let (_data, samples, hashes) = made_up();
    let (truth, bad) = load(samples.clone(), square(8), u64::MAX);
    let folder = tempfile::tempdir().unwrap();
    for budget in [0, u64::MAX, 0] {
        let (images, named) = cached(&folder.path().join("new"), (&samples, &hashes), budget);
        assert_eq!(images.in_memory(), budget > 0);
        assert_eq!((all(&images), images.statistics()), (all(&truth), truth.statistics()));
        assert_eq!((ids(&named), names(images.samples())), (ids(&bad), names(truth.samples())));
    }
    assert_eq!(files(&folder.path().join("new")).len(), 1, "and nothing unfinished beside it");
}

#[test]
fn a_second_run_decodes_nothing() {
    let (data, samples, hashes) = made_up();
    let folder = tempfile::tempdir().unwrap();
    let first = all(&cached(folder.path(), (&samples, &hashes), 0).0);
    for class in ["a", "b"] {
        std::fs::remove_dir_all(data.path().join(class)).unwrap();
    }
    assert_eq!(all(&cached(folder.path(), (&samples, &hashes), 0).0), first);
}

#[test]
fn other_content_and_other_sizes_are_other_files() {
    let (_data, samples, hashes) = made_up();
    let folder = tempfile::tempdir().unwrap();
    let other: Vec<[u8; 32]> = hashes.iter().rev().copied().collect();
    cached(folder.path(), (&samples, &hashes), 0);
    cached(folder.path(), (&samples, &other), 0);
    let larger = Decoder::new(9, 8, 3, Resize::Stretch).unwrap();
    Images::load_cached(samples, &hashes, larger, 0, folder.path(), OnBadImage::Skip, &quiet).unwrap();
    assert_eq!(files(folder.path()).len(), 3);
}

#[test]
fn a_damaged_image_is_decoded_again_and_a_damaged_head_makes_the_file_anew() {
    let (_data, samples, hashes) = made_up();
    let folder = tempfile::tempdir().unwrap();
    let truth = all(&cached(folder.path(), (&samples, &hashes), 0).0);
    let file = files(folder.path()).remove(0);
    let whole = std::fs::read(&file).unwrap();
    let damage = |at: usize| {
        let open = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
        open.write_all_at(&[whole[at] ^ 1], at as u64).unwrap();
        assert_eq!(all(&cached(folder.path(), (&samples, &hashes), 0).0), truth, "byte {at}");
    };
    damage(whole.len() - 5);
    assert_ne!(std::fs::read(&file).unwrap(), whole, "one image is no reason to write all again");
    damage(60);
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(all(&cached(folder.path(), (&samples, &hashes), 0).0), truth);
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let (data, samples, hashes) = made_up();
    let no_folder = data.path().join("a/1.png");
    let fault = Images::load_cached(samples, &hashes, square(8), 0, &no_folder, OnBadImage::Skip, &quiet).unwrap_err();
    assert_eq!(fault.code.id, "M805");
    assert!(fault.help.unwrap().contains("--cache"));
}
