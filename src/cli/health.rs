//! Findings of a training's health, as a person reads them.

use super::text::paragraphs;
use crate::diag::code;
use crate::health::{Finding, ordered};

/// A finding in the moment in which it is found.
pub(super) fn brief(finding: &Finding, width: usize) -> String {
    format!("{}\n{}", headline(finding), body(finding, width)).trim_end().to_owned()
}

/// All findings in order of weight, under each what it explains; empty where there are none.
pub(super) fn summary(findings: &[Finding], width: usize) -> String {
    let mut text = String::new();
    for (root, explained) in ordered(findings) {
        text += &format!("{}\n{}", headline(root), body(root, width));
        if !explained.is_empty() {
            text += "  which explains\n";
        }
        for one in explained {
            text += &paragraphs(&format!("{}: {} ({})", one.code, one.title, one.numbers()), 4, width);
        }
    }
    if text.is_empty() { text } else { format!("health, the weightiest first:\n{text}") }
}

/// `warning[H716] dead-relu: 128 of 128 ReLUs … (epoch 1, step 200)`.
fn headline(finding: &Finding) -> String {
    let slug = code::find(&finding.code).map_or("", |code| code.slug);
    let when = match finding.epoch {
        0 => "before the first step".to_owned(),
        epoch => format!("epoch {epoch}, step {}", finding.step),
    };
    format!("{}[{}] {slug}: {} ({when})", finding.severity.name(), finding.code, finding.title)
}

fn body(finding: &Finding, width: usize) -> String {
    let mut text = paragraphs(&format!("why: {}", finding.cause), 2, width);
    text += &paragraphs(&format!("numbers: {}", finding.numbers()), 2, width);
    text + &paragraphs(&format!("help: {}", finding.advice), 2, width)
}
