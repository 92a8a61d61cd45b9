//! Decoded images in a file of their own, read by position: a second run, and every epoch that does not fit in memory,
//! starts from these instead of decoding again.
//!
//! The file is named after what it holds: the content of every image, the size and the way they were brought to it.
//! Other content is another file, so none is ever out of date. It appears whole or not at all, and every image in it has
//! a checksum: one that does not hold is decoded again.
//!
//! Layout, little-endian: the mark, a BLAKE3 of the rest of the head, the head's numbers, for each image its checksum and
//! whether it could be read, then the images at equal distances.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::decode::Decoder;
use super::listing::Sample;
use super::normalize::Statistics;
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::model::write_file_with;

/// How a file begins; another layout is another mark.
const MARK: &[u8; 16] = b"netc images 1\n\0\0";
/// Bytes of the head's hash.
const HASH: usize = 32;
/// Numbers of the head before those of the images: images, bytes an image, pixels, and two sums a channel for three.
const NUMBERS: usize = 9;
/// Bytes of an image's entry: its checksum, and 1 where it could be read.
const ENTRY: usize = 16;

/// Images that lie decoded in a file, by their place among the samples that they were made of.
#[derive(Debug)]
pub(super) struct Cache {
    file: File,
    image_len: usize,
    /// Where the first image begins.
    start: u64,
    entries: Vec<Entry>,
    pub statistics: Statistics,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    checksum: u64,
    is_readable: bool,
}

impl Cache {
    /// The file in `folder` that holds these samples, made first where it is not there yet or damaged.
    ///
    /// `hashes` are those of the samples' contents. `progress` is told (done, total), from any thread.
    ///
    /// # Errors
    /// M805 where the file cannot be written.
    pub fn of(
        folder: &Path,
        samples: &[Sample],
        hashes: &[[u8; 32]],
        decoder: &Decoder,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Self> {
        let path = path(folder, hashes, decoder);
        if let Some(cache) = Self::open(&path, samples.len(), decoder) {
            return Ok(cache);
        }
        Self::write(&path, samples, decoder, progress).map_err(|error| unwritten(&path, &error))?;
        let changed = || unwritten(&path, &io::Error::other("it is not what was written"));
        Self::open(&path, samples.len(), decoder).ok_or_else(changed)
    }

    /// The file at `path`, if it is whole and of `count` images; what else is wrong with one is found image by image.
    fn open(path: &Path, count: usize, decoder: &Decoder) -> Option<Self> {
        let file = File::open(path).ok()?;
        let image_len = decoder.image_len();
        let start = (MARK.len() + HASH + 8 * NUMBERS + ENTRY * count) as u64;
        if file.metadata().ok()?.len() != start + (count * image_len) as u64 {
            return None;
        }
        let mut head = vec![0; start as usize];
        read_at(&file, &mut head, 0).ok()?;
        let rest = head.strip_prefix(MARK)?;
        let (hash, rest) = rest.split_at(HASH);
        if hash != blake3::hash(rest).as_bytes() {
            return None;
        }
        let words: Vec<u64> = rest.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let (numbers, entries) = words.split_at_checked(NUMBERS)?;
        if numbers[..2] != [count as u64, image_len as u64] {
            return None;
        }
        let channels = decoder.channels();
        let statistics = Statistics {
            count: numbers[2],
            sum: numbers[3..3 + channels].to_vec(),
            squares: numbers[6..6 + channels].to_vec(),
        };
        let entry = |&[checksum, flag]: &[u64; 2]| Entry { checksum, is_readable: flag == 1 };
        let entries = entries.as_chunks::<2>().0.iter().map(entry).collect();
        Some(Self { file, image_len, start, entries, statistics })
    }

    fn write(
        path: &Path,
        samples: &[Sample],
        decoder: &Decoder,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> io::Result<()> {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let image_len = decoder.image_len();
        let start = MARK.len() + HASH + 8 * NUMBERS + ENTRY * samples.len();
        let done = AtomicUsize::new(0);
        write_file_with(path, |file| {
            file.set_len((start + samples.len() * image_len) as u64)?;
            let one = |(index, sample): (usize, &Sample)| -> io::Result<(Entry, Statistics)> {
                let outcome = match decoder.decode(&sample.source) {
                    Err(_) => (Entry::default(), Statistics::default()),
                    Ok(image) => {
                        write_at(file, &image, (start + index * image_len) as u64)?;
                        let entry = Entry { checksum: checksum(&image), is_readable: true };
                        (entry, Statistics::of(&image, decoder.channels()))
                    }
                };
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, samples.len());
                Ok(outcome)
            };
            let outcomes: Vec<_> = samples.par_iter().enumerate().map(one).collect::<io::Result<_>>()?;
            write_at(file, &head(image_len, &outcomes), 0)
        })
    }

    /// Whether the image at `index` could be decoded.
    pub fn is_readable(&self, index: usize) -> bool {
        self.entries[index].is_readable
    }

    /// Fills `bytes` (H×W×C) with the image at `index`; false where it is damaged or cannot be read.
    pub fn read(&self, index: usize, bytes: &mut [u8]) -> bool {
        let at = self.start + (index * self.image_len) as u64;
        read_at(&self.file, bytes, at).is_ok() && checksum(bytes) == self.entries[index].checksum
    }
}

/// The file of these contents, brought to this input.
fn path(folder: &Path, hashes: &[[u8; 32]], decoder: &Decoder) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    hasher.update(MARK).update(format!("{decoder:?}").as_bytes());
    hashes.iter().for_each(|hash| _ = hasher.update(hash));
    folder.join(format!("{}.images", &hasher.finalize().to_hex()[..32]))
}

fn unwritten(path: &Path, error: &io::Error) -> Fault {
    Diagnostic::new(&code::WRITE_FAILED, format!("the decoded images cannot be written: {error}"))
        .on(path)
        .help("give `--cache` a folder with more space that can be written, or leave it out")
        .fault()
}

/// All that stands before the images.
fn head(image_len: usize, outcomes: &[(Entry, Statistics)]) -> Vec<u8> {
    let sums = outcomes.iter().fold(Statistics::default(), |sums, (_, more)| sums.merge(more));
    let three = |sums: &[u64]| [0, 1, 2].map(|channel| sums.get(channel).copied().unwrap_or(0));
    let [numbers, entries] = [
        [
            vec![outcomes.len() as u64, image_len as u64, sums.count],
            three(&sums.sum).into(),
            three(&sums.squares).into(),
        ]
        .concat(),
        outcomes.iter().flat_map(|(entry, _)| [entry.checksum, u64::from(entry.is_readable)]).collect(),
    ];
    let rest: Vec<u8> = numbers.iter().chain(&entries).flat_map(|number| number.to_le_bytes()).collect();
    [MARK.as_slice(), blake3::hash(&rest).as_bytes(), &rest].concat()
}

fn checksum(bytes: &[u8]) -> u64 {
    let hash = blake3::hash(bytes);
    hash.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[count..];
        at += count as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[count..];
        at += count as u64;
    }
    Ok(())
}
