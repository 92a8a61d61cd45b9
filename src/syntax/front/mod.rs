//! The front matter: YAML to typed settings, key by key, every fault at its own key or value.
//!
//! What a layer's defaults mean, and whether a code exists, is not known here.

mod data;
mod field;
mod train;

use std::collections::HashSet;
use std::ops::Range;

use self::field::{Entry, Fields};
use super::ast::{Literal, Name, Value};
use super::settings::{Classes, Expect, FrontMatter, LayerDefaults, LintLevels, Places};
use super::yaml::{Kind, Node, read_yaml};
use crate::base::{Source, Span, Spanned};
use crate::diag::{Diagnostic, code};

const KEYS: &[&str] =
    &["name", "input", "classes", "defaults", "data", "train", "expect", "lint", "init_from", "freeze"];

/// Where the parts of a file stand.
pub(super) struct Split {
    /// Between the two `---` lines.
    pub front: Option<Span>,
    /// From the body's first byte to the end of the file; `None` where the front matter is never closed.
    pub body: Option<Range<usize>>,
}

/// Parts a file into front matter and body. Blank lines and comments may stand before the first `---`.
pub(super) fn split(text: &str, faults: &mut Vec<Diagnostic>) -> Split {
    let mut lines = line_spans(text);
    let opening = lines.find(|line| {
        let line =
            text[line.clone()].trim_matches(|character: char| character.is_whitespace() || character == '\u{FEFF}');
        !line.is_empty() && !line.starts_with('#')
    });
    let Some(opening) = opening.filter(|line| is_fence(&text[line.clone()])) else {
        return Split { front: None, body: Some(0..text.len()) };
    };
    match lines.find(|line| is_fence(&text[line.clone()])) {
        Some(closing) => {
            Split { front: Some(Span::new(opening.end, closing.start)), body: Some(closing.end..text.len()) }
        }
        None => {
            let fence = Span::new(opening.start, opening.start + text[opening].trim_end().len());
            faults.push(
                Diagnostic::new(&code::MALFORMED_YAML, "the front matter is never closed")
                    .at(fence, "opened here")
                    .help("write a line `---` between the front matter and the network"),
            );
            Split { front: None, body: None }
        }
    }
}

fn line_spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = end;
        end += line.len();
        start..end
    })
}

fn is_fence(line: &str) -> bool {
    line.trim_start_matches('\u{FEFF}').trim_end() == "---"
}

/// Reads the front matter at `span`.
pub(super) fn read_front(source: &Source, span: Span, faults: &mut Vec<Diagnostic>) -> FrontMatter {
    let mut front = FrontMatter { span: Some(span), ..FrontMatter::default() };
    let root = match read_yaml(source, span, faults) {
        Ok(root) => root,
        Err(fault) => {
            faults.push(*fault);
            return front;
        }
    };
    let mut places = Places::default();
    let mut fields = Fields::new(faults, &mut places);
    for entry in fields.entries(&root, "") {
        match entry.key() {
            "name" => front.name = fields.text(entry).map(|name| Spanned::new(name, entry.value.span)),
            "input" => front.input = input(entry, &mut fields),
            "classes" => front.classes = classes(entry, &mut fields),
            "defaults" => front.defaults = defaults(entry, &mut fields),
            "data" => front.data = data::read(entry, &mut fields),
            "train" => front.train = train::read(entry, &mut fields),
            "expect" => front.expect = expect(entry, &mut fields),
            "lint" => front.lint = lint(entry, &mut fields),
            "init_from" => front.init_from = init_from(entry, &mut fields),
            "freeze" => front.freeze = names(entry, &mut fields),
            _ => fields.unknown_key(entry, KEYS),
        }
    }
    front.places = places;
    front
}

