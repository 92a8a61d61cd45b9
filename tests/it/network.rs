//! Small networks that between them use every operation, built without a spec.

use netc::graph::{
    BatchNorm, Bias, Builder, CountPadding, Dropout, DropoutUnit, Graph, GroupNorm, Init, LayerId, Op, Over,
    PaddingRule, Range, Role, Shape, Training, TypeFault, ValueId, WindowRule,
};
use netc::kernel::pool::Adaptive;
use netc::kernel::{Activation, Padding};

/// A network with the name it is reported under.
pub struct Case {
    pub name: &'static str,
    pub graph: Graph,
}

type Body = fn(&mut Builder) -> Result<ValueId, TypeFault>;

/// Networks on 7×6×3 images, each ending in logits.
pub fn cases() -> Vec<Case> {
    let bodies: &[(&'static str, Body)] = &[
        ("convolutions", convolutions),
        ("activations", activations),
        ("pools", pools),
        ("normalised", normalised),
        ("normalised residuals", normalised_residuals),
        ("normalised groups", normalised_groups),
        ("pooled to a size", pooled_to_a_size),
        ("branches", branches),
        ("learned slope", learned_slope),
        ("gated", gated),
        ("dropout", dropout),
        ("binary", binary),
        ("large window", large_window),
        ("pooled activations", pooled_activations),
    ];
    bodies.iter().map(|&(name, body)| Case { name, graph: network(name, body) }).collect()
}

fn network(name: &str, body: Body) -> Graph {
    let mut builder = Builder::new(Shape::map(7, 6, 3), Range::REAL);
    let output = body(&mut builder).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
    builder.finish(output)
}

fn rule(kernel: [usize; 2], stride: usize, padding: PaddingRule) -> WindowRule {
    WindowRule { kernel, stride: [stride; 2], dilation: [1; 2], padding, ceil: false }
}

/// Enters the next layer; layers have the names of their numbers.
fn layer(b: &mut Builder, number: usize) {
    b.enter_layer(LayerId(number), &format!("layer{number}"));
}

fn conv(b: &mut Builder, number: usize, x: ValueId, filters: usize, rule: &WindowRule) -> Result<ValueId, TypeFault> {
    layer(b, number);
    let window = rule.place(b.shape(x))?;
    b.conv(x, window, filters, 1, Bias::Learned)
}

fn head(b: &mut Builder, number: usize, x: ValueId, units: usize) -> Result<ValueId, TypeFault> {
    layer(b, number);
    let x = b.flatten(x)?;
    b.dense(x, units, Bias::Learned)
}

/// Strides, asymmetric padding, dilation, groups, depthwise; dense layers one after another.
fn convolutions(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 2], 1, PaddingRule::Same))?;
    let x = b.map(x, Activation::Tanh)?;
    let uneven = PaddingRule::Explicit(Padding { top: 0, bottom: 2, left: 1, right: 0 });
    let x = conv(b, 1, x, 6, &rule([3, 3], 2, uneven))?;
    layer(b, 2);
    let dilated = WindowRule { dilation: [2, 1], ..rule([2, 2], 1, PaddingRule::Same) };
    let window = dilated.place(b.shape(x))?;
    let x = b.conv(x, window, 4, 2, Bias::None)?;
    layer(b, 3);
    let window = rule([2, 2], 1, PaddingRule::Valid).place(b.shape(x))?;
    let x = b.conv(x, window, 8, 4, Bias::Learned)?;
    let x = b.map(x, Activation::Softplus)?;
    let x = head(b, 4, x, 5)?;
    head(b, 5, x, 3)
}

/// Every pointwise activation, one after another, behind convolutions of one tap.
fn activations(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let mut x = b.input();
    for (number, &activation) in Activation::ALL.iter().enumerate() {
        x = conv(b, number, x, 3, &rule([1, 1], 1, PaddingRule::Valid))?;
        x = b.map(x, activation)?;
    }
    head(b, Activation::ALL.len(), x, 3)
}

fn pools(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 5, &rule([2, 2], 1, PaddingRule::Same))?;
    let padded = WindowRule { ceil: true, ..rule([3, 2], 2, PaddingRule::Explicit(Padding::symmetric(1, 0))) };
    let window = padded.place(b.shape(x))?;
    let a = b.apply(Op::MaxPool(window), &[x])?;
    let c = b.apply(Op::AvgPool(window, CountPadding::Yes), &[x])?;
    let d = b.apply(Op::AvgPool(window, CountPadding::No), &[x])?;
    let sum = b.apply(Op::Concat, &[a, c, d])?;
    head(b, 1, sum, 3)
}

fn normalised(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 3], 1, PaddingRule::Valid))?;
    let x = batch_norm(b, 1, x)?;
    let x = b.map(x, Activation::Relu)?;
    let x = head(b, 2, x, 6)?;
    let x = batch_norm(b, 3, x)?;
    let x = b.map(x, Activation::Sigmoid)?;
    head(b, 4, x, 3)
}

