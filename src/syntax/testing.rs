//! What tests of several rooms ask of a text.

use super::ast::File;
use super::parse;
use crate::base::Source;

/// The tree of `text` with all places taken out, and without the comments that silence codes, which are told by their
/// places.
pub(crate) fn tree_without_places(text: &str) -> String {
    let file = File { allows: Vec::new(), ..parse(&Source::new("test.net", text)).0 };
    let drawn = format!("{file:?}");
    let mut parts = drawn.split("Span {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |tree, part| tree + part.split_once('}').map_or("", |(_, rest)| rest))
}
