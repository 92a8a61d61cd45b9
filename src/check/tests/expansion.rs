//! Blocks, repeats, lists, and the layers they stand for.

use super::{checked, clean, codes, only};
use crate::check::Frame;

fn arguments(text: &str) -> Vec<String> {
    clean(text).layers.iter().map(|layer| format!("{}({})", layer.kind, layer.arguments)).collect()
}

#[test]
fn an_activation_as_an_argument_is_the_same_network() {
    let written = clean("---\ninput: 32x32x3\n---\nConv(8) -> Relu -> Flatten -> Dense(3) -> Softmax");
    let short =
        clean("---\ninput: 32x32x3\n---\nConv(8, activation: relu) -> Flatten -> Dense(3, activation: softmax)");
    assert_eq!(written.graph, short.graph);
    let names =
        |net: &crate::check::Net| net.layers.iter().map(|l| (l.name.clone(), l.arguments.clone())).collect::<Vec<_>>();
    assert_eq!(names(&written), names(&short));
}

#[test]
fn a_residual_is_an_add_beside_the_identity() {
    let residual = clean("Conv(8) -> Residual[Conv(8, padding: same)] -> Flatten -> Dense(3) -> Softmax");
    let add = clean("Conv(8) -> Add[Conv(8, padding: same) | Identity] -> Flatten -> Dense(3) -> Softmax");
    assert_eq!(residual.graph.trained_params(), add.graph.trained_params());
    assert_eq!(residual.graph.nodes.len(), add.graph.nodes.len());
    let joins =
        |net: &crate::check::Net| net.layers.iter().find(|layer| layer.kind == "Add").map(|layer| layer.name.clone());
    assert_eq!(joins(&residual), Some("add1".to_owned()));
    assert_eq!(joins(&residual), joins(&add));
}

#[test]
fn blocks_take_arguments_by_place_by_name_and_by_default() {
    let text = "let block(f, s: 1) = Conv(f, stride: s)\nlet twice(f) = block(f) -> block(f, s: 2)\n\
                twice(8) -> block(s: 3, f: 16) -> Flatten -> Dense(3) -> Softmax";
    assert_eq!(arguments(text)[..3], ["Conv(8, 3x3)", "Conv(8, 3x3, stride: 2x2)", "Conv(16, 3x3, stride: 3x3)"]);
}

#[test]
fn lists_are_spread_over_the_innermost_repeat_through_blocks_too() {
    let text = "let block(f) = Conv(f) -> Relu\n[block([8, 16])] * 2 -> [[Conv([1, 2])] * 2] * 2 -> Flatten -> Dense(3) -> Softmax";
    let filters: Vec<String> = arguments(text).into_iter().filter(|text| text.starts_with("Conv")).collect();
    assert_eq!(
        filters,
        ["Conv(8, 3x3)", "Conv(16, 3x3)", "Conv(1, 3x3)", "Conv(2, 3x3)", "Conv(1, 3x3)", "Conv(2, 3x3)"]
    );
    let handed_on = "let stage(fs) = [Conv(fs)] * 2\nstage([8, 16]) -> Flatten -> Dense(3) -> Softmax";
    assert_eq!(arguments(handed_on)[..2], ["Conv(8, 3x3)", "Conv(16, 3x3)"]);
}

#[test]
fn a_list_of_another_length_names_both_numbers_once() {
    let fault = only("[Conv([8, 16]) -> Relu] * 3 -> Flatten -> Dense -> Softmax");
    assert_eq!(fault.message, "a list of 2 values for a repeat that runs 3 times");
    assert_eq!(codes("[Conv([8, 16, 8]) -> Relu] * 3 -> Flatten -> Dense -> Softmax"), [""; 0]);
    assert_eq!(codes("[Conv -> Relu] * 3 -> Flatten -> Dense([128, 64]) -> Dense -> Softmax"), ["N109"]);
}

#[test]
fn faults_of_blocks_are_found_used_or_not() {
    assert_eq!(codes("let a(f) = Conv(f) -> Rleu\nConv -> Flatten -> Dense -> Softmax"), ["N112", "N101"]);
    assert_eq!(codes("let a = b\nlet b = Conv\na -> b -> Flatten -> Dense -> Softmax"), ["N111"]);
    assert_eq!(codes("let a = Conv\nlet a = Relu\na -> Flatten -> Dense -> Softmax"), ["N116"]);
    assert_eq!(codes("let Conv = Relu\nConv -> Flatten -> Dense -> Softmax"), ["N116"]);
    assert_eq!(
        codes("let a(f) = Conv(f)\na -> a(1, 2) -> a(g: 1, f: 2) -> Flatten -> Dense -> Softmax"),
        ["N103", "N107", "N102"]
    );
}

#[test]
fn a_fault_inside_a_block_shows_where_the_block_is_used() {
    let fault = only("let block(r) = Dropout(r)\nConv -> block(2) -> Flatten -> Dense -> Softmax");
    assert_eq!(fault.code.id, "N105");
    let fault = only("let block(f) = Conv(f, groups: 3)\nConv(8) -> block(6) -> Flatten -> Dense -> Softmax");
    assert_eq!(fault.code.id, "T206");
    assert!(fault.labels.iter().any(|label| label.text.contains("expanded from here")));
}

