//! The canonical printer: a tree and its text to the one way in which netc writes it.
//!
//! A chain that fits on one line stands on one. A longer one has a line for every layer with the bare names behind it,
//! each line starting with its arrow. Comments keep their places: behind the same part, or on lines of their own before
//! it; a line with `# netc: allow(...)` keeps exactly the parts that it silences. The front matter stays as its author
//! wrote it, apart from white space at the ends of its lines.
//!
//! Which names are canonical is not known here: they come in as edits.

mod build;
mod doc;

use build::Builder;

use super::ast::File;
use super::{front, yaml};
use crate::base::Source;
use crate::diag::Edit;

/// `file`, which was read from `source` without a fault of syntax, as canonical text; `names` are written instead of the
/// texts at their places, in the order of which they come.
#[must_use]
pub fn print(source: &Source, file: &File, names: &[Edit]) -> String {
    let text = source.text();
    let split = front::split(text, &mut Vec::new());
    let mut printed = String::new();
    if let Some(front) = split.front {
        printed += &without_trailing_space(text[..front.start].trim_start_matches('\u{FEFF}').trim_start());
        printed += &front_matter(&text[front.start..front.end]);
        printed += "---\n";
    }
    printed += &doc::render(&Builder::new(source, file, names).body(file));
    let is_windows = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    if is_windows { printed.replace('\n', "\r\n") } else { printed }
}

/// The front matter without white space at the ends of its lines, unless that is part of a text in it.
fn front_matter(yaml: &str) -> String {
    let trimmed = without_trailing_space(yaml);
    let plain = yaml.replace("\r\n", "\n");
    if trimmed == plain || yaml::same_meaning(&trimmed, &plain) { trimmed } else { plain }
}

fn without_trailing_space(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

#[cfg(test)]
mod tests;
