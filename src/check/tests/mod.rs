//! Whole specs, checked as `netc check` does.

use super::{Checked, Facts, Net, check};
use crate::base::Source;
use crate::diag::Diagnostic;
use crate::syntax::parse;

mod activations;
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

/// Codes of everything found, in order.
fn codes(text: &str) -> Vec<&'static str> {
    checked(text).diagnostics.iter().map(|fault| fault.code.id).collect()
}

/// The one finding of a spec.
fn only(text: &str) -> Diagnostic {
    let found = checked(text).diagnostics;
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    found.into_iter().next().expect("one finding")
}

/// The network of a spec in which nothing is found.
fn clean(text: &str) -> Net {
    let checked = checked(text);
    assert!(checked.diagnostics.is_empty(), "{text}\n{:#?}", checked.diagnostics);
    checked.net.expect("a network without faults")
}

/// The text with one of a finding's fixes applied.
fn fixed(text: &str, fault: &Diagnostic, which: usize) -> String {
    super::apply(text, &[&fault.fixes[which]])
}
