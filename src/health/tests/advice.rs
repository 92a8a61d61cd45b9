//! Findings as a change of the spec.

use super::*;
use crate::base::Source;
use crate::check::{self, Facts};
use crate::diag::code;
use crate::syntax;

/// The spec after the advice of findings with these remedies, each checked to have no error.
#[track_caller]
fn advised(spec: &str, remedies: &[Remedy]) -> String {
    let finding = |remedy: &Remedy| Finding { remedies: vec![remedy.clone()], ..Finding::new(&code::COLLAPSE, "") };
    let findings: Vec<Finding> = remedies.iter().map(finding).collect();
    let source = advise(&Source::new("a.net", spec), &findings).source;
    let (file, mut faults) = syntax::parse(&source);
    faults.extend(check::check(&source, &file, &Facts::default()).diagnostics);
    assert!(faults.iter().all(|fault| !fault.is_error()), "{}\n{faults:?}", source.text());
    source.text().to_owned()
}

#[test]
fn a_setting_is_changed_where_it_stands_and_added_where_its_section_is() {
    let body = "---\nConv -> Relu -> Flatten -> Dense(3) -> Softmax\n";
    let rate = [Remedy::rate(1e-4)];
    for (before, after) in [
        ("---\ntrain: { learning_rate: 0.01, epochs: 3 }\n", "---\ntrain: { learning_rate: 1e-4, epochs: 3 }\n"),
        ("---\ntrain: { epochs: 3 }\n", "---\ntrain: { learning_rate: 1e-4, epochs: 3 }\n"),
        ("---\ntrain: {}\n", "---\ntrain: { learning_rate: 1e-4 }\n"),
        ("---\ntrain:\n  epochs: 3 # few\n", "---\ntrain:\n  learning_rate: 1e-4\n  epochs: 3 # few\n"),
        ("---\nclasses: 3\n", "---\nclasses: 3\ntrain: { learning_rate: 1e-4 }\n"),
    ] {
        assert_eq!(advised(&format!("{before}{body}"), &rate), format!("{after}{body}"));
    }
    let bare = &body[4..];
    assert_eq!(advised(bare, &rate), format!("---\ntrain: {{ learning_rate: 1e-4 }}\n---\n{bare}"));
}

#[test]
fn several_findings_make_one_edit_and_the_weightiest_sets_a_key() {
    let spec = "---\ntrain: { learning_rate: 0.01 }\n---\nConv -> Relu -> Flatten -> Dense(3) -> Softmax\n";
    let remedies = [
        Remedy::rate(1e-3),
        Remedy::rate(5.0),
        Remedy::set("data.balance", "class_weights"),
        Remedy::set("train.warmup", "1"),
    ];
    let expected = "---\ntrain: { warmup: 1, learning_rate: 1e-3 }\ndata: { balance: class_weights }\n---\n";
    assert_eq!(advised(spec, &remedies), format!("{expected}Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n"));
}

#[test]
fn sigmoids_between_the_layers_become_relus_and_the_output_stays() {
    let spec = "---\nclasses: 2\n---\n[Conv(8) -> Sigmoid()] * 2 -> Flatten -> Dense(9, activation: tanh) -> Dense(1) -> Sigmoid\n";
    let expected =
        "---\nclasses: 2\n---\n[Conv(8) -> Relu] * 2 -> Flatten -> Dense(9, activation: relu) -> Dense(1) -> Sigmoid\n";
    assert_eq!(advised(spec, &[Remedy::Rectify]), expected);
}
