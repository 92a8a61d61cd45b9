//! A308 to A314, P and O codes: how well a network and its training are built.

use super::{all_codes, checked, fixed, with_facts};
use crate::check::{Facts, ImageCounts};
use crate::diag::{Diagnostic, Severity};

/// A spec for small images of three classes.
fn small(body: &str) -> String {
    format!("---\ninput: 8x8x3\nclasses: 3\n---\n{body}")
}

fn trained(settings: &str) -> String {
    format!("---\ninput: 8x8x3\nclasses: 3\n{settings}\n---\nConv(8) -> Relu -> Flatten -> Dense(3) -> Softmax")
}

/// The finding of this code, which is the only one of it.
fn found(text: &str, code: &str) -> Option<Diagnostic> {
    let mut found: Vec<Diagnostic> =
        checked(text).diagnostics.into_iter().filter(|fault| fault.code.id == code).collect();
    assert!(found.len() <= 1, "{text}\n{found:#?}");
    found.pop()
}

fn on_images(text: &str, train: usize, validation: usize) -> Vec<&'static str> {
    let facts = Facts { images: Some(ImageCounts { train, validation }), ..Facts::default() };
    with_facts(text, &facts).diagnostics.iter().map(|fault| fault.code.id).collect()
}

/// Checks that each text gives exactly this code, and that its first fix, where it has one, leaves nothing.
fn assert_each_gives(code: &str, bodies: &[&str]) {
    for body in bodies {
        let text = small(body);
        assert_eq!(all_codes(&text), [code], "{body}");
        let fault = found(&text, code).expect("the finding");
        if !fault.fixes.is_empty() {
            assert_eq!(all_codes(&fixed(&text, &fault, 0)), [""; 0], "{body}");
        }
    }
}

fn assert_all_silent(bodies: &[&str]) {
    for body in bodies {
        assert_eq!(all_codes(&small(body)), [""; 0], "{body}");
    }
}

#[test]
fn affine_layers_in_a_row_are_found_through_whatever_is_affine_too() {
    assert_each_gives(
        "A308",
        &[
            "Conv(8) -> Relu -> Flatten -> Dense(64) -> Dense(3) -> Softmax",
            "Conv(8) -> Flatten -> Dense(3) -> Softmax",
            "Conv(8) -> BatchNorm -> Conv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax",
            "Conv(8) -> AvgPool(2) -> Conv(8, padding: same) -> Relu -> Flatten -> Dense(3) -> Softmax",
            "Conv(8) -> Relu -> Flatten -> Dense(16) -> Dropout(0.2) -> Dense(3) -> Softmax",
        ],
    );
    let repeated = small("[Dense(16)] * 3 -> Relu -> Dense(3) -> Softmax").replace("[Dense", "Flatten -> [Dense");
    let fault = found(&repeated, "A308").expect("one finding for the repeat");
    assert_eq!(all_codes(&fixed(&repeated, &fault, 0)), ["A309"], "a Relu in every run, and the one behind");
}

#[test]
fn what_is_written_as_two_layers_on_purpose_is_silent() {
    assert_all_silent(&[
        "DepthwiseConv -> Conv(16, kernel: 1x1) -> Relu -> Flatten -> Dense(3) -> Softmax",
        "Conv(16) -> Relu -> Conv(8, kernel: 1x1) -> Conv(16) -> Relu -> Flatten -> Dense(3) -> Softmax",
        "Conv(16, kernel: 1x3) -> Conv(16, kernel: 3x1) -> Relu -> Flatten -> Dense(3) -> Softmax",
        "Flatten -> Dense(8) -> Dense(64) -> Relu -> Dense(3) -> Softmax",
        "Conv(8) -> Residual[Conv(8, padding: same)] -> Relu -> Flatten -> Dense(3) -> Softmax",
        "Conv(8) -> Multiply[Identity | GlobalAvgPool -> Dense(4) -> Relu -> Dense(8) -> Sigmoid] -> Flatten -> Dense(3) -> Softmax",
        "Conv(8) -> MaxPool -> Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax",
    ]);
}

#[test]
fn the_message_of_two_dense_layers_counts_what_the_first_costs() {
    let text = small("Flatten -> Dense(64) -> Relu -> Dense(64) -> Dense(3) -> Softmax");
    let fault = found(&text, "A308").expect("a finding");
    assert_eq!(fault.message, "`Dense(64) -> Dense(3)` equals `Dense(3)`: 4,160 parameters buy nothing");
}

