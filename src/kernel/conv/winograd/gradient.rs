//! The weight gradient by the same tiles: dw = Gᵀ [Σ (Bᵀ d B) ⊙ (A dy Aᵀ)] G, channels against filters at each of the 36
//! places, summed over the tiles of all images. As its forward, it does a quarter of the direct form's products.

use rayon::prelude::*;

use super::weight::G;
use super::{Inputs, LINE, OUTPUT, PRODUCTS, Weights};
use crate::kernel::conv::direct::TASKS;
use crate::kernel::conv::{PIECE, Rows, verify_lengths};
use crate::kernel::micro::{
    Adjoint, Block, Contraction, Finish, INPUT, MicroKernel, Panels, Tile, Transform, WIDEST_PANEL,
};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{ConvGeometry, Isa, Space};

/// Elements of the transformed operands of the tiles at hand, roughly: they stay in the second-level cache.
const OPERANDS: usize = 1 << 17;

/// Elements of all partial sums together, at most, unless there are only two.
const PARTIALS: usize = 1 << 22;

/// Whether it can compute this gradient, and is worth it.
pub fn fits(g: &ConvGeometry) -> bool {
    super::fits::<OUTPUT>(g, Weights::Anew)
}

/// The sizes of a gradient's operands and sums, and how they are cut.
#[derive(Clone, Copy)]
struct Sizes {
    lanes: usize,
    /// Channels and filters in whole registers.
    channels: usize,
    filters: usize,
    /// Tiles at a time.
    tiles: usize,
    /// Rows of a band: whole tiles.
    rows: usize,
}

impl Sizes {
    fn of(isa: Isa, g: &ConvGeometry) -> Self {
        let lanes = Transform::of(isa, Tile::Four).lanes();
        let [channels, filters] = [g.window.in_c, g.filters].map(|count| count.next_multiple_of(lanes));
        let tiles = (OPERANDS / (PRODUCTS * (channels + filters))).clamp(12, 64);
        let across = g.window.out_w.div_ceil(OUTPUT);
        let rows = tiles.div_ceil(across) * OUTPUT;
        Self { lanes, channels, filters, tiles, rows }
    }

    /// Elements of the sums: [product][channel][filter].
    fn sums(&self) -> usize {
        PRODUCTS * self.channels * self.filters
    }

    /// Elements from one product of the transformed inputs to the next; a line between them keeps the 36 places of a tile
    /// from falling into the same few sets of the first-level cache.
    fn plane(&self) -> usize {
        self.tiles * self.channels + LINE
    }

    /// The same of the transformed gradients.
    fn gradient_plane(&self) -> usize {
        self.tiles * self.filters + LINE
    }

    /// Elements of transformed operands, and of a tile of either that reaches over the edge.
    fn room(&self) -> usize {
        PRODUCTS * (self.plane() + self.gradient_plane() + self.channels) + OUTPUT * OUTPUT * self.filters
    }

    fn bands(&self, g: &ConvGeometry) -> usize {
        g.window.out_h.div_ceil(self.rows)
    }

    /// Partial sums for `n` images at most.
    fn most_parts(&self, g: &ConvGeometry, n: usize) -> usize {
        (n * self.bands(g)).min(TASKS).min((PARTIALS / self.sums()).max(2)).max(1)
    }
}

/// Elements of the partial sums.
pub fn workspace(isa: Isa, g: &ConvGeometry, n: usize) -> usize {
    let sizes = Sizes::of(isa, g);
    padded(sizes.most_parts(g, n) * sizes.sums())
}

/// Elements of a worker's operands.
pub fn scratch(isa: Isa, g: &ConvGeometry) -> usize {
    Sizes::of(isa, g).room()
}

/// Computes dw (H×W×I×O), summed over n images.
pub fn run(isa: Isa, g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], space: Space<'_>) {
    verify_lengths(g, n, x, dw, dy);
    let Space { workspace, scratch } = space;
    let sizes = Sizes::of(isa, g);
    let (micro, transform, adjoint) = (MicroKernel::of(isa), Transform::of(isa, Tile::Four), Adjoint::of(isa));
    let gradient = WeightGradient { isa, g, sizes, micro, transform, adjoint, x, dy };
    let bands = n * sizes.bands(g);
    let of_part = bands.div_ceil(sizes.most_parts(g, n)).max(1);
    let partials = aligned(workspace, bands.div_ceil(of_part).max(1) * sizes.sums());
    partials.par_chunks_mut(sizes.sums()).enumerate().for_each(|(part, sums)| {
        sums.fill(0.0);
        for band in part * of_part..bands.min((part + 1) * of_part) {
            scratch.with(sizes.room(), |room| gradient.band(band, sums, room));
        }
    });
    gradient.reduce(partials, dw);
}

struct WeightGradient<'a> {
    isa: Isa,
    g: &'a ConvGeometry,
    sizes: Sizes,
    micro: MicroKernel,
    transform: Transform,
    adjoint: Adjoint,
    x: &'a [f32],
    dy: &'a [f32],
}

