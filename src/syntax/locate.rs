//! Where the keys and values of a YAML text stand.
//!
//! Reads the usual ways of writing YAML: mappings and lists, in block and in flow style, plain and quoted scalars,
//! comments, block scalars, anchors. What it cannot follow (tags, complex keys, plain scalars of several lines) has no
//! place, and its reader falls back to the place around it. It trusts that the text is valid YAML, and says nothing of
//! what a text means.

use crate::base::Span;

/// A value's place and parts.
#[derive(Debug, PartialEq)]
pub(super) struct Located {
    /// Without the white space around it.
    pub span: Span,
    /// Its parts.
    pub shape: Shape,
}

/// A value's parts.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A scalar without quotes, possibly empty.
    Plain,
    /// A scalar in quotes.
    Quoted,
    /// A block scalar, or an alias of another value.
    Other,
    /// Items.
    List(Vec<Located>),
    /// The place of every key, with its value.
    Map(Vec<(Span, Located)>),
}

/// The places in `text`, which starts `base` bytes into its file; `None` where it is written in another way.
pub(super) fn locate(text: &str, base: usize) -> Option<Located> {
    let mut locator = Locator { text, base, at: 0 };
    locator.skip_blank();
    let found = locator.block(0)?;
    locator.skip_blank();
    (locator.at == text.len()).then_some(found)
}

struct Locator<'a> {
    text: &'a str,
    base: usize,
    at: usize,
}

