//! Files that appear whole or not at all.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::Path;

use tempfile::{NamedTempFile, PersistError};

use crate::diag::{Code, Diagnostic, Fault, Result, code};

/// How the names of temporary files begin.
const UNFINISHED: &str = ".netc-unfinished-";

/// Writes `bytes` to `path`: to a temporary file in the same folder, synced, then renamed over the old one.
///
/// Whoever reads `path` meanwhile, or after a crash, sees the old file or the new one, which has the permissions of the
/// old.
///
/// # Errors
/// M805 with the reason; the old file is then as it was, and the temporary one is gone.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    write_file_with(path, |mut file| file.write_all(bytes)).map_err(|error| unwritten(path, &error))
}

/// Writes what `fill` puts into a file to `path`, as [`write_file`] does: for more than fits in memory.
///
/// # Errors
/// Those of `fill` and of the file system; the old file is then as it was, and the temporary one is gone.
pub fn write_file_with(path: &Path, fill: impl FnOnce(&std::fs::File) -> std::io::Result<()>) -> std::io::Result<()> {
    try_write(path, fill, |file| file.persist(path))
}

/// Writes `bytes` to `path` as [`write_file`] does, where no file is yet.
///
/// # Errors
/// M811 where one is, M805 with the reason where it cannot be written.
pub fn write_new_file(path: &Path, bytes: &[u8]) -> Result<()> {
    try_write(path, |mut file| file.write_all(bytes), |file| file.persist_noclobber(path)).map_err(|error| match error
        .kind()
    {
        ErrorKind::AlreadyExists => Diagnostic::new(&code::FILE_EXISTS, "there is a file of this name already")
            .on(path)
            .note("it is unchanged")
            .help("name another file, or remove this one first")
            .fault(),
        _ => unwritten(path, &error),
    })
}

fn unwritten(path: &Path, error: &std::io::Error) -> Fault {
    Diagnostic::new(&code::WRITE_FAILED, format!("the file cannot be written: {error}"))
        .on(path)
        .note("a file that was there before is unchanged")
        .help(way_out(error))
        .fault()
}

fn try_write(
    path: &Path,
    fill: impl FnOnce(&std::fs::File) -> std::io::Result<()>,
    put_in_place: impl FnOnce(NamedTempFile) -> Result<std::fs::File, PersistError>,
) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let file = temporary().tempfile_in(folder)?;
    if let Ok(before) = std::fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    // Past the wrapper, whose errors would name the temporary file.
    fill(file.as_file())?;
    file.as_file().sync_all()?;
    put_in_place(file).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Removes what [`write_file`] left in `folder` when its process was killed; what cannot be removed does no harm.
pub fn remove_unfinished(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_unfinished(&entry.file_name()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a file of this name is one that was being written when a process was killed.
#[must_use]
pub fn is_unfinished(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with(UNFINISHED)
}

/// The name of a file that is not finished yet: a kill leaves it to [`remove_unfinished`].
#[must_use]
pub fn unfinished(name: &str) -> String {
    format!("{UNFINISHED}{name}")
}

/// A temporary file that gets the permissions of an ordinary one; by default only its owner could read it.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// Makes a rename in `folder` last through a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Folders cannot be synced here; the file system orders renames by itself.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

fn way_out(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space, or write to another disk with `--out`",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "make the folder writable, or write elsewhere with `--out`"
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => "create the folder first, or name another with `--out`",
        _ => "write elsewhere with `--out`",
    }
}

/// Reads a whole file that netc wrote.
///
/// # Errors
/// `code` with the reason.
pub fn read_file(path: &Path, code: &'static Code) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| unreadable(path, code, &error))
}

fn unreadable(path: &Path, code: &'static Code, error: &std::io::Error) -> Fault {
    Diagnostic::new(code, format!("the file cannot be read: {error}"))
        .on(path)
        .help("check the path and its permissions")
        .fault()
}