impl WeightGradient<'_> {
    /// Adds the share of a band, counted over all images.
    fn band(&self, band: usize, sums: &mut [f32], room: &mut [f32]) {
        let (window, sizes) = (&self.g.window, self.sizes);
        let (image, first) = (band / sizes.bands(self.g), band % sizes.bands(self.g) * sizes.rows);
        let rows = sizes.rows.min(window.out_h - first);
        let out_row = window.out_w * self.g.filters;
        let dy = &self.dy[image * self.g.out_len() + first * out_row..][..rows * out_row];
        let x = Rows::whole(&self.x[image * window.in_len()..][..window.in_len()]);
        let (inputs, room) = room.split_at_mut(PRODUCTS * sizes.plane());
        let (gradients, edge) = room.split_at_mut(PRODUCTS * sizes.gradient_plane());
        let of = Inputs { transform: self.transform, window, channels: sizes.channels };
        let across = window.out_w.div_ceil(OUTPUT);
        let tiles = rows.div_ceil(OUTPUT) * across;
        for start in (0..tiles).step_by(sizes.tiles) {
            let count = sizes.tiles.min(tiles - start);
            for at in 0..count {
                let tile = start + at;
                let [row, column] = [tile / across * OUTPUT, tile % across * OUTPUT];
                let to = &mut inputs[at * sizes.channels..];
                of.tile(x, [first + row, column], edge, to, sizes.plane(), sizes.lanes);
                self.gradient_tile(dy, [row, column], edge, &mut gradients[at * sizes.filters..]);
            }
            self.multiply(count, inputs, gradients, sums);
        }
    }

    /// The tile of gradients at `row` and `column` of the band, zeros where it reaches beyond.
    fn gradient_tile(&self, dy: &[f32], [row, column]: [usize; 2], edge: &mut [f32], to: &mut [f32]) {
        let (conv, sizes) = (self.g, self.sizes);
        let (filters, out_w) = (conv.filters, conv.window.out_w);
        let out_row = out_w * filters;
        let (rows, columns) = (OUTPUT.min(dy.len() / out_row - row), OUTPUT.min(out_w - column));
        let at = |row: usize, column: usize| &dy[row * out_row + column * filters..];
        let is_inside = rows == OUTPUT && columns == OUTPUT && filters == sizes.filters;
        let (tile, tile_row) = if is_inside {
            (at(row, column), out_row)
        } else {
            let edge = &mut edge[..OUTPUT * OUTPUT * sizes.filters];
            edge.fill(0.0);
            for r in 0..rows {
                for c in 0..columns {
                    let from = &at(row + r, column + c)[..filters];
                    edge[(r * OUTPUT + c) * sizes.filters..][..filters].copy_from_slice(from);
                }
            }
            (&*edge, OUTPUT * sizes.filters)
        };
        for start in (0..sizes.filters).step_by(sizes.lanes) {
            self.adjoint.apply(&tile[start..], tile_row, sizes.filters, &mut to[start..], sizes.gradient_plane());
        }
    }

    /// Adds the products of `count` tiles, channels against filters at each of the 36 places.
    fn multiply(&self, count: usize, inputs: &[f32], gradients: &[f32], sums: &mut [f32]) {
        let Sizes { channels, filters, .. } = self.sizes;
        let by = Contraction::flat(count, channels, filters);
        let operands = inputs.chunks_exact(self.sizes.plane()).zip(gradients.chunks_exact(self.sizes.gradient_plane()));
        for ((a, b), sums) in operands.zip(sums.chunks_exact_mut(channels * filters)) {
            for panel in Panels::of(self.isa, filters).iter() {
                let block = Block { height: channels, width: panel.width, a_lane: 1, c_lane: filters };
                self.micro.run(&by, block, a, &b[panel.start..], Finish::Add, &mut sums[panel.start..]);
            }
        }
    }

    /// dw = Gᵀ s G of the sums s of all parts, added in their order.
    fn reduce(&self, partials: &mut [f32], dw: &mut [f32]) {
        let (conv, Sizes { channels, filters, .. }) = (self.g, self.sizes);
        let (sums, others) = partials.split_at_mut(self.sizes.sums());
        sums.par_chunks_mut(PIECE).enumerate().for_each(|(piece, sums)| {
            for other in others.chunks_exact(self.sizes.sums()) {
                let other = &other[piece * PIECE..][..sums.len()];
                sums.iter_mut().zip(other).for_each(|(sum, term)| *sum += term);
            }
        });
        let sums = &*sums;
        dw.par_chunks_mut(conv.filters).enumerate().for_each(|(row, dw)| {
            let (tap, channel) = (row / conv.window.in_c, row % conv.window.in_c);
            for (block, dw) in dw.chunks_mut(WIDEST_PANEL).enumerate() {
                let mut total = [0.0_f64; WIDEST_PANEL];
                for product in 0..PRODUCTS {
                    let factor = G[product / INPUT][tap / 3] * G[product % INPUT][tap % 3];
                    let start = (product * channels + channel) * filters + block * WIDEST_PANEL;
                    let of_block = &sums[start..start + dw.len()];
                    if factor != 0.0 {
                        total.iter_mut().zip(of_block).for_each(|(total, sum)| *total += factor * f64::from(*sum));
                    }
                }
                dw.iter_mut().zip(total).for_each(|(dw, total)| *dw = total as f32);
            }
        });
    }
}
