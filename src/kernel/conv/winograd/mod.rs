//! Winograd convolution F(4×4, 3×3), 36 products for 16 outputs, and F(6×6, 3×3), 64 for 36, where the direct form takes 144
//! and 324.
//!
//! Tiles of inputs, two places wider than those of outputs, are transformed, multiplied with the transformed weights, channels
//! against filters, at each of their places by the micro-kernel, and transformed back. Some tiles at a time, so that all of it
//! stays in the second-level cache. The transforms cost accuracy: errors are some five times those of the direct form with the
//! smaller tiles, ten with the larger ones, and within 1e-5 of the sum of the products' magnitudes. What is not finite spreads
//! over its tile. `SIDE` is that of a tile of outputs.
//!
//! The input gradient is the same convolution of dy with the kernel turned by half, channels and filters exchanged. It goes by
//! the smaller tiles: at its corners sums have few terms, while errors are those of whole tiles.

pub(super) mod gradient;
mod input;
pub(super) mod joint;
mod strip;
pub(super) mod unpooled;
mod weight;

use std::ops::Range;

use input::Inputs;
use rayon::prelude::*;

use super::direct::{TASKS, is_in_cache, rows_in_cache};
use super::{Bands, ConvBands, Rows, Weights, verify_lengths, verify_maps, verify_weights};
use crate::kernel::memory::LINE;
use crate::kernel::micro::{
    Block, Clamp, Contraction, Finish, INPUT, Many, MicroKernel, OUTPUT, PRODUCTS, Panels, Tile, Transform,
    WIDEST_PANEL,
};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Padding, Scratch, Space, Window};

/// Channels and filters, at least: with fewer the transforms cost more than they save.
const CHANNELS: usize = 16;

/// Tiles that are transformed and multiplied at a time, at most.
const TILES: usize = 24;
const TILES_OF_SIX: usize = 12;

/// Elements of the largest tile of outputs, a register each, of the widest instruction set.
const TILE: usize = Tile::Six.output() * Tile::Six.output() * WIDEST_PANEL / 2;

/// Floats of the transformed weights, at most: more of them than stay in cache are fetched for each block of tiles.
const WEIGHTS: usize = 36 << 14;

/// The same where transforming them costs nothing: the last-level cache does.
const WEIGHTS_ONCE: usize = 36 << 16;

/// Floats of those for 6×6, at most, even where transforming them costs nothing: they are nearly twice as many as those for 4×4,
/// and every block of tiles reads them all.
const WEIGHTS_OF_SIX: usize = 1 << 18;

/// Tiles of an image, at least, so that transformed weights serve enough of them.
const FEWEST_TILES: usize = 9;

/// Whether it can compute this convolution, and is worth it: 3×3, every place, enough channels and outputs.
pub(super) fn fits<const SIDE: usize>(g: &ConvGeometry, packed: Weights) -> bool {
    let (w, tile) = (&g.window, Tile::of(SIDE));
    let most = match (tile, packed) {
        (Tile::Four, Weights::Once) => WEIGHTS_ONCE,
        (Tile::Four, Weights::Anew) => WEIGHTS,
        (Tile::Six, _) => WEIGHTS_OF_SIX,
    };
    let are_few = w.in_c * g.filters * tile.products() <= most;
    // Where the last tiles stick out far, most of what they compute is thrown away.
    let tiles = tiles(tile, w);
    let are_full = tiles * SIDE * SIDE * 2 <= w.out_pixels() * 3;
    is_worthwhile(g) && are_few && tiles >= FEWEST_TILES && are_full && (tile == Tile::Four || are_better(tile, g))
}

/// Tiles of an image.
fn tiles(tile: Tile, w: &Window) -> usize {
    w.out_h.div_ceil(tile.output()) * w.out_w.div_ceil(tile.output())
}

/// Whether these larger tiles have so many fewer products than 4×4 that their transforms, which are longer, pay: not where they
/// stick out far. Rows of whole tiles have to stay in cache, for where fewer are computed at a time they stick out, too.
fn are_better(tile: Tile, g: &ConvGeometry) -> bool {
    let w = &g.window;
    let products = |tile: Tile| tiles(tile, w) * tile.products();
    let rows = tile.output() * w.out_w * g.filters + tile.input() * w.in_w * w.in_c;
    products(tile) * 8 <= products(Tile::Four) * 7 && is_in_cache(rows)
}

/// Whether it is 3×3, at every place.
pub(super) fn can(g: &ConvGeometry) -> bool {
    let w = &g.window;
    w.kernel == [3, 3] && w.stride == [1, 1] && w.dilation == [1, 1] && g.groups == 1
}

