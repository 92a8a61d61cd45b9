//! The room's behaviour over whole data sets: made-up ones in temporary folders, the real ones where they are found.

mod archive;
mod array;
mod batch;
#[cfg(unix)]
mod cache;
mod folder;
#[cfg(unix)]
mod hostile;
mod image;
mod messy;
mod real;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use ::image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::*;
use crate::model::Normalization;
use crate::syntax::settings::{Normalize, Resize};

/// A decoder to squares of RGB.
fn square(side: usize) -> Decoder {
    Decoder::new(side, side, 3, Resize::Stretch).unwrap()
}

/// A picture whose pixels tell places apart, encoded.
fn encoded(format: ImageFormat, height: u32, width: u32, tint: u8) -> Vec<u8> {
    let pixel = |x: u32, y: u32| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, tint]);
    let mut file = Vec::new();
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel));
    picture.write_to(&mut Cursor::new(&mut file), format).unwrap();
    file
}

fn png(tint: u8) -> Vec<u8> {
    encoded(ImageFormat::Png, 8, 8, tint)
}

/// Writes files below a new temporary folder.
fn folder_of(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn ids(diagnostics: &[crate::diag::Diagnostic]) -> Vec<&'static str> {
    diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect()
}

fn names(samples: &[Sample]) -> Vec<String> {
    samples.iter().map(|sample| sample.name().into_owned()).collect()
}

fn quiet(_: usize, _: usize) {}

fn load(samples: Vec<Sample>, decoder: Decoder, budget: u64) -> (Images, Vec<crate::diag::Diagnostic>) {
    Images::load(samples, decoder, budget, OnBadImage::Skip, &quiet).unwrap()
}

/// A real data set, where one is found; says so where not.
fn real(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let root = std::env::var_os("NETC_DATA").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a test that does not run has to say so")]
    {
        eprintln!("skipped: {} is not there; set NETC_DATA to the folder of the data sets", path.display());
    }
    None
}
