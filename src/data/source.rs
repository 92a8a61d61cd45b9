//! Where the bytes of one image file come from: a file, a stretch of a file, or memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::array::Pixels;
use super::picture::{Bad, Header, Picture};
use crate::diag::{Diagnostic, Result, code};

/// The longest image file that is read, in bytes (256 MiB): more than any photograph, less than a machine's memory.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;

/// The bytes of one image file, still encoded.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file of its own.
    File(PathBuf),
    /// An entry of an uncompressed archive, read where it lies.
    Range {
        /// Archive and entry, as shown to the user.
        place: PathBuf,
        /// The archive's file.
        archive: Arc<Path>,
        /// Offset of the entry's first byte.
        start: u64,
        /// Length of the entry in bytes.
        len: u64,
    },
    /// An image of an array, decoded already.
    Array {
        /// File, array and index, as shown to the user.
        place: PathBuf,
        /// The array.
        pixels: Arc<Pixels>,
        /// Which of its images.
        index: usize,
    },
    /// An entry of a compressed archive, kept in memory.
    Memory {
        /// Archive and entry, as shown to the user.
        place: PathBuf,
        /// The entry.
        bytes: Arc<[u8]>,
    },
}

impl Source {
    /// The path to show: of the file, or of the archive and the entry in it.
    #[must_use]
    pub fn place(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Range { place, .. } | Self::Memory { place, .. } | Self::Array { place, .. } => place,
        }
    }

    /// The picture, upright.
    ///
    /// # Errors
    /// As [`Source::read`], and D601, D602 or D617 where the bytes give none.
    pub(super) fn picture(&self) -> Result<Picture> {
        match self {
            Self::Array { pixels, index, .. } => Ok(pixels.picture(*index)),
            _ => Picture::decode(&self.read()?).map_err(|bad| self.name(bad)),
        }
    }

    /// What the header in `file`, the source's bytes, tells of the picture; none where there is none.
    pub(super) fn header(&self, file: &[u8]) -> Option<Header> {
        match self {
            Self::Array { pixels, .. } => {
                let [height, width, channels] = pixels.shape;
                Some(Header { height, width, channels })
            }
            _ => Header::read(file).ok(),
        }
    }

    /// The fault of a source that gives no picture.
    pub(super) fn name(&self, bad: Bad) -> Box<Diagnostic> {
        let (code, message) = match bad {
            Bad::Unreadable(reason) => (&code::UNREADABLE_IMAGE, reason),
            Bad::Truncated(reason) => (&code::TRUNCATED_IMAGE, reason),
            Bad::TooLarge(reason) => (&code::IMAGE_TOO_LARGE, reason),
        };
        Diagnostic::new(code, message).on(self.place()).fault()
    }

    /// The encoded bytes; of an image of an array, its pixels.
    ///
    /// # Errors
    /// D601 where the file cannot be opened or read, D617 where it is longer than an image file may be (256 MiB).
    pub fn read(&self) -> Result<Cow<'_, [u8]>> {
        match self {
            Self::File(path) => self.read_from(File::open(path), MAX_FILE_BYTES + 1),
            Self::Range { archive, start, len, .. } => {
                let at_start =
                    File::open(archive).and_then(|mut file| file.seek(SeekFrom::Start(*start)).map(|_| file));
                self.read_from(at_start, *len)
            }
            Self::Array { pixels, index, .. } => Ok(Cow::Borrowed(pixels.image(*index))),
            Self::Memory { bytes, place } if bytes.len() as u64 > MAX_FILE_BYTES => Err(too_long(place)),
            Self::Memory { bytes, .. } => Ok(Cow::Borrowed(bytes)),
        }
    }

    /// Up to `len` bytes from where `file` stands.
    fn read_from(&self, file: std::io::Result<File>, len: u64) -> Result<Cow<'_, [u8]>> {
        let mut bytes = Vec::new();
        match file.and_then(|file| file.take(len.min(MAX_FILE_BYTES + 1)).read_to_end(&mut bytes)) {
            Err(error) => {
                let message = match self.place().is_symlink() && !self.place().exists() {
                    true => "it is a link to a file that is not there".to_owned(),
                    false => format!("the file cannot be read: {error}"),
                };
                Err(Diagnostic::new(&code::UNREADABLE_IMAGE, message).on(self.place()).fault())
            }
            Ok(_) if bytes.len() as u64 > MAX_FILE_BYTES => Err(too_long(self.place())),
            Ok(_) => Ok(Cow::Owned(bytes)),
        }
    }
}

/// D617 for a file that is too long to be an image.
fn too_long(place: &Path) -> Box<Diagnostic> {
    let limit = MAX_FILE_BYTES >> 20;
    Diagnostic::new(&code::IMAGE_TOO_LARGE, format!("the file is longer than {limit} MiB, the most that is read"))
        .on(place)
        .fault()
}
