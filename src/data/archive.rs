//! A `.tar`, `.tar.gz` or `.zip` as a list of entries: streamed, never unpacked to disk.
//!
//! Sizes that an archive declares are not trusted: what is read is counted, per entry and in all. Entries of a plain
//! `.tar` stay in their file; those of a compressed archive are kept in memory, still encoded as images.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::entry::{self, ByName, Entry, Kind, MAX_DEPTH, Skip};
use super::memory;
use super::source::{MAX_FILE_BYTES, Source};
use crate::diag::{Diagnostic, Result, code};

/// All entries of the archive at `path`, in the archive's order; of two with one name the later counts.
///
/// # Errors
/// D621 where the file is no archive or a broken one, D623 where its images do not fit in memory.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let broken = |error: io::Error| refuse(path, &error);
    let mut file = File::open(path).map_err(broken)?;
    let format = format_of(&mut file).map_err(broken)?;
    let reader = Reader { path: Arc::from(path), budget: memory::budget() };
    match format {
        Some(Format::Tar) => reader.tar(file).map_err(broken),
        Some(Format::Gzip) => reader.tar_gz(file).map_err(broken),
        Some(Format::Zip) => reader.zip(file).map_err(broken),
        None => Err(no_archive(path)),
    }
}

/// The kind of an archive, by its first bytes.
#[derive(Clone, Copy)]
enum Format {
    Tar,
    Gzip,
    Zip,
}

fn format_of(file: &mut File) -> io::Result<Option<Format>> {
    let mut first = Vec::new();
    file.by_ref().take(512).read_to_end(&mut first)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(match first.as_slice() {
        [0x1f, 0x8b, ..] => Some(Format::Gzip),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Format::Zip),
        // A tar has no mark before offset 257, and an old one has none at all: its checksum is then the proof.
        header => <[u8; 512]>::try_from(header).is_ok_and(|block| has_tar_checksum(&block)).then_some(Format::Tar),
    })
}

/// Whether a block carries the checksum of a tar header: the sum of its bytes with the checksum's own as spaces.
fn has_tar_checksum(block: &[u8; 512]) -> bool {
    let sum = |range: std::ops::Range<usize>| block[range].iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    header.cksum().is_ok_and(|declared| declared == sum(0..148) + 8 * u32::from(b' ') + sum(156..512))
}

struct Reader {
    path: Arc<Path>,
    /// Bytes that may be decompressed, and with them those that may be kept.
    budget: u64,
}

