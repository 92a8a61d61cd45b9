//! Levels of codes: what a spec allows, warns of and denies.

use crate::base::{Source, Span, nearest};
use crate::diag::code::{CODES, Code, find};
use crate::diag::{Diagnostic, Severity, code};
use crate::syntax::ast::{File, Name};

/// Applies the front matter's `lint:` and the `# netc: allow(...)` comments, and reports those that name no code or
/// silence nothing. What keeps a network from being built cannot be silenced.
pub(super) fn apply_levels(source: &Source, file: &File, faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let lint = &file.front.lint;
    let mut unknown = Vec::new();
    let mut level =
        |names: &[Name]| -> Vec<&'static Code> { names.iter().filter_map(|name| known(name, &mut unknown)).collect() };
    let (allow, warn, deny) = (level(&lint.allow), level(&lint.warn), level(&lint.deny));
    let lines: Vec<(Span, Span, &'static Code)> = file
        .allows
        .iter()
        .flat_map(|line| line.codes.iter().map(move |name| (line.line, name)))
        .filter_map(|(line, name)| Some((line, name.span, known(name, &mut unknown)?)))
        .collect();
    let mut used = vec![false; lines.len()];
    let mut kept = Vec::new();
    for mut fault in faults.into_iter().chain(unknown) {
        let silencing = lines.iter().position(|(line, _, code)| *code == fault.code && touches(*line, &fault));
        if let Some(at) = silencing {
            used[at] = true;
        }
        let silenced = silencing.is_some() || allow.contains(&fault.code);
        if silenced && !is_fatal(fault.code) {
            continue;
        }
        if deny.contains(&fault.code) {
            fault.severity = Severity::Error;
        } else if warn.contains(&fault.code) && !is_fatal(fault.code) {
            fault.severity = Severity::Warning;
        }
        kept.push(fault);
    }
    // Behind a fault that keeps the network from being built, lints may not have come to their say.
    let whole = !kept.iter().any(|fault| is_fatal(fault.code));
    let idle = lines.iter().zip(used).filter(|((.., code), used)| whole && !used && is_checked_here(code));
    let unused: Vec<Diagnostic> = idle.map(|((_, span, code), _)| unused_allow(source, *span, code)).collect();
    kept.extend(unused.into_iter().filter(|fault| !allow.contains(&fault.code)));
    kept
}

/// Whether the fault lies on the line that an allow stands on.
fn touches(line: Span, fault: &Diagnostic) -> bool {
    fault.span().is_some_and(|span| line.start <= span.start && span.start <= line.end)
}

/// Whether the network cannot be built with this fault.
fn is_fatal(code: &Code) -> bool {
    code.severity == Severity::Error && !code.id.starts_with('A')
}

/// Whether the code is reported by the check of a spec alone, so that an allow without effect is known to be idle.
fn is_checked_here(code: &Code) -> bool {
    ["N", "T", "A"].iter().any(|letter| code.id.starts_with(letter))
}

fn known(name: &Name, unknown: &mut Vec<Diagnostic>) -> Option<&'static Code> {
    let found = find(&name.value);
    if found.is_none() {
        let fault = Diagnostic::new(&code::UNKNOWN_CODE_IN_ALLOW, format!("there is no code `{}`", name.value))
            .at(name.span, "no code of this name");
        let meant = nearest(&name.value, CODES.iter().flat_map(|code| [code.id, code.slug]));
        unknown.push(match meant.first() {
            Some(first) => fault.help(format!("did you mean `{first}`?")).rename(&name.value, name.span, &meant),
            None => fault.help("`netc explain --all` lists the codes"),
        });
    }
    found
}

fn unused_allow(source: &Source, span: Span, code: &Code) -> Diagnostic {
    let fault =
        Diagnostic::new(&code::UNUSED_ALLOW, format!("`allow({})` silences nothing on this line", source.slice(span)))
            .at(span, "nothing to silence");
    if is_fatal(code) {
        fault.note(format!("{} keeps a network from being built and cannot be silenced", code.id))
    } else {
        fault.help("remove it")
    }
}
