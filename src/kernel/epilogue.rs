//! What a product does to its sums before anybody else sees them: bias, residual, then activation.

use super::{Activation, Isa};

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

impl Epilogue<'_> {
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
