//! Whole specs, checked as `netc check` does.

use super::{Checked, Facts, Net, check};
use crate::base::Source;
use crate::diag::{Diagnostic, Severity};
use crate::syntax::parse;

mod activations;
mod advice;
mod expansion;
mod format;
mod mending;
mod names;
mod nets;
mod pages;
mod random;
mod shapes;

/// Checks a text that has no fault of syntax.
fn checked(text: &str) -> Checked {
    with_facts(text, &Facts::default())
}

fn with_facts(text: &str, facts: &Facts) -> Checked {
    let source = Source::new("test.net", text);
    let (file, faults) = parse(&source);
    assert!(faults.is_empty(), "{text}\n{faults:#?}");
    check(&source, &file, facts)
}

/// Whether a finding is about how well a network is built, of which the tests of names and shapes say nothing.
fn is_advice(fault: &Diagnostic) -> bool {
    ["A308", "A309", "A312"].contains(&fault.code.id) || fault.code.id.starts_with('P')
}

/// Codes of everything found, in order.
fn all_codes(text: &str) -> Vec<&'static str> {
    checked(text).diagnostics.iter().map(|fault| fault.code.id).collect()
}

/// Codes of everything found but advice, in order.
fn codes(text: &str) -> Vec<&'static str> {
    checked(text).diagnostics.iter().filter(|fault| !is_advice(fault)).map(|fault| fault.code.id).collect()
}

/// The one finding of a spec that is no advice.
fn only(text: &str) -> Diagnostic {
    let found: Vec<Diagnostic> = checked(text).diagnostics.into_iter().filter(|fault| !is_advice(fault)).collect();
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    found.into_iter().next().expect("one finding")
}

/// The network of a spec in which nothing is found but notes and advice.
fn clean(text: &str) -> Net {
    let checked = checked(text);
    let loud: Vec<_> =
        checked.diagnostics.iter().filter(|fault| fault.severity > Severity::Note && !is_advice(fault)).collect();
    assert!(loud.is_empty(), "{text}\n{loud:#?}");
    checked.net.expect("a network without faults")
}

/// The text with one of a finding's fixes applied.
fn fixed(text: &str, fault: &Diagnostic, which: usize) -> String {
    super::apply(text, &[&fault.fixes[which]])
}
