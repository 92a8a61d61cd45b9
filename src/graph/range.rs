//! The interval that a value provably lies in, and how it is shown.
//!
//! An interval is what exact arithmetic gives: a computed number may lie beyond an end by its own rounding. An end that
//! is infinite, or marked as open, is never reached.

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

/// An interval of real numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Whether the lower end is never reached.
    pub lo_open: bool,
    /// Whether the upper end is never reached.
    pub hi_open: bool,
    /// What is known of the row.
    pub fact: Fact,
}

/// An end of an interval: its place, and whether it is never reached.
#[derive(Clone, Copy, Debug)]
struct End {
    at: f64,
    open: bool,
}

impl End {
    fn times(self, other: Self) -> Self {
        let at = self.at * other.at;
        // Zero times infinity is zero here: the factor is zero, and the other is a finite number.
        let at = if at.is_nan() { 0.0 } else { at };
        let is_zero = |end: Self| end.at == 0.0 && !end.open;
        Self { at, open: (self.open || other.open) && !is_zero(self) && !is_zero(other) }
    }

    /// The one that lies further out; of two in one place, the one that is reached.
    fn outer(self, other: Self, is_further: fn(f64, f64) -> bool) -> Self {
        if self.at == other.at {
            return Self { at: self.at, open: self.open && other.open };
        }
        if is_further(self.at, other.at) { self } else { other }
    }

    fn least(self, other: Self) -> Self {
        self.outer(other, |one, other| one < other)
    }

    fn greatest(self, other: Self) -> Self {
        self.outer(other, |one, other| one > other)
    }
}

impl Range {
    /// All real numbers.
    pub const REAL: Self =
        Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY, lo_open: true, hi_open: true, fact: Fact::None };

    /// The interval with its ends, of which infinite ones are never reached.
    #[must_use]
    pub fn closed(lo: f64, hi: f64) -> Self {
        Self { lo, hi, lo_open: lo.is_infinite(), hi_open: hi.is_infinite(), fact: Fact::None }
    }

    fn between(lo: End, hi: End) -> Self {
        let lo_open = lo.open || lo.at.is_infinite();
        Self { lo: lo.at, hi: hi.at, lo_open, hi_open: hi.open || hi.at.is_infinite(), fact: Fact::None }
    }

    /// What softmax makes of `channels` numbers in `input`: of numbers that differ by at most d, no share is above
    /// 1/(1 + (C − 1)·e^−d) or below 1/(1 + (C − 1)·e^d).
    #[must_use]
    pub fn simplex(input: Self, channels: usize) -> Self {
        let (lo, hi) = shares(input, channels);
        let open = channels > 1 && (input.lo_open || input.hi_open);
        Self { lo, hi, lo_open: open, hi_open: open, fact: Fact::Simplex }
    }

    /// What log-softmax makes of `channels` numbers in `input`: the logarithms of [`Self::simplex`].
    #[must_use]
    pub fn log_simplex(input: Self, channels: usize) -> Self {
        let (lo, hi) = shares(input, channels);
        let open = channels > 1 && (input.lo_open || input.hi_open);
        let lo = End { at: lo.ln(), open };
        Self { fact: Fact::LogSimplex, ..Self::between(lo, End { at: hi.ln(), open }) }
    }

    fn lower(self) -> End {
        End { at: self.lo, open: self.lo_open }
    }

    fn upper(self) -> End {
        End { at: self.hi, open: self.hi_open }
    }

    /// Whether it is a single number.
    #[must_use]
    pub fn is_point(self) -> bool {
        self.lo == self.hi
    }

    /// Whether it lies within the closed interval from `lo` to `hi`.
    #[must_use]
    pub fn lies_within(self, lo: f64, hi: f64) -> bool {
        lo <= self.lo && self.hi <= hi
    }

    /// The same interval without what is known of the row.
    #[must_use]
    pub fn without_fact(self) -> Self {
        Self { fact: Fact::None, ..self }
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self::between(self.lower().least(other.lower()), self.upper().greatest(other.upper()))
    }

    /// The range of a sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |one: End, other: End| End { at: one.at + other.at, open: one.open || other.open };
        Self::between(sum(self.lower(), other.lower()), sum(self.upper(), other.upper()))
    }

    /// The range of a product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let [a, b, c, d] = [
            self.lower().times(other.lower()),
            self.lower().times(other.upper()),
            self.upper().times(other.lower()),
            self.upper().times(other.upper()),
        ];
        Self::between(a.least(b).least(c).least(d), a.greatest(b).greatest(c).greatest(d))
    }

    /// The range of an activation's output.
    #[must_use]
    pub fn mapped(self, activation: Activation) -> Self {
        let (lo, hi) = activation.range(self.lo, self.hi);
        let (from, to) = activation.rises_between();
        // Where f rises strictly an open end stays open; anywhere else its value may be reached from elsewhere.
        let lo_open = self.lo_open && from <= self.lo && self.lo < to;
        let is_greatest = activation.range(self.lo, self.lo).1 < hi;
        let hi_open = self.hi_open && from < self.hi && self.hi <= to && is_greatest;
        Self::between(End { at: lo, open: lo_open }, End { at: hi, open: hi_open })
    }

    /// The range of means of such numbers; a mean of simplices is one.
    #[must_use]
    pub fn averaged(self) -> Self {
        if self.fact == Fact::Simplex { self } else { self.without_fact() }
    }

    /// The same interval with zero in it: what padding and dropout make of it.
    #[must_use]
    pub fn with_zero(self) -> Self {
        self.union(Self::closed(0.0, 0.0))
    }
}

