//! Networks known to be good, and the tables of the origin case.

use super::{Net, clean};

fn shapes(net: &Net, kinds: &[&str]) -> Vec<(String, u64)> {
    let kept = net.layers.iter().filter(|layer| kinds.contains(&layer.kind));
    kept.map(|layer| (layer.shape_out.to_string(), layer.params.trained)).collect()
}

#[test]
fn origin_summary_a_comes_out_layer_by_layer() {
    let net = clean(
        "---\ninput: 256x256x3\nclasses: 3\nexpect: { params: 1382819, output: 3 }\n---\n\
         [Conv -> Relu -> Conv -> Relu -> MaxPool([3x3,2x2,2x2])] * 3 -> Flatten -> [Dense([128,64]) -> Relu]*2 -> Dense -> Softmax",
    );
    let table = [
        ("254×254×32", 896),
        ("252×252×32", 9_248),
        ("84×84×32", 0),
        ("82×82×32", 9_248),
        ("80×80×32", 9_248),
        ("40×40×32", 0),
        ("38×38×32", 9_248),
        ("36×36×32", 9_248),
        ("18×18×32", 0),
        ("10368", 0),
        ("128", 1_327_232),
        ("64", 8_256),
        ("3", 195),
    ];
    let found = shapes(&net, &["Conv", "MaxPool", "Flatten", "Dense"]);
    assert_eq!(found, table.map(|(shape, params)| (shape.to_owned(), params)));
    assert_eq!(net.graph.trained_params(), 1_382_819);
    assert_eq!(net.layers.iter().map(|layer| layer.macs).sum::<u64>(), 788_532_800);
}

#[test]
fn origin_summary_b_comes_out_in_total() {
    let net = clean(
        "---\ninput: 256x256x3\nclasses: 3\n---\n\
         [Conv -> Relu -> Conv -> Relu -> MaxPool([3x3,2x2])] * 2 -> Flatten -> Dense(128) -> Relu -> Dense -> Softmax",
    );
    assert_eq!(net.graph.trained_params(), 6_582_755);
    assert_eq!(net.layers[11].params.trained, 6_553_728);
}

#[test]
fn lenet_5_has_61706_parameters() {
    let net = clean(
        "---\ninput: 28x28x1\nclasses: 10\n---\n\
         Conv(6, kernel: 5x5, padding: 2) -> Tanh -> AvgPool -> Conv(16, kernel: 5x5) -> Tanh -> AvgPool\n\
         -> Flatten -> Dense(120) -> Tanh -> Dense(84) -> Tanh -> Dense -> Softmax",
    );
    assert_eq!(net.graph.trained_params(), 61_706);
}

#[test]
fn published_building_blocks_are_silent() {
    for net in [
        // ResNet's two kinds of blocks (He et al., 2016).
        "let conv(f, s: 1) = Conv(f, stride: s, padding: 1, bias: false) -> BatchNorm\n\
         let same(f) = Residual[conv(f) -> Relu -> conv(f)] -> Relu\n\
         let down(f) = Add[conv(f, s: 2) -> Relu -> conv(f) | Conv(f, kernel: 1, stride: 2, bias: false) -> BatchNorm] -> Relu\n\
         Conv(64, kernel: 7, stride: 2, padding: 3, bias: false) -> BatchNorm -> Relu -> MaxPool(3, stride: 2, padding: 1)\n\
         -> [same(64)] * 2 -> down(128) -> same(128) -> down(256) -> same(256) -> down(512) -> same(512) -> GlobalAvgPool -> Dense -> Softmax",
        // MobileNetV2's linear bottlenecks (Sandler et al., 2018).
        "let expand(e) = Conv(e, kernel: 1, bias: false) -> BatchNorm -> Relu6\n\
         let bottleneck(e, f, s: 1) = expand(e) -> DepthwiseConv(stride: s, padding: 1, bias: false) -> BatchNorm -> Relu6 -> Conv(f, kernel: 1, bias: false) -> BatchNorm\n\
         Conv(32, stride: 2, padding: 1) -> BatchNorm -> Relu6 -> bottleneck(96, 24, s: 2) -> Residual[bottleneck(144, 24)] -> GlobalAvgPool -> Dropout(0.2) -> Dense -> Softmax",
        // Squeeze-and-excitation (Hu et al., 2018).
        "Conv(32, padding: same) -> Silu -> Multiply[Identity | GlobalAvgPool -> Dense(8) -> Relu -> Dense(32) -> Sigmoid] -> GlobalAvgPool -> Dense -> Softmax",
        // SqueezeNet's fire module and its class convolution (Iandola et al., 2016).
        "let fire(s, e) = Conv(s, kernel: 1) -> Relu -> Concat[Conv(e, kernel: 1) -> Relu | Conv(e, padding: 1) -> Relu]\n\
         Conv(64, stride: 2) -> Relu -> MaxPool(3, stride: 2) -> fire(16, 64) -> fire(16, 64) -> Dropout -> Conv(10, kernel: 1) -> Relu -> GlobalAvgPool -> Softmax",
        // DenseNet's growth (Huang et al., 2017).
        "let grow = Concat[Identity | BatchNorm -> Relu -> Conv(32, padding: same)]\n\
         Conv(64, kernel: 7, stride: 2, padding: 3) -> [grow] * 6 -> BatchNorm -> Relu -> Conv(128, kernel: 1) -> AvgPool -> GlobalAvgPool -> Dense -> Softmax",
    ] {
        let (head, body) = ("---\ninput: 224x224x3\nclasses: 10\n---\n", net);
        let found = super::checked(&format!("{head}{body}"));
        let loud: Vec<_> =
            found.diagnostics.iter().filter(|fault| fault.severity > crate::diag::Severity::Note).collect();
        assert!(loud.is_empty() && found.net.is_some(), "{body}\n{loud:#?}");
        clean(body);
    }
}

