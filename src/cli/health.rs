//! Findings of a training's health, as a person reads them.

use super::text::paragraphs;
use crate::diag::code;
use crate::health::{Finding, ordered};

/// A finding in the moment in which it is found, with its way out, or what it comes of; the end of a run tells the rest.
pub(super) fn brief(finding: &Finding, width: usize) -> String {
    let then = match &finding.because {
        Some(cause) => format!("this comes of {cause}"),
        None => format!("help: {}", finding.advice),
    };
    format!("{}\n{}", headline(finding), paragraphs(&then, 2, width)).trim_end().to_owned()
}

/// All that there is to a finding.
pub(super) fn whole(finding: &Finding, width: usize) -> String {
    format!("{}\n{}", headline(finding), body(finding, width)).trim_end().to_owned()
}

/// All findings in order of weight, under each what it explains; empty where there are none.
pub(super) fn summary(findings: &[Finding], width: usize) -> String {
    let mut text = String::new();
    for (root, explained) in ordered(findings) {
        text += &format!("{}\n", whole(root, width));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Level;

    fn finding(because: Option<&str>) -> Finding {
        Finding {
            code: "H711".to_owned(),
            severity: Level::Warning,
            epoch: 2,
            step: 40,
            title: "one class".to_owned(),
            because: because.map(str::to_owned),
            cause: "steps were too long".to_owned(),
            advice: "a tenth of the rate".to_owned(),
            recoveries: 0,
            evidence: serde_json::Map::new(),
            remedies: Vec::new(),
        }
    }

    #[test]
    fn in_the_moment_a_finding_tells_its_way_out_and_a_consequence_what_it_comes_of() {
        let headline = "warning[H711] one-class-predicted: one class (epoch 2, step 40)\n";
        assert_eq!(brief(&finding(None), 80), format!("{headline}  help: a tenth of the rate"));
        assert_eq!(brief(&finding(Some("H716")), 80), format!("{headline}  this comes of H716"));
    }
}
