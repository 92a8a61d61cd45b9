//! Convolution and its two gradients, alone and under a max pool: six tables of kernels.
//!
//! Whoever plans takes the first row that fits the geometry and whose instruction set is not above the chosen one, or the
//! one that was measured to be the fastest of those that can compute it. The last row of a table of plain convolutions fits
//! everything; of the others none has to fit, and the pool is then a step of its own. A [`Chain`] computes several convolutions one behind the other by kernels of these tables, and stores the
//! last result alone. Tensors are N×H×W×C, weights H×W×I×O with I the channels of one group.

mod chain;
mod depthwise;
mod direct;
mod im2col;
mod patch;
mod pooled;
mod table;
#[cfg(test)]
mod tests;
mod winograd;

use std::ops::Range;

use rayon::prelude::*;

pub use chain::{Added, Chain, Front, Kept, Link, MOST_LINKS, Operands, Spreading};
pub use pooled::PooledConv;
pub use table::bf16;
pub use table::{
    FORWARD, INPUT_GRADIENT, POOLED_FORWARD, POOLED_INPUT_GRADIENT, POOLED_WEIGHT_GRADIENT, WEIGHT_GRADIENT,
};

use super::{Activation, After, ConvGeometry, Isa, Space};
use chain::AsLink;
use patch::Rows;

