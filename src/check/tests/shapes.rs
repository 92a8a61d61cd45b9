//! T codes: shapes.

use super::{checked, clean, codes, fixed, only, with_facts};
use crate::check::Facts;
use crate::diag::Severity;

fn at(input: &str, body: &str) -> String {
    format!("---\ninput: {input}\nclasses: 3\n---\n{body}")
}

#[test]
fn a_window_too_large_names_the_repetition_the_sizes_and_three_ways_out() {
    let text = at("32x32x3", "[Conv -> Relu -> MaxPool] * 4 -> Flatten -> Dense -> Softmax");
    let found = checked(&text).diagnostics;
    let fault = found.iter().find(|fault| fault.code.id == "T201").expect("a window too large");
    assert_eq!(
        fault.message,
        "`Conv(32, 3x3)` does not fit into its input of 2×2×32, in repetition 4 of `[Conv -> Relu -> MaxPool] * 4`"
    );
    assert!(fault.notes[0].contains("32 → 30 → 15 → 13 → 6 → 4 → 2"), "{}", fault.notes[0]);
    let help = fault.help.clone().expect("ways out");
    assert!(help.contains("3 times") && help.contains("46×46") && help.contains("padding: same"), "{help}");
    for which in 0..fault.fixes.len() {
        let mended = fixed(&text, fault, which);
        assert!(!codes(&mended).contains(&"T201"), "{mended}");
    }
}

#[test]
fn the_smallest_input_is_exact() {
    assert_eq!(clean("[Conv -> Relu -> MaxPool] * 4 -> Flatten -> Dense -> Softmax").input_assumed, Some(46));
    let body = "[Conv -> Relu -> MaxPool] * 4 -> Flatten -> Dense -> Softmax";
    assert_eq!(codes(&at("45x45x3", body)), ["T201", "T211"]);
    assert!(checked(&at("46x46x3", body)).net.is_some());
}

#[test]
fn a_window_behind_a_repeat_asks_for_fewer_runs_of_it() {
    let text = at("16x16x3", "[MaxPool] * 3 -> Conv -> Relu -> Flatten -> Dense -> Softmax");
    let fault = only(&text);
    assert!(
        fault.help.as_ref().is_some_and(|help| help.contains("`[MaxPool] * 3` at most 2 times")),
        "{:?}",
        fault.help
    );
    assert!(codes(&fixed(&text, &fault, 0)).is_empty());
}

#[test]
fn without_an_input_the_origin_line_is_proved_from_36_on() {
    let net = clean("[Conv->Relu->Conv->Relu->MaxPool]*3 -> Flatten -> [Dense->Relu]*2 -> Dense -> Softmax");
    assert_eq!(net.input_assumed, Some(36));
    assert!(net.classes_assumed);
    assert_eq!(codes("[MaxPool] * 13 -> Flatten -> Dense -> Softmax"), ["T201"]);
}

#[test]
fn facts_complete_what_the_front_matter_leaves_out() {
    let names = ["healthy", "rust", "scab"].map(str::to_owned).to_vec();
    let facts = Facts { input: Some([28, 28, 1]), classes: Some(names.clone()), images: None };
    let net = with_facts("Flatten -> Dense -> Softmax", &facts).net.expect("a network");
    assert_eq!((net.input.dims(), net.classes, net.input_assumed), (vec![28, 28, 1], 3, None));
    assert_eq!(net.class_names, Some(names));
    let net =
        with_facts("---\ninput: 8x8x3\nclasses: 4\n---\nFlatten -> Dense -> Softmax", &facts).net.expect("a network");
    assert_eq!((net.input.dims(), net.classes, net.class_names), (vec![8, 8, 3], 4, None));
}

#[test]
fn one_window_fault_leads_to_no_others_and_hides_no_others() {
    let text = at("8x8x3", "[Conv -> Relu -> MaxPool] * 5 -> Flatten -> Dense(4) -> Relu -> Softmax");
    let mut found = codes(&text);
    found.sort_unstable();
    assert_eq!(found, ["A304", "T201", "T207"]);
}