/// Whether it is, with enough channels and filters.
fn is_worthwhile(g: &ConvGeometry) -> bool {
    can(g) && g.window.in_c >= CHANNELS && g.filters >= CHANNELS
}

/// Whether the input gradient can be computed: the gradient of the output is padded by what the input was not.
pub(super) fn can_input_gradient(g: &ConvGeometry) -> bool {
    let Padding { top, bottom, left, right } = g.window.padding;
    can(g) && [top, bottom, left, right].iter().all(|&padding| padding <= 2)
}

/// Whether it can, and by rule is worth it.
pub(super) fn fits_input_gradient(g: &ConvGeometry) -> bool {
    can_input_gradient(g) && [*g, turned(g)].iter().all(|g| fits::<OUTPUT>(g, Weights::Anew))
}

/// The convolution of dy that gives dx.
fn turned(g: &ConvGeometry) -> ConvGeometry {
    let w = &g.window;
    let Padding { top, bottom, left, right } = w.padding;
    let [top, bottom, left, right] = [top, bottom, left, right].map(|padding| 2_usize.saturating_sub(padding));
    let padding = Padding { top, bottom, left, right };
    let window = Window { in_h: w.out_h, in_w: w.out_w, in_c: g.filters, out_h: w.in_h, out_w: w.in_w, padding, ..*w };
    ConvGeometry { window, filters: w.in_c, groups: 1 }
}

/// Elements of the transformed weights and of the bias in whole registers.
pub fn packed<const SIDE: usize>(isa: Isa, g: &ConvGeometry) -> usize {
    let sizes = Sizes::of(Tile::of(SIDE), isa, g);
    sizes.weights() + sizes.filters
}

/// Transforms the weights.
pub fn pack<const SIDE: usize>(isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
    pack_in::<SIDE>(weight::Order::Plain, isa, g, w, bias, to);
}

fn pack_in<const SIDE: usize>(
    order: weight::Order,
    isa: Isa,
    g: &ConvGeometry,
    w: &[f32],
    bias: Option<&[f32]>,
    to: &mut [f32],
) {
    verify_weights(g, w, bias);
    let sizes = Sizes::of(Tile::of(SIDE), isa, g);
    let (weights, of_bias) = to[..sizes.weights() + sizes.filters].split_at_mut(sizes.weights());
    weight::transform(isa, sizes.tile, g, order, w, sizes.panels, sizes.channels, weights);
    of_bias.fill(0.0);
    if let Some(bias) = bias {
        of_bias[..bias.len()].copy_from_slice(bias);
    }
}

/// Elements of a block of tiles, transformed, multiplied, and of one tile that reaches over the edge.
pub fn scratch<const SIDE: usize>(isa: Isa, g: &ConvGeometry) -> usize {
    Sizes::of(Tile::of(SIDE), isa, g).room()
}

/// The same for the input gradient.
pub fn input_gradient_workspace(isa: Isa, g: &ConvGeometry) -> usize {
    packed::<OUTPUT>(isa, &turned(g))
}

/// The same for the input gradient, and elements of a band of dx.
pub fn input_gradient_scratch(isa: Isa, g: &ConvGeometry) -> usize {
    let turned = turned(g);
    scratch::<OUTPUT>(isa, &turned) + rows_of_band::<OUTPUT>(&turned) * turned.window.out_w * turned.filters
}

/// Rows of a band, at most: whole tiles.
fn rows_of_band<const SIDE: usize>(g: &ConvGeometry) -> usize {
    let w = &g.window;
    rows_in_cache(w.out_w * g.filters + w.in_w * w.in_c, w.out_h).next_multiple_of(SIDE)
}

/// Computes y.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn forward<const SIDE: usize>(
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
    Forward::<SIDE>::new(isa, g, w, after).all(isa, n, x, Activation::Identity, y, scratch);
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
    pack_in::<OUTPUT>(weight::Order::Turned, isa, &turned, w, None, workspace);
    let forward = Forward::<OUTPUT>::new(isa, &turned, workspace, After::default());
    forward.all(isa, n, dy, activation, dx, scratch);
}

/// Channels and filters in whole registers, and panels of filters.
#[derive(Clone, Copy)]
struct Sizes {
    tile: Tile,
    /// Tiles that are transformed and multiplied at a time, at most.
    tiles: usize,
    channels: usize,
    filters: usize,
    panels: Panels,
}

