//! The same convolution where the transformed weights are more than stays in cache beside the tiles: those of a few filters and
//! channels are transformed where they are needed, and serve the tiles of several images.
//!
//! A task has some tiles and some filters. It takes the channels in turn, some at a time: tiles and weights are transformed,
//! multiplied, and added to sums, all of which stay in the second-level cache. Weights pass from memory once for so many
//! tiles, as they are: transformed, they would be four times as many. A tile's sums are over the channels in their order,
//! whatever other tiles are in its task, so no bit depends on how many images there are.

pub mod gradient;
mod sizes;
mod task;

use super::{OUTPUT, PRODUCTS, can_input_gradient, is_worthwhile, turned, weight};
use crate::kernel::conv::{verify_lengths, verify_maps, verify_weights};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Scratch, Space};
use sizes::Sizes;
use task::Joint;

/// Tiles of a task, at most, unless a row of them is longer.
const TILES: usize = 48;

/// Channels that are transformed at a time.
const DEPTH: usize = 64;

/// Filters of a task: whole panels of every instruction set.
const FILTERS: usize = 128;

/// Floats of the transformed weights, at least: fewer of them stay in the second-level cache from one block of tiles to the next.
const WEIGHTS: usize = 36 << 13;

/// Whether it can compute this convolution, and is worth it.
pub fn fits(g: &ConvGeometry) -> bool {
    let w = &g.window;
    // Where the last tiles stick out far, most of what they compute is thrown away.
    let outputs = w.out_h.next_multiple_of(OUTPUT) * w.out_w.next_multiple_of(OUTPUT);
    is_worthwhile(g) && w.in_c * g.filters * PRODUCTS > WEIGHTS && outputs * 2 <= w.out_pixels() * 3
}

/// The same of the input gradient.
pub fn fits_input_gradient(g: &ConvGeometry) -> bool {
    can_input_gradient(g) && [*g, turned(g)].iter().all(fits)
}

/// Elements of the weights in panels of filters, and of the bias.
pub fn packed(isa: Isa, g: &ConvGeometry) -> usize {
    let sizes = Sizes::of(isa, g);
    sizes.panels.count() * (sizes.of_panel() + sizes.panels.full())
}

/// Brings weights and bias there.
pub fn pack(isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
    verify_weights(g, w, bias);
    Sizes::of(isa, g).pack(g, weight::Order::Plain, w, bias, to);
}

/// Elements of a task's operands and sums.
pub fn scratch(isa: Isa, g: &ConvGeometry) -> usize {
    Sizes::of(isa, g).room(isa, g)
}

/// Elements of the packed weights of the input gradient.
pub fn input_gradient_workspace(isa: Isa, g: &ConvGeometry) -> usize {
    packed(isa, &turned(g))
}

/// Elements of a task's operands and sums for the input gradient.
pub fn input_gradient_scratch(isa: Isa, g: &ConvGeometry) -> usize {
    scratch(isa, &turned(g))
}

/// Computes y.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn forward(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    w: &[f32],
    after: After,
    y: &mut [f32],
    scratch: &Scratch,
) {
    verify_maps(g, n, x, y);
    Joint::new(isa, g, w, after, Activation::Identity).all(n, x, y, scratch);
}

/// Computes dx from dy and w.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn input_gradient(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    dy: &[f32],
    w: &[f32],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    verify_lengths(g, n, dx, w, dy);
    let Space { workspace, scratch } = space;
    let turned = turned(g);
    Sizes::of(isa, &turned).pack(&turned, weight::Order::Turned, w, None, workspace);
    Joint::new(isa, &turned, workspace, After::default(), activation).all(n, dy, dx, scratch);
}