#[test]
fn a_dense_layer_on_a_map_gets_two_fixes_before_its_repeat() {
    let text = at("10x10x3", "Conv(64) -> [Dense(64) -> Relu] * 2 -> Dense -> Softmax");
    let fault = only(&text);
    assert_eq!((fault.code.id, fault.message.as_str()), ("T202", "`Dense` wants a vector, got a map of 8×8×64"));
    assert!(fault.help.as_ref().is_some_and(|help| help.contains("262,208") && help.contains("4,160")));
    for which in 0..2 {
        assert!(codes(&fixed(&text, &fault, which)).is_empty());
    }
}

#[test]
fn a_window_on_a_vector_says_where_the_map_went() {
    let fault = only(&at("10x10x3", "Conv -> Relu -> Flatten -> Dense -> Conv -> Dense -> Softmax"));
    assert_eq!(fault.code.id, "T203");
    assert!(fault.help.is_some_and(|help| help.contains("before `Flatten`")));
    assert_eq!(codes(&at("10x10x3", "Conv -> Relu -> Flatten -> ZeroPad -> Dense -> Softmax")), ["T203"]);
    assert_eq!(codes(&at("10x10x3", "Conv -> Relu -> Flatten -> Flatten -> Dense -> Softmax")), [""; 0]);
}

#[test]
fn a_residual_that_changes_shape_gets_its_projection_as_a_fix() {
    let text = at(
        "32x32x3",
        "Conv(32, padding: same) -> Residual[Conv(64, stride: 2, padding: same) -> Relu] -> Flatten -> Dense -> Softmax",
    );
    let fault = only(&text);
    assert_eq!(fault.code.id, "T204");
    let mended = fixed(&text, &fault, 0);
    assert!(mended.contains("| Conv(64, kernel: 1x1, stride: 2)]"), "{mended}");
    assert!(codes(&mended).is_empty(), "{mended}");
}

#[test]
fn a_branch_of_a_block_is_not_mended_for_all_uses_at_once() {
    let text = at(
        "32x32x3",
        "let same(f) = Residual[Conv(f, padding: same)] -> Relu\nConv(32) -> same(32) -> same(16) -> GlobalAvgPool -> Dense -> Softmax",
    );
    let fault = only(&text);
    assert!(fault.fixes.is_empty() && fault.help.is_some_and(|help| help.contains("Conv(16, kernel: 1x1)")));
    assert!(fault.labels.iter().any(|label| label.text == "`same` is expanded from here"));
}

#[test]
fn branches_that_differ_get_the_projection_that_fits() {
    for body in [
        "Add[Conv(8, padding: same) | Identity]",
        "Add[Conv(8, padding: same) | Conv(16, padding: same)]",
        "Add[Conv(8, stride: 2, padding: same) | Conv(16, padding: same)]",
        "Multiply[Conv(8, padding: same) | Conv(16, padding: same)]",
    ] {
        let text = at("32x32x3", &format!("Conv(4) -> {body} -> Flatten -> Dense -> Softmax"));
        let fault = only(&text);
        assert_eq!(fault.code.id, "T204", "{body}");
        assert!(codes(&fixed(&text, &fault, 0)).is_empty(), "{body}");
    }
    assert_eq!(codes(&at("32x32x3", "Add[Conv | Identity] -> Flatten -> Dense -> Softmax")), ["T204"]);
}

