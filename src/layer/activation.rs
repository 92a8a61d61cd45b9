//! Activations: a row each.

use super::argument::real;
use super::{Argument, Bounds, Emit, Family, Layer};
use crate::graph::{Builder, Init, Op, Role, TypeFault, ValueId};
use crate::kernel::Activation;

/// A row without arguments.
const fn row(name: &'static str, aliases: &'static [&'static str], doc: &'static str, emit: Emit) -> Layer {
    Layer { name, aliases, doc, family: Family::Activation, arguments: &[], shown: 0, emit }
}

macro_rules! pointwise {
    ($($row:ident: $activation:ident, $name:literal, $aliases:expr, $doc:literal;)+) => {$(
        pub(super) static $row: Layer =
            row($name, &$aliases, $doc, |builder, inputs, _| builder.map(inputs[0], Activation::$activation));
    )+};
}

pointwise! {
    RELU: Relu, "Relu", ["ReLU"], "max(0, x)";
    RELU6: Relu6, "Relu6", ["ReLU6"], "min(max(0, x), 6)";
    ELU: Elu, "Elu", ["ELU"], "x above zero, exp(x) - 1 below";
    SELU: Selu, "Selu", ["SELU"], "Elu with the constants that keep mean 0 and deviation 1";
    GELU: Gelu, "Gelu", ["GELU"], "x times the normal distribution's function of x";
    SILU: Silu, "Silu", ["SiLU", "Swish"], "x times sigmoid of x";
    MISH: Mish, "Mish", [], "x times tanh of softplus of x";
    HARD_SWISH: HardSwish, "HardSwish", ["Hardswish", "HardSilu"], "x times hard sigmoid of x";
    HARD_SIGMOID: HardSigmoid, "HardSigmoid", ["Hardsigmoid"], "min(max(0, x + 3), 6) / 6";
    SIGMOID: Sigmoid, "Sigmoid", [], "1 / (1 + exp(-x)): one number from 0 to 1 a unit";
    TANH: Tanh, "Tanh", [], "the hyperbolic tangent";
    SOFTPLUS: Softplus, "Softplus", [], "ln(1 + exp(x))";
}

/// Zero stays zero, a share of what is below passes.
pub(super) static LEAKY_RELU: Layer = Layer {
    arguments: LEAKY_ARGUMENTS,
    ..row("LeakyRelu", &["LeakyReLU"], "x above zero, slope times x below", |builder, inputs, bound| {
        builder.map(inputs[0], Activation::LeakyRelu { slope: bound.real("slope") as f32 })
    })
};

const LEAKY_ARGUMENTS: &[Argument] =
    &[real("slope", &["negative_slope", "alpha"], Bounds { lo: 0.0, lo_in: true, hi: 1.0 }, 0.01, "slope below zero")];

/// The slope below zero is learned, one a channel (He et al., 2015).
pub(super) static PRELU: Layer =
    row("PRelu", &["PReLU"], "x above zero, a learned slope times x below, a slope a channel", |builder, inputs, _| {
        prelu(builder, inputs[0])
    });

/// Probabilities over the channels.
pub(super) static SOFTMAX: Layer = row(
    "Softmax",
    &["Softmax2d"],
    "exp(x) over its sum: the probabilities of exclusive classes",
    |builder, inputs, _| builder.apply(Op::Softmax, inputs),
);

/// Logarithms of probabilities over the channels.
pub(super) static LOG_SOFTMAX: Layer =
    row("LogSoftmax", &[], "logarithms of what softmax gives", |builder, inputs, _| {
        builder.apply(Op::LogSoftmax, inputs)
    });

fn prelu(builder: &mut Builder, x: ValueId) -> Result<ValueId, TypeFault> {
    let above = builder.map(x, Activation::Relu)?;
    let below = builder.map(x, Activation::NegativePart)?;
    let slope = builder.param(Role::Slope, &[builder.shape(x).channels()], Init::Constant(0.25))?;
    let below = builder.apply(Op::Scale, &[below, slope])?;
    builder.apply(Op::Add, &[above, below])
}