#[test]
fn activations_that_change_nothing_are_read_off_the_ranges() {
    assert_each_gives(
        "A309",
        &[
            "Conv(8) -> Relu -> Relu -> Flatten -> Dense(3) -> Softmax",
            "Conv(8) -> Sigmoid -> MaxPool -> Relu -> Flatten -> Dense(3) -> Softmax",
            "Conv(8) -> Relu6 -> Relu6 -> Flatten -> Dense(3) -> Softmax",
            "Conv(8) -> Relu -> PRelu -> Flatten -> Dense(3) -> Softmax",
        ],
    );
    assert_all_silent(&[
        "Conv(8) -> Relu -> Relu6 -> Flatten -> Dense(3) -> Softmax",
        "Conv(8) -> Tanh -> Relu -> Flatten -> Dense(3) -> Softmax",
        "Conv(8) -> Relu -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax",
    ]);
}

#[test]
fn sigmoids_in_a_row_are_a_note_then_a_warning_unless_a_way_leads_past_them() {
    let severity = |body: &str| found(&small(body), "A310").map(|fault| fault.severity);
    let layers =
        |count: usize, name: &str| format!("Flatten -> [Dense(16) -> {name}] * {count} -> Dense(3) -> Softmax");
    assert_eq!(severity(&layers(2, "Sigmoid")), None);
    assert_eq!(severity(&layers(3, "Sigmoid")), Some(Severity::Note));
    assert_eq!(severity(&layers(4, "Sigmoid")), Some(Severity::Warning));
    assert_eq!(severity(&layers(5, "Tanh")), None);
    assert_eq!(severity(&layers(6, "Tanh")), Some(Severity::Note));
    assert_eq!(severity(&layers(9, "BatchNorm -> Sigmoid")), None);
    let gated = "Conv(8) -> Relu -> [Multiply[Identity | GlobalAvgPool -> Dense(8) -> Sigmoid]] * 6 -> Flatten -> Dense(3) -> Softmax";
    assert_eq!(severity(gated), None);
    let fault = found(&small(&layers(4, "Sigmoid")), "A310").expect("a finding");
    assert!(fault.notes[0].contains("0.4 %"), "{:?}", fault.notes);
}

#[test]
fn a_loss_has_to_fit_the_output() {
    let with = |loss: &str, tail: &str| {
        let text = format!("---\ninput: 8x8x3\nclasses: 3\ntrain: {{ loss: {loss} }}\n---\nFlatten -> Dense(3){tail}");
        checked(&text).diagnostics.iter().map(|fault| (fault.code.id, fault.severity)).collect::<Vec<_>>()
    };
    for (loss, tail) in
        [("cross_entropy", " -> Softmax"), ("focal", " -> Softmax"), ("cross_entropy", " -> LogSoftmax")]
    {
        assert_eq!(with(loss, tail), [], "{loss} {tail}");
    }
    assert_eq!(with("binary_cross_entropy", " -> Softmax"), [("A311", Severity::Error)]);
    assert_eq!(with("mse", " -> Softmax"), [("A311", Severity::Warning)]);
    assert!(with("cross_entropy", " -> Sigmoid").contains(&("A311", Severity::Error)));
    let one = |loss: &str| {
        all_codes(&format!(
            "---\ninput: 8x8x3\nclasses: 2\ntrain: {{ loss: {loss} }}\n---\nFlatten -> Dense(1) -> Sigmoid"
        ))
    };
    assert_eq!(one("binary_cross_entropy"), [""; 0]);
    assert_eq!(one("cross_entropy"), ["A311"]);
}

#[test]
fn an_output_that_cannot_vary_is_found_by_intervals() {
    let below = "---\ninput: 8x8x1\nclasses: 3\ndata: { normalize: { mean: [1], std: [1] } }\n---\n";
    assert_eq!(all_codes(&format!("{below}Relu -> Flatten -> Dense(3) -> Softmax")), ["A313"]);
    assert_eq!(all_codes(&format!("{below}Concat[Relu | Identity] -> Flatten -> Dense(3) -> Softmax")), [""; 0]);
}

#[test]
fn powers_that_overflow_are_counted_through_products() {
    let powers = |count: usize, rest: &str| {
        let product = format!("[Multiply[Identity | Identity]{rest}] * {count}");
        all_codes(&small(&format!("Conv(8) -> Relu -> {product} -> Flatten -> Dense(3) -> Softmax")))
    };
    assert_eq!(powers(5, ""), [""; 0]);
    assert_eq!(powers(6, ""), ["A314"]);
    assert_eq!(powers(6, " -> BatchNorm"), [""; 0]);
}

