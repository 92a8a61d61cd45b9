//! Edits of a spec's text that a fix proposes.

use super::expand::{Instance, Origin, Site};
use super::trace::{Frame, Trace};
use crate::base::{Source, Span};
use crate::diag::Edit;

/// Takes a layer out of the text: its stage with one arrow, or the `activation:` that asks for it. `None` where the
/// text stands for more layers than this one.
pub(super) fn remove(site: &Site<'_>, trace: &Trace) -> Option<Edit> {
    if !trace.is_plain() {
        return None;
    }
    let span = match site.origin {
        Origin::Argument(at) => argument_span(site, at)?,
        Origin::Name => stage_span(site)?,
        Origin::Default => return None,
    };
    Some(Edit { span, text: String::new() })
}

/// Puts another activation in its place.
pub(super) fn replace(site: &Site<'_>, trace: &Trace, name: &str, word: &str) -> Option<Edit> {
    if !trace.is_plain() {
        return None;
    }
    match site.origin {
        Origin::Argument(at) => Some(Edit { span: site.args.get(at)?.value.span, text: word.to_owned() }),
        Origin::Name => Some(Edit { span: site.call, text: name.to_owned() }),
        Origin::Default => None,
    }
}

/// Sets an argument of a layer as written, whether it has it already or not.
pub(super) fn set_argument(instance: &Instance<'_>, source: &Source, name: &str, text: &str) -> Edit {
    let site = &instance.site;
    if let Some(arg) = instance.bound.given(name).and_then(|given| site.args.get(given.index)) {
        return Edit { span: arg.value.span, text: text.to_owned() };
    }
    if let Some(last) = site.args.last() {
        return Edit { span: Span::at(last.span.end), text: format!(", {name}: {text}") };
    }
    // `Conv` or `Conv()`.
    let empty = source.slice(Span::new(site.name.span.end, site.call.end));
    let span = if empty.trim_start().starts_with('(') {
        Span::new(site.name.span.end, site.call.end)
    } else {
        Span::at(site.name.span.end)
    };
    Edit { span, text: format!("({name}: {text})") }
}

/// Puts a layer behind this one; `None` where the text behind it belongs to it: a count, or an argument's brackets.
pub(super) fn insert_behind(site: &Site<'_>, name: &str) -> Option<Edit> {
    let stage = site.chain.stages.get(site.stage)?;
    let stands_alone = site.origin == Origin::Name && stage.repeat.is_none() && stage.span == site.call;
    stands_alone.then(|| Edit { span: Span::at(site.call.end), text: format!(" -> {name}") })
}

/// Where a layer goes in that is to stand before this one once: before the outermost repeat that this one opens.
pub(super) fn before(site: &Site<'_>, trace: &Trace, source: &Source) -> Span {
    let opens = |frame: &Frame| match frame {
        Frame::Repeat { span, .. } if span.start <= site.call.start => {
            let between = source.slice(Span::new(span.start, site.call.start));
            between.chars().all(|letter| letter == '[' || letter.is_whitespace()).then_some(span.start)
        }
        _ => None,
    };
    Span::at(trace.0.iter().find_map(opens).unwrap_or(site.call.start))
}

/// The stage with the arrow behind it, or, where it is the last, the arrow before it.
fn stage_span(site: &Site<'_>) -> Option<Span> {
    let stages = &site.chain.stages;
    let stage = stages.get(site.stage)?;
    if let Some(next) = stages.get(site.stage + 1) {
        return Some(Span::new(stage.span.start, next.span.start));
    }
    let before = stages.get(site.stage.checked_sub(1)?)?;
    Some(Span::new(before.span.end, stage.span.end))
}

/// The argument with one comma, or all brackets where it stands alone.
fn argument_span(site: &Site<'_>, at: usize) -> Option<Span> {
    let arg = site.args.get(at)?;
    if site.args.len() == 1 {
        return Some(Span::new(site.name.span.end, site.call.end));
    }
    match at.checked_sub(1) {
        Some(before) => Some(Span::new(site.args[before].span.end, arg.span.end)),
        None => Some(Span::new(arg.span.start, site.args[1].span.start)),
    }
}