impl Reader {
    fn tar(&self, file: File) -> io::Result<Vec<Entry>> {
        let end = file.metadata()?.len();
        let mut archive = tar::Archive::new(BufReader::new(file));
        self.tar_entries(archive.entries_with_seek()?, |place, item| {
            let (archive, start, len) = (Arc::clone(&self.path), item.raw_file_position(), item.size());
            // Entries are skipped by seeking, which does not notice that a file ends too early.
            if start.checked_add(len).is_none_or(|entry_end| entry_end > end) {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            Ok(Source::Range { place, archive, start, len })
        })
    }

    fn tar_gz(&self, file: File) -> io::Result<Vec<Entry>> {
        let stream = MultiGzDecoder::new(BufReader::new(file));
        let mut archive = tar::Archive::new(Metered { stream, left: self.budget });
        self.tar_entries(archive.entries()?, |place, item| {
            Ok(Source::Memory { place, bytes: read_bounded(item, MAX_FILE_BYTES)?.into() })
        })
    }

    fn tar_entries<'a, R: Read + 'a>(
        &self,
        items: tar::Entries<'a, R>,
        keep: impl Fn(PathBuf, &mut tar::Entry<'a, R>) -> io::Result<Source>,
    ) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        // A second name for a file that came earlier: tar stores it as a link to the first.
        let mut by_name: HashMap<Vec<u8>, Source> = HashMap::new();
        for item in items {
            let mut item = item?;
            let name = item.path_bytes();
            let Some(path) = inner_path(&name) else {
                entries.extend(outside(&name));
                continue;
            };
            let kind = match item.header().entry_type() {
                tar::EntryType::Directory => Kind::Folder,
                tar::EntryType::Regular | tar::EntryType::Continuous => {
                    self.judge(&path, &mut item, |place, item| keep(place, item))?
                }
                tar::EntryType::Link => {
                    let target = item.link_name_bytes().and_then(|name| inner_path(&name));
                    let source = target.and_then(|target| by_name.get(&target).cloned());
                    source.map_or(Kind::Skipped(Skip::Special), Kind::Image)
                }
                _ => Kind::Skipped(Skip::Special),
            };
            if let Kind::Image(source) = &kind {
                by_name.insert(path.clone(), source.clone());
            }
            entries.push(Entry { path, kind });
        }
        Ok(entries)
    }

    fn zip(&self, file: File) -> io::Result<Vec<Entry>> {
        let mut archive = zip::ZipArchive::new(BufReader::new(file))?;
        let mut entries = Vec::new();
        let mut left = self.budget;
        for index in 0..archive.len() {
            let mut item = archive.by_index(index)?;
            // Some writers on Windows join components by backslashes.
            let name: Vec<u8> = item.name_raw().iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
            let Some(path) = inner_path(&name) else {
                entries.extend(outside(&name));
                continue;
            };
            let kind = if item.is_dir() || name.ends_with(b"/") {
                Kind::Folder
            } else if item.is_symlink() {
                Kind::Skipped(Skip::Special)
            } else {
                self.judge(&path, &mut item, |place, item| {
                    let bytes = read_bounded(item, left.min(MAX_FILE_BYTES))?;
                    left = left.checked_sub(bytes.len() as u64).ok_or_else(exhausted)?;
                    Ok(Source::Memory { place, bytes: bytes.into() })
                })?
            };
            entries.push(Entry { path, kind });
        }
        Ok(entries)
    }

    /// Keeps the file if its name, or without an extension its content, is an image's.
    fn judge<R>(
        &self,
        path: &[u8],
        item: &mut R,
        keep: impl FnOnce(PathBuf, &mut R) -> io::Result<Source>,
    ) -> io::Result<Kind> {
        let by_name = match entry::judge(entry::last_component(path)) {
            _ if path.split(|&byte| byte == b'/').any(entry::is_system) => return Ok(Kind::Skipped(Skip::System)),
            ByName::NoImage => return Ok(Kind::Skipped(Skip::NoImage)),
            by_name => by_name,
        };
        let source = keep(self.path.join(String::from_utf8_lossy(path).as_ref()), item)?;
        let is_image = by_name == ByName::Image || source.read().is_ok_and(|bytes| entry::begins_like_an_image(&bytes));
        Ok(if is_image { Kind::Image(source) } else { Kind::Skipped(Skip::NoImage) })
    }
}

/// A path inside an archive without `.` and empty components; nothing for one that climbs out or nests too deep.
fn inner_path(name: &[u8]) -> Option<Vec<u8>> {
    let components: Vec<&[u8]> =
        name.split(|&byte| byte == b'/').filter(|component| !matches!(*component, b"" | b".")).collect();
    let fits = !components.is_empty() && components.len() <= MAX_DEPTH && !components.contains(&b"..".as_slice());
    fits.then(|| components.join(&b'/'))
}

/// The entry to count for a path that [`inner_path`] refuses; nothing for the archive's own root, `./`.
fn outside(name: &[u8]) -> Option<Entry> {
    let last = name.split(|&byte| byte == b'/').rfind(|component| !matches!(*component, b"" | b"."))?;
    Some(Entry { path: last.to_vec(), kind: Kind::Skipped(Skip::Special) })
}

/// Up to `limit` + 1 bytes, so that the one too many is seen where the image is decoded.
fn read_bounded(item: &mut impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    item.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A stream that fails once more than `left` bytes were read from it, against archives that expand without end.
struct Metered<R> {
    stream: R,
    left: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(exhausted)?;
        Ok(count)
    }
}

/// The error that says that an archive does not fit; told apart from others by its kind.
fn exhausted() -> io::Error {
    io::Error::from(io::ErrorKind::OutOfMemory)
}

fn refuse(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    if error.kind() == io::ErrorKind::OutOfMemory {
        let message = format!("the archive's images take more than {} MiB of memory", memory::budget() >> 20);
        return Diagnostic::new(&code::ARCHIVE_TOO_LARGE, message)
            .on(path)
            .help("unpack it and give the folder, or store it as a plain `.tar`: both are read where they lie")
            .fault();
    }
    Diagnostic::new(&code::NOT_IMAGE_DATA, format!("the archive cannot be read: {error}"))
        .on(path)
        .help("fetch or pack it anew; `tar -tf` or `unzip -t` says where it breaks")
        .fault()
}

fn no_archive(path: &Path) -> Box<Diagnostic> {
    Diagnostic::new(&code::NOT_IMAGE_DATA, "the file is no `.tar`, `.tar.gz` or `.zip` by its content")
        .on(path)
        .help("give a folder of class folders, or an archive of one")
        .fault()
}