#[test]
fn a_dense_layer_that_holds_everything_is_told_with_what_would_help() {
    let text = "---\ninput: 64x64x3\nclasses: 3\n---\nConv(16) -> Relu -> MaxPool -> Flatten -> Dense(64) -> Relu -> Dense(3) -> Softmax";
    let fault = found(text, "P401").expect("a finding");
    assert_eq!(fault.severity, Severity::Note);
    let pooled = text.replace("-> Flatten", "-> MaxPool -> Flatten");
    let global = text.replace("Flatten", "GlobalAvgPool");
    for other in [pooled, global] {
        let params = checked(&other).net.expect("a network").graph.trained_params();
        let told = crate::check::number::grouped(params);
        assert!(fault.help.as_ref().is_some_and(|help| help.contains(&told)), "{told}: {:?}", fault.help);
    }
    let facts = Facts { images: Some(ImageCounts { train: 100, validation: 20 }), ..Facts::default() };
    let warned = with_facts(text, &facts).diagnostics;
    assert!(warned.iter().any(|fault| fault.code.id == "P401" && fault.severity == Severity::Warning));
}

#[test]
fn advice_on_the_architecture_is_given_where_it_is_proved() {
    for (code, body) in [
        ("P403", "Conv(8, kernel: 8x8) -> Relu -> MaxPool(2, padding: same) -> Flatten -> Dense(3) -> Softmax"),
        (
            "P404",
            "Conv(8, kernel: 7x7) -> Relu -> MaxPool -> Conv(8, padding: same) -> Relu -> Flatten -> Dense(3) -> Softmax",
        ),
        ("P406", "Conv(8) -> Relu -> Flatten -> Dropout(0.8) -> Dense(3) -> Softmax"),
        ("P406", "Conv(8) -> Relu -> Dropout(0.4) -> Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax"),
        ("P406", "Flatten -> [Dense(16) -> Relu -> Dropout(0.5)] * 5 -> Dense(3) -> Softmax"),
        ("P407", "Conv(8) -> Dropout(0.2) -> Relu -> BatchNorm -> Flatten -> Dense(3) -> Softmax"),
        ("P409", "Conv(8) -> Relu -> Dropout(0) -> Flatten -> Dense(3) -> Softmax"),
        ("P409", "Conv(8) -> Relu -> Identity -> Flatten -> Dense(3) -> Softmax"),
        ("P409", "Conv(8) -> Relu -> Flatten -> Flatten -> Dense(3) -> Softmax"),
        ("O507", "Conv(8) -> BatchNorm -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax"),
    ] {
        assert_each_gives(code, &[body]);
    }
    assert_all_silent(&[
        "BatchNorm -> Conv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax",
        // LeNet-5's last convolution covers its map.
        "Conv(8) -> Relu -> Conv(8, kernel: 6x6) -> Relu -> Flatten -> Dense(3) -> Softmax",
        // SqueezeNet's dropout stands before the class convolution.
        "Conv(8) -> Relu -> Dropout(0.5) -> Conv(3, kernel: 1x1) -> Relu -> GlobalAvgPool -> Softmax",
        "Conv(8) -> BatchNorm -> Relu -> Dropout(0.25) -> Flatten -> Dense(16) -> Relu -> Dropout(0.5) -> Dense(3) -> Softmax",
        "Conv(8) -> Add[Identity | Conv(8, padding: same)] -> Relu -> Flatten -> Dense(3) -> Softmax",
    ]);
}

#[test]
fn weights_that_meet_padding_only_are_counted() {
    let text =
        small("Conv(8, kernel: 8x8) -> Relu -> Conv(4, padding: same) -> Relu -> Flatten -> Dense(3) -> Softmax");
    let fault = found(&text, "P404").expect("a finding");
    assert!(fault.message.starts_with("8 of the 9 places"), "{}", fault.message);
    assert_eq!(fault.label, "256 weights always meet padding");
}

#[test]
fn a_pedantic_code_speaks_only_where_it_is_asked_for() {
    let text = |lint: &str| {
        format!(
            "---\ninput: 8x8x3\nclasses: 3\nlint: {lint}\n---\nConv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax"
        )
    };
    assert_eq!(all_codes(&text("{}")), [""; 0]);
    assert_eq!(all_codes(&text("{ warn: [P408] }")), ["P408"]);
    assert_eq!(all_codes(&text("{ warn: [bias-before-batchnorm] }")), ["P408"]);
    let denied = checked(&text("{ deny: [P408] }"));
    assert!(denied.net.is_none() && denied.diagnostics[0].severity == Severity::Error);
    let fault = found(&text("{ warn: [P408] }"), "P408").expect("a finding");
    assert!(fixed(&text("{ warn: [P408] }"), &fault, 0).contains("Conv(8, bias: false)"));
}