/// Sums of normalised branches: with the block's input, which is read again, under an activation and bare; with a branch
/// that nothing else reads; with itself; with what is normalised.
fn normalised_residuals(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let same = rule([3, 3], 1, PaddingRule::Same);
    let x = conv(b, 0, b.input(), 4, &same)?;
    let y = conv(b, 1, x, 4, &same)?;
    let y = batch_norm(b, 2, y)?;
    let y = b.apply(Op::Add, &[x, y])?;
    let y = b.map(y, Activation::Relu)?;
    let z = conv(b, 3, y, 4, &same)?;
    let z = batch_norm(b, 4, z)?;
    let z = b.apply(Op::Add, &[z, y])?;
    let left = conv(b, 5, z, 4, &same)?;
    let left = batch_norm(b, 6, left)?;
    let right = conv(b, 7, z, 4, &same)?;
    let right = batch_norm(b, 8, right)?;
    let sum = b.apply(Op::Add, &[left, right])?;
    let sum = b.map(sum, Activation::Tanh)?;
    let normal = batch_norm(b, 9, sum)?;
    let twice = b.apply(Op::Add, &[normal, normal])?;
    let twice = b.map(twice, Activation::Sigmoid)?;
    let again = batch_norm(b, 10, twice)?;
    let around = b.apply(Op::Add, &[again, twice])?;
    let last = b.map(around, Activation::HardSwish)?;
    head(b, 11, last, 3)
}

fn batch_norm(b: &mut Builder, number: usize, x: ValueId) -> Result<ValueId, TypeFault> {
    layer(b, number);
    let channels = [b.shape(x).channels()];
    let scale = b.param(Role::Scale, &channels, Init::Constant(1.0))?;
    let shift = b.param(Role::Shift, &channels, Init::Constant(0.0))?;
    let mean = b.param(Role::RunningMean, &channels, Init::Constant(0.0))?;
    let variance = b.param(Role::RunningVariance, &channels, Init::Constant(1.0))?;
    b.apply(Op::BatchNorm(BatchNorm { momentum: 0.9, epsilon: 1e-5 }), &[x, scale, shift, mean, variance])
}

/// Pixels by themselves, groups of channels over a map, and a vector, in runs and whole.
fn normalised_groups(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 6, &rule([3, 3], 1, PaddingRule::Valid))?;
    let x = group_norm(b, 1, x, Over::Pixel, 1)?;
    let x = conv(b, 2, x, 6, &rule([2, 2], 1, PaddingRule::Valid))?;
    let x = group_norm(b, 3, x, Over::Image, 3)?;
    let x = b.map(x, Activation::Tanh)?;
    let x = head(b, 4, x, 8)?;
    let x = group_norm(b, 5, x, Over::Image, 2)?;
    let x = head(b, 6, x, 5)?;
    let x = group_norm(b, 7, x, Over::Pixel, 1)?;
    head(b, 8, x, 3)
}

fn group_norm(b: &mut Builder, number: usize, x: ValueId, over: Over, groups: usize) -> Result<ValueId, TypeFault> {
    layer(b, number);
    let x = b.apply(Op::GroupNorm(GroupNorm { over, groups, epsilon: 1e-3 }), &[x])?;
    let channels = [b.shape(x).channels()];
    let scale = b.param(Role::Scale, &channels, Init::Constant(1.0))?;
    let shift = b.param(Role::Shift, &channels, Init::Constant(0.0))?;
    let x = b.apply(Op::Scale, &[x, scale])?;
    b.apply(Op::Bias, &[x, shift])
}

/// Windows that differ in size and overlap, to fewer places and to more.
fn pooled_to_a_size(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([2, 2], 1, PaddingRule::Same))?;
    let x = b.apply(Op::AdaptiveAvgPool(Adaptive { in_h: 7, in_w: 6, channels: 4, out_h: 3, out_w: 4 }), &[x])?;
    let x = conv(b, 1, x, 3, &rule([1, 1], 1, PaddingRule::Valid))?;
    let x = b.apply(Op::AdaptiveAvgPool(Adaptive { in_h: 3, in_w: 4, channels: 3, out_h: 5, out_w: 1 }), &[x])?;
    head(b, 2, x, 3)
}

/// A residual, a product of branches, a concatenation, a branch used three times, padding.
fn branches(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 3], 1, PaddingRule::Same))?;
    let y = conv(b, 1, x, 4, &rule([1, 3], 1, PaddingRule::Same))?;
    let y = b.map(y, Activation::Relu)?;
    let sum = b.apply(Op::Add, &[x, y])?;
    let product = b.multiply(sum, x)?;
    let z = conv(b, 2, product, 3, &rule([1, 1], 1, PaddingRule::Valid))?;
    let all = b.apply(Op::Concat, &[z, sum, x])?;
    let padding = Padding { top: 1, bottom: 0, left: 2, right: 1 };
    let padded = b.apply(Op::Pad(padding), &[all])?;
    let last = conv(b, 3, padded, 3, &rule([3, 3], 2, PaddingRule::Valid))?;
    head(b, 4, last, 3)
}

