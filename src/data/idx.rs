//! MNIST's IDX files: images in one file, labels in another beside it, either of them with or without gzip.
//!
//! The format: two zero bytes, the type (8: bytes), the number of dimensions, each dimension as four bytes, the greatest
//! first, and then the data (<http://yann.lecun.com/exdb/mnist/>).

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::array::{self, Pixels};
use super::listing::Listing;
use super::memory;
use super::picture::MAX_SIDE;
use crate::diag::{Diagnostic, Result, code};

/// How the files of training and of validation images may begin.
const TRAIN: [&str; 1] = ["train"];
const VALIDATION: [&str; 4] = ["t10k", "test", "val", "validation"];

/// The listing of a folder that holds IDX files, or of one such file; none where there is none.
///
/// # Errors
/// D621 where a file is damaged, or has no labels beside it that fit it.
pub(super) fn read(path: &Path) -> Result<Option<Listing>> {
    if path.is_dir() {
        let Some(train) = find(path, &TRAIN) else { return Ok(None) };
        return listing(&train, find(path, &VALIDATION).as_deref()).map(Some);
    }
    if is_images(path) { listing(path, None).map(Some) } else { Ok(None) }
}

fn listing(train: &Path, validation: Option<&Path>) -> Result<Listing> {
    let (train, train_labels) = set(train)?;
    let held = validation.map(set).transpose()?;
    let held_labels = held.as_ref().map_or(&[][..], |(_, labels)| labels);
    let (numbers, classes) = array::class_names(&[&train_labels, held_labels]);
    Ok(Listing {
        classes,
        train: array::samples(&train, &train_labels, &numbers),
        validation: held.as_ref().map(|(pixels, labels)| array::samples(pixels, labels, &numbers)),
    })
}

/// The file of images in `folder` whose name begins so; the first by name.
fn find(folder: &Path, begins: &[&str]) -> Option<PathBuf> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    names.into_iter().find(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        begins.iter().any(|start| name.starts_with(start)) && name.contains("images") && is_images(path)
    })
}

/// Whether the file begins as IDX images do.
fn is_images(path: &Path) -> bool {
    let mut first = [0; 4];
    open(path).is_ok_and(|mut file| file.read_exact(&mut first).is_ok()) && first == [0, 0, 8, 3]
}

/// Images and labels.
fn set(images: &Path) -> Result<(Arc<Pixels>, Vec<u64>)> {
    let ([count, height, width], bytes) = parse::<3>(images)?;
    if !(1..=MAX_SIDE).contains(&height) || !(1..=MAX_SIDE).contains(&width) {
        return Err(broken(images, &format!("its images are {height}×{width}")));
    }
    let beside = labels_of(images)?;
    let ([labels], label_bytes) = parse::<1>(&beside)?;
    if labels != count {
        return Err(broken(&beside, &format!("it has {labels} labels, and there are {count} images")));
    }
    let pixels = Pixels { place: images.to_owned(), shape: [height, width, 1], bytes };
    Ok((Arc::new(pixels), label_bytes.into_iter().map(u64::from).collect()))
}

/// The file of labels beside one of images, with or without `.gz`.
fn labels_of(images: &Path) -> Result<PathBuf> {
    let name = images.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = name.trim_end_matches(".gz").replace("images", "labels").replace("idx3", "idx1");
    let candidates = [images.with_file_name(&plain), images.with_file_name(format!("{plain}.gz"))];
    candidates.into_iter().find(|path| path != images && path.is_file()).ok_or_else(|| {
        Diagnostic::new(
            &code::NOT_IMAGE_DATA,
            format!("the labels are missing: there is no `{plain}` beside the images"),
        )
        .on(images)
        .help("put the file of labels into the same folder, with or without `.gz`")
        .fault()
    })
}

/// Dimensions and data of a file of bytes.
fn parse<const N: usize>(path: &Path) -> Result<([usize; N], Vec<u8>)> {
    let unreadable = |error: io::Error| broken(path, &error.to_string());
    let mut file = open(path).map_err(unreadable)?;
    let mut mark = [0; 4];
    file.read_exact(&mut mark).map_err(unreadable)?;
    if mark != [0, 0, 8, N as u8] {
        return Err(broken(path, &format!("it does not begin as bytes in {N} dimensions do")));
    }
    let mut sides = [0; N];
    for side in &mut sides {
        let mut word = [0; 4];
        file.read_exact(&mut word).map_err(unreadable)?;
        *side = u32::from_be_bytes(word) as usize;
    }
    let claimed = sides.iter().try_fold(1_u64, |len, &side| len.checked_mul(side as u64));
    let Some(len) = claimed.filter(|&len| len <= memory::budget()) else {
        return Err(broken(path, &format!("it says it holds {sides:?} bytes, more than half of the memory")));
    };
    let mut bytes = Vec::new();
    file.take(len + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match (bytes.len() as u64).cmp(&len) {
        std::cmp::Ordering::Less => Err(broken(path, &format!("it ends after {} of {len} bytes", bytes.len()))),
        std::cmp::Ordering::Greater => Err(broken(path, "it goes on behind its last image")),
        std::cmp::Ordering::Equal => Ok((sides, bytes)),
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut first = [0; 2];
    let is_gzip = File::open(path)?.read_exact(&mut first).is_ok() && first == [0x1f, 0x8b];
    let file = BufReader::new(File::open(path)?);
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

fn broken(path: &Path, reason: &str) -> Box<Diagnostic> {
    Diagnostic::new(&code::NOT_IMAGE_DATA, format!("the IDX file cannot be read: {reason}"))
        .on(path)
        .help("fetch it anew; IDX files of bytes are read, as those of MNIST are, with or without `.gz`")
        .fault()
}