fn init_from(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Spanned<String>> {
    let path = fields.text(entry)?;
    if path.trim().is_empty() {
        fields.out_of_domain(entry, "the path of a model file");
        return None;
    }
    Some(Spanned::new(path, entry.value.span))
}

/// One text, or a list of texts.
fn names(entry: Entry<'_>, fields: &mut Fields<'_>) -> Vec<Name> {
    let one = std::slice::from_ref(entry.value);
    let items = if let Kind::List(items) = &entry.value.kind { items.as_slice() } else { one };
    let name = |item| fields.text(entry.item(item)).map(|text| Spanned::new(text, item.span));
    items.iter().filter_map(name).collect()
}

fn input(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Spanned<[usize; 3]>> {
    let node = entry.value;
    let sizes = match &node.kind {
        Kind::Text(text) => text.split('x').map(|part| part.trim().parse::<usize>().ok()).collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let fault = match sizes.as_deref() {
        Some(&[height, width, channels]) if height > 0 && width > 0 && channels > 0 => {
            return Some(Spanned::new([height, width, channels], node.span));
        }
        Some(&[_, _, _]) => Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, "`input` has a size of 0")
            .at(node.span, "every size is at least 1")
            .help("write it as `256x256x3`: height, width and channels"),
        Some(&[height, width]) => {
            let whole = format!("{height}x{width}x3");
            let fault = entry
                .wrong("`input` lacks the channels", "expected height x width x channels")
                .help(format!("write `{whole}` for colour images, `{height}x{width}x1` for grey ones"));
            match node.raw {
                Some(_) => fault.fix(format!("write `{whole}`"), node.span, whole),
                None => fault,
            }
        }
        _ => entry.wrong("`input` is not a size", "expected height x width x channels").help("write it as `256x256x3`"),
    };
    fields.report(fault);
    None
}

fn classes(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Spanned<Classes>> {
    let span = entry.value.span;
    let too_few = |count: &str| {
        Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, format!("a classifier needs at least 2 classes, got {count}"))
            .at(span, "at least 2")
            .help("write how many classes there are, or their names: `[healthy, rust]`")
    };
    match &entry.value.kind {
        Kind::Integer(count) => match usize::try_from(*count) {
            Ok(count) if count >= 2 => return Some(Spanned::new(Classes::Count(count), span)),
            _ => fields.report(too_few(&count.to_string())),
        },
        Kind::List(items) => {
            let names = class_names(items, entry, fields)?;
            if names.len() >= 2 {
                return Some(Spanned::new(Classes::Names(names), span));
            }
            fields.report(too_few(&names.len().to_string()));
        }
        _ => fields.wrong_kind(entry, "a number, or a list of names"),
    }
    None
}

/// The names, unique; `None` where one is reported.
fn class_names(items: &[Node], entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    let mut is_sound = true;
    for item in items {
        let Some(name) = fields.word(entry.item(item)).filter(|name| !name.is_empty()) else {
            is_sound = false;
            continue;
        };
        if !seen.insert(name.clone()) {
            let message = format!("the class `{name}` stands twice");
            fields.report(
                Diagnostic::new(&code::MALFORMED_YAML, message).at(item.span, "again").help("remove one of the two"),
            );
            is_sound = false;
        }
        names.push(name);
    }
    is_sound.then_some(names)
}

fn defaults(entry: Entry<'_>, fields: &mut Fields<'_>) -> Vec<LayerDefaults> {
    let mut layers = Vec::new();
    for layer in fields.entries(entry.value, "defaults") {
        let arguments = fields.entries(layer.value, layer.key());
        let arguments = arguments.map(|argument| (argument.name.clone(), literal(argument, fields))).collect();
        layers.push(LayerDefaults { layer: layer.name.clone(), arguments });
    }
    layers
}

/// A value of YAML as a value of the body: `5x5` and `same` are read by the body's grammar.
fn literal(entry: Entry<'_>, fields: &mut Fields<'_>) -> Value {
    let span = entry.value.span;
    let value = match (&entry.value.kind, &entry.value.raw) {
        (Kind::List(items), _) => Literal::List(items.iter().map(|item| literal(entry.item(item), fields)).collect()),
        (Kind::Map(_) | Kind::Null, _) => {
            fields.wrong_kind(entry, "a value such as `32`, `5x5` or `same`");
            Literal::Unknown
        }
        (_, Some(raw)) => fields.literal(raw, span.start),
        (Kind::Text(text), None) => Literal::Text(text.clone()),
        (Kind::Flag(flag), None) => Literal::Flag(*flag),
        (Kind::Integer(value), None) => Literal::Integer(*value),
        (Kind::Real(value), None) => Literal::Real(*value),
    };
    Spanned::new(value, span)
}

fn expect(entry: Entry<'_>, fields: &mut Fields<'_>) -> Expect {
    let mut expect = Expect::default();
    for entry in fields.entries(entry.value, "expect") {
        let span = entry.value.span;
        match entry.key() {
            "params" => expect.params = fields.count(entry, 0).map(|count| Spanned::new(count, span)),
            "output" => expect.output = fields.count(entry, 1).map(|count| Spanned::new(count as usize, span)),
            _ => fields.unknown_key(entry, &["params", "output"]),
        }
    }
    expect
}

fn lint(entry: Entry<'_>, fields: &mut Fields<'_>) -> LintLevels {
    let mut levels = LintLevels::default();
    for entry in fields.entries(entry.value, "lint") {
        let level = match entry.key() {
            "allow" => &mut levels.allow,
            "warn" => &mut levels.warn,
            "deny" => &mut levels.deny,
            _ => {
                fields.unknown_key(entry, &["allow", "warn", "deny"]);
                continue;
            }
        };
        level.extend(names(entry, fields));
    }
    levels
}

#[cfg(test)]
mod tests;