#[test]
fn a_deep_sum_without_normalisation_starts_with_a_loss_far_above_a_guess() {
    let residual = |count: usize, norm: &str| {
        let block = format!("Residual[Conv(16, padding: same){norm} -> Relu -> Conv(16, padding: same){norm}]");
        all_codes(&format!(
            "---\ninput: 32x32x3\nclasses: 3\n---\nConv(16, padding: same) -> Relu -> [{block}] * {count} -> Flatten -> Dense(3) -> Softmax"
        ))
    };
    assert!(residual(20, "").contains(&"P410"));
    assert!(!residual(3, "").contains(&"P410"));
    assert!(!residual(20, " -> BatchNorm").contains(&"P410"));
}

#[test]
fn batches_of_one_are_no_batch_to_normalise_by() {
    let text = "---\ninput: 8x8x3\nclasses: 3\ntrain: { batch_size: 10, epochs: 90 }\n---\nFlatten -> Dense(8) -> BatchNorm -> Relu -> Dense(3) -> Softmax";
    assert_eq!(on_images(text, 200, 20), [""; 0]);
    assert_eq!(on_images(text, 201, 20), ["P412"]);
    let on_map = "---\ninput: 8x8x3\nclasses: 3\ntrain: { batch_size: 10, epochs: 90 }\n---\nConv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax";
    assert_eq!(on_images(on_map, 201, 20), [""; 0]);
}

#[test]
fn rates_and_decays_are_held_to_what_trains() {
    for (settings, codes) in [
        ("train: { learning_rate: 1e-2 }", &["O501"][..]),
        ("train: { learning_rate: 3e-3 }", &[]),
        ("train: { optimizer: sgd, learning_rate: 0.1 }", &[]),
        ("train: { optimizer: sgd, learning_rate: 0.2 }", &["O501"]),
        ("train: { optimizer: { name: sgd, momentum: 0.9 }, learning_rate: 0.06 }", &["O501"]),
        ("train: { optimizer: { name: sgd, momentum: 0.9 }, learning_rate: 0.05 }", &[]),
        ("train: { learning_rate: 1e-6 }", &["O502"]),
        ("train: { optimizer: sgd, weight_decay: 0.05 }", &["O505"]),
        ("train: { optimizer: adamw, weight_decay: 0.05 }", &[]),
        ("train: { weight_decay: 5e-4 }", &[]),
        ("data: { normalize: none }", &["O506"]),
        ("data: { normalize: imagenet }", &[]),
        ("data: { normalize: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] } }", &["O507"]),
        ("data: { normalize: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } }", &[]),
    ] {
        assert_eq!(all_codes(&trained(settings)), codes, "{settings}");
    }
}

#[test]
fn a_batch_norm_before_the_first_weights_brings_bytes_back() {
    let text = "---\ninput: 8x8x3\nclasses: 3\ndata: { normalize: none }\n---\nBatchNorm -> Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax";
    assert_eq!(all_codes(text), [""; 0]);
}

#[test]
fn budgets_are_held_to_the_number_of_images() {
    let text = trained("train: { epochs: 20, batch_size: 32 }");
    assert_eq!(on_images(&text, 2000, 200), [""; 0]);
    assert_eq!(on_images(&text, 400, 40), ["O503"]);
    assert_eq!(on_images(&text, 200, 40), ["O503", "O504"]);
    assert_eq!(on_images(&text, 2000, 0), ["O508"]);
    let slow = trained("train: { optimizer: sgd, learning_rate: 1e-6, epochs: 20 }");
    assert_eq!(on_images(&slow, 2000, 200), ["O502"]);
    let facts = Facts { images: Some(ImageCounts { train: 60, validation: 6 }), ..Facts::default() };
    let found = with_facts(&text, &facts).diagnostics;
    let few = found.iter().find(|fault| fault.code.id == "O503").expect("a finding");
    assert_eq!(few.message, "20 epochs on 60 images in batches of 32 make 40 updates");
}

#[test]
fn a_pool_whose_window_finds_nothing_but_padding_is_refused() {
    assert_eq!(all_codes(&small("MaxPool(2, padding: 2) -> Flatten -> Dense(3) -> Softmax")), ["N105"]);
    assert_eq!(all_codes(&small("MaxPool(3, stride: 2, padding: 1) -> Flatten -> Dense(3) -> Softmax")), [""; 0]);
}
