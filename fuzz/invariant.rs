//! What holds for any bytes that are given as a spec. The fuzzer and the tests share this file.

use netc::base::{Source, Span};
use netc::check::{Facts, check, format, mend};
use netc::diag::{Diagnostic, concise, render};
use netc::syntax::{parse, read_utf8};

/// Reads, checks, mends and formats `bytes`, and panics where something does not hold:
///
/// - every place lies inside the text, and every message can be drawn;
/// - a text without errors gives a network;
/// - what can be read is formatted to a text that can be read, and formatting that changes nothing;
/// - mending leaves a text that can be read, and mending that changes nothing.
pub fn hold(bytes: &[u8]) {
    let Ok(source) = read_utf8(bytes, "fuzz.net") else { return };
    let found = judge(&source);
    found.iter().for_each(|fault| places(fault, source.text()));
    let drawn = render(&found, Some(&source), false, 80);
    assert_eq!(drawn.is_empty(), found.is_empty());
    assert_eq!(concise(&found, Some(&source)).lines().count(), found.len());
    if let Ok(text) = format(&source) {
        let formatted = Source::new("fuzz.net", text.clone());
        assert_eq!(format(&formatted).ok().as_ref(), Some(&text), "formatting twice differs from formatting once");
    }
    let mended = mend(source, judge);
    let again = mend(mended.source.clone(), judge);
    assert_eq!(again.source.text(), mended.source.text(), "mending twice differs from mending once");
}

fn judge(source: &Source) -> Vec<Diagnostic> {
    let (file, mut found) = parse(source);
    let readable = !found.iter().any(Diagnostic::is_error);
    let checked = check(source, &file, &Facts::default());
    let errors = checked.diagnostics.iter().any(Diagnostic::is_error);
    assert!(!readable || checked.net.is_some() != errors, "there is a network exactly where there is no error");
    found.extend(checked.diagnostics);
    found
}

fn places(fault: &Diagnostic, text: &str) {
    let labels = fault.labels.iter().map(|label| label.span);
    let edits = fault.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    for Span { start, end } in fault.span().into_iter().chain(labels).chain(edits) {
        assert!(text.get(start..end).is_some(), "{start}..{end} is no place in the text: {fault:?}");
    }
}