#[test]
fn tutorial_nets_of_keras_and_pytorch_are_silent() {
    for (input, body) in [
        (
            "28x28x1",
            "Conv(32) -> Relu -> MaxPool -> Conv(64) -> Relu -> MaxPool -> Flatten -> Dropout(0.5) -> Dense -> Softmax",
        ),
        (
            "32x32x3",
            "Conv(32) -> Relu -> MaxPool -> Conv(64) -> Relu -> MaxPool -> Conv(64) -> Relu -> Flatten -> Dense(64) -> Relu -> Dense",
        ),
        (
            "32x32x3",
            "Conv(6, kernel: 5) -> Relu -> MaxPool -> Conv(16, kernel: 5) -> Relu -> MaxPool -> Flatten -> Dense(120) -> Relu -> Dense(84) -> Relu -> Dense",
        ),
        (
            "28x28x1",
            "Conv(32) -> Relu -> Conv(64) -> Relu -> MaxPool -> Dropout(0.25) -> Flatten -> Dense(128) -> Relu -> Dropout(0.5) -> Dense -> LogSoftmax",
        ),
    ] {
        let found = super::checked(&format!("---\ninput: {input}\nclasses: 10\n---\n{body}"));
        assert!(found.diagnostics.iter().all(|fault| fault.severity == crate::diag::Severity::Note), "{body}");
    }
}

#[test]
fn a_learned_slope_is_one_parameter_a_channel() {
    let net = clean("---\ninput: 8x8x3\n---\nConv(16) -> PRelu -> GlobalAvgPool -> Dense(3) -> Softmax");
    assert_eq!(net.layers[1].params.trained, 16);
    assert_eq!(net.graph.params[2].name, "prelu1.slope");
}

#[test]
fn receptive_fields_grow_with_kernels_and_strides() {
    let net = clean(
        "---\ninput: 66x66x3\n---\nConv -> MaxPool -> Conv -> MaxPool(2) -> Conv(dilation: 2) -> GlobalAvgPool -> Dense(3) -> Softmax",
    );
    let fields: Vec<usize> = net.layers.iter().map(|layer| layer.receptive_field).collect();
    assert_eq!(fields[..5], [3, 4, 8, 10, 26]);
    assert_eq!(fields[5], 66);
}

#[test]
fn ranges_follow_from_the_normalisation_on() {
    let range = |normalize: &str, body: &str| {
        let net = clean(&format!(
            "---\ninput: 8x8x3\ndata: {{ normalize: {normalize} }}\n---\n{body} -> BatchNorm -> Flatten -> Dense(3) -> Softmax"
        ));
        net.layers[0].range_out.to_string()
    };
    assert_eq!(range("0..1", "MaxPool"), "[0, 1]");
    assert_eq!(range("none", "ZeroPad"), "[0, 255]");
    assert_eq!(range("-1..1", "Relu"), "[0, 1]");
    assert_eq!(range("standardize", "Relu"), "[0, ∞)");
    assert_eq!(range("0..1", "Conv"), "(-∞, ∞)");
    assert_eq!(range("standardize", "Sigmoid"), "(0, 1)");
}
