//! Values: a token of the grammar to a [`Literal`].
//!
//! What a value means for an argument, and whether it is in its domain, is not known here.

use pest::Parser;

use super::ast::{Literal, Value};
use super::grammar::{Net, Rule, Token};
use super::reader::{Reader, unexpected};
use crate::base::{Span, Spanned};
use crate::diag::{Diagnostic, code};

impl Reader {
    /// A `value` token.
    pub(super) fn value(&mut self, token: Token<'_>) -> Value {
        let span = self.span(&token);
        let literal = token.into_inner().next().map_or(Literal::Unknown, |inner| self.literal(inner));
        Spanned::new(literal, span)
    }

    fn literal(&mut self, token: Token<'_>) -> Literal {
        let span = self.span(&token);
        match token.as_rule() {
            Rule::number => self.number(token.as_str(), span),
            Rule::text => self.text(token.as_str(), span),
            Rule::list => Literal::List(self.sequence(token, "]", Self::value)),
            Rule::tuple => Literal::Tuple(self.sequence(token, ")", Self::value)),
            _ => match token.as_str() {
                "true" => Literal::Flag(true),
                "false" => Literal::Flag(false),
                word => Literal::Word(word.to_owned()),
            },
        }
    }

    fn number(&mut self, raw: &str, span: Span) -> Literal {
        read_number(raw).unwrap_or_else(|| {
            self.report(malformed(raw, span));
            Literal::Unknown
        })
    }

    fn text(&mut self, raw: &str, span: Span) -> Literal {
        let inner = raw.strip_prefix('"').unwrap_or(raw);
        if let Some(text) = inner.strip_suffix('"') {
            return Literal::Text(text.to_owned());
        }
        self.report(
            Diagnostic::new(&code::UNCLOSED_BRACKET, "a text is not closed on its line")
                .at(Span::new(span.start, span.start + 1), "opened here")
                .help("write `\"` where the text ends"),
        );
        Literal::Unknown
    }
}

/// The value written as `raw`, which starts `base` bytes into its file; faults go to `faults`.
pub(super) fn read_literal(raw: &str, base: usize, faults: &mut Vec<Diagnostic>) -> Literal {
    let mut reader = Reader::new(base);
    let Ok(mut tokens) = Net::parse(Rule::lone_value, raw) else {
        faults.push(unexpected("a value", raw, Span::new(base, base + raw.len())));
        return Literal::Unknown;
    };
    let value = tokens.next().and_then(|token| token.into_inner().next()).map(|token| reader.value(token));
    faults.append(&mut reader.faults);
    value.map_or(Literal::Unknown, |value| value.value)
}

/// The number written as `raw`; `None` where it is none or too large to be kept.
fn read_number(raw: &str) -> Option<Literal> {
    if let Some(percent) = raw.strip_suffix('%') {
        return decimal(percent).map(|value| Literal::Percent(value / 100.0));
    }
    if is_digits(raw.strip_prefix(['-', '+']).unwrap_or(raw)) {
        return raw.parse().ok().map(Literal::Integer);
    }
    if raw.contains('x') {
        return raw
            .split('x')
            .map(|part| is_digits(part).then(|| part.parse().ok()).flatten())
            .collect::<Option<_>>()
            .map(Literal::Size);
    }
    decimal(raw).map(Literal::Real)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn decimal(raw: &str) -> Option<f64> {
    let is_plain = raw.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    is_plain.then(|| raw.parse::<f64>().ok()).flatten().filter(|value| value.is_finite())
}

/// Says why `raw` is no number, and what it may have meant.
fn malformed(raw: &str, span: Span) -> Diagnostic {
    let unsigned = raw.trim_start_matches(['-', '+']);
    let label = if is_digits(unsigned) || decimal_overflows(raw) {
        "too large"
    } else if raw.ends_with(['x', '×']) {
        "a size has a number on both sides of `x`"
    } else if raw.ends_with(['e', 'E']) {
        "the exponent is missing"
    } else {
        "not a number"
    };
    let fault = Diagnostic::new(&code::MALFORMED_NUMBER, format!("`{raw}` cannot be read as a number"));
    let plain = raw.replace('_', "").replace(['×', 'X'], "x");
    if plain != raw && read_number(&plain).is_some() {
        return fault.at(span, label).safe_fix(format!("write `{plain}`"), span, plain);
    }
    fault.at(span, label).help("numbers are written `32`, `0.5`, `1e-4`, `50%`, sizes `3x3`")
}

fn decimal_overflows(raw: &str) -> bool {
    raw.parse::<f64>().is_ok_and(f64::is_infinite) || raw.split('x').all(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_number_is_read_as_written() {
        assert_eq!(read_number("32"), Some(Literal::Integer(32)));
        assert_eq!(read_number("-1"), Some(Literal::Integer(-1)));
        assert_eq!(read_number("1e-4"), Some(Literal::Real(1e-4)));
        assert_eq!(read_number(".5"), Some(Literal::Real(0.5)));
        assert_eq!(read_number("50%"), Some(Literal::Percent(0.5)));
        assert_eq!(read_number("3x3"), Some(Literal::Size(vec![3, 3])));
        assert_eq!(read_number("256x256x3"), Some(Literal::Size(vec![256, 256, 3])));
    }

    #[test]
    fn what_is_no_number_says_why() {
        let label = |raw| malformed(raw, Span::default()).label;
        for raw in ["1e", "3x", "99999999999999999999", "1e999", "-3x3", "1.2.3", "3q", "%", "99999999999999999999x1"] {
            assert_eq!(read_number(raw), None, "{raw}");
        }
        assert_eq!(label("1e"), "the exponent is missing");
        assert_eq!(label("3x"), "a size has a number on both sides of `x`");
        assert_eq!(label("99999999999999999999"), "too large");
        assert_eq!(label("1e999"), "too large");
        assert_eq!(malformed("3×3", Span::default()).fixes[0].edits[0].text, "3x3");
        assert_eq!(malformed("1_000", Span::default()).fixes[0].edits[0].text, "1000");
    }
}
