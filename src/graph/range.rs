//! The interval that a value provably lies in, and how it is shown.

use std::fmt;

use crate::kernel::Activation;

/// What is known of a whole row of channels beyond the interval of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fact {
    /// Nothing.
    #[default]
    None,
    /// Non-negative numbers that add up to one: what softmax gives.
    Simplex,
    /// Logarithms of a simplex.
    LogSimplex,
}

/// An interval of real numbers; infinite ends are open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Whether the ends themselves are never reached (in exact arithmetic).
    pub open: bool,
    /// What is known of the row.
    pub fact: Fact,
}

impl Range {
    /// All real numbers.
    pub const REAL: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY, open: true, fact: Fact::None };

    /// The closed interval.
    #[must_use]
    pub fn closed(lo: f64, hi: f64) -> Self {
        Self { lo, hi, open: false, fact: Fact::None }
    }

    /// What softmax gives.
    #[must_use]
    pub fn simplex() -> Self {
        Self { lo: 0.0, hi: 1.0, open: true, fact: Fact::Simplex }
    }

    /// What log-softmax gives.
    #[must_use]
    pub fn log_simplex() -> Self {
        Self { lo: f64::NEG_INFINITY, hi: 0.0, open: true, fact: Fact::LogSimplex }
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
            open: self.open && other.open,
            fact: if self == other { self.fact } else { Fact::None },
        }
    }

    /// The range of a sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { lo: self.lo + other.lo, hi: self.hi + other.hi, open: self.open || other.open, fact: Fact::None }
    }

    /// The range of a product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let ends = [self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi]
            // Zero times infinity is zero here: the factor is zero, and the other is a finite number.
            .map(|end| if end.is_nan() { 0.0 } else { end });
        Self {
            lo: ends.iter().copied().fold(f64::INFINITY, f64::min),
            hi: ends.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            open: self.open && other.open,
            fact: Fact::None,
        }
    }

    /// The range of an activation's output.
    #[must_use]
    pub fn mapped(self, activation: Activation) -> Self {
        let (lo, hi) = activation.range(self.lo, self.hi);
        let squashes = matches!(activation, Activation::Sigmoid | Activation::Tanh | Activation::Softplus);
        Self { lo, hi, open: self.open && squashes, fact: Fact::None }
    }

    /// The same interval with zero in it: what padding and dropout make of it.
    #[must_use]
    pub fn with_zero(self) -> Self {
        if self.lo <= 0.0 && self.hi >= 0.0 {
            Self { fact: Fact::None, ..self }
        } else {
            self.union(Self::closed(0.0, 0.0))
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |value: f64| match value {
            value if value == f64::INFINITY => "∞".to_owned(),
            value if value == f64::NEG_INFINITY => "-∞".to_owned(),
            value => format!("{}", (value * 1000.0).round() / 1000.0),
        };
        match self.fact {
            Fact::Simplex => f.write_str("simplex"),
            Fact::LogSimplex => f.write_str("log-simplex"),
            Fact::None => {
                let left = if self.open || self.lo.is_infinite() { '(' } else { '[' };
                let right = if self.open || self.hi.is_infinite() { ')' } else { ']' };
                write!(f, "{left}{}, {}{right}", end(self.lo), end(self.hi))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_in_a_textbook() {
        assert_eq!(Range::REAL.to_string(), "(-∞, ∞)");
        assert_eq!(Range::closed(0.0, f64::INFINITY).to_string(), "[0, ∞)");
        assert_eq!(Range::closed(0.0, 6.0).to_string(), "[0, 6]");
        assert_eq!(Range::simplex().to_string(), "simplex");
    }

    #[test]
    fn products_take_every_pair_of_ends() {
        assert_eq!(Range::closed(-2.0, 3.0).times(Range::closed(-1.0, 1.0)), Range::closed(-3.0, 3.0));
        assert_eq!(Range::closed(0.0, 1.0).times(Range::REAL).lo, f64::NEG_INFINITY);
    }
}
