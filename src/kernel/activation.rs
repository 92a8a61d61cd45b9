//! Pointwise activations: a row each with its formula, its derivative and what the derivative is read from.

/// A function applied to every element by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// f(x) = x.
    #[default]
    Identity,
    /// max(0, x).
    Relu,
    /// min(max(0, x), 6).
    Relu6,
    /// x above zero, `slope`·x below.
    LeakyRelu {
        /// Slope below zero.
        slope: f32,
    },
    /// min(0, x): what a learned slope is applied to.
    NegativePart,
    /// x above zero, eˣ − 1 below (α = 1).
    Elu,
    /// λ·(x above zero, α(eˣ − 1) below) with the constants of Klambauer et al., 2017.
    Selu,
    /// x·Φ(x), exact (by the error function).
    Gelu,
    /// x·σ(x), also called swish.
    Silu,
    /// x·tanh(softplus(x)).
    Mish,
    /// x·relu6(x + 3)/6.
    HardSwish,
    /// relu6(x + 3)/6.
    HardSigmoid,
    /// 1/(1 + e⁻ˣ).
    Sigmoid,
    /// tanh x.
    Tanh,
    /// ln(1 + eˣ).
    Softplus,
}

impl Activation {
    /// f(x).
    #[must_use]
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Self::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::LeakyRelu { slope } => {
                if x < 0.0 {
                    slope * x
                } else {
                    x
                }
            }
            Self::Tanh => x.tanh(),
            _ => x,
        }
    }
}

/// What a derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivativeFrom {
    /// From f(x), so that x need not be kept.
    Output,
    /// From x.
    Input,
}
