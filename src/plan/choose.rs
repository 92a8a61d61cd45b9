//! The choice of kernels: the only place where it is made.

use super::step::Weights;
use super::{Options, Precision};
use crate::kernel::conv::{
    self, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, Packing, PooledConv, PooledGradient,
    PooledInputGradient,
};
use crate::kernel::{ConvGeometry, Isa};

/// Rows of kernels.
type Table<Geometry, Run> = &'static [ConvKernel<Geometry, Run>];

/// The fastest row that fits: tables are sorted by speed. For bf16, that of the second table stands for a direct one of the
/// first; what does with fewer products multiplies `f32` sooner than these could be rounded, unless the matrix unit takes all of them.
fn try_first_fit<Geometry, Run>(
    [of_f32, of_bf16]: [Table<Geometry, Run>; 2],
    options: Options,
    fits: impl Fn(&ConvKernel<Geometry, Run>) -> bool,
) -> Option<&'static ConvKernel<Geometry, Run>> {
    let first = |table: Table<Geometry, Run>| table.iter().find(|row| row.isa <= options.isa && fits(row));
    let row = first(of_f32)?;
    let in_pairs = (options.precision == Precision::Bf16).then(|| first(of_bf16)).flatten();
    in_pairs.filter(|in_pairs| row.is_direct || in_pairs.isa == Isa::Amx).or(Some(row))
}

/// The same where the last row of the first table fits every shape.
fn first_fit<Run>(
    tables: [Table<ConvGeometry, Run>; 2],
    options: Options,
    fits: impl Fn(&ConvKernel<ConvGeometry, Run>) -> bool,
) -> &'static ConvKernel<ConvGeometry, Run> {
    try_first_fit(tables, options, fits).unwrap_or_else(|| unreachable!("the last row of the table fits every shape"))
}

/// Whether a forward kernel is worth it for a shape whose weights are packed so often.
fn is_worth_it<Geometry, Run>(
    row: &ConvKernel<Geometry, Packing<Geometry, Run>>,
    geometry: &Geometry,
    weights: Weights,
) -> bool {
    match weights {
        Weights::Plain => (row.fits)(geometry),
        Weights::Packed => (row.run.fits_once)(geometry),
    }
}

/// The fastest forward convolution for a shape.
pub(super) fn forward(options: Options, geometry: &ConvGeometry, weights: Weights) -> &'static ConvForward {
    first_fit([conv::FORWARD, conv::bf16::FORWARD], options, |row| is_worth_it(row, geometry, weights))
}

/// The fastest input gradient for a shape.
pub(super) fn input_gradient(options: Options, geometry: &ConvGeometry) -> &'static ConvInputGradient {
    first_fit([conv::INPUT_GRADIENT, conv::bf16::INPUT_GRADIENT], options, |row| (row.fits)(geometry))
}

/// The fastest weight gradient for a shape.
pub(super) fn weight_gradient(options: Options, geometry: &ConvGeometry) -> &'static ConvGradient {
    first_fit([conv::WEIGHT_GRADIENT, conv::bf16::WEIGHT_GRADIENT], options, |row| (row.fits)(geometry))
}

/// A forward convolution that pools as it goes, where there is one for the shape.
pub(super) fn pooled_forward(options: Options, geometry: &PooledConv, weights: Weights) -> Option<&'static ConvPool> {
    let tables = [conv::POOLED_FORWARD, conv::bf16::POOLED_FORWARD];
    try_first_fit(tables, options, |row| is_worth_it(row, geometry, weights))
}

/// An input gradient over the winners of a pool, where there is one for the shape.
pub(super) fn pooled_input_gradient(options: Options, geometry: &PooledConv) -> Option<&'static PooledInputGradient> {
    try_first_fit([conv::POOLED_INPUT_GRADIENT, conv::bf16::POOLED_INPUT_GRADIENT], options, |row| (row.fits)(geometry))
}

/// A weight gradient over the winners of a pool, where there is one for the shape.
pub(super) fn pooled_weight_gradient(options: Options, geometry: &PooledConv) -> Option<&'static PooledGradient> {
    try_first_fit([conv::POOLED_WEIGHT_GRADIENT, conv::bf16::POOLED_WEIGHT_GRADIENT], options, |row| {
        (row.fits)(geometry)
    })
}