#[test]
fn a_product_takes_one_number_a_channel_and_a_concat_differing_channels() {
    for body in [
        "Conv(8) -> Multiply[Identity | GlobalAvgPool -> Dense(8) -> Sigmoid]",
        "Conv(8) -> Multiply[GlobalAvgPool -> Dense(8) -> Sigmoid | Identity]",
        "Concat[Conv(8) | Conv(4)]",
    ] {
        assert_eq!(codes(&at("32x32x3", &format!("{body} -> Flatten -> Dense -> Softmax"))), [""; 0], "{body}");
    }
    assert_eq!(codes(&at("32x32x3", "Concat[Conv(8) | MaxPool] -> Flatten -> Dense -> Softmax")), ["T205"]);
}

#[test]
fn a_product_of_a_map_and_one_number_a_channel_is_a_map_however_small() {
    for product in ["Multiply[Identity | GlobalAvgPool]", "Multiply[GlobalAvgPool | Identity]"] {
        for side in [1, 2] {
            let net = clean(&at(&format!("{side}x{side}x3"), &format!("{product} -> Flatten -> Dense -> Softmax")));
            let found = net.layers.iter().find(|layer| layer.kind == "Multiply").map(|layer| layer.shape_out);
            assert_eq!(found, Some(crate::graph::Shape::map(side, side, 3)), "{product}");
        }
    }
}

#[test]
fn groups_that_do_not_divide_get_the_nearest_that_do() {
    let fault = only(&at("32x32x3", "Conv(8) -> Conv(12, groups: 3) -> Relu -> Flatten -> Dense -> Softmax"));
    assert_eq!((fault.code.id, fault.message.as_str()), ("T206", "3 groups do not divide 8 input channels"));
    assert!(fault.help.is_some_and(|help| help.contains("groups: 2") || help.contains("groups: 4")));
    let fault = only(&at("32x32x3", "Conv(48) -> GroupNorm -> Flatten -> Dense -> Softmax"));
    assert_eq!((fault.code.id, fault.message.as_str()), ("T206", "32 groups do not divide 48 input channels"));
    assert!(fault.help.is_some_and(|help| help == "write `groups: 24`"));
}

#[test]
fn a_number_normalised_by_itself_is_refused_with_the_groups_that_would_do() {
    let fault = only(&at("32x32x3", "Conv -> AdaptiveAvgPool -> GroupNorm -> Flatten -> Dense -> Softmax"));
    assert_eq!(fault.code.id, "T214");
    assert_eq!(fault.message, "`GroupNorm(32)` normalises every number of a map of 1×1×32 by itself");
    assert!(fault.help.is_some_and(|help| help.contains("`groups: 16` or less, so that 2 channels share")));
    let codes = |body: &str| codes(&at("32x32x3", &format!("{body} -> Flatten -> Dense -> Softmax")));
    assert_eq!(codes("Conv(1) -> LayerNorm"), ["T214"]);
    assert_eq!(codes("Conv(1) -> GroupNorm(1)"), [""; 0], "a map of one channel has many numbers");
    assert_eq!(codes("Conv(32) -> GroupNorm(32)"), [""; 0]);
}

#[test]
fn units_that_are_not_the_classes_are_put_right() {
    for body in
        ["Flatten -> Dense(4) -> Softmax", "Flatten -> [Dense([8, 4])] * 2 -> Softmax", "Conv(4) -> GlobalAvgPool"]
    {
        let text = at("32x32x3", body);
        let fault = only(&text);
        assert_eq!(fault.code.id, "T207", "{body}");
        assert!(codes(&fixed(&text, &fault, 0)).is_empty(), "{body}");
    }
    let in_repeat = only(&at("32x32x3", "Flatten -> [Dense(4)] * 2 -> Softmax"));
    assert!(in_repeat.fixes.is_empty(), "it would change the other layer too");
    assert_eq!(codes(&at("32x32x3", "Flatten -> Dense(1)")), ["T207"]);
}