/// PReLU as it is composed: relu(x) + slope·min(0, x).
fn learned_slope(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 3], 1, PaddingRule::Valid))?;
    layer(b, 1);
    let slope = b.param(Role::Slope, &[4], Init::Constant(0.25))?;
    let positive = b.map(x, Activation::Relu)?;
    let negative = b.map(x, Activation::NegativePart)?;
    let scaled = b.apply(Op::Scale, &[negative, slope])?;
    let x = b.apply(Op::Add, &[positive, scaled])?;
    head(b, 2, x, 3)
}

/// Squeeze and excitation: a gate of one number a channel.
fn gated(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 3], 1, PaddingRule::Valid))?;
    let whole = WindowRule { stride: [1, 1], ..rule([5, 4], 1, PaddingRule::Valid) }.place(b.shape(x))?;
    let pooled = b.apply(Op::AvgPool(whole, CountPadding::No), &[x])?;
    let squeezed = head(b, 1, pooled, 4)?;
    let gate = b.map(squeezed, Activation::Sigmoid)?;
    let gated = b.multiply(gate, x)?;
    let narrow = conv(b, 2, pooled, 4, &rule([1, 1], 1, PaddingRule::Valid))?;
    let gated = b.multiply(gated, narrow)?;
    head(b, 3, gated, 3)
}

fn dropout(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 3], 1, PaddingRule::Valid))?;
    let x = b.apply(Op::Dropout(Dropout { rate: 0.3, stream: 1, unit: DropoutUnit::Element }), &[x])?;
    let x = conv(b, 1, x, 8, &rule([2, 2], 1, PaddingRule::Valid))?;
    let x = b.apply(Op::Dropout(Dropout { rate: 0.4, stream: 2, unit: DropoutUnit::Channel }), &[x])?;
    let x = head(b, 2, x, 6)?;
    let x = b.apply(Op::Dropout(Dropout { rate: 0.5, stream: 3, unit: DropoutUnit::Element }), &[x])?;
    head(b, 3, x, 3)
}

fn binary(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([3, 3], 1, PaddingRule::Valid))?;
    let x = b.map(x, Activation::Relu)?;
    let x = head(b, 1, x, 1)?;
    b.map(x, Activation::Sigmoid)
}

/// A maximum over more places than a byte can number.
fn large_window(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 3, &rule([2, 2], 1, PaddingRule::Explicit(Padding::symmetric(6, 6))))?;
    let Shape::Map { h, w, .. } = b.shape(x) else { return Err(TypeFault::NeedsMap(b.shape(x))) };
    let window = rule([h, w], 1, PaddingRule::Valid).place(b.shape(x))?;
    assert!(window.taps() > 256, "the window is the point of this network");
    let x = b.apply(Op::MaxPool(window), &[x])?;
    head(b, 1, x, 3)
}

/// Activations in front of max pools: windows apart, windows that overlap, a derivative read from the input, and
/// a gradient whose range is known.
fn pooled_activations(b: &mut Builder) -> Result<ValueId, TypeFault> {
    let x = conv(b, 0, b.input(), 4, &rule([2, 2], 1, PaddingRule::Same))?;
    let x = b.map(x, Activation::Tanh)?;
    let window = rule([3, 3], 2, PaddingRule::Same).place(b.shape(x))?;
    let x = b.apply(Op::MaxPool(window), &[x])?;
    let x = conv(b, 1, x, 4, &rule([2, 2], 1, PaddingRule::Same))?;
    let x = b.map(x, Activation::Gelu)?;
    let window = rule([2, 2], 1, PaddingRule::Valid).place(b.shape(x))?;
    let x = b.apply(Op::MaxPool(window), &[x])?;
    let x = conv(b, 2, x, 4, &rule([1, 1], 1, PaddingRule::Valid))?;
    let x = b.map(x, Activation::Relu)?;
    let window = rule([2, 2], 2, PaddingRule::Same).place(b.shape(x))?;
    let x = b.apply(Op::MaxPool(window), &[x])?;
    let x = b.apply(Op::Dropout(Dropout { rate: 0.2, stream: 1, unit: DropoutUnit::Element }), &[x])?;
    head(b, 3, x, 3)
}

/// Names of the operations that the training graphs of all cases use.
pub fn operations_used() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = cases()
        .iter()
        .flat_map(|case| Training::of(&case.graph).graph.nodes.into_iter().map(|node| node.op.name()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
