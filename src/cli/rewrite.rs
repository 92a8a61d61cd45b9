//! New texts of specs: written in their place, or shown as a diff.

use std::panic::resume_unwind;
use std::path::Path;
use std::thread::ScopedJoinHandle;

use similar::TextDiff;

use super::spec::is_stdin;
use crate::base::Source;
use crate::diag::{Diagnostic, Fault, code};
use crate::model::write_file;

/// So many files are written at a time. Each waits for the disk, which takes many at once as fast as one.
const WRITERS: usize = 32;

/// Writes the new texts of specs, where they have one and are no stdin, each whole or not at all; behind a link, the file
/// that it leads to. Gives M805 and its reason for every spec, by its index, that is left as it was.
pub(super) fn write_new<'t>(specs: impl Iterator<Item = (&'t Path, Option<&'t str>)>) -> Vec<(usize, Fault)> {
    let texts = specs.enumerate().filter(|(_, (path, _))| !is_stdin(path));
    let texts: Vec<(usize, &Path, &str)> = texts.filter_map(|(at, (path, text))| Some((at, path, text?))).collect();
    let write = |&(at, path, text): &(usize, &Path, &str)| Some((at, write(path, text).err()?));
    std::thread::scope(|scope| {
        let shares = texts.chunks(texts.len().div_ceil(WRITERS).max(1));
        let writers: Vec<_> =
            shares.map(|share| scope.spawn(move || share.iter().filter_map(write).collect::<Vec<_>>())).collect();
        let failed = |writer: ScopedJoinHandle<'_, _>| writer.join().unwrap_or_else(|panic| resume_unwind(panic));
        writers.into_iter().flat_map(failed).collect()
    })
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    let help = "make the file and its folder writable, or show the change with `--diff`";
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A rename would replace it all the same.
    if std::fs::metadata(&target).is_ok_and(|found| found.permissions().readonly()) {
        let fault = Diagnostic::new(&code::WRITE_FAILED, "the file is read-only and was left as it is");
        return Err(fault.on(path).help(help).fault());
    }
    write_file(&target, text.as_bytes()).map_err(|mut fault| {
        fault.help = Some(help.to_owned());
        fault
    })
}

/// The change from a spec to its new text as a unified diff; empty where there is none.
pub(super) fn unified(source: &Source, text: &str) -> String {
    let name = source.name();
    let diff = TextDiff::from_lines(source.text(), text);
    diff.unified_diff().context_radius(3).header(name, name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_names_the_file_and_shows_the_lines_around_a_change() {
        let source = Source::new("a.net", "Conv\n  -> Relu\n  -> Flaten\n");
        let expected = "--- a.net\n+++ a.net\n@@ -1,3 +1,3 @@\n Conv\n   -> Relu\n-  -> Flaten\n+  -> Flatten\n";
        assert_eq!(unified(&source, "Conv\n  -> Relu\n  -> Flatten\n"), expected);
        assert_eq!(unified(&source, source.text()), "");
    }
}