impl Sizes {
    fn of(tile: Tile, isa: Isa, g: &ConvGeometry) -> Self {
        let lanes = Transform::of(isa, tile).lanes();
        let [channels, filters] = [g.window.in_c, g.filters].map(|count| count.next_multiple_of(lanes));
        let tiles = match tile {
            Tile::Four => TILES,
            Tile::Six => TILES_OF_SIX,
        };
        Self { tile, tiles, channels, filters, panels: Panels::of(isa, g.filters) }
    }

    /// Elements of the transformed weights: [panel][product][channel][filter of the panel].
    fn weights(&self) -> usize {
        self.panels.count() * self.tile.products() * self.of_product()
    }

    /// Of one product and panel.
    fn of_product(&self) -> usize {
        self.channels * self.panels.full()
    }

    /// Elements from one product of a block of tiles to the next. A line between them keeps the places of a tile from
    /// falling into the same few sets of the first-level cache.
    fn transformed_plane(&self) -> usize {
        self.tiles * self.channels + LINE
    }

    /// The same of what was multiplied.
    fn multiplied_plane(&self) -> usize {
        self.tiles * self.filters + LINE
    }

    fn transformed(&self) -> usize {
        self.tile.products() * self.transformed_plane()
    }

    fn multiplied(&self) -> usize {
        self.tile.products() * self.multiplied_plane()
    }

    fn room(&self) -> usize {
        self.transformed() + self.multiplied() + self.tile.products() * self.channels
    }
}

/// A convolution whose weights are transformed, ready for any band of any image.
pub struct Forward<'a, const SIDE: usize> {
    isa: Isa,
    micro: MicroKernel,
    transform: Transform,
    g: ConvGeometry,
    sizes: Sizes,
    weights: &'a [f32],
    bias: &'a [f32],
    residual: bool,
    activation: Activation,
}

impl<'a, const SIDE: usize> ConvBands<'a> for Forward<'a, SIDE> {
    const IS_DIRECT: bool = false;

    fn can(g: &ConvGeometry) -> bool {
        can(g)
    }

    fn fits(g: &ConvGeometry, packed: Weights) -> bool {
        fits::<SIDE>(g, packed)
    }

    fn packed(isa: Isa, g: &ConvGeometry) -> usize {
        packed::<SIDE>(isa, g)
    }

    fn pack(isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
        pack::<SIDE>(isa, g, w, bias, to);
    }

    fn of_filters(isa: Isa, g: &ConvGeometry, filters: Range<usize>, packed: &'a [f32], after: After) -> Self {
        let part = ConvGeometry { filters: filters.len(), ..*g };
        let [whole, sizes] = [g, &part].map(|g| Sizes::of(Tile::of(SIDE), isa, g));
        let (weights, bias) = packed[..whole.weights() + whole.filters].split_at(whole.weights());
        let before = filters.start / sizes.panels.full() * sizes.tile.products() * sizes.of_product();
        let (weights, bias) = (&weights[before..][..sizes.weights()], &bias[filters.start..][..sizes.filters]);
        let After { residual, activation } = after;
        let (micro, transform) = (MicroKernel::of(isa), Transform::of(isa, sizes.tile));
        Self { isa, micro, transform, g: part, sizes, weights, bias, residual, activation }
    }
}

impl<const SIDE: usize> Bands for Forward<'_, SIDE> {
    const TILE: usize = SIDE;

    fn room(isa: Isa, g: &ConvGeometry, _: usize, _: usize) -> usize {
        scratch::<SIDE>(isa, g)
    }

    fn band(&self, x: Rows<'_>, first: usize, y: &mut [f32], room: &mut [f32]) {
        let (transformed, room) = room.split_at_mut(self.sizes.transformed());
        let (multiplied, edge) = room.split_at_mut(self.sizes.multiplied());
        let (out_w, lanes) = (self.g.window.out_w, self.transform.lanes());
        let inputs = Inputs { transform: self.transform, window: &self.g.window, channels: self.sizes.channels };
        let across = out_w.div_ceil(SIDE);
        let tiles = (y.len() / (out_w * self.g.filters)).div_ceil(SIDE) * across;
        // Blocks of nearly equal size: all weights pass by for each of them.
        let most = tiles.div_ceil(tiles.div_ceil(self.sizes.tiles).max(1)).max(1);
        for start in (0..tiles).step_by(most) {
            let count = most.min(tiles - start);
            for at in 0..count {
                let tile = start + at;
                let place = [first + tile / across * SIDE, tile % across * SIDE];
                inputs.tile(
                    x,
                    place,
                    edge,
                    &mut transformed[at * lanes..],
                    self.sizes.transformed_plane(),
                    self.sizes.tiles * lanes,
                );
            }
            self.multiply(count, transformed, multiplied);
            for at in 0..count {
                let tile = start + at;
                let place = [tile / across * SIDE, tile % across * SIDE];
                self.transform_output(&multiplied[at * self.sizes.filters..], place, y);
            }
        }
        if Clamp::of(self.activation).is_none() {
            self.activation.map_block(self.isa, y);
        }
    }
}