impl Locator<'_> {
    /// A block-style value whose first token stands at `at`, in column `indent` or further right.
    fn block(&mut self, indent: usize) -> Option<Located> {
        let column = self.column();
        if column < indent {
            return Some(self.empty());
        }
        if self.is_dash() {
            return self.block_list(column);
        }
        match self.key_end() {
            Some(_) => self.block_map(column),
            None => self.inline(indent.saturating_sub(1)),
        }
    }

    fn block_map(&mut self, column: usize) -> Option<Located> {
        let start = self.at;
        let mut entries = Vec::new();
        let mut end = start;
        while self.at < self.text.len() && self.column() == column && !self.is_dash() {
            let key_end = self.key_end()?;
            let key = self.span(self.at, self.text[..key_end].trim_end().len());
            self.at = key_end + 1;
            let value = self.block_value(column)?;
            end = self.value_end(&value).max(key_end + 1);
            entries.push((key, value));
            self.skip_blank();
        }
        (self.at == self.text.len() || self.column() < column)
            .then(|| Located { span: self.span(start, end), shape: Shape::Map(entries) })
    }

    fn block_list(&mut self, column: usize) -> Option<Located> {
        let start = self.at;
        let mut items = Vec::new();
        let mut end = start;
        while self.at < self.text.len() && self.column() == column && self.is_dash() {
            self.at += 1;
            let dash_end = self.at;
            let item = self.block_value(column)?;
            end = self.value_end(&item).max(dash_end);
            items.push(item);
            self.skip_blank();
        }
        Some(Located { span: self.span(start, end), shape: Shape::List(items) })
    }

    /// The value behind a key or dash that stands in column `parent`.
    fn block_value(&mut self, parent: usize) -> Option<Located> {
        let behind = self.at;
        let line = self.line_start();
        self.skip_blank();
        if self.at == self.text.len() {
            return Some(Located { span: self.span(behind, behind), shape: Shape::Plain });
        }
        if self.line_start() == line {
            return if self.is_dash() || self.text.as_bytes()[behind - 1] == b'-' {
                self.block(parent + 1)
            } else {
                self.inline(parent)
            };
        }
        // A list may stand in the column of its key.
        let column = self.column();
        if column > parent || (column == parent && self.is_dash() && self.text.as_bytes()[behind - 1] == b':') {
            return self.block(column);
        }
        Some(Located { span: self.span(behind, behind), shape: Shape::Plain })
    }

    /// A scalar or flow collection in a block context, behind a key or dash in column `parent`.
    fn inline(&mut self, parent: usize) -> Option<Located> {
        match self.peek()? {
            '[' | '{' | '"' | '\'' | '&' | '*' => self.flow(),
            '|' | '>' => Some(self.block_scalar(parent)),
            '!' | '?' | '%' | '@' | '`' => None,
            _ => Some(self.plain(&[])),
        }
    }

    fn flow(&mut self) -> Option<Located> {
        const STOPS: &[char] = &[',', ']', '}', '[', '{'];
        match self.peek()? {
            '[' => self.flow_list(),
            '{' => self.flow_map(),
            quote @ ('"' | '\'') => self.quoted(quote),
            '*' => Some(Located { shape: Shape::Other, ..self.plain(STOPS) }),
            '&' => {
                let rest = &self.text[self.at..];
                let anchor = rest.find(char::is_whitespace)?;
                self.at += anchor + rest[anchor..].find(|character: char| character != ' ')?;
                (!self.text[self.at..].starts_with(['\n', '\r', '&'])).then(|| self.flow()).flatten()
            }
            '!' | '?' => None,
            _ => Some(self.plain(STOPS)),
        }
    }

    /// `|` or `>` with the lines behind it that are indented further than `parent`.
    fn block_scalar(&mut self, parent: usize) -> Located {
        let start = self.at;
        let mut end = self.text.len();
        let mut line_start = start;
        for line in self.text[start..].split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches(' ').len();
            if line_start > start && !line.trim().is_empty() && indent <= parent {
                end = line_start;
                break;
            }
            line_start += line.len();
        }
        self.at = end;
        Located { span: self.span(start, self.text[..end].trim_end().len()), shape: Shape::Other }
    }

    fn flow_list(&mut self) -> Option<Located> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            match self.peek()? {
                ']' => break,
                ',' => self.at += 1,
                _ => {
                    let start = self.at;
                    items.push(self.flow()?);
                    self.skip_blank();
                    if self.at == start {
                        return None;
                    }
                    if self.peek()? == ':' {
                        return None;
                    }
                }
            }
        }
        self.at += 1;
        Some(Located { span: self.span(start, self.at), shape: Shape::List(items) })
    }

    fn flow_map(&mut self) -> Option<Located> {
        let start = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip_blank();
            match self.peek()? {
                '}' => break,
                ',' => self.at += 1,
                _ => {
                    let start = self.at;
                    let key = self.flow()?;
                    entries.push((key.span, self.flow_value()?));
                    if self.at == start {
                        return None;
                    }
                }
            }
        }
        self.at += 1;
        Some(Located { span: self.span(start, self.at), shape: Shape::Map(entries) })
    }

    /// The value behind a flow key, empty where there is none.
    fn flow_value(&mut self) -> Option<Located> {
        self.skip_blank();
        if self.peek()? != ':' {
            return Some(self.empty());
        }
        self.at += 1;
        self.skip_blank();
        match self.peek()? {
            ',' | '}' => Some(self.empty()),
            _ => self.flow(),
        }
    }

    fn quoted(&mut self, quote: char) -> Option<Located> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match *bytes.get(at)? {
                b'\\' if quote == '"' => at += 2,
                byte if byte == quote as u8 => {
                    if quote == '\'' && bytes.get(at + 1) == Some(&b'\'') {
                        at += 2;
                    } else {
                        break;
                    }
                }
                _ => at += 1,
            }
        }
        self.at = at + 1;
        Some(Located { span: self.span(start, self.at), shape: Shape::Quoted })
    }

    /// A scalar without quotes, up to the end of the line, a comment, `: `, or one of `stops`.
    fn plain(&mut self, stops: &[char]) -> Located {
        let start = self.at;
        let mut previous = ' ';
        let mut end = self.text.len();
        for (offset, character) in self.text[start..].char_indices() {
            let is_end = character == '\n'
                || (character == '#' && previous.is_whitespace())
                || stops.contains(&character)
                || (!stops.is_empty() && character == ':' && self.is_colon(start + offset, stops));
            if is_end {
                end = start + offset;
                break;
            }
            previous = character;
        }
        self.at = end;
        let trimmed = start + self.text[start..end].trim_end().len();
        Located { span: self.span(start, trimmed), shape: Shape::Plain }
    }

    /// Whether the colon at `at` parts a key from its value.
    fn is_colon(&self, at: usize, stops: &[char]) -> bool {
        self.text[at + 1..].chars().next().is_none_or(|next| next.is_whitespace() || stops.contains(&next))
    }

    /// Where the colon of the key at `at` stands, if a key stands there.
    fn key_end(&mut self) -> Option<usize> {
        let start = self.at;
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |found| start + found);
        let key_end = match self.peek()? {
            quote @ ('"' | '\'') => {
                let end = self.quoted(quote).map(|_| self.at);
                self.at = start;
                end?
            }
            '[' | '{' | '&' | '*' | '!' | '?' => return None,
            _ => start,
        };
        let rest = self.text.get(key_end..line_end)?;
        let comment = rest.find(" #").unwrap_or(rest.len());
        let colon =
            rest[..comment].match_indices(':').map(|(at, _)| key_end + at).find(|&at| self.is_colon(at, &[]))?;
        let is_key = key_end == start || self.text[key_end..colon].trim().is_empty();
        is_key.then_some(colon)
    }

    fn is_dash(&self) -> bool {
        let rest = &self.text[self.at..];
        rest.starts_with('-') && rest[1..].chars().next().is_none_or(char::is_whitespace)
    }

    /// Past white space and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            let is_comment =
                self.peek() == Some('#') && (self.at == 0 || self.text[..self.at].ends_with(char::is_whitespace));
            if !is_comment {
                return;
            }
            self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |found| self.at + found);
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn empty(&self) -> Located {
        Located { span: self.span(self.at, self.at), shape: Shape::Plain }
    }

    fn line_start(&self) -> usize {
        self.text[..self.at].rfind('\n').map_or(0, |found| found + 1)
    }

    fn column(&self) -> usize {
        self.at - self.line_start()
    }

    fn value_end(&self, value: &Located) -> usize {
        value.span.end - self.base
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end.max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_that_closes_nothing_ends_the_search() {
        for text in ["a: [}", "a: [1, }]", "a: {]", "a: {b: 1 ]}", "a: [[}]"] {
            assert_eq!(locate(text, 0), None, "{text}");
        }
    }
}
