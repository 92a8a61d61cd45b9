//! Levels of codes: what a spec allows, warns of and denies.

use crate::base::{Source, Span, nearest};
use crate::diag::code::{CODES, Code, PEDANTIC, find};
use crate::diag::{Diagnostic, Severity, code};
use crate::syntax::ast::{File, Name};
use crate::syntax::settings::LintLevels;

/// What is known beside the spec, and so which codes can be reported at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Whether the size of the images is.
    pub sizes: bool,
    /// Whether their number is.
    pub images: bool,
}

/// The codes that a front matter's `lint:` names.
struct Levels {
    allow: Vec<&'static Code>,
    warn: Vec<&'static Code>,
    deny: Vec<&'static Code>,
}

impl Levels {
    /// Reads `lint`; names of no code are reported.
    fn read(lint: &LintLevels, unknown: &mut Vec<Diagnostic>) -> Self {
        let mut level = |names: &[Name]| names.iter().filter_map(|name| known(name, unknown)).collect();
        Self { allow: level(&lint.allow), warn: level(&lint.warn), deny: level(&lint.deny) }
    }

    /// The fault at its level; `None` where it is silent.
    fn levelled(&self, mut fault: Diagnostic) -> Option<Diagnostic> {
        let code = fault.code;
        let (warns, denies) = (self.warn.contains(&code), self.deny.contains(&code));
        let asks = warns || denies;
        let silent = self.allow.contains(&code) || PEDANTIC.contains(&code) && !asks;
        if silent && !is_fatal(code) {
            return None;
        }
        if denies {
            fault.severity = Severity::Error;
        } else if warns && !is_fatal(code) {
            fault.severity = Severity::Warning;
        }
        Some(fault)
    }
}

/// The faults at the levels that a front matter's `lint:` gives their codes. What keeps a network from being built
/// cannot be silenced.
#[must_use]
pub fn at_levels(lint: &LintLevels, faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let levels = Levels::read(lint, &mut Vec::new());
    faults.into_iter().filter_map(|fault| levels.levelled(fault)).collect()
}

/// Applies the front matter's `lint:` and the `# netc: allow(...)` comments, and reports those that name no code or
/// silence nothing.
pub(super) fn apply_levels(source: &Source, file: &File, faults: Vec<Diagnostic>, facts: Known) -> Vec<Diagnostic> {
    let mut unknown = Vec::new();
    let levels = Levels::read(&file.front.lint, &mut unknown);
    let lines: Vec<(Span, Span, &'static Code)> = file
        .allows
        .iter()
        .flat_map(|line| line.codes.iter().map(move |name| (line.line, name)))
        .filter_map(|(line, name)| Some((line, name.span, known(name, &mut unknown)?)))
        .collect();
    let mut used = vec![false; lines.len()];
    let mut kept = Vec::new();
    for fault in faults.into_iter().chain(unknown) {
        let silencing = lines.iter().position(|(line, _, code)| *code == fault.code && touches(*line, &fault));
        if let Some(at) = silencing {
            used[at] = true;
        }
        if silencing.is_none() || is_fatal(fault.code) {
            kept.extend(levels.levelled(fault));
        }
    }
    // Behind a fault that keeps the network from being built, lints may not have come to their say.
    let whole = !kept.iter().any(|fault| is_fatal(fault.code));
    let idle = lines.iter().zip(used).filter(|((.., code), used)| whole && !used && can_be_found(code, facts));
    let unused: Vec<Diagnostic> = idle.map(|((_, span, code), _)| unused_allow(source, *span, code)).collect();
    kept.extend(unused.into_iter().filter_map(|fault| levels.levelled(fault)));
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

/// Whether the code is reported by a check that knows this much, so that an allow without effect is known to be idle.
fn can_be_found(code: &Code, facts: Known) -> bool {
    match code.id.as_bytes()[0] {
        b'N' | b'A' => true,
        b'T' => facts.sizes,
        b'P' => facts.sizes && facts.images,
        b'O' => facts.images,
        _ => false,
    }
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
        fault.help(format!("remove it: {} keeps a network from being built and cannot be silenced", code.id))
    } else {
        fault.help("remove it")
    }
}