/// How a forward kernel is called: geometry, images, x, packed weights, what follows, y, room.
pub type RunForward = fn(&ConvGeometry, usize, &[f32], &[f32], After, &mut [f32], Space<'_>);

/// How an input gradient is called: geometry, images, dy, w, the activation that gave the input, dx, room.
pub type RunInputGradient = fn(&ConvGeometry, usize, &[f32], &[f32], Activation, &mut [f32], Space<'_>);

/// How a weight gradient is called: geometry, images, x, dy, dw, room.
pub type RunGradient = fn(&ConvGeometry, usize, &[f32], &[f32], &mut [f32], Space<'_>);

/// How a convolution that pools is called: geometry, images, x, packed weights, what follows, y, the winners' taps or none,
/// room.
pub type RunPooled = fn(&PooledConv, usize, &[f32], &[f32], After, &mut [f32], &mut [u8], Space<'_>);

/// How an input gradient behind a pool is called: geometry, images, dy, w, the winners' taps, the activation that gave
/// the input, dx, room.
pub type RunPooledInputGradient = fn(&PooledConv, usize, &[f32], &[f32], &[u8], Activation, &mut [f32], Space<'_>);

/// An input gradient behind a pool.
#[derive(Debug)]
pub struct ByPool {
    /// The function.
    pub run: RunPooledInputGradient,
    /// How it goes by rows of the pool, where it does.
    by_row: Option<Spreading>,
}

/// How a weight gradient behind a pool is called: geometry, images, x, dy, the winners' taps, dw, room.
pub type RunPooledGradient = fn(&PooledConv, usize, &[f32], &[f32], &[u8], &mut [f32], Space<'_>);

/// A row of a table: a kernel with what it needs and what it can do.
#[derive(Debug)]
pub struct ConvKernel<Geometry, Run> {
    /// Unique in its table.
    pub name: &'static str,
    /// What the machine must have.
    pub isa: Isa,
    /// Whether it can compute this convolution.
    pub can: fn(&Geometry) -> bool,
    /// Whether it can, and by rule is worth it.
    pub fits: fn(&Geometry) -> bool,
    /// Whether it is of the direct form, which takes every product of the sum: pairs of bf16 halve its work, and the tables
    /// of [`bf16`] have it too.
    pub is_direct: bool,
    /// Elements of shared workspace for a geometry and a number of images.
    pub workspace: fn(&Geometry, usize) -> usize,
    /// Elements of scratch for each worker.
    pub scratch: fn(&Geometry) -> usize,
    /// The function.
    pub run: Run,
}

impl<Geometry, Run> ConvKernel<Geometry, Run> {
    /// The form of the kernel: what rows that differ in their instruction sets alone have in common.
    #[must_use]
    pub fn form(&self) -> &'static str {
        let form = self.name.split("-by-").next().unwrap_or(self.name);
        form.strip_suffix(&format!("-{}", self.isa)).unwrap_or(form)
    }
}

/// How weights are packed: geometry, w, the bias if there is one, where they go.
pub type Pack<Geometry> = fn(&Geometry, &[f32], Option<&[f32]>, &mut [f32]);

/// A kernel in two parts: weights and bias are brought into its own order, once for any number of runs.
#[derive(Debug)]
pub struct Packing<Geometry, Run> {
    /// Whether it is worth it where weights are packed once for many runs; what fits otherwise does here too.
    pub fits_once: fn(&Geometry) -> bool,
    /// Elements of weights and bias in that order.
    pub packed: fn(&Geometry) -> usize,
    /// Brings them there.
    pub pack: Pack<Geometry>,
    /// The function.
    pub run: Run,
    /// How it computes bands of rows, as a link of a chain; `None` where it does not.
    link: Option<AsLink>,
}

/// Computes y = activation(x ∗ w + bias), n×H'×W'×O, from x (n×H×W×I) and packed weights, overwriting y.
pub type ConvForward = ConvKernel<ConvGeometry, Packing<ConvGeometry, RunForward>>;

/// Computes dx (n×H×W×I) from dy (n×H'×W'×O) and w, overwriting it.
///
/// Where an activation f gave x, dx is the gradient of f's arguments: multiplied with f′, which is computed from what dx
/// held before. Without one, the identity, what dx held is of no interest.
pub type ConvInputGradient = ConvKernel<ConvGeometry, RunInputGradient>;

/// Computes dw, summed over the images, from x (n×H×W×I) and dy (n×H'×W'×O), overwriting it.
pub type ConvGradient = ConvKernel<ConvGeometry, RunGradient>;

/// Computes y = max pool of activation(x ∗ w + bias) from x (n×H×W×I) and packed weights, and the tap of each window's
/// winner.
pub type ConvPool = ConvKernel<PooledConv, Packing<PooledConv, RunPooled>>;

/// Computes dx as a [`ConvInputGradient`] does, from dy, the gradient of the pooled values before the activation, and the
/// winners' taps.
pub type PooledInputGradient = ConvKernel<PooledConv, ByPool>;

/// Computes dw, summed over the images, from x, dy, the gradient of the pooled values before the activation, and the
/// winners' taps; overwrites it.
pub type PooledGradient = ConvKernel<PooledConv, RunPooledGradient>;

/// How often weights are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weights {
    /// In every run.
    Anew,
    /// Once for many runs.
    Once,
}

/// A convolution that is ready to compute any band of its output rows.
trait Bands: Sync {
    /// Rows of a tile, where bits of a row depend on where in a tile it is, and so on where its band starts; otherwise one.
    const TILE: usize = 1;

    /// Elements of the room that the band of `rows` rows from `first` on takes.
    fn room(isa: Isa, g: &ConvGeometry, first: usize, rows: usize) -> usize
    where
        Self: Sized;

    /// Computes the output rows from `first` on into `y`, which holds them, from the rows of an image that they see.
    fn band(&self, x: Rows<'_>, first: usize, y: &mut [f32], room: &mut [f32]);
}

/// The same as a kernel of its own.
trait ConvBands<'a>: Bands + Sized {
    /// What [`ConvKernel::is_direct`] says.
    const IS_DIRECT: bool;

    /// Whether it can compute this convolution.
    fn can(g: &ConvGeometry) -> bool;

    /// Whether it can, and by rule is worth it, in every run and where weights are packed once for many.
    fn fits(g: &ConvGeometry, packed: Weights) -> bool;

    /// Elements of the packed weights and bias.
    fn packed(isa: Isa, g: &ConvGeometry) -> usize;

    /// Brings weights and bias into the order that it wants.
    fn pack(isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]);

    /// Goes by packed weights.
    fn new(isa: Isa, g: &ConvGeometry, packed: &'a [f32], after: After) -> Self {
        Self::of_filters(isa, g, 0..g.filters, packed, after)
    }

    /// The same for some of the filters, from where a panel of every instruction set starts; for all where there are groups.
    fn of_filters(isa: Isa, g: &ConvGeometry, filters: Range<usize>, packed: &'a [f32], after: After) -> Self;
}

/// The fewest rows of what takes `stride` rows of a convolution at a time that take whole tiles of them.
fn whole_tiles(tile: usize, stride: usize) -> usize {
    (1..=tile).find(|rows| (rows * stride).is_multiple_of(tile)).unwrap_or(tile)
}

/// Asserts that the operands of a convolution have the lengths that its geometry gives them.
fn verify_lengths(g: &ConvGeometry, n: usize, input: &[f32], weights: &[f32], output: &[f32]) {
    verify_maps(g, n, input, output);
    assert_eq!(weights.len(), g.weight_len(), "the weights have another length than their geometry");
}

/// The same of its input and output.
fn verify_maps(g: &ConvGeometry, n: usize, input: &[f32], output: &[f32]) {
    assert_eq!(input.len(), n * g.window.in_len(), "the input has another length than its geometry");
    assert_eq!(output.len(), n * g.out_len(), "the output has another length than its geometry");
}

/// Asserts that weights and bias have the lengths of the geometry.
fn verify_weights(g: &ConvGeometry, weights: &[f32], bias: Option<&[f32]>) {
    assert_eq!(weights.len(), g.weight_len(), "the weights have another length than their geometry");
    assert!(bias.is_none_or(|bias| bias.len() == g.filters), "the bias has another length than the filters");
}

/// Elements of weights and bias that a kernel takes as they are.
fn plain_len(g: &ConvGeometry) -> usize {
    g.weight_len() + g.filters
}

/// Weights and bias as they are, one behind the other; zeros for no bias.
fn pack_plainly(g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
    verify_weights(g, w, bias);
    let (weights, of_bias) = to[..plain_len(g)].split_at_mut(w.len());
    weights.copy_from_slice(w);
    match bias {
        Some(bias) => of_bias.copy_from_slice(bias),
        None => of_bias.fill(0.0),
    }
}

/// Elements of a piece of a sum that one task adds up.
const PIECE: usize = 4096;

/// dw = Σ of the partial sums, in their order.
fn sum_partials(partials: &[f32], dw: &mut [f32]) {
    let len = dw.len();
    dw.par_chunks_mut(PIECE).enumerate().for_each(|(piece, dw)| {
        dw.fill(0.0);
        for partial in partials.chunks_exact(len) {
            let partial = &partial[piece * PIECE..][..dw.len()];
            dw.iter_mut().zip(partial).for_each(|(sum, term)| *sum += term);
        }
    });
}
