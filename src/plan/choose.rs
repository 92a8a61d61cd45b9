//! The choice of kernels: the only place where it is made.

use crate::kernel::conv::{
    self, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, PooledConv, PooledGradient,
    PooledInputGradient,
};
use crate::kernel::{ConvGeometry, Isa};

/// The fastest row for a shape: tables are sorted by speed.
fn try_first_fit<Geometry, Run>(
    table: &'static [ConvKernel<Geometry, Run>],
    isa: Isa,
    geometry: &Geometry,
) -> Option<&'static ConvKernel<Geometry, Run>> {
    table.iter().find(|row| row.isa <= isa && (row.fits)(geometry))
}

/// The same for tables whose last row fits every shape.
fn first_fit<Run>(
    table: &'static [ConvKernel<ConvGeometry, Run>],
    isa: Isa,
    geometry: &ConvGeometry,
) -> &'static ConvKernel<ConvGeometry, Run> {
    try_first_fit(table, isa, geometry).unwrap_or_else(|| unreachable!("the last row of the table fits every shape"))
}

/// The fastest forward convolution for a shape.
pub(super) fn forward(isa: Isa, geometry: &ConvGeometry) -> &'static ConvForward {
    first_fit(conv::FORWARD, isa, geometry)
}

/// The fastest input gradient for a shape.
pub(super) fn input_gradient(isa: Isa, geometry: &ConvGeometry) -> &'static ConvInputGradient {
    first_fit(conv::INPUT_GRADIENT, isa, geometry)
}

/// The fastest weight gradient for a shape.
pub(super) fn weight_gradient(isa: Isa, geometry: &ConvGeometry) -> &'static ConvGradient {
    first_fit(conv::WEIGHT_GRADIENT, isa, geometry)
}

/// A forward convolution that pools as it goes, where there is one for the shape.
pub(super) fn pooled_forward(isa: Isa, geometry: &PooledConv) -> Option<&'static ConvPool> {
    try_first_fit(conv::POOLED_FORWARD, isa, geometry)
}

/// An input gradient over the winners of a pool, where there is one for the shape.
pub(super) fn pooled_input_gradient(isa: Isa, geometry: &PooledConv) -> Option<&'static PooledInputGradient> {
    try_first_fit(conv::POOLED_INPUT_GRADIENT, isa, geometry)
}

/// A weight gradient over the winners of a pool, where there is one for the shape.
pub(super) fn pooled_weight_gradient(isa: Isa, geometry: &PooledConv) -> Option<&'static PooledGradient> {
    try_first_fit(conv::POOLED_WEIGHT_GRADIENT, isa, geometry)
}
