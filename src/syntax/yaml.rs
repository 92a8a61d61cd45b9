//! YAML to a tree in which every key and value has its place in the file.
//!
//! `serde_yaml` is used in this file only. It says what a text means, but neither where a value stands nor that a key
//! is there twice; `locate` finds the places. What the keys mean is not known here.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

use serde::de::{Deserialize, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use super::locate::{Located, Shape, locate};
use super::scan::MAX_DEPTH;
use crate::base::{Source, Span, Spanned};
use crate::diag::{self, Diagnostic, code};

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// What it means.
    pub kind: Kind,
    /// Where it stands; the nearest known place around it where YAML is written in a way that `locate` cannot read.
    pub span: Span,
    /// The text as written, of a scalar without quotes.
    pub raw: Option<String>,
}

/// What a value means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Nothing, or `null`.
    Null,
    /// `true`, `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Real(f64),
    /// Text.
    Text(String),
    /// Items in order.
    List(Vec<Node>),
    /// Keys in order; none is there twice.
    Map(Vec<(Spanned<String>, Node)>),
}

/// Reads the YAML at `span`; duplicate keys are reported and their first value is kept.
///
/// # Errors
///
/// S004 where it is nested too deep, S007 where it is not YAML, or grows without bounds by its aliases.
pub(super) fn read_yaml(source: &Source, span: Span, faults: &mut Vec<Diagnostic>) -> diag::Result<Node> {
    let text = source.slice(span);
    if let Some(at) = too_deep(text) {
        let at = Span::new(span.start + at, span.start + at + 1);
        let message = format!("the front matter is nested more than {MAX_DEPTH} levels deep");
        return Err(Diagnostic::new(&code::NESTING_TOO_DEEP, message).at(at, "nested too deep here").fault());
    }
    let plain: Plain = serde_yaml::from_str(text).map_err(|fault| malformed(&fault, text, span).fault())?;
    let located = locate(text, span.start);
    Ok(place(plain, located.as_ref(), span, source, faults))
}

/// Where brackets, or a line's dashes, are nested deeper than any setting is. libyaml takes time quadratic in the
/// depth, so it must not see such a text. Brackets in quotes count too, which no sensible text notices.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut dashes = 0_usize;
    let mut is_line_start = true;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' => (dashes, is_line_start) = (0, true),
            b'-' | b'?' if is_line_start => dashes += 1,
            _ => {}
        }
        is_line_start &= matches!(byte, b'\n' | b' ' | b'-' | b'?');
        if depth > MAX_DEPTH || dashes > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

/// Whether two texts of YAML say the same.
pub(super) fn same_meaning(a: &str, b: &str) -> bool {
    let read = serde_yaml::from_str::<Plain>;
    matches!((read(a), read(b)), (Ok(a), Ok(b)) if a == b)
}

