//! N codes: names and arguments.

use super::{Facts, check, clean, codes, fixed, only};
use crate::base::Source;
use crate::syntax::parse;

const TAIL: &str = " -> Gelu -> Flatten -> Dense -> Softmax";

fn found(body: &str) -> Vec<&'static str> {
    codes(&format!("{body}{TAIL}"))
}

#[test]
fn the_origin_line_verbatim_has_two_faults_whose_fixes_make_it_valid() {
    let text = "[Conv -> Relu -Conv -> Relu -> MAxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax";
    let source = Source::new("origin.net", text);
    let (file, mut faults) = parse(&source);
    faults.extend(check(&source, &file, &Facts::default()).diagnostics);
    let found: Vec<_> = faults.iter().map(|fault| (fault.code.id, fault.span().map(|span| span.start + 1))).collect();
    assert_eq!(found, [("S002", Some(15)), ("N101", Some(32))]);
    let mended = fixed(&fixed(text, &faults[1], 0), &faults[0], 0);
    clean(&mended);
}

#[test]
fn python_names_are_names() {
    assert_eq!(found("Conv2D(32, kernel_size: (3, 3), strides: 2) -> nn.ReLU -> MaxPooling2D(pool_size: 2)"), [""; 0]);
}

#[test]
fn the_size_of_the_input_is_not_given_as_in_pytorch() {
    let text = "nn.Conv2d(3, 64, 3) -> nn.ReLU -> Flatten -> nn.Linear(out_features: 10) -> Softmax";
    let fault = only(text);
    assert_eq!(fault.code.id, "N107");
    let net = clean(&fixed(text, &fault, 0));
    assert_eq!(net.layers[0].arguments, "64, 3x3");
}

#[test]
fn what_pytorch_means_otherwise_is_refused_with_netcs_words() {
    for (written, code, meant) in [
        ("nn.BatchNorm2d(32)", "N107", "BatchNorm2d()"),
        ("BatchNorm2d(32, eps: 1e-3)", "N107", "BatchNorm2d(eps: 1e-3)"),
        ("LayerNorm(32)", "N107", "LayerNorm()"),
        ("GroupNorm(8, 32)", "N107", "GroupNorm(8)"),
        ("nn.LayerNorm((32, 222, 222))", "N104", "GroupNorm(1)"),
        ("BatchNorm2d(momentum: 0.1)", "N104", "BatchNorm(momentum: 0.9)"),
        ("ZeroPad2d((1, 2, 3, 4))", "N104", "ZeroPad((3, 4, 1, 2))"),
    ] {
        let text = format!("Conv(32) -> {written} -> Flatten -> Dense -> Softmax");
        let fault = only(&text);
        assert_eq!(fault.code.id, code, "{written}");
        let mended = fixed(&text, &fault, 0);
        assert!(mended.contains(meant), "{mended}");
        clean(&mended);
    }
    // One fix after the other.
    let text = "Conv(32) -> nn.BatchNorm2d(32, momentum: 0.1) -> Flatten -> Dense -> Softmax";
    let sizeless = fixed(text, &only(text), 0);
    assert!(fixed(&sizeless, &only(&sizeless), 0).contains("BatchNorm(momentum: 0.9)"));
    assert!(only("Conv(32) -> BatchNorm2d(32, 1e-5, 0.1) -> Flatten -> Dense -> Softmax").fixes.is_empty());
    for meant in ["BatchNorm(momentum: 0.1)", "LayerNorm(1e-5)", "GroupNorm(8, 1e-5)", "ZeroPad2d((1, 1, 1, 1))"] {
        assert_eq!(found(&format!("Conv(32) -> {meant}")), [""; 0], "{meant}");
    }
}

#[test]
fn numbers_are_judged_as_the_kernels_round_them() {
    assert_eq!(found("Conv -> Dropout(0.99999999999)"), ["N105"]);
    assert_eq!(found("Conv -> BatchNorm(epsilon: 1e-60)"), ["N105"]);
}

#[test]
fn a_layer_of_another_framework_comes_with_what_to_write_instead() {
    let fault = only("layers.Rescaling(1) -> Flatten -> Dense -> Softmax");
    assert_eq!(fault.code.id, "N101");
    assert!(fault.help.is_some_and(|help| help.contains("normalize: 0..1")));
}

#[test]
fn the_wrong_case_is_a_misspelled_layer_not_a_missing_block() {
    let fault = only("conv -> Flatten -> Dense -> Softmax");
    assert_eq!((fault.code.id, fault.fixes[0].edits[0].text.as_str()), ("N101", "Conv"));
}

#[test]
fn every_wrong_argument_is_reported_and_the_rest_is_still_checked() {
    assert_eq!(
        found("Conv(kernal: 3) -> Dropout(2) -> Relu(1) -> Conv(filters: 3.5)"),
        ["N102", "N105", "N107", "N104"]
    );
    assert_eq!(found("Conv(8, filters: 8)"), ["N106"]);
    assert_eq!(found("Conv(8, kernel: 3x3x3)"), ["N104"]);
    assert_eq!(found("Conv(8, kernel: 70000)"), ["N105"]);
    assert_eq!(found("Conv(8, padding: (1, 1, 2, 2)) -> ZeroPad(1x2) -> Dropout(50%) -> LeakyRelu(0)"), [""; 0]);
}