#[test]
fn a_tower_of_repeats_is_refused_before_it_is_built() {
    let fault = only("[[[[[Conv] * 1000] * 1000] * 1000] * 1000] * 1000 -> Flatten -> Dense -> Softmax");
    assert_eq!(fault.message, "the network has 1,000,000,000,000,003 layers, but may have 10,000");
    let blocks: String = (1..60).map(|n| format!("let b{n} = b{} -> b{}\n", n - 1, n - 1)).collect();
    assert_eq!(codes(&format!("let b0 = Conv\n{blocks}b59 -> b59 -> Flatten -> Dense -> Softmax")), ["N113"]);
    assert!(codes("[Conv(1, kernel: 1x1)] * 9997 -> Flatten -> Dense -> Softmax").is_empty());
    assert_eq!(codes("[Conv(1, kernel: 1x1)] * 9998 -> Flatten -> Dense -> Softmax"), ["N113"]);
    assert_eq!(codes("[Conv(1, kernel: 1x1, activation: relu)] * 5001 -> Flatten -> Dense -> Softmax"), ["N113"]);
}

#[test]
fn blocks_deeper_than_the_limit_are_refused_once() {
    let nested: String =
        (1..64).map(|n| format!("let b{n} = {}b{}{}\n", "[".repeat(60), n - 1, "]".repeat(60))).collect();
    assert_eq!(codes(&format!("let b0 = Conv\n{nested}b63 -> Flatten -> Dense -> Softmax")), ["S004"]);
    let blocks: String = (1..2000).map(|n| format!("let b{n} = b{}\n", n - 1)).collect();
    assert_eq!(codes(&format!("let b0 = Conv\n{blocks}b1999 -> Flatten -> Dense -> Softmax")), ["S004"]);
}

#[test]
fn combinators_want_their_branches() {
    for body in ["Add", "Add[Conv]", "Residual[Conv | Conv]", "Conv[Relu | Relu]", "Residual"] {
        assert_eq!(codes(&format!("{body} -> Flatten -> Dense -> Softmax")), ["N117"], "{body}");
    }
}

#[test]
fn layers_know_their_repetition_and_their_block() {
    let net = clean("let b = Relu\n[Conv -> b] * 2 -> Flatten -> Dense(3) -> Softmax");
    let frames = &net.layers[3].trace.0;
    assert!(matches!(frames[0], Frame::Repeat { index: 2, count: 2, .. }));
    assert!(matches!(&frames[1], Frame::Block { name, .. } if name == "b"));
    let names: Vec<&str> = net.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["conv1", "relu1", "conv2", "relu2", "flatten1", "dense1", "softmax1"]);
}

#[test]
fn the_last_dense_has_a_unit_a_class_and_others_have_128() {
    let net = clean("---\nclasses: [a, b, c, d]\n---\nConv -> Flatten -> Dense -> Relu -> Dense -> Softmax");
    assert_eq!((net.layers[2].arguments.as_str(), net.layers[4].arguments.as_str()), ("128", "4"));
    assert_eq!(net.class_names.map(|names| names.len()), Some(4));
    let gated =
        "Conv(8) -> Multiply[Identity | GlobalAvgPool -> Dense(8) -> Sigmoid] -> GlobalAvgPool -> Dense -> Softmax";
    assert!(checked(gated).net.is_some_and(|net| net.classes == 10 && net.classes_assumed));
}

#[test]
fn a_part_that_could_not_be_read_leaves_no_network_and_no_second_fault() {
    let source = crate::base::Source::new("test.net", "Conv -> -> Relu -> Flatten -> Dense(3) -> Relu -> Softmax");
    let (file, faults) = crate::syntax::parse(&source);
    assert!(!faults.is_empty());
    let checked = crate::check::check(&source, &file, &crate::check::Facts::default());
    assert_eq!(checked.diagnostics.iter().map(|fault| fault.code.id).collect::<Vec<_>>(), ["A304"]);
    assert!(checked.net.is_none());
}

#[test]
fn networks_as_long_as_may_be_are_checked_in_little_time_and_stack() {
    for body in [
        "Flatten -> Dense(3) -> Softmax -> [Relu] * 9000 -> [Dropout] * 900 -> Softmax",
        "Flatten -> Dense(3) -> Softmax -> [Dropout] * 9900 -> Softmax",
        "[Conv(2)] * 9000 -> Flatten -> Dense(3) -> [Relu] * 900 -> Softmax",
    ] {
        let text = format!("---\ninput: 64x64x3\n---\n{body}");
        // What so many dropouts scale up does overflow.
        let found = codes(&text).into_iter().filter(|id| *id != "A314").count();
        assert_eq!(found, if body.contains("Conv") { 2 } else { 1 }, "{body}");
    }
    let wide = vec!["Conv"; 3000].join(" | ");
    let found = codes(&format!("---\ninput: 2x2x3\n---\nConcat[{wide}] -> Flatten -> Dense -> Softmax"));
    assert_eq!(found.len(), 3000);
}
