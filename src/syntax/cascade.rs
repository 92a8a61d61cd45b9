//! Which faults only follow from another: one mistake is one message.

use crate::diag::{Diagnostic, code};

/// Drops the faults of `text`, which starts `base` bytes into its file, that follow from the one before.
///
/// Behind a fault the reader is on firm ground again at the next arrow or line. What it finds unexpected before that is
/// doubtful, unless it knows a fix for both.
pub(super) fn drop_followers(mut faults: Vec<Diagnostic>, text: &str, base: usize) -> Vec<Diagnostic> {
    faults.sort_by_key(Diagnostic::span);
    let mut kept: Vec<Diagnostic> = Vec::new();
    let mut is_firm = true;
    let mut last = 0;
    for fault in faults {
        let start = fault.span().map_or(last, |span| span.start.saturating_sub(base));
        is_firm |= text.get(last..start).is_some_and(|between| between.contains("->") || between.contains('\n'));
        last = start;
        if is_firm || !kept.last().is_some_and(|first| is_doubtful(first, &fault)) {
            kept.push(fault);
            is_firm = false;
        }
    }
    kept
}

fn is_doubtful(first: &Diagnostic, second: &Diagnostic) -> bool {
    let is_order =
        [code::UNEXPECTED_TOKEN.id, code::DANGLING_ARROW.id, code::BAD_REPEAT_COUNT.id].contains(&second.code.id);
    let is_arrow = second.code.id == code::WRONG_ARROW.id && first.code.id == code::UNEXPECTED_TOKEN.id;
    (is_order || is_arrow) && (first.fixes.is_empty() || second.fixes.is_empty())
}
