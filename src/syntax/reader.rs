//! What every part of the tree's reading shares: places in the file, reporting, and items between commas.

use super::grammar::{Rule, Token};
use crate::base::Span;
use crate::diag::{Diagnostic, code};

/// Reads tokens and collects their faults.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Where the parsed text starts in its file.
    base: usize,
    /// The faults so far.
    pub faults: Vec<Diagnostic>,
}

/// What stood before an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Start,
    Comma,
    Item,
    /// Something whose fault is reported: what follows it is not reported again.
    Fault,
}

impl Reader {
    /// Reads a text that starts `base` bytes into its file.
    pub(super) fn new(base: usize) -> Self {
        Self { base, faults: Vec::new() }
    }

    /// Where `token` stands in the file, without the white space that pest counts in before an absent part.
    pub(super) fn span(&self, token: &Token<'_>) -> Span {
        let start = self.base + token.as_span().start();
        Span::new(start, start + token.as_str().trim_end().len())
    }

    /// Adds a fault.
    pub(super) fn report(&mut self, fault: Diagnostic) {
        self.faults.push(fault);
    }

    /// Reports that `found` at `span` stands where `expected` (as in "expected a value") should.
    pub(super) fn unexpected(&mut self, expected: &str, found: &str, span: Span) {
        self.report(unexpected(expected, found, span));
    }

    /// The items of `token`, separated by commas, up to `closing`. A comma behind the last is allowed.
    pub(super) fn sequence<T>(
        &mut self,
        token: Token<'_>,
        closing: &str,
        mut read: impl FnMut(&mut Self, Token<'_>) -> T,
    ) -> Vec<T> {
        let mut items = Vec::new();
        let mut before = Before::Start;
        let mut end = 0;
        for token in token.into_inner() {
            let span = self.span(&token);
            before = match token.as_rule() {
                Rule::comma => self.comma(before, span),
                Rule::stray_value => self.stray(before, closing, token.as_str(), span),
                _ => {
                    let is_apart = before != Before::Item;
                    if !is_apart {
                        self.missing_comma(Span::at(end), token.as_str(), span);
                    }
                    items.push(read(self, token));
                    if is_apart { Before::Item } else { Before::Fault }
                }
            };
            end = span.end;
        }
        items
    }

    fn comma(&mut self, before: Before, span: Span) -> Before {
        if matches!(before, Before::Start | Before::Comma) {
            self.report(unexpected("a value", ",", span).safe_fix("delete `,`", span, ""));
        }
        Before::Comma
    }

    fn stray(&mut self, before: Before, closing: &str, found: &str, span: Span) -> Before {
        match before {
            Before::Fault => {}
            Before::Item => self.unexpected(&format!("`,` or `{closing}`"), found, span),
            Before::Start | Before::Comma => self.unexpected("a value", found, span),
        }
        Before::Fault
    }

    fn missing_comma(&mut self, gap: Span, found: &str, span: Span) {
        self.report(unexpected("`,`", found, span).safe_fix("write `,`", gap, ","));
    }
}

/// The fault of `found`, which stands at `span` where `expected` should.
pub(super) fn unexpected(expected: &str, found: &str, span: Span) -> Diagnostic {
    let found = shorten(found);
    Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("expected {expected}, found `{found}`"))
        .at(span, format!("expected {expected}"))
        .help(format!("write {expected} here, or remove what does not belong here"))
}

/// The start of a long token, as a headline quotes it.
fn shorten(text: &str) -> String {
    const LIMIT: usize = 24;
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= LIMIT {
        return text.to_owned();
    }
    let start: String = line.chars().take(LIMIT).collect();
    format!("{}…", start.trim_end())
}
