//! New texts of specs: written in their place, or shown as a diff.

use std::path::Path;

use similar::TextDiff;

use crate::base::Source;
use crate::diag::{Diagnostic, Fault, code};
use crate::model::write_file;

/// Writes the new `text` of the spec at `path`, whole or not at all; behind a link, the file that it leads to.
///
/// # Errors
///
/// M805 with the reason; the spec is then as it was.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Fault> {
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
