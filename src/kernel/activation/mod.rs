//! Pointwise activations: a row each with its formula, its derivative and what the derivative is read from.
//!
//! `formula` holds the functions of one number, `range` the intervals that they map to, `slice` the loops. Knows
//! nothing of layers: a layer with a learned slope or a softmax is made of other operations.

mod formula;
mod range;
mod slice;
#[cfg(test)]
mod tests;

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

/// What a derivative is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivativeFrom {
    /// From f(x), so that x need not be kept.
    Output,
    /// From x.
    Input,
}

impl Activation {
    /// One of each, with the usual slope: what tests run over.
    pub const ALL: &'static [Self] = &[
        Self::Identity,
        Self::Relu,
        Self::Relu6,
        Self::LeakyRelu { slope: 0.01 },
        Self::NegativePart,
        Self::Elu,
        Self::Selu,
        Self::Gelu,
        Self::Silu,
        Self::Mish,
        Self::HardSwish,
        Self::HardSigmoid,
        Self::Sigmoid,
        Self::Tanh,
        Self::Softplus,
    ];

    /// The name as written in a spec, in CamelCase.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Relu => "Relu",
            Self::Relu6 => "Relu6",
            Self::LeakyRelu { .. } => "LeakyRelu",
            Self::NegativePart => "NegativePart",
            Self::Elu => "Elu",
            Self::Selu => "Selu",
            Self::Gelu => "Gelu",
            Self::Silu => "Silu",
            Self::Mish => "Mish",
            Self::HardSwish => "HardSwish",
            Self::HardSigmoid => "HardSigmoid",
            Self::Sigmoid => "Sigmoid",
            Self::Tanh => "Tanh",
            Self::Softplus => "Softplus",
        }
    }

    /// Which of x and f(x) the derivative is computed from.
    ///
    /// A leaky rectifier of negative slope gives positive values on both sides of zero, so only x tells them apart.
    #[must_use]
    pub fn derivative_from(self) -> DerivativeFrom {
        match self {
            Self::LeakyRelu { slope } if slope < 0.0 => DerivativeFrom::Input,
            Self::Gelu | Self::Silu | Self::Mish | Self::HardSwish => DerivativeFrom::Input,
            Self::Identity
            | Self::Relu
            | Self::Relu6
            | Self::LeakyRelu { .. }
            | Self::NegativePart
            | Self::Elu
            | Self::Selu
            | Self::HardSigmoid
            | Self::Sigmoid
            | Self::Tanh
            | Self::Softplus => DerivativeFrom::Output,
        }
    }

    /// Whether it lets about half of its arguments through and holds the others near zero, so that the weights before
    /// it are drawn after He et al., 2015. Selu is defined for the narrower draw of LeCun.
    #[must_use]
    pub fn is_rectifier(self) -> bool {
        match self {
            Self::Relu
            | Self::Relu6
            | Self::LeakyRelu { .. }
            | Self::NegativePart
            | Self::Elu
            | Self::Gelu
            | Self::Silu
            | Self::Mish
            | Self::HardSwish => true,
            Self::Identity | Self::Selu | Self::HardSigmoid | Self::Sigmoid | Self::Tanh | Self::Softplus => false,
        }
    }
}
