//! A folder on disk as a list of entries.
//!
//! Links are followed, as a user who links a class folder expects, unless one leads back into a folder that holds it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::entry::{self, ByName, Entry, Kind, MAX_DEPTH, Skip};
use super::source::Source;
use crate::diag::{Diagnostic, Result, code};

/// All entries below `root`, in no particular order, and a warning for each link that leads back.
///
/// # Errors
/// D620 where `root` or a folder in it cannot be listed.
pub(super) fn walk(root: &Path) -> Result<(Vec<Entry>, Vec<Diagnostic>)> {
    let mut walk = Walk { entries: Vec::new(), diagnostics: Vec::new(), above: vec![canonical(root)?] };
    walk.folder(root, &[])?;
    // A file system lists its entries in any order.
    walk.diagnostics.sort_by_key(|diagnostic| format!("{:?}", diagnostic.place));
    Ok((walk.entries, walk.diagnostics))
}

struct Walk {
    entries: Vec<Entry>,
    diagnostics: Vec<Diagnostic>,
    /// The folders that are being walked, outermost first, with links resolved.
    above: Vec<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, below: &[u8]) -> Result<()> {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for item in listed.map_err(|error| unlistable(folder, &error))? {
            let file_name = item.file_name();
            let name = file_name.as_encoded_bytes();
            let path = if below.is_empty() { name.to_vec() } else { [below, b"/", name].concat() };
            self.item(&item.path(), name, path)?;
        }
        Ok(())
    }

    fn item(&mut self, at: &Path, name: &[u8], path: Vec<u8>) -> Result<()> {
        // A link that leads nowhere has no metadata; it is listed by its name, so that reading it names it.
        let metadata = fs::metadata(at).ok();
        let kind = match metadata {
            _ if entry::is_system(name) => Kind::Skipped(Skip::System),
            Some(metadata) if metadata.is_dir() => return self.enter(at, path),
            Some(metadata) if !metadata.is_file() => Kind::Skipped(Skip::Special),
            _ => judge_file(at, name),
        };
        self.entries.push(Entry { path, kind });
        Ok(())
    }

    fn enter(&mut self, folder: &Path, path: Vec<u8>) -> Result<()> {
        let resolved = canonical(folder)?;
        if self.above.contains(&resolved) {
            self.diagnostics.push(loop_in(folder, &resolved));
            return Ok(());
        }
        if self.above.len() >= MAX_DEPTH {
            self.entries.push(Entry { path, kind: Kind::Skipped(Skip::Special) });
            return Ok(());
        }
        self.above.push(resolved);
        let walked = self.folder(folder, &path);
        self.above.pop();
        self.entries.push(Entry { path, kind: Kind::Folder });
        walked
    }
}

fn judge_file(at: &Path, name: &[u8]) -> Kind {
    match entry::judge(name) {
        ByName::Image => Kind::Image(Source::File(at.to_owned())),
        ByName::Unknown if begins_like_an_image(at) => Kind::Image(Source::File(at.to_owned())),
        ByName::Unknown | ByName::NoImage => Kind::Skipped(Skip::NoImage),
        ByName::System => Kind::Skipped(Skip::System),
    }
}

fn begins_like_an_image(at: &Path) -> bool {
    let mut first = Vec::new();
    let read = File::open(at).and_then(|file| file.take(16).read_to_end(&mut first));
    read.is_ok() && entry::begins_like_an_image(&first)
}

fn canonical(folder: &Path) -> Result<PathBuf> {
    fs::canonicalize(folder).map_err(|error| unlistable(folder, &error))
}

fn unlistable(folder: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    Diagnostic::new(&code::DATA_NOT_FOUND, format!("the folder cannot be listed: {error}"))
        .on(folder)
        .help("make the folder readable, or take it out of the data")
        .fault()
}

fn loop_in(link: &Path, target: &Path) -> Diagnostic {
    let message = format!("this link leads back to `{}`, which holds it", target.display());
    Diagnostic::new(&code::LOOP_IN_FOLDER, message).on(link).help("remove the link; it was not followed")
}
