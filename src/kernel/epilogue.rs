//! What a product does to its sums before anybody else sees them: bias, residual, then activation.

use super::{Activation, Isa};

/// What becomes of sums that a bias is in already.
#[derive(Clone, Copy, Debug, Default)]
pub struct After {
    /// Whether what the result's place holds before is added.
    pub residual: bool,
    /// Applied to each sum.
    pub activation: Activation,
}

/// A bias, one a channel, a residual, and an activation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added to each channel, if any.
    pub bias: Option<&'a [f32]>,
    /// Whether what the result's place holds before is added too.
    pub residual: bool,
    /// Applied to each sum.
    pub activation: Activation,
}

impl<'a> Epilogue<'a> {
    /// The weights of `len` elements and, with the bias of `filters` behind them, what follows.
    pub(super) fn of_packed(packed: &'a [f32], [len, filters]: [usize; 2], after: After) -> (&'a [f32], Self) {
        let (weights, bias) = packed[..len + filters].split_at(len);
        let After { residual, activation } = after;
        (weights, Self { bias: Some(bias), residual, activation })
    }

    /// What sums go into: the residual, or nothing.
    pub(super) fn start(&self, sums: &mut [f32]) {
        if !self.residual {
            sums.fill(0.0);
        }
    }

    /// Applies bias and activation to rows of channels by a pass of its own; a residual is what the sums started from.
    pub(super) fn apply(&self, isa: Isa, rows: &mut [f32]) {
        if let Some(bias) = self.bias {
            for row in rows.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
            }
        }
        self.activation.map_block(isa, rows);
    }
}