impl<const SIDE: usize> Forward<'_, SIDE> {
    /// All rows of all images; `behind` is the activation whose derivative y is multiplied with, as a gradient is.
    fn all(&self, isa: Isa, n: usize, x: &[f32], behind: Activation, y: &mut [f32], scratch: &Scratch) {
        let window = &self.g.window;
        let out_row = window.out_w * self.g.filters;
        let fair = (window.out_h * n).div_ceil(TASKS).max(SIDE);
        let rows = rows_of_band::<SIDE>(&self.g).min(fair.next_multiple_of(SIDE));
        y.par_chunks_mut(self.g.out_len().max(1)).enumerate().for_each(|(image, y)| {
            let x = Rows::whole(&x[image * window.in_len()..][..window.in_len()]);
            y.par_chunks_mut(rows * out_row).enumerate().for_each(|(band, y)| {
                scratch.with(self.sizes.room() + behind.chain_room(y.len()), |room| {
                    let (room, of_y) = room.split_at_mut(self.sizes.room());
                    behind.chain(isa, of_y, y, |y| self.band(x, band * rows, y, room));
                });
            });
        });
    }

    /// Channels against filters at each of the places of a tile, for `count` tiles. The tiles of a register of channels lie one
    /// behind the other, a register apart.
    fn multiply(&self, count: usize, transformed: &[f32], multiplied: &mut [f32]) {
        let Sizes { tile, tiles, channels, filters, panels } = self.sizes;
        let lanes = self.transform.lanes();
        let by = Contraction {
            extent: [1, channels / lanes, lanes],
            a: [0, tiles * lanes, 1],
            b: [0, lanes * panels.full(), panels.full()],
        };
        let finish = Finish::Store { bias: None, residual: false, clamp: Clamp::NONE };
        for (panel, weights) in panels.iter().zip(self.weights.chunks_exact(tile.products() * self.sizes.of_product()))
        {
            let width = self.micro.read_width(panel.width);
            let block = Block { height: count, width, a_lane: lanes, c_lane: filters };
            let apart = [self.sizes.transformed_plane(), self.sizes.of_product(), self.sizes.multiplied_plane()];
            let many = Many { count: tile.products(), apart };
            self.micro.run_each(many, &by, block, transformed, weights, finish, &mut multiplied[panel.start..]);
        }
    }

    /// The tile of outputs at `row` and `column` of the band, as far as it lies in it.
    fn transform_output(&self, m: &[f32], [row, column]: [usize; 2], y: &mut [f32]) {
        let (filters, out_w, lanes) = (self.g.filters, self.g.window.out_w, self.transform.lanes());
        let clamp = Clamp::of(self.activation).unwrap_or(Clamp::NONE);
        let (plane, out_row) = (self.sizes.multiplied_plane(), out_w * filters);
        let rows = SIDE.min(y.len() / out_row - row);
        let columns = SIDE.min(out_w - column);
        let is_inside = rows == SIDE && columns == SIDE;
        for start in (0..filters).step_by(lanes) {
            let (m, bias, width) = (&m[start..], &self.bias[start..], lanes.min(filters - start));
            let y = &mut y[row * out_row + column * filters + start..];
            if is_inside && width == lanes {
                self.transform.output(m, plane, bias, self.residual, clamp, y, out_row, filters);
                continue;
            }
            let mut tile = [0.0; TILE];
            let places = || (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c)));
            let place = |(r, c): (usize, usize)| (r * out_row + c * filters, (r * SIDE + c) * lanes);
            if self.residual {
                for (in_y, in_tile) in places().map(place) {
                    tile[in_tile..in_tile + width].copy_from_slice(&y[in_y..in_y + width]);
                }
            }
            self.transform.output(m, plane, bias, self.residual, clamp, &mut tile, SIDE * lanes, lanes);
            for (in_y, in_tile) in places().map(place) {
                y[in_y..in_y + width].copy_from_slice(&tile[in_tile..in_tile + width]);
            }
        }
    }
}