#[test]
fn defaults_of_the_front_matter_hold_and_are_checked() {
    let net = clean(
        "---\ndefaults: { Conv: { filters: 8, padding: same } }\n---\nConv -> Relu -> Flatten -> Dense -> Softmax",
    );
    assert_eq!(net.layers[0].arguments, "8, 3x3, padding: same");
    assert_eq!(codes("---\ndefaults: { Cnov: { filters: 8 } }\n---\nConv -> Flatten -> Dense -> Softmax"), ["N101"]);
    assert_eq!(codes("---\ndefaults: { Conv: { filtres: 8 } }\n---\nConv -> Flatten -> Dense -> Softmax"), ["N102"]);
    assert_eq!(codes("---\ndefaults: { Conv: { filters: many } }\n---\nConv -> Flatten -> Dense -> Softmax"), ["N104"]);
    assert_eq!(codes("---\ndefaults: { Dropout: { rate: 1 } }\n---\nConv -> Flatten -> Dense -> Softmax"), ["N105"]);
}

#[test]
fn defaults_reach_every_layer_of_their_name_wherever_it_stands() {
    let net = clean(
        "---\ninput: 33x33x3\ndefaults:\n  Conv2D: { kernel_size: 5x5, padding: same, activation: relu }\n  MaxPool: { size: 3x3 }\n  GroupNorm: { groups: 8 }\n---\n\
         let block(f, k: 3) = Conv(f) -> GroupNorm -> Conv(f, kernel: k, activation: none)\n\
         [block([8, 16])] * 2 -> Concat[Conv(8) | Residual[Conv(16)]] -> MaxPool -> DepthwiseConv -> Flatten -> Dense(3) -> Softmax",
    );
    let found: Vec<String> = net.layers.iter().map(|layer| format!("{}({})", layer.kind, layer.arguments)).collect();
    assert_eq!(
        found,
        [
            "Conv(8, 5x5, padding: same)",
            "Relu()",
            "GroupNorm(8)",
            "Conv(8, 3x3, padding: same)",
            "Conv(16, 5x5, padding: same)",
            "Relu()",
            "GroupNorm(8)",
            "Conv(16, 3x3, padding: same)",
            "Conv(8, 5x5, padding: same)",
            "Relu()",
            "Conv(16, 5x5, padding: same)",
            "Relu()",
            "Add()",
            "Concat()",
            "MaxPool(3x3)",
            "DepthwiseConv(3x3)",
            "Flatten()",
            "Dense(3)",
            "Softmax()",
        ]
    );
    assert_eq!(net.layers[14].shape_out, crate::graph::Shape::map(11, 11, 24), "the stride follows the size");
}

#[test]
fn a_code_that_does_not_exist_cannot_be_allowed() {
    let fault = only("Conv -> Relu # netc: allow(T299)\n -> Flatten -> Dense -> Softmax");
    assert_eq!(fault.code.id, "N114");
    assert_eq!(codes("---\nlint: { deny: [no-such-thing] }\n---\nConv -> Flatten -> Dense -> Softmax"), ["N114"]);
}

#[test]
fn an_allow_silences_its_line_and_no_other() {
    let strided = "Conv(stride: 4) -> Relu # netc: allow(stride-skips-pixels)\n -> Conv(stride: 5) -> Relu -> Flatten -> Dense -> Softmax";
    let fault = only(strided);
    assert_eq!(fault.code.id, "T212");
    assert!(fault.message.contains("5×5"));
    assert_eq!(codes("---\ninput: 9x9x3\n---\nConv # netc: allow(T212)\n -> Flatten -> Dense -> Softmax"), ["N115"]);
    let assumed = codes("Conv # netc: allow(T212)\n -> Flatten -> Dense -> Softmax");
    assert!(assumed.is_empty(), "of another size it may silence something: {assumed:?}");
    assert!(codes("Conv # netc: allow(D604)\n -> Flatten -> Dense -> Softmax").is_empty(), "others report these");
}

#[test]
fn what_keeps_a_network_from_being_built_cannot_be_allowed() {
    let mut found = codes("---\nlint: { allow: [T202] }\n---\nConv -> Dense -> Softmax # netc: allow(T202)");
    found.sort_unstable();
    assert_eq!(found, ["T202"]);
    let checked =
        super::checked("---\nlint: { allow: [A304] }\n---\nConv -> Relu -> Flatten -> Dense(3) -> Relu -> Softmax");
    assert!(checked.diagnostics.is_empty() && checked.net.is_some(), "an A code may be allowed");
}

#[test]
fn levels_change_severities() {
    use crate::diag::Severity;
    let text = |lint: &str| {
        format!("---\nlint: {lint}\n---\nConv(stride: 4) -> Relu -> Flatten -> Dense(3) -> Relu -> Softmax")
    };
    let severities =
        |lint: &str| super::checked(&text(lint)).diagnostics.iter().map(|d| d.severity).collect::<Vec<_>>();
    assert_eq!(severities("{}"), [Severity::Warning, Severity::Error]);
    assert_eq!(severities("{ deny: [T212], warn: [A304] }"), [Severity::Error, Severity::Warning]);
}
