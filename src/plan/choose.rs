//! The choice of kernels: the only place where it is made.

use super::step::Weights;
use super::{Options, Precision};
use crate::kernel::conv::{
    self, ConvForward, ConvGradient, ConvInputGradient, ConvKernel, ConvPool, Packing, PooledConv, PooledGradient,
    PooledInputGradient,
};
use crate::kernel::{ConvGeometry, Isa};

/// What an input gradient is in the key of its task.
pub(super) const INPUT_GRADIENT: &str = "input gradient";

/// The same of a weight gradient.
pub(super) const WEIGHT_GRADIENT: &str = "weight gradient";

/// The same of a forward convolution.
pub(super) fn forward_in_words(weights: Weights) -> &'static str {
    match weights {
        Weights::Plain => "conv",
        Weights::Packed => "conv, weights packed once",
    }
}

/// Rows of kernels of `f32`, and of bf16, which takes both.
type Tables<Geometry, Run> = [&'static [ConvKernel<Geometry, Run>]; 2];

/// The rows that can compute a shape, of each form that of the widest instruction set.
fn possible<Geometry, Run>(
    [of_f32, of_bf16]: Tables<Geometry, Run>,
    options: &Options,
    geometry: &Geometry,
) -> Vec<&'static ConvKernel<Geometry, Run>> {
    let of_bf16 = if options.precision == Precision::Bf16 { of_bf16 } else { &[] };
    let mut rows: Vec<&'static ConvKernel<Geometry, Run>> = Vec::new();
    for row in of_f32.iter().chain(of_bf16).filter(|row| row.isa <= options.isa && (row.can)(geometry)) {
        if !rows.iter().any(|wider| wider.form() == row.form()) {
            rows.push(row);
        }
    }
    rows
}

/// Their names.
fn names<Geometry, Run>(tables: Tables<Geometry, Run>, options: &Options, geometry: &Geometry) -> Vec<&'static str> {
    possible(tables, options, geometry).iter().map(|row| row.name).collect()
}

/// The row that was chosen for a task; else, by rule, the fastest that fits: tables are sorted by speed. For bf16, that of
/// the second table stands for a direct one of the first; what does with fewer products multiplies `f32` sooner than these
/// could be rounded, unless the matrix unit takes all of them.
fn try_choose<Geometry: std::fmt::Display, Run>(
    tables: Tables<Geometry, Run>,
    options: &Options,
    what: &str,
    geometry: &Geometry,
    fits: impl Fn(&ConvKernel<Geometry, Run>) -> bool,
) -> Option<&'static ConvKernel<Geometry, Run>> {
    let chosen = options
        .choice(what, geometry)
        .and_then(|name| possible(tables, options, geometry).into_iter().find(|row| row.name == name));
    if chosen.is_some() {
        return chosen;
    }
    let [of_f32, of_bf16] = tables;
    let first =
        |table: &'static [ConvKernel<Geometry, Run>]| table.iter().find(|row| row.isa <= options.isa && fits(row));
    let row = first(of_f32)?;
    let in_pairs = (options.precision == Precision::Bf16).then(|| first(of_bf16)).flatten();
    in_pairs.filter(|in_pairs| row.is_direct || in_pairs.isa == Isa::Amx).or(Some(row))
}

/// The same where the last row of the first table fits every shape.
fn choose<Run>(
    tables: Tables<ConvGeometry, Run>,
    options: &Options,
    what: &str,
    geometry: &ConvGeometry,
    fits: impl Fn(&ConvKernel<ConvGeometry, Run>) -> bool,
) -> &'static ConvKernel<ConvGeometry, Run> {
    try_choose(tables, options, what, geometry, fits)
        .unwrap_or_else(|| unreachable!("the last row of the table fits every shape"))
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

const FORWARD_KERNELS: Tables<ConvGeometry, Packing<ConvGeometry, conv::RunForward>> =
    [conv::FORWARD, conv::bf16::FORWARD];

const INPUT_GRADIENT_KERNELS: Tables<ConvGeometry, conv::RunInputGradient> =
    [conv::INPUT_GRADIENT, conv::bf16::INPUT_GRADIENT];

