//! The choice of kernels: the only place where it is made.

use crate::kernel::conv::{self, ConvForward, ConvInputGradient, ConvWeightGradient};
use crate::kernel::{ConvGeometry, Isa};

macro_rules! first_fit {
    ($table:expr, $isa:expr, $geometry:expr) => {
        $table
            .iter()
            .find(|row| row.isa <= $isa && (row.fits)($geometry))
            .unwrap_or_else(|| unreachable!("the reference row of a table fits every shape"))
    };
}

/// The fastest forward convolution for a shape: tables are sorted by speed.
pub(super) fn forward(isa: Isa, geometry: &ConvGeometry) -> &'static ConvForward {
    first_fit!(conv::FORWARD, isa, geometry)
}

/// The fastest input gradient for a shape.
pub(super) fn input_gradient(isa: Isa, geometry: &ConvGeometry) -> &'static ConvInputGradient {
    first_fit!(conv::INPUT_GRADIENT, isa, geometry)
}

/// The fastest weight gradient for a shape.
pub(super) fn weight_gradient(isa: Isa, geometry: &ConvGeometry) -> &'static ConvWeightGradient {
    first_fit!(conv::WEIGHT_GRADIENT, isa, geometry)
}
