//! Typed reading of a mapping's values, with the faults of what does not fit.

use crate::base::{Spanned, nearest};
use crate::diag::{Diagnostic, code};
use crate::syntax::ast::Literal;
use crate::syntax::settings::Places;
use crate::syntax::value::read_literal;
use crate::syntax::yaml::{Kind, Node};

/// A key with its value, as a fault names it.
#[derive(Clone, Copy)]
pub(super) struct Entry<'n> {
    /// The key.
    pub name: &'n Spanned<String>,
    /// Its value.
    pub value: &'n Node,
    /// The key that it stands under; empty at the top.
    pub parent: &'n str,
}

impl<'n> Entry<'n> {
    /// The key's text.
    pub(super) fn key(self) -> &'n str {
        &self.name.value
    }

    /// An item of the value's list.
    pub(super) fn item(self, item: &'n Node) -> Self {
        Self { value: item, ..self }
    }

    /// The key with the one above it: `train.epochs`.
    pub(super) fn path(self) -> String {
        if self.parent.is_empty() { self.key().to_owned() } else { format!("{}.{}", self.parent, self.key()) }
    }

    /// The fault of a value of the wrong kind.
    pub(super) fn wrong(self, message: &str, label: &str) -> Diagnostic {
        Diagnostic::new(&code::MALFORMED_YAML, message).at(self.value.span, label)
    }
}

/// Reads values and collects their faults.
pub(super) struct Fields<'f> {
    faults: &'f mut Vec<Diagnostic>,
    places: &'f mut Places,
}

impl<'f> Fields<'f> {
    /// Adds its faults to `faults`, and to `places` where values stand.
    pub(super) fn new(faults: &'f mut Vec<Diagnostic>, places: &'f mut Places) -> Self {
        Self { faults, places }
    }

    /// Adds a fault.
    pub(super) fn report(&mut self, fault: Diagnostic) {
        self.faults.push(fault);
    }