const WEIGHT_GRADIENT_KERNELS: Tables<ConvGeometry, conv::RunGradient> =
    [conv::WEIGHT_GRADIENT, conv::bf16::WEIGHT_GRADIENT];

const POOLED_FORWARD_KERNELS: Tables<PooledConv, Packing<PooledConv, conv::RunPooled>> =
    [conv::POOLED_FORWARD, conv::bf16::POOLED_FORWARD];

const POOLED_INPUT_GRADIENT_KERNELS: Tables<PooledConv, conv::ByPool> =
    [conv::POOLED_INPUT_GRADIENT, conv::bf16::POOLED_INPUT_GRADIENT];

const POOLED_WEIGHT_GRADIENT_KERNELS: Tables<PooledConv, conv::RunPooledGradient> =
    [conv::POOLED_WEIGHT_GRADIENT, conv::bf16::POOLED_WEIGHT_GRADIENT];

/// The fastest forward convolution for a shape.
pub(super) fn forward(options: &Options, geometry: &ConvGeometry, weights: Weights) -> &'static ConvForward {
    choose(FORWARD_KERNELS, options, forward_in_words(weights), geometry, |row| is_worth_it(row, geometry, weights))
}

/// Every kernel that can compute it.
pub(super) fn forwards(options: &Options, geometry: &ConvGeometry) -> Vec<&'static str> {
    names(FORWARD_KERNELS, options, geometry)
}

/// The fastest input gradient for a shape.
pub(super) fn input_gradient(options: &Options, geometry: &ConvGeometry) -> &'static ConvInputGradient {
    choose(INPUT_GRADIENT_KERNELS, options, INPUT_GRADIENT, geometry, |row| (row.fits)(geometry))
}

/// Every kernel that can compute it.
pub(super) fn input_gradients(options: &Options, geometry: &ConvGeometry) -> Vec<&'static str> {
    names(INPUT_GRADIENT_KERNELS, options, geometry)
}

/// The fastest weight gradient for a shape.
pub(super) fn weight_gradient(options: &Options, geometry: &ConvGeometry) -> &'static ConvGradient {
    choose(WEIGHT_GRADIENT_KERNELS, options, WEIGHT_GRADIENT, geometry, |row| (row.fits)(geometry))
}

/// Every kernel that can compute it.
pub(super) fn weight_gradients(options: &Options, geometry: &ConvGeometry) -> Vec<&'static str> {
    names(WEIGHT_GRADIENT_KERNELS, options, geometry)
}

/// A forward convolution that pools as it goes, where there is one for the shape.
pub(super) fn pooled_forward(options: &Options, geometry: &PooledConv, weights: Weights) -> Option<&'static ConvPool> {
    try_choose(POOLED_FORWARD_KERNELS, options, forward_in_words(weights), geometry, |row| {
        is_worth_it(row, geometry, weights)
    })
}

/// Every kernel that can compute it.
pub(super) fn pooled_forwards(options: &Options, geometry: &PooledConv) -> Vec<&'static str> {
    names(POOLED_FORWARD_KERNELS, options, geometry)
}

/// An input gradient over the winners of a pool, where there is one for the shape.
pub(super) fn pooled_input_gradient(options: &Options, geometry: &PooledConv) -> Option<&'static PooledInputGradient> {
    try_choose(POOLED_INPUT_GRADIENT_KERNELS, options, INPUT_GRADIENT, geometry, |row| (row.fits)(geometry))
}

/// Every kernel that can compute it.
pub(super) fn pooled_input_gradients(options: &Options, geometry: &PooledConv) -> Vec<&'static str> {
    names(POOLED_INPUT_GRADIENT_KERNELS, options, geometry)
}

/// A weight gradient over the winners of a pool, where there is one for the shape.
pub(super) fn pooled_weight_gradient(options: &Options, geometry: &PooledConv) -> Option<&'static PooledGradient> {
    try_choose(POOLED_WEIGHT_GRADIENT_KERNELS, options, WEIGHT_GRADIENT, geometry, |row| (row.fits)(geometry))
}

/// Every kernel that can compute it.
pub(super) fn pooled_weight_gradients(options: &Options, geometry: &PooledConv) -> Vec<&'static str> {
    names(POOLED_WEIGHT_GRADIENT_KERNELS, options, geometry)
}
