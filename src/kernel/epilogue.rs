//! What a product does to its sums before anybody else sees them: bias, then activation.

use super::{Activation, Isa};

/// A bias, one a channel, and an activation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added to each channel, if any.
    pub bias: Option<&'a [f32]>,
    /// Applied to each sum.
    pub activation: Activation,
}

impl Epilogue<'_> {
    /// Applies both to rows of channels by a pass of its own.
    pub(super) fn apply(&self, isa: Isa, rows: &mut [f32]) {
        if let Some(bias) = self.bias {
            for row in rows.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
            }
        }
        self.activation.map_block(isa, rows);
    }
}