    /// The entries of a mapping that stands under the key `parent`; an absent one has none.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, parent: &'n str) -> impl Iterator<Item = Entry<'n>> + use<'n> {
        let entries = match &node.kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::Null => &[],
            _ => {
                let what = if parent.is_empty() { "the front matter".to_owned() } else { format!("`{parent}`") };
                let message = format!("{what} is `key: value` pairs, got {}", describe(node));
                let help = "write `key: value` lines, or `{ key: value }`";
                self.report(
                    Diagnostic::new(&code::MALFORMED_YAML, message).at(node.span, "expected `key: value`").help(help),
                );
                &[]
            }
        };
        let entries = entries.iter().map(move |(name, value)| Entry { name, value, parent });
        entries.clone().for_each(|entry| self.places.put(entry.path(), entry.value.span));
        entries
    }

    /// The entries of a mapping, and its `name` before all others; `example` shows how one is written.
    pub(super) fn named_entries<'n>(
        &mut self,
        entry: Entry<'n>,
        example: &str,
    ) -> Option<(Entry<'n>, impl Iterator<Item = Entry<'n>> + use<'n>)> {
        let mut entries: Vec<Entry<'n>> = self.entries(entry.value, entry.key()).collect();
        let Some(at) = entries.iter().position(|part| part.key() == "name") else {
            let message = format!("`{}` has no name", entry.path());
            self.report(entry.wrong(&message, "expected `name`").help(format!("write `{example}`")));
            return None;
        };
        Some((entries.remove(at), entries.into_iter()))
    }

    /// A value of the body's grammar, written as `raw` at `start`.
    pub(super) fn literal(&mut self, raw: &str, start: usize) -> Literal {
        read_literal(raw, start, self.faults)
    }

    /// The value as text.
    pub(super) fn text(&mut self, entry: Entry<'_>) -> Option<String> {
        if let Kind::Text(text) = &entry.value.kind {
            return Some(text.clone());
        }
        self.wrong_kind(entry, "text");
        None
    }

    /// The value as text, where a number or `true` stands for its own text too.
    pub(super) fn word(&mut self, entry: Entry<'_>) -> Option<String> {
        match (&entry.value.kind, &entry.value.raw) {
            (Kind::Integer(_) | Kind::Real(_) | Kind::Flag(_), Some(raw)) => Some(raw.clone()),
            (Kind::Integer(value), None) => Some(value.to_string()),
            _ => self.text(entry),
        }
    }

    /// The value as a flag.
    pub(super) fn flag(&mut self, entry: Entry<'_>) -> Option<bool> {
        if let Kind::Flag(flag) = entry.value.kind {
            return Some(flag);
        }
        self.wrong_kind(entry, "`true` or `false`");
        None
    }

    /// The value as a number for which `accepts` holds; `domain` says which those are.
    pub(super) fn number(&mut self, entry: Entry<'_>, domain: &str, accepts: impl Fn(f64) -> bool) -> Option<f64> {
        let value = match entry.value.kind {
            Kind::Integer(value) => value as f64,
            Kind::Real(value) => value,
            _ => {
                self.wrong_kind(entry, "a number");
                return None;
            }
        };
        if value.is_finite() && accepts(value) {
            return Some(value);
        }
        self.out_of_domain(entry, domain);
        None
    }

    /// The value as a share for which `accepts` holds: `0.2` or `20%`.
    pub(super) fn share(&mut self, entry: Entry<'_>, domain: &str, accepts: impl Fn(f64) -> bool) -> Option<f64> {
        let percent = match &entry.value.kind {
            Kind::Text(text) => text.strip_suffix('%').and_then(|percent| percent.trim().parse::<f64>().ok()),
            _ => return self.number(entry, domain, accepts),
        };
        match percent.map(|percent| percent / 100.0) {
            Some(share) if share.is_finite() && accepts(share) => return Some(share),
            Some(_) => self.out_of_domain(entry, domain),
            None => self.wrong_kind(entry, "a share such as `10%`"),
        }
        None
    }

    /// The value as a whole number from `least` on.
    pub(super) fn count(&mut self, entry: Entry<'_>, least: u64) -> Option<u64> {
        match entry.value.kind {
            Kind::Integer(value) => {
                let count = u64::try_from(value).ok().filter(|&count| count >= least);
                if count.is_none() {
                    self.out_of_domain(entry, &format!("at least {least}"));
                }
                count
            }
            _ => {
                self.wrong_kind(entry, "a whole number");
                None
            }
        }
    }

    /// The value as one of `choices`.
    pub(super) fn choice<T: Clone>(&mut self, entry: Entry<'_>, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let Kind::Text(text) = &entry.value.kind else {
            self.wrong_kind(entry, &either(&names));
            return None;
        };
        let found = choices.iter().find(|(name, _)| name == text).map(|(_, value)| value.clone());
        if found.is_none() {
            self.unknown_choice(entry, text, &names);
        }
        found
    }

    /// Reports that `text` is none of `names`.
    pub(super) fn unknown_choice(&mut self, entry: Entry<'_>, text: &str, names: &[&str]) {
        let message = format!("`{}` cannot be `{text}`", entry.path());
        let fault = entry
            .wrong(&message, &format!("expected {}", either(names)))
            .help(format!("write {}, or leave the key out", either(names)));
        let meant = nearest(text, names.iter().copied());
        self.report(if entry.value.raw.is_some() { fault.rename(text, entry.value.span, &meant) } else { fault });
    }

    /// Reports a value of the wrong kind.
    pub(super) fn wrong_kind(&mut self, entry: Entry<'_>, expected: &str) {
        let message = format!("`{}` wants {expected}, got {}", entry.path(), describe(entry.value));
        let span = if entry.value.span.is_empty() { entry.name.span } else { entry.value.span };
        self.report(
            Diagnostic::new(&code::MALFORMED_YAML, message)
                .at(span, format!("expected {expected}"))
                .help(format!("give `{}` {expected}, or leave the key out", entry.path())),
        );
    }

    /// Reports a value that its key cannot take.
    pub(super) fn out_of_domain(&mut self, entry: Entry<'_>, domain: &str) {
        let value = entry.value.raw.clone().unwrap_or_else(|| describe(entry.value));
        let message = format!("`{}` must be {domain}, got {value}", entry.path());
        self.report(
            Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, message)
                .at(entry.value.span, format!("must be {domain}"))
                .help(format!("give `{}` a value that is {domain}, or leave the key out", entry.path())),
        );
    }

    /// Reports a key that is none of `known`.
    pub(super) fn unknown_key(&mut self, entry: Entry<'_>, known: &[&str]) {
        let span = entry.name.span;
        let place = if entry.parent.is_empty() { "the front matter".to_owned() } else { format!("`{}`", entry.parent) };
        let fault = Diagnostic::new(&code::UNKNOWN_KEY, format!("{place} has no key `{}`", entry.key()));
        let meant = nearest(entry.key(), known.iter().copied());
        self.report(match meant.first() {
            // Where the key's own place is not known, an edit of the place around it would delete its value.
            Some(name) if span.len() == entry.key().len() => {
                fault.at(span, format!("did you mean `{name}`?")).rename(entry.key(), span, &meant)
            }
            Some(name) => fault.at(span, format!("did you mean `{name}`?")).help(format!("write `{name}`")),
            None => fault.at(span, "unknown key").help(format!("known keys: {}", quoted(known, ", "))),
        });
    }
}

/// "`a`, `b` or `c`".
fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => format!("`{name}`"),
        [first @ .., last] => format!("{} or `{last}`", quoted(first, ", ")),
    }
}

fn quoted(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

/// A value, as a message names it.
fn describe(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "nothing".to_owned(),
        Kind::Flag(value) => format!("`{value}`"),
        Kind::Integer(value) => value.to_string(),
        Kind::Real(value) => node.raw.clone().unwrap_or_else(|| value.to_string()),
        Kind::Text(text) if text.chars().count() <= 24 => format!("`{text}`"),
        Kind::Text(_) => "text".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a mapping".to_owned(),
    }
}
