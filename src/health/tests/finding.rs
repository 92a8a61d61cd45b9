//! Findings in their order, told once, and kept as text.

use super::*;
use crate::diag::code::{self, CODES};

#[test]
fn a_finding_is_told_once_unless_it_becomes_graver_or_the_run_went_back() {
    let mut health = Health::default();
    let note = Finding { severity: Level::Note, ..ignores_input(0.4, 0.4) };
    assert_eq!(health.keep(vec![note.clone()], 1, 1).len(), 1);
    assert_eq!(health.keep(vec![note.clone()], 2, 2).len(), 0);
    assert_eq!(health.keep(vec![Finding { severity: Level::Warning, ..note.clone() }], 3, 3).len(), 1);
    assert_eq!(health.findings.len(), 1);
    let mut health = health.recovered(Health::default());
    assert_eq!((health.keep(vec![note], 1, 1).len(), health.findings.len(), health.recoveries), (1, 2, 1));
}

#[test]
fn what_is_told_names_a_cause_only_once_it_is_found() {
    let mut health = Health::default();
    let stuck = Finding { because: Some("H716".to_owned()), ..Finding::new(&code::STUCK_AT_PRIOR, "") };
    assert_eq!(health.keep(vec![stuck], 1, 1)[0].because, None);
    health.keep(vec![Finding::new(&code::DEAD_RELU, "")], 1, 2);
    assert_eq!(ordered(&health.findings).len(), 1, "the one is folded under the other");
}

#[test]
fn consequences_are_folded_under_their_cause_and_causes_ordered_by_weight() {
    let finding = |code: &'static Code, because: Option<&str>| Finding {
        because: because.map(str::to_owned),
        ..Finding::new(code, "")
    };
    let findings = [
        finding(&code::STUCK_AT_PRIOR, Some("H716")),
        finding(&code::OVERFITTING, None),
        finding(&code::DEAD_RELU, None),
        finding(&code::ONE_CLASS_PREDICTED, Some("H720")),
    ];
    let ordered: Vec<(&str, Vec<&str>)> = ordered(&findings)
        .into_iter()
        .map(|(root, explained)| (root.code.as_str(), explained.iter().map(|one| one.code.as_str()).collect()))
        .collect();
    // What explains H711 was not found, so it stands for itself.
    assert_eq!(ordered, [("H716", vec!["H710"]), ("H711", vec![]), ("H721", vec![])]);
}

#[test]
fn what_is_remembered_comes_back_from_text_to_the_bit() {
    let mut course = Course::new();
    course.steps(210, &learnt(3, PRIOR), |step| step.layers[1] = layer(f64::INFINITY, 1.0 / 3.0)).close(None, None);
    course.steps(3, &learnt(3, 0.1 + 0.2), |_| {});
    let text = serde_json::to_string(&course.health).unwrap();
    let back: Health = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}

#[test]
fn every_code_of_health_is_weighed() {
    let findings: Vec<Finding> =
        CODES.iter().filter(|code| code.id.starts_with('H')).map(|code| Finding::new(code, "")).collect();
    assert_eq!(findings.len(), 19);
    assert_eq!(ordered(&findings).len(), findings.len());
}
