//! The choice of kernels: the only place where it is made.

use crate::kernel::conv::{self, ConvForward, ConvGradient, ConvKernel};
use crate::kernel::{ConvGeometry, Isa};

/// The fastest row for a shape: tables are sorted by speed, and the reference row at their end fits every shape.
fn first_fit<Run>(table: &'static [ConvKernel<Run>], isa: Isa, geometry: &ConvGeometry) -> &'static ConvKernel<Run> {
    let row = table.iter().find(|row| row.isa <= isa && (row.fits)(geometry));
    row.unwrap_or_else(|| unreachable!("the reference row of a table fits every shape"))
}

/// The fastest forward convolution for a shape.
pub(super) fn forward(isa: Isa, geometry: &ConvGeometry) -> &'static ConvForward {
    first_fit(conv::FORWARD, isa, geometry)
}

/// The fastest input gradient for a shape.
pub(super) fn input_gradient(isa: Isa, geometry: &ConvGeometry) -> &'static ConvGradient {
    first_fit(conv::INPUT_GRADIENT, isa, geometry)
}

/// The fastest weight gradient for a shape.
pub(super) fn weight_gradient(isa: Isa, geometry: &ConvGeometry) -> &'static ConvGradient {
    first_fit(conv::WEIGHT_GRADIENT, isa, geometry)
}
