//! A codes: activations and value ranges.

use super::{all_codes, codes, fixed, only};

fn found(tail: &str) -> Vec<&'static str> {
    codes(&format!("---\nclasses: 3\n---\nConv -> Relu -> Flatten -> {tail}"))
}

/// Checks that the one finding has a fix after which nothing is found.
fn mended(text: &str, code: &str) {
    let fault = only(text);
    assert_eq!(fault.code.id, code, "{text}");
    let text = fixed(text, &fault, 0);
    assert!(codes(&text).is_empty(), "{text}");
}

#[test]
fn each_ending_gets_its_one_code() {
    for (tail, code) in [
        ("Dense(1) -> Softmax", "A301"),
        ("Dense(1) -> LogSoftmax", "A301"),
        ("Dense(1) -> Relu -> Softmax", "A301"),
        ("Dense -> Softmax -> Dense(3) -> Softmax", "A302"),
        ("[Dense(3) -> Softmax] * 2", "A302"),
        ("Dense(3) -> Softmax -> Softmax", "A303"),
        ("Dense(3) -> Softmax -> Dropout -> LogSoftmax", "A303"),
        ("Dense(3) -> Relu -> Softmax", "A304"),
        ("Dense(3, activation: relu) -> Softmax", "A304"),
        ("Dense(3) -> Relu6 -> Dropout -> LogSoftmax", "A304"),
        ("Dense(3) -> Sigmoid -> Softmax", "A305"),
        ("Dense(3) -> Tanh -> Softmax", "A305"),
        ("Dense(3) -> Sigmoid", "A306"),
        ("Dense(3) -> Relu", "A307"),
        ("Dense(3) -> Tanh", "A307"),
        ("Dense(3) -> PRelu", "A307"),
        ("Dense(3) -> Softmax -> Relu", "A307"),
        ("Dense(1) -> Sigmoid", "A307"),
    ] {
        assert_eq!(found(tail), [code], "{tail}");
    }
}

#[test]
fn good_endings_are_silent() {
    for tail in [
        "Dense(3) -> Softmax",
        "Dense(3) -> LogSoftmax",
        "Dense -> Dropout -> Softmax",
        "Dense(64) -> Relu -> Dense -> Softmax",
        "Dense(64) -> Sigmoid -> Dense -> Softmax",
        "Dense(3) -> Relu -> BatchNorm -> Softmax",
        "Dense(3) -> LeakyRelu -> Softmax",
    ] {
        assert_eq!(found(tail), [""; 0], "{tail}");
    }
}

#[test]
fn a_relu_on_the_class_convolution_before_global_pooling_is_silent() {
    assert!(codes("---\nclasses: 3\n---\nConv(3) -> Relu -> GlobalAvgPool -> Softmax").is_empty());
    assert_eq!(all_codes("---\nclasses: 3\n---\nConv(3) -> Relu -> GlobalAvgPool"), ["A312"]);
}

#[test]
fn one_sigmoid_unit_is_right_for_two_classes() {
    assert!(codes("---\nclasses: 2\n---\nConv -> Relu -> Flatten -> Dense(1) -> Sigmoid").is_empty());
    assert!(codes("Conv -> Relu -> Flatten -> Dense(1) -> Sigmoid").is_empty());
    let relu = "---\nclasses: 2\n---\nConv -> Relu -> Flatten -> Dense(1) -> Relu -> Sigmoid";
    mended(relu, "A304");
}

#[test]
fn fixes_take_the_activation_out_however_it_is_written() {
    mended("Conv -> Relu -> Flatten -> Dense(3) -> Relu -> Softmax", "A304");
    mended("Conv -> Relu -> Flatten -> Dense(3, activation: relu) -> Softmax", "A304");
    mended("---\nclasses: 3\n---\nConv -> Relu -> Flatten -> Dense(activation: relu) -> Softmax", "A304");
    mended("Conv -> Relu -> Flatten -> Dense(activation: relu, units: 3) -> Softmax", "A304");
    mended("Conv -> Relu -> Flatten -> Dense(3, activation: softmax) -> Softmax", "A303");
    mended("Conv -> Relu -> Flatten -> Dense(3) -> Softmax -> Softmax", "A303");
    mended("Conv -> Relu -> Flatten -> Dense(3) -> Tanh -> Softmax", "A305");
    mended("Conv -> Relu -> Flatten -> Dense(3, activation: sigmoid)", "A306");
    mended("Conv -> Relu -> Flatten -> Dense(3) -> Relu", "A307");
    mended("Conv -> Relu -> Flatten -> Dense(64) -> Softmax -> Dense(3) -> Softmax", "A302");
}

#[test]
fn no_fix_changes_a_layer_that_stands_for_several() {
    let fault = only("---\nclasses: 3\n---\nConv -> Flatten -> [Dense([64, 3]) -> Relu] * 2 -> Softmax");
    assert_eq!(fault.code.id, "A304");
    assert!(fault.fixes.is_empty());
}

#[test]
fn the_floors_are_those_of_the_number_of_classes() {
    let note = |text: &str| only(text).notes.join(" ");
    assert!(note("Conv -> Relu -> Flatten -> Dense(3) -> Softmax -> Softmax").contains("0.551"));
    assert!(note("Conv -> Relu -> Flatten -> Dense(10) -> Softmax -> Softmax").contains("1.461"));
    assert!(note("Conv -> Relu -> Flatten -> Dense(3) -> Sigmoid -> Softmax").contains("0.551"));
    assert!(note("Conv -> Relu -> Flatten -> Dense(3) -> Tanh -> Softmax").contains("0.240"));
    assert!(note("Conv -> Relu -> Flatten -> Dense(3) -> Relu -> Softmax").contains("33.33 %"));
}
