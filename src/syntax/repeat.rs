//! Repeat counts: whole numbers from 1 on, one a stage.

use super::grammar::{Rule, Token};
use super::reader::Reader;
use crate::base::{Span, Spanned};
use crate::diag::{Diagnostic, code};

/// The largest count; a network holds far fewer layers.
const MAX_COUNT: u64 = u32::MAX as u64;

/// The count of a `repeat` token at `span`; 1 where it has none or a wrong one, which is reported.
pub(super) fn read_count(token: Token<'_>, span: Span, reader: &mut Reader) -> Spanned<u64> {
    let mut count = None;
    for part in token.into_inner() {
        let at = reader.span(&part);
        match (part.as_rule(), part.as_str()) {
            (Rule::times, "*") => {}
            (Rule::times, sign) => {
                let fault = bad(format!("a repeat is written `*`, not `{sign}`"), at, "expected `*`");
                reader.report(fault.safe_fix("write `*`", at, "*"));
            }
            (_, text) => count = Some((text, at)),
        }
    }
    let Some((text, at)) = count else {
        reader.report(bad("a repeat without a count".to_owned(), span, "how often?").help("write `* 3`"));
        return Spanned::new(1, span);
    };
    let value = parse_count(text).unwrap_or_else(|why| {
        let help = "write a whole number from 1 on, or take the stage out";
        reader.report(bad(format!("`{text}` is not a repeat count"), at, why).help(help));
        1
    });
    Spanned::new(value, at)
}

fn parse_count(text: &str) -> Result<u64, &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(0) => Err("a stage is repeated at least once"),
        Ok(count) if count <= MAX_COUNT => Ok(count),
        _ if !is_whole && text.starts_with(char::is_alphabetic) => Err("expected a number, not a name"),
        _ if !is_whole => Err("expected a whole number"),
        _ if text.starts_with('-') => Err("a stage is repeated at least once"),
        _ => Err("larger than any network"),
    }
}

/// The fault of a second repeat at `span` behind `first`.
pub(super) fn second_count(first: Spanned<u64>, second: Spanned<u64>, span: Span) -> Diagnostic {
    let fault = bad("a stage is repeated twice".to_owned(), span, "a second count").label(first.span, "the first");
    match first.value.checked_mul(second.value) {
        Some(product) => {
            let both = first.span.to(second.span);
            fault.safe_fix(format!("multiply them: `{product}`"), both, product.to_string())
        }
        None => fault.help("multiply them"),
    }
}

/// Both counts as one.
pub(super) fn merge_counts(first: Spanned<u64>, second: Spanned<u64>) -> Spanned<u64> {
    Spanned::new(first.value.saturating_mul(second.value).min(MAX_COUNT), first.span.to(second.span))
}

/// The fault of a repeat at `span` with nothing before it.
pub(super) fn missing_stage(span: Span) -> Diagnostic {
    bad("a repeat without anything to repeat".to_owned(), span, "nothing stands before it")
        .help("the count stands behind what it repeats: `[...] * 3`")
}

fn bad(message: String, span: Span, label: &str) -> Diagnostic {
    Diagnostic::new(&code::BAD_REPEAT_COUNT, message).at(span, label)
}
