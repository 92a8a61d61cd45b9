//! The activations as functions of one number, written once for `f32` and `f64`.
//!
//! A NaN goes through every one of them: comparisons are written so that it takes the branch that keeps it.

use super::{Activation, DerivativeFrom};
use crate::kernel::real::Real;

/// λ of Klambauer et al., "Self-normalizing neural networks", 2017.
pub(super) const SELU_LAMBDA: f64 = 1.050_700_987_355_480_5;
/// α of the same.
pub(super) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

impl Activation {
    /// f(x).
    #[must_use]
    pub fn apply(self, x: f32) -> f32 {
        self.evaluate(x)
    }

    /// f(x) in double precision.
    #[must_use]
    pub fn apply_f64(self, x: f64) -> f64 {
        self.evaluate(x)
    }

    /// f′(x), given `x` and `y` = f(x); reads only the one that [`Activation::derivative_from`] names. At a kink it is
    /// that of the flat side, and a leaky rectifier's at 0 is the slope below zero, as in PyTorch.
    #[must_use]
    pub fn derivative(self, x: f64, y: f64) -> f64 {
        match self.derivative_from() {
            DerivativeFrom::Input => self.slope(x),
            DerivativeFrom::Output => self.slope(y),
        }
    }

    /// f(x) for either number type.
    #[inline(always)]
    #[must_use]
    pub fn evaluate<T: Real>(self, x: T) -> T {
        let half = T::of(0.5);
        match self {
            Self::Identity => x,
            Self::Relu => at_least_zero(x),
            Self::Relu6 => at_most(at_least_zero(x), T::of(6.0)),
            Self::LeakyRelu { slope } => {
                if x < T::ZERO {
                    x * T::of(f64::from(slope))
                } else {
                    x
                }
            }
            Self::NegativePart => at_most(x, T::ZERO),
            Self::Elu => exponential_below_zero(x, T::ONE, T::ONE),
            Self::Selu => exponential_below_zero(x, T::of(SELU_LAMBDA), T::of(SELU_LAMBDA * SELU_ALPHA)),
            Self::Gelu => half * x * (T::ONE + (x * T::of(std::f64::consts::FRAC_1_SQRT_2)).erf()),
            Self::Silu => x * sigmoid(x),
            Self::Mish => {
                let n = mish_n(x);
                x * (n / (n + T::of(2.0)))
            }
            Self::HardSwish => x * hard_sigmoid(x),
            Self::HardSigmoid => hard_sigmoid(x),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Softplus => at_least_zero(x) + (-x.abs()).exp().ln_1p(),
        }
    }

    /// f′ for either number type, from `source`: y or x, as [`Activation::derivative_from`] says.
    #[inline(always)]
    #[must_use]
    pub fn slope<T: Real>(self, source: T) -> T {
        let s = source;
        match self {
            Self::Identity => T::ONE,
            Self::Relu => zero_where(s <= T::ZERO),
            Self::Relu6 => zero_where((s <= T::ZERO) | (s >= T::of(6.0))),
            Self::LeakyRelu { slope } => {
                if s <= T::ZERO {
                    T::of(f64::from(slope))
                } else {
                    T::ONE
                }
            }
            Self::NegativePart => zero_where(s >= T::ZERO),
            Self::Elu => exponential_slope(s, T::ONE, T::ONE),
            Self::Selu => exponential_slope(s, T::of(SELU_LAMBDA), T::of(SELU_LAMBDA * SELU_ALPHA)),
            Self::Gelu => gelu_slope(s),
            Self::Silu => {
                let gate = sigmoid(s);
                gate + s * gate * (T::ONE - gate)
            }
            Self::Mish => mish_slope(s),
            Self::HardSwish => hard_swish_slope(s),
            Self::HardSigmoid => zero_where::<T>((s <= T::ZERO) | (s >= T::ONE)) * T::of(1.0 / 6.0),
            Self::Sigmoid => s * (T::ONE - s),
            Self::Tanh => T::ONE - s * s,
            Self::Softplus => -(-s).exp_m1(),
        }
    }
}

#[inline(always)]
fn zero_where<T: Real>(flat: bool) -> T {
    if flat { T::ZERO } else { T::ONE }
}

#[inline(always)]
fn at_least_zero<T: Real>(x: T) -> T {
    if x < T::ZERO { T::ZERO } else { x }
}

#[inline(always)]
fn at_most<T: Real>(x: T, bound: T) -> T {
    if x > bound { bound } else { x }
}

#[inline(always)]
fn sigmoid<T: Real>(x: T) -> T {
    T::ONE / (T::ONE + (-x).exp())
}

#[inline(always)]
fn hard_sigmoid<T: Real>(x: T) -> T {
    at_most(at_least_zero(x + T::of(3.0)), T::of(6.0)) / T::of(6.0)
}

/// `above`·x above zero, `below`·(eˣ − 1) below.
#[inline(always)]
fn exponential_below_zero<T: Real>(x: T, above: T, below: T) -> T {
    let curved = below * at_most(x, T::ZERO).exp_m1();
    if x < T::ZERO { curved } else { above * x }
}

/// The derivative of [`exponential_below_zero`] from its value.
#[inline(always)]
fn exponential_slope<T: Real>(y: T, above: T, below: T) -> T {
    if y <= T::ZERO { y + below } else { above }
}

/// (1 + eˣ)² − 1, of which tanh(ln(1 + eˣ)) is n/(n + 2). Held at x = 20, where the quotient is 1 in `f64` as well.
#[inline(always)]
fn mish_n<T: Real>(x: T) -> T {
    let e = at_most(x, T::of(20.0)).exp();
    e * (e + T::of(2.0))
}

/// With w = n + 2 of [`mish_n`]: n/w + x·4eˣ(1 + eˣ)/w².
#[inline(always)]
fn mish_slope<T: Real>(x: T) -> T {
    let e = at_most(x, T::of(20.0)).exp();
    let n = e * (e + T::of(2.0));
    let w = n + T::of(2.0);
    n / w + x * (T::of(4.0) * e * (T::ONE + e) / w) / w
}

/// Φ(x) + x·φ(x).
#[inline(always)]
fn gelu_slope<T: Real>(x: T) -> T {
    let share = T::of(0.5) * (T::ONE + (x * T::of(std::f64::consts::FRAC_1_SQRT_2)).erf());
    let density = (T::of(-0.5) * x * x).exp()
        * T::of(0.5 * std::f64::consts::FRAC_2_SQRT_PI)
        * T::of(std::f64::consts::FRAC_1_SQRT_2);
    share + x * density
}

#[inline(always)]
fn hard_swish_slope<T: Real>(x: T) -> T {
    let between = (x + x + T::of(3.0)) / T::of(6.0);
    let above = if x >= T::of(3.0) { T::ONE } else { between };
    if x <= T::of(-3.0) { T::ZERO } else { above }
}
