//! The classes and image files of a data set.

use std::borrow::Cow;
use std::path::Path;

use super::check::check_classes;
use super::source::Source;
use super::{archive, csv, folder, idx, layout, npz};
use crate::diag::{Diagnostic, Result, code};

/// One image file and its class.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Index into the classes.
    pub class: usize,
    /// Class folder and path below it, `cat/1.jpg`, the same for a folder and for an archive of it; need not be UTF-8.
    pub key: Vec<u8>,
    /// Where its bytes come from.
    pub source: Source,
}

impl Sample {
    /// The key to show, with what is not UTF-8 replaced.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.key)
    }
}

/// What a data set holds: nothing is decoded yet.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Names of the class folders, sorted by their bytes unless [`Listing::with_classes`] gave another order.
    pub classes: Vec<String>,
    /// The training images, sorted by class and then by path.
    pub train: Vec<Sample>,
    /// The validation images in the same order, where the data has a folder of them.
    pub validation: Option<Vec<Sample>>,
}

/// Lists a folder of class folders, a folder with `train/` and `val/` of them, an archive of either, a `.npz`, a table of
/// `path,label`, or IDX files.
///
/// `val/` may also be called `valid/`, `validation/` or, where none of these is there, `test/`; `validation_folder`
/// names another. One folder that holds all the rest is descended into.
///
/// # Errors
/// D620 where the path is not there or cannot be read, D621 where it is a file but no archive, D623 where the images of a
/// compressed archive do not fit in memory, D613 where fewer than two class folders are found. What is worth a
/// warning or a note, or an error about single classes (D603, D608, D615, D619), comes with the listing.
pub fn read_listing(path: &Path, validation_folder: Option<&str>) -> Result<(Listing, Vec<Diagnostic>)> {
    let metadata = std::fs::metadata(path).map_err(|error| {
        Diagnostic::new(&code::DATA_NOT_FOUND, format!("the data cannot be opened: {error}"))
            .on(path)
            .help("check the path: it is a folder of class folders, a .tar, .tar.gz or .zip of one, a .npz, a .csv, or IDX files")
            .fault()
    })?;
    if let Some(listing) = read_arrays_or_table(path, metadata.is_dir())? {
        return if listing.classes.len() < 2 { Err(one_class(path, &listing)) } else { Ok((listing, Vec::new())) };
    }
    let (entries, loops) = if metadata.is_dir() { folder::walk(path)? } else { (archive::read(path)?, Vec::new()) };
    let (listing, mut diagnostics) = layout::arrange(path, entries, validation_folder)?;
    diagnostics.extend(loops);
    Ok((listing, diagnostics))
}

/// The listing of IDX files, of a `.npz` by its content, or of a table by its name; none of anything else.
fn read_arrays_or_table(path: &Path, is_folder: bool) -> Result<Option<Listing>> {
    if let Some(listing) = idx::read(path)? {
        return Ok(Some(listing));
    }
    if is_folder {
        return Ok(None);
    }
    let is_table = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if is_table { csv::read(path).map(Some) } else { npz::read(path) }
}

/// D613 of a listing whose labels are all the same.
fn one_class(path: &Path, listing: &Listing) -> Box<Diagnostic> {
    let message = match listing.classes.first() {
        Some(only) => format!("every image has the label `{only}`, and two classes are needed"),
        None => "there is no image".to_owned(),
    };
    Diagnostic::new(&code::NO_CLASSES, message).on(path).help("give images of at least two classes").fault()
}

impl Listing {
    /// The listing with classes in the order of `declared`, as a spec or a model file gives them.
    ///
    /// A declared class without a folder is a class without images, which [`super::check_empty`] names.
    ///
    /// # Errors
    /// D616 where the data has a class that is not declared.
    pub fn with_classes(mut self, declared: &[String]) -> Result<Self> {
        check_classes(&self.classes, declared).map_or(Ok(()), |fault| Err(fault.fault()))?;
        let place = |class: usize| declared.iter().position(|name| *name == self.classes[class]).unwrap_or(class);
        let moved: Vec<usize> = (0..self.classes.len()).map(place).collect();
        for samples in [Some(&mut self.train), self.validation.as_mut()].into_iter().flatten() {
            samples.iter_mut().for_each(|sample| sample.class = moved[sample.class]);
            samples.sort_by(|one, other| (one.class, &one.key).cmp(&(other.class, &other.key)));
        }
        self.classes = declared.to_vec();
        Ok(self)
    }
}