/// The least and the greatest share of softmax over `channels` numbers in `input`.
fn shares(input: Range, channels: usize) -> (f64, f64) {
    let others = channels as f64 - 1.0;
    if others == 0.0 {
        return (1.0, 1.0);
    }
    let apart = input.hi - input.lo;
    (1.0 / (1.0 + others * apart.exp()), 1.0 / (1.0 + others * (-apart).exp()))
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
                let left = if self.lo_open { '(' } else { '[' };
                let right = if self.hi_open { ')' } else { ']' };
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
        assert_eq!(Range::simplex(Range::REAL, 3).to_string(), "simplex");
        assert_eq!(Range::log_simplex(Range::REAL, 3).to_string(), "log-simplex");
    }

    #[test]
    fn each_end_is_reached_or_not_by_itself() {
        let after = |range: Range, activation| range.mapped(activation).to_string();
        let rectified = Range::REAL.mapped(Activation::Relu);
        assert_eq!(after(Range::REAL, Activation::Sigmoid), "(0, 1)");
        assert_eq!(after(rectified, Activation::Sigmoid), "[0.5, 1)");
        assert_eq!(after(Range::REAL, Activation::Relu6), "[0, 6]");
        assert_eq!(after(Range::REAL, Activation::Elu), "(-1, ∞)");
        assert_eq!(after(Range::REAL.mapped(Activation::Tanh), Activation::Relu), "[0, 1)");
        assert_eq!(after(Range::REAL, Activation::HardSwish), "[-0.375, ∞)");
        assert_eq!(after(Range::closed(-1.0, 1.0), Activation::Tanh), "[-0.762, 0.762]");
    }

    #[test]
    fn products_take_every_pair_of_ends() {
        assert_eq!(Range::closed(-2.0, 3.0).times(Range::closed(-1.0, 1.0)), Range::closed(-3.0, 3.0));
        assert_eq!(Range::closed(0.0, 1.0).times(Range::REAL).lo, f64::NEG_INFINITY);
        let open = Range::REAL.mapped(Activation::Sigmoid);
        assert_eq!(open.times(open).to_string(), "(0, 1)");
        assert_eq!(open.times(Range::closed(0.0, 1.0)).to_string(), "[0, 1)");
    }

    #[test]
    fn a_softmax_of_bounded_numbers_is_bounded_away_from_its_ends() {
        let bounded = Range::simplex(Range::closed(0.0, 1.0), 3);
        assert!((bounded.hi - 1.0 / (1.0 + 2.0 / std::f64::consts::E)).abs() < 1e-15);
        assert!((bounded.lo - 1.0 / (1.0 + 2.0 * std::f64::consts::E)).abs() < 1e-15);
        let whole = Range::simplex(Range::REAL, 3);
        assert_eq!((whole.lo, whole.hi), (0.0, 1.0));
        assert_eq!(Range::simplex(Range::REAL, 1), Range { fact: Fact::Simplex, ..Range::closed(1.0, 1.0) });
        assert_eq!(Range::log_simplex(Range::REAL, 1), Range { fact: Fact::LogSimplex, ..Range::closed(0.0, 0.0) });
        assert_eq!(Range::log_simplex(Range::REAL, 2).lo, f64::NEG_INFINITY);
    }
}