/// A value as serde_yaml gives it.
#[derive(PartialEq)]
enum Plain {
    Null,
    Flag(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    List(Vec<Plain>),
    Map(Vec<(Plain, Plain)>),
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value without tags")
    }

    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain::Null)
    }

    fn visit_none<E>(self) -> Result<Plain, E> {
        Ok(Plain::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Plain, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Plain, A::Error> {
        Err(A::Error::custom("tags such as `!name` are not used here"))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
        Ok(Plain::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
        Ok(Plain::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
        Ok(i64::try_from(value).map_or(Plain::Real(value as f64), Plain::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Plain, E> {
        Ok(Plain::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Plain, E> {
        Ok(Plain::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Plain::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Plain, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Plain::Map(map))
    }
}

/// `plain` with the places of `located`; what has none gets `around`.
fn place(plain: Plain, located: Option<&Located>, around: Span, source: &Source, faults: &mut Vec<Diagnostic>) -> Node {
    let span = located.map_or(around, |located| located.span);
    let raw =
        located.filter(|located| located.shape == Shape::Plain).map(|located| source.slice(located.span).to_owned());
    let kind = match plain {
        Plain::Null => Kind::Null,
        Plain::Flag(value) => Kind::Flag(value),
        Plain::Integer(value) => Kind::Integer(value),
        Plain::Real(value) => Kind::Real(value),
        Plain::Text(value) => Kind::Text(value),
        Plain::List(items) => {
            let places = match located.map(|located| &located.shape) {
                Some(Shape::List(places)) if places.len() == items.len() => places.as_slice(),
                _ => &[],
            };
            let nodes = items.into_iter().enumerate();
            Kind::List(nodes.map(|(at, item)| place(item, places.get(at), span, source, faults)).collect())
        }
        Plain::Map(entries) => {
            let places = match located.map(|located| &located.shape) {
                Some(Shape::Map(places)) if places.len() == entries.len() => places.as_slice(),
                _ => &[],
            };
            Kind::Map(place_entries(entries, places, span, source, faults))
        }
    };
    Node { kind, span, raw }
}

fn place_entries(
    entries: Vec<(Plain, Plain)>,
    places: &[(Span, Located)],
    around: Span,
    source: &Source,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(Spanned<String>, Node)> {
    let mut map = Vec::new();
    let mut seen = HashMap::new();
    for (at, (key, value)) in entries.into_iter().enumerate() {
        let located = places.get(at);
        let span = located.map_or(around, |(span, _)| *span);
        let key = Spanned::new(key_text(key, located.map(|_| source.slice(span))), span);
        let node = place(value, located.map(|(_, value)| value), span, source, faults);
        match seen.entry(key.value.clone()) {
            Occupied(first) => faults.push(duplicate(&key, *first.get())),
            Vacant(free) => {
                free.insert(span);
                map.push((key, node));
            }
        }
    }
    map
}

fn key_text(key: Plain, raw: Option<&str>) -> String {
    match (key, raw) {
        (Plain::Text(text), _) => text,
        (_, Some(raw)) => raw.to_owned(),
        (Plain::Integer(value), None) => value.to_string(),
        (Plain::Flag(value), None) => value.to_string(),
        (Plain::Real(value), None) => value.to_string(),
        (Plain::Null, None) => "null".to_owned(),
        (Plain::List(_) | Plain::Map(_), None) => "?".to_owned(),
    }
}

fn duplicate(key: &Spanned<String>, first: Span) -> Diagnostic {
    Diagnostic::new(&code::DUPLICATE_KEY, format!("the key `{}` stands twice", key.value))
        .at(key.span, "again")
        .label(first, "first here")
        .help("keep one of them")
}

/// serde_yaml's message at its own place: what was opened there and is not closed, else where reading stopped.
fn malformed(fault: &serde_yaml::Error, text: &str, span: Span) -> Diagnostic {
    let full = fault.to_string();
    let (problem, context) = full.split_once(", while ").unwrap_or((&full, ""));
    let (problem, _) = problem.split_once(" at line ").unwrap_or((problem, ""));
    let stopped = fault.location().map_or(0, |location| offset(text, location.line(), location.column()));
    let opened = mark(context).map(|(line, column)| offset(text, line, column));
    let diagnostic = Diagnostic::new(&code::MALFORMED_YAML, format!("the front matter is not valid YAML: {problem}"));
    let at = Span::at(span.start + stopped);
    let help = if text[..stopped].ends_with('\t') || text[stopped..].starts_with('\t') {
        "YAML is indented by spaces, not by tabs"
    } else {
        "the front matter is `key: value` lines; text with `: ` or ` #` in it stands in quotes"
    };
    match opened.and_then(|opened| text[opened..].chars().next().map(|bracket| (opened, bracket))) {
        Some((opened, bracket @ ('[' | '{' | '"' | '\''))) => diagnostic
            .at(Span::new(span.start + opened, span.start + opened + 1), format!("is this `{bracket}` closed?"))
            .label(at, "reading stopped here")
            .help(format!("close the `{bracket}` on its line, or take it out")),
        _ => diagnostic.at(at, "reading stopped here").help(help),
    }
}

/// The place that a message names as `... at line 2 column 14`.
fn mark(context: &str) -> Option<(usize, usize)> {
    let (_, place) = context.split_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// The offset of a line and column, counted in characters from one; inside the text in any case.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let line = text[start..].lines().next().unwrap_or_default();
    start + line.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}
