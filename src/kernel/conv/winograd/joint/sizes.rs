//! What a task of the joint form holds in cache, and how the weights are packed for it.

use rayon::prelude::*;

use super::super::strip::Strip;
use super::super::{LINE, OUTPUT, PRODUCTS, weight};
use super::{DEPTH, FILTERS, TILES};
use crate::kernel::micro::{Panels, TAPS, Tile, Transform};
use crate::kernel::{ConvGeometry, Isa};

/// The sizes of a task's operands and sums.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub panels: Panels,
    /// Channels in whole registers.
    pub channels: usize,
    /// Tiles down and across an image.
    pub down: usize,
    pub across: usize,
    /// Rows of tiles of a task, at most.
    pub rows: usize,
    /// Filters of a task, at most, in whole panels.
    pub filters: usize,
}

impl Sizes {
    pub fn of(isa: Isa, g: &ConvGeometry) -> Self {
        let panels = Panels::of(isa, g.filters);
        let [down, across] = [g.window.out_h, g.window.out_w].map(|places| places.div_ceil(OUTPUT));
        Self {
            panels,
            channels: g.window.in_c.next_multiple_of(Transform::of(isa, Tile::Four).lanes()),
            down,
            across,
            rows: (TILES / across.max(1)).max(1),
            filters: FILTERS.min(panels.count() * panels.full()),
        }
    }

    pub fn tiles(&self) -> usize {
        self.rows * self.across
    }

    /// Elements from one product of the tiles to the next. A line between them keeps the 36 places of a tile from falling
    /// into the same few sets of the first-level cache.
    pub fn transformed_plane(&self) -> usize {
        self.tiles() * DEPTH + LINE
    }

    /// The same of a panel's weights.
    pub fn weights_plane(&self) -> usize {
        DEPTH * self.panels.full() + LINE
    }

    /// The same of the sums.
    pub fn sums_plane(&self) -> usize {
        self.tiles() * self.filters + LINE
    }

    /// Elements of all that, of what a row of tiles sees and of a tile of outputs.
    pub fn room(&self, isa: Isa, g: &ConvGeometry) -> usize {
        let planes = self.transformed_plane() + self.weights_plane() + self.sums_plane();
        let strip = Strip { isa, window: &g.window, pixel: DEPTH };
        PRODUCTS * planes + strip.len() + OUTPUT * OUTPUT * self.filters
    }

    /// Elements of a panel's weights: [channel][tap][filter of the panel].
    pub fn of_panel(&self) -> usize {
        self.channels * TAPS * self.panels.full()
    }

    /// All panels, zeros where there is no channel or no filter, then the bias.
    pub fn pack(&self, g: &ConvGeometry, order: weight::Order, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
        let (panels, of_panel) = (self.panels, self.of_panel());
        let (weights, rest) = to.split_at_mut(panels.count() * of_panel);
        weights.par_chunks_mut(of_panel).enumerate().for_each(|(panel, to)| {
            weight::pack_panel(g, order, w, panels.at(panel), panels.full(), to);
        });
        let of_bias = &mut rest[..panels.count() * panels.full()];
        of_bias.fill(0.0);
        if let Some(bias) = bias {
            of_bias[..bias.len()].copy_from_slice(bias);
        }
    }
}
