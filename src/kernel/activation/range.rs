//! What an activation makes of an interval: the type checker's facts.

use super::Activation;
use super::formula::{SELU_ALPHA, SELU_LAMBDA};

/// Where [`Activation::Gelu`] is least, and its value there (roots of Φ(x) + x·φ(x) to double precision).
pub const GELU_MINIMUM: (f64, f64) = (-0.751_791_524_693_564_5, -0.169_971_207_479_903_66);
/// Where [`Activation::Silu`] is least, and its value there: −1 − W(1/e) and −W(1/e).
pub const SILU_MINIMUM: (f64, f64) = (-1.278_464_542_761_074, -0.278_464_542_761_073_8);
/// Where [`Activation::Mish`] is least, and its value there.
pub const MISH_MINIMUM: (f64, f64) = (-1.192_431_214_515_495_2, -0.308_843_413_017_250_4);
/// Where [`Activation::HardSwish`] is least, and its value there.
pub const HARD_SWISH_MINIMUM: (f64, f64) = (-1.5, -0.375);

impl Activation {
    /// The least and the greatest value over the closed interval [`lo`, `hi`], whose ends may be infinite; where one
    /// is, the limit counts as a value.
    #[must_use]
    pub fn range(self, lo: f64, hi: f64) -> (f64, f64) {
        let (first, last) = (self.limit(lo), self.limit(hi));
        match self.minimum() {
            Some((place, least)) if lo <= place && place <= hi => (least, first.max(last)),
            _ => (first.min(last), first.max(last)),
        }
    }

    /// Where f rises strictly: from the first number to the second. Elsewhere it is flat, or falls.
    #[must_use]
    pub fn rises_between(self) -> (f64, f64) {
        let (all, none) = (f64::NEG_INFINITY, f64::INFINITY);
        match self {
            Self::Identity | Self::Elu | Self::Selu | Self::Sigmoid | Self::Tanh | Self::Softplus => (all, none),
            Self::LeakyRelu { slope } if slope > 0.0 => (all, none),
            Self::Relu | Self::LeakyRelu { .. } => (0.0, none),
            Self::Relu6 => (0.0, 6.0),
            Self::NegativePart => (all, 0.0),
            Self::HardSigmoid => (-3.0, 3.0),
            Self::Gelu => (GELU_MINIMUM.0, none),
            Self::Silu => (SILU_MINIMUM.0, none),
            Self::Mish => (MISH_MINIMUM.0, none),
            Self::HardSwish => (HARD_SWISH_MINIMUM.0, none),
        }
    }

    /// The interval on which f(x) is x.
    #[must_use]
    pub fn is_identity_between(self) -> Option<(f64, f64)> {
        let none = f64::INFINITY;
        match self {
            Self::Identity => Some((f64::NEG_INFINITY, none)),
            Self::Relu | Self::LeakyRelu { .. } | Self::Elu => Some((0.0, none)),
            Self::Relu6 => Some((0.0, 6.0)),
            Self::NegativePart => Some((f64::NEG_INFINITY, 0.0)),
            Self::HardSwish => Some((3.0, none)),
            _ => None,
        }
    }

    /// The place before which f falls and after which it rises, and f there; `None` where f never falls.
    fn minimum(self) -> Option<(f64, f64)> {
        match self {
            Self::Gelu => Some(GELU_MINIMUM),
            Self::Silu => Some(SILU_MINIMUM),
            Self::Mish => Some(MISH_MINIMUM),
            Self::HardSwish => Some(HARD_SWISH_MINIMUM),
            Self::LeakyRelu { slope } if slope < 0.0 => Some((0.0, 0.0)),
            _ => None,
        }
    }

    /// f(x), or its limit where x is infinite and the formula gives ∞·0.
    fn limit(self, x: f64) -> f64 {
        match self {
            _ if x.is_finite() => self.apply_f64(x),
            Self::Gelu | Self::Silu | Self::Mish | Self::HardSwish if x < 0.0 => 0.0,
            Self::LeakyRelu { slope: 0.0 } if x < 0.0 => 0.0,
            Self::Selu if x < 0.0 => -SELU_LAMBDA * SELU_ALPHA,
            _ => self.apply_f64(x),
        }
    }
}
