//! The look at the body before it is parsed: how its brackets nest, and where its comments are.
//!
//! Brackets are judged here, by the whole text, since only the whole text tells a closing bracket too many from one
//! that is missing. It must not know layers, arrows or values.

use crate::base::{Span, Spanned};
use crate::diag::{Diagnostic, Edit, Fix, code};

/// Brackets may be nested so deep; what walks the tree recurses as deep.
pub(super) const MAX_DEPTH: usize = 64;

/// Stands in the mended text for a `(` that is never closed.
const UNCLOSED_ROUND: u8 = 1;
/// Stands in the mended text for a `[` that is never closed.
const UNCLOSED_SQUARE: u8 = 2;

/// What the look brought.
pub(super) struct Scan {
    /// The body with its brackets mended, byte for byte as long; `None` where they are nested too deep to be read.
    pub text: Option<String>,
    /// Comments, from `#` to the end of the line.
    pub comments: Vec<Spanned<String>>,
}

/// Looks at `body`, which starts `base` bytes into its file, and reports the faults of its brackets.
pub(super) fn scan(body: &str, base: usize, faults: &mut Vec<Diagnostic>) -> Scan {
    let mut scanner =
        Scanner { body, base, mended: body.as_bytes().to_vec(), open: Vec::new(), comments: Vec::new(), faults };
    let readable = scanner.run();
    let text = readable.then(|| String::from_utf8(scanner.mended).ok()).flatten();
    Scan { text, comments: scanner.comments }
}