#[test]
fn sizes_beyond_the_limits_are_refused() {
    let fault = only(&at("32x32x3", "Flatten -> Dense(4294967295) -> Relu -> Dense -> Softmax"));
    assert_eq!(fault.code.id, "T208");
    assert_eq!(codes("---\ninput: 100000x100000x3\n---\nConv -> Flatten -> Dense -> Softmax"), ["T208"]);
    for huge in [
        "ZeroPad(65535)",
        "Conv(4294967295)",
        "DepthwiseConv(multiplier: 4294967295)",
        "Conv(kernel: 65535, padding: same)",
    ] {
        let found = codes(&at("16384x16384x4", &format!("{huge} -> Flatten -> Dense -> Softmax")));
        assert_eq!(found, ["T208"], "{huge}");
    }
}

#[test]
fn a_network_that_ends_in_a_map_is_finished_by_its_fix() {
    for body in ["Conv -> Relu", "Conv(3) -> Softmax", "Conv(8) -> Softmax", "[Conv -> Relu] * 2", "Conv(3)"] {
        let text = at("32x32x3", body);
        let fault = only(&text);
        assert_eq!(fault.code.id, "T209", "{body}");
        assert!(codes(&fixed(&text, &fault, 0)).is_empty(), "{body}: {}", fixed(&text, &fault, 0));
    }
}

#[test]
fn expectations_name_both_numbers() {
    let text = |params: u64, output: u64| {
        format!(
            "---\ninput: 28x28x1\nclasses: 10\nexpect: {{ params: {params}, output: {output} }}\n---\nFlatten -> Dense -> Softmax"
        )
    };
    assert!(codes(&text(7850, 10)).is_empty());
    let fault = only(&text(7851, 10));
    assert_eq!(fault.code.id, "T210");
    assert_eq!(fault.message, "the network has 7,850 parameters, not the expected 7,851");
    assert_eq!(codes(&text(7850, 9)), ["T210"]);
}

#[test]
fn rows_that_no_window_reads_are_a_note_and_many_a_warning() {
    let severity = |input: &str| {
        let checked = checked(&at(input, "MaxPool -> Flatten -> Dense -> Softmax"));
        checked.diagnostics.first().map(|fault| (fault.code.id, fault.severity))
    };
    assert_eq!(severity("32x32x3"), None);
    assert_eq!(severity("33x32x3"), Some(("T211", Severity::Note)));
    assert_eq!(severity("11x11x3"), Some(("T211", Severity::Note)));
    assert_eq!(severity("7x7x3"), Some(("T211", Severity::Note)));
    assert_eq!(severity("5x5x3"), Some(("T211", Severity::Warning)));
    assert!(
        codes(&at("224x224x3", "Conv(8, kernel: 7, stride: 2, padding: 3) -> Relu -> Flatten -> Dense -> Softmax"))
            .is_empty()
    );
    assert!(codes(&at("56x56x3", "Conv(8, kernel: 1, stride: 2) -> Relu -> Flatten -> Dense -> Softmax")).is_empty());
}

#[test]
fn a_stride_beyond_the_window_is_a_warning_unless_the_window_is_one_pixel() {
    let fault = only(&at("31x31x3", "Conv(8, stride: 4) -> Relu -> Flatten -> Dense -> Softmax"));
    assert_eq!((fault.code.id, fault.label.as_str()), ("T212", "44 % of the pixels are never read"));
    assert!(
        codes(&at("32x32x3", "Conv(8, stride: 3) -> MaxPool(3, stride: 3) -> Flatten -> Dense -> Softmax"))
            .iter()
            .all(|id| *id == "T211")
    );
}

#[test]
fn channels_first_is_turned_round() {
    let text = at("3x64x48", "Conv(padding: same) -> Relu -> Flatten -> Dense -> Softmax");
    let fault = only(&text);
    assert_eq!(fault.code.id, "T213");
    assert!(fixed(&text, &fault, 0).contains("input: 64x48x3"));
    assert_eq!(codes(&at("4x4x4", "Flatten -> Dense -> Softmax")), [""; 0]);
    assert_eq!(codes(&at("32x32x5", "Flatten -> Dense -> Softmax")), ["N105"]);
}
