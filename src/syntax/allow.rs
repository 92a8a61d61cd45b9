//! Comments that speak to netc: `# netc: allow(CODE, CODE)`.

use super::ast::Allow;
use crate::base::{Source, Span, Spanned};
use crate::diag::{Diagnostic, code};

/// Reads the comment at `span`, from `#` on, where it speaks to netc.
pub(super) fn read_allow(source: &Source, span: Span, faults: &mut Vec<Diagnostic>) -> Option<Allow> {
    let comment = source.slice(span);
    let order = comment.trim_start_matches('#').trim_start().strip_prefix("netc:")?.trim();
    let list = order.strip_prefix("allow").map(str::trim_start).and_then(|rest| rest.strip_prefix('('));
    let Some((list, _)) = list.and_then(|list| list.split_once(')')) else {
        faults.push(
            Diagnostic::new(&code::UNEXPECTED_TOKEN, "a `# netc:` comment says nothing that netc knows")
                .at(span, "expected `# netc: allow(CODE)`")
                .help("write the code in brackets: `# netc: allow(T211)`"),
        );
        return None;
    };
    let mut at = span.start + comment.find('(').map_or(0, |open| open + 1);
    let mut codes = Vec::new();
    for part in list.split(',') {
        let start = at + (part.len() - part.trim_start().len());
        let name = part.trim();
        if !name.is_empty() {
            codes.push(Spanned::new(name.to_owned(), Span::new(start, start + name.len())));
        }
        at += part.len() + 1;
    }
    Some(Allow { codes, line: line_around(source.text(), span) })
}

/// The line that holds `span`, without its line break.
fn line_around(text: &str, span: Span) -> Span {
    let start = text[..span.start].rfind('\n').map_or(0, |found| found + 1);
    let end = text[span.start..].find('\n').map_or(text.len(), |found| span.start + found);
    Span::new(start, end)
}
