//! The text of a spec: grammar and front matter in, a spanned tree out.
//!
//! Pest and serde_yaml are used here only. Names are not resolved here: whether `Conv` is a layer is `check`'s to say.
//!
//! Reading never stops at a fault. `scan` judges the brackets, pest splits the body into tokens, `body` and `chain`
//! put them in order and report what stands wrongly; the front matter goes its own way through `yaml` and `front`.

pub mod ast;
pub mod settings;

mod allow;
mod argument;
mod block;
mod body;
mod cascade;
mod chain;
mod front;
mod grammar;
mod locate;
mod print;
mod reader;
mod repeat;
mod scan;
mod value;
mod yaml;

pub use print::print;

use crate::base::{Source, Span};
use crate::diag::{Code, Diagnostic, Result, code};

/// A larger file is not read.
pub const MAX_BYTES: usize = 1 << 20;

/// The text of `bytes`, shown as `name`.
///
/// # Errors
///
/// S005 where it is larger than [`MAX_BYTES`], S010 where it is not UTF-8.
pub fn read_utf8(bytes: &[u8], name: &str) -> Result<Source> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large(bytes.len()).on(name).fault());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(fault) => {
            let offset = fault.valid_up_to();
            let line = bytes[..offset].iter().filter(|&&byte| byte == b'\n').count() + 1;
            let message = format!("byte {offset}, in line {line}, is not UTF-8 text");
            Err(Diagnostic::new(&code::NOT_UTF8, message).on(name).help("save the file as UTF-8").fault())
        }
    }
}

fn too_large(bytes: usize) -> Diagnostic {
    Diagnostic::new(&code::FILE_TOO_LARGE, format!("the spec has {bytes} bytes, more than the {MAX_BYTES} allowed"))
        .help("a spec is a few lines; is this the right file?")
}

/// Reads a whole `.net` file: its tree, and all its faults in the order of their places.
///
/// The tree holds everything that could be read; what could not is [`ast::Primary::Unknown`] or
/// [`ast::Literal::Unknown`], and has its fault in the list.
#[must_use]
pub fn parse(source: &Source) -> (ast::File, Vec<Diagnostic>) {
    let mut file = ast::File::default();
    let text = source.text();
    if text.len() > MAX_BYTES {
        return (file, vec![too_large(text.len()).at(Span::at(0), "")]);
    }
    let mut faults = Vec::new();
    let split = front::split(text, &mut faults);
    if let Some(span) = split.front {
        file.front = front::read_front(source, span, &mut faults);
        file.allows = read_allows(source, front_comments(source, span), &mut faults);
    }
    if let Some(body) = split.body {
        faults.extend(body::read_body(&text[body.clone()], body.start, &mut file));
        let spans: Vec<Span> = file.comments.iter().map(|comment| comment.span).collect();
        file.allows.extend(read_allows(source, spans, &mut faults));
    }
    faults.sort_by_key(Diagnostic::span);
    faults.iter_mut().for_each(|fault| fault.spare_comments(&file.comments));
    (file, faults)
}

/// Whether some of `faults`, which [`parse`] gave, left a part of the text unread. Keys that do not belong in the front
/// matter do not: all else is known.
#[must_use]
pub fn is_unreadable(faults: &[Diagnostic]) -> bool {
    let is_of_keys = |fault: &Diagnostic| KEY_CODES.iter().any(|code| code.id == fault.code.id);
    faults.iter().any(|fault| fault.code.id.starts_with('S') && fault.is_error() && !is_of_keys(fault))
}

const KEY_CODES: [&Code; 3] = [&code::UNKNOWN_KEY, &code::DUPLICATE_KEY, &code::UNSUPPORTED_KEY];

fn read_allows(
    source: &Source,
    comments: impl IntoIterator<Item = Span>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<ast::Allow> {
    comments.into_iter().filter_map(|span| allow::read_allow(source, span, faults)).collect()
}

/// What may be comments of the front matter: from the last `#` of a line to its end.
fn front_comments(source: &Source, front: Span) -> Vec<Span> {
    let mut start = front.start;
    let lines = source.slice(front).split_inclusive('\n').map(|line| {
        let at = start;
        start += line.len();
        line.rfind('#').map(|hash| Span::new(at + hash, at + line.trim_end().len()))
    });
    lines.flatten().collect()
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