struct Scanner<'a> {
    body: &'a str,
    base: usize,
    mended: Vec<u8>,
    open: Vec<usize>,
    comments: Vec<Spanned<String>>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Scanner<'_> {
    /// Whether the body can be read on.
    fn run(&mut self) -> bool {
        let mut ahead = self.surplus();
        let mut at = 0;
        while let Some(character) = self.body[at..].chars().next() {
            let end = at + character.len_utf8();
            match character {
                '#' => at = self.comment(at),
                '"' => at = self.text_end(at),
                '(' | '[' | '{' => {
                    if self.open.len() == MAX_DEPTH {
                        self.too_deep(at);
                        return false;
                    }
                    ahead[kind(character)] += 1;
                    self.open.push(at);
                    at = end;
                }
                ')' | ']' | '}' => {
                    ahead[kind(character)] -= 1;
                    self.close(at, character, ahead);
                    at = end;
                }
                'l' if self.is_let(at) => {
                    self.unclosed_from(0);
                    at += 3;
                }
                control if control.is_control() && !control.is_whitespace() => {
                    self.control(at, end, control);
                    at = end;
                }
                _ => at = end,
            }
        }
        self.unclosed_from(0);
        true
    }

    /// Closing minus opening brackets of each kind in the whole body.
    fn surplus(&self) -> [isize; 3] {
        let mut surplus = [0; 3];
        let mut at = 0;
        while let Some(character) = self.body[at..].chars().next() {
            match character {
                '#' => at = line_end(self.body, at),
                '"' => at = self.text_end(at),
                _ => {
                    match character {
                        '(' | '[' | '{' => surplus[kind(character)] -= 1,
                        ')' | ']' | '}' => surplus[kind(character)] += 1,
                        _ => {}
                    }
                    at += character.len_utf8();
                }
            }
        }
        surplus
    }

    fn comment(&mut self, at: usize) -> usize {
        let end = line_end(self.body, at);
        self.comments.push(Spanned::new(self.body[at..end].trim_end().to_owned(), self.span(at, end)));
        end
    }

    /// Past the closing quote, or at the end of the line where there is none.
    fn text_end(&self, at: usize) -> usize {
        self.body[at + 1..].find(['"', '\n']).map_or(self.body.len(), |found| {
            let end = at + 1 + found;
            end + usize::from(self.body.as_bytes()[end] == b'"')
        })
    }

    fn is_let(&self, at: usize) -> bool {
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        self.body[at..].starts_with("let")
            && !self.body[at + 3..].starts_with(is_name)
            && !self.body[..at].ends_with(is_name)
    }

    /// A closing bracket at `at`; `ahead` is the surplus of closing brackets behind it.
    fn close(&mut self, at: usize, closing: char, ahead: [isize; 3]) {
        let opening = opening_of(closing);
        let Some(&top) = self.open.last() else { return self.stray_closing(at, closing) };
        if self.bracket(top) == opening {
            self.pair(top, at);
            self.open.pop();
        } else if let Some(depth) = self.open.iter().rposition(|&open| self.bracket(open) == opening) {
            self.unclosed_from(depth + 1);
            self.pair(self.open[depth], at);
            self.open.pop();
        } else if self.is_closed_later(top, ahead) {
            self.stray_closing(at, closing);
        } else {
            self.wrong_closing(top, at, closing);
            self.open.pop();
        }
    }

    /// Whether the closing brackets ahead suffice for every open one of the kind that stands at `open`.
    fn is_closed_later(&self, open: usize, ahead: [isize; 3]) -> bool {
        let opening = self.bracket(open);
        let waiting = self.open.iter().filter(|&&open| self.bracket(open) == opening).count();
        ahead[kind(opening)] >= isize::try_from(waiting).unwrap_or(isize::MAX)
    }

    fn bracket(&self, at: usize) -> char {
        char::from(self.body.as_bytes()[at])
    }

    /// Reports the open brackets from `depth` inwards as never closed.
    fn unclosed_from(&mut self, depth: usize) {
        for at in self.open.split_off(depth) {
            let opening = self.bracket(at);
            let closing = closing_of(opening);
            self.mended[at] = if opening == '(' { UNCLOSED_ROUND } else { UNCLOSED_SQUARE };
            self.faults.push(
                Diagnostic::new(&code::UNCLOSED_BRACKET, format!("`{opening}` is never closed"))
                    .at(self.span(at, at + 1), "opened here")
                    .help(format!("write `{closing}` where it ends")),
            );
        }
    }

    fn stray_closing(&mut self, at: usize, closing: char) {
        self.mended[at] = b' ';
        let span = self.span(at, at + 1);
        self.faults.push(
            Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("`{closing}` closes nothing"))
                .at(span, format!("no `{}` is open here", opening_of(closing)))
                .fix(format!("delete `{closing}`"), span, ""),
        );
    }

    fn wrong_closing(&mut self, open: usize, at: usize, closing: char) {
        let opening = self.bracket(open);
        let right = closing_of(opening);
        self.mended[at] = if opening == '(' { b')' } else { b']' };
        if opening == '{' {
            self.mended[open] = b'[';
        }
        let span = self.span(at, at + 1);
        self.faults.push(
            Diagnostic::new(&code::UNEXPECTED_TOKEN, format!("`{opening}` is closed by `{closing}`"))
                .at(span, format!("expected `{right}`"))
                .label(self.span(open, open + 1), "opened here")
                .safe_fix(format!("write `{right}`"), span, right),
        );
    }

    /// A closed pair: braces are reported and read as brackets.
    fn pair(&mut self, open: usize, close: usize) {
        if self.bracket(open) != '{' {
            return;
        }
        self.mended[open] = b'[';
        self.mended[close] = b']';
        let opening = self.span(open, open + 1);
        let edits = [(opening, "["), (self.span(close, close + 1), "]")];
        let mut fault = Diagnostic::new(&code::UNEXPECTED_TOKEN, "layers are grouped by `[`, not by `{`")
            .at(opening, "expected `[`");
        let edits = edits.map(|(span, text)| Edit { span, text: text.to_owned() });
        fault.fixes.push(Fix::safe("write `[` and `]`", edits.into()));
        self.faults.push(fault);
    }

    fn too_deep(&mut self, at: usize) {
        self.faults.push(
            Diagnostic::new(&code::NESTING_TOO_DEEP, format!("brackets are nested more than {MAX_DEPTH} levels deep"))
                .at(self.span(at, at + 1), format!("level {}", MAX_DEPTH + 1))
                .help("name the inner part with `let` and use the name"),
        );
    }

    fn control(&mut self, at: usize, end: usize, character: char) {
        self.mended[at..end].fill(b' ');
        let span = self.span(at, end);
        self.faults.push(
            Diagnostic::new(
                &code::UNEXPECTED_TOKEN,
                format!("a control character (U+{:04X}) stands in the text", u32::from(character)),
            )
            .at(span, "invisible in most editors")
            .safe_fix("delete it", span, ""),
        );
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end)
    }
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |found| at + found)
}

fn kind(bracket: char) -> usize {
    match bracket {
        '(' | ')' => 0,
        '[' | ']' => 1,
        _ => 2,
    }
}

fn opening_of(closing: char) -> char {
    match closing {
        ')' => '(',
        ']' => '[',
        _ => '{',
    }
}

fn closing_of(opening: char) -> char {
    match opening {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
