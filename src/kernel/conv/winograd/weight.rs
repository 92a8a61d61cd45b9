//! The weights' transform G g Gᵀ, in double precision, packed for the micro-kernel.

use rayon::prelude::*;

use crate::kernel::isa::Loops;
use crate::kernel::micro::{INPUT, Panel, Panels, TAPS, Tile, WIDEST_PANEL};
use crate::kernel::{ConvGeometry, Isa};

/// G of F(4×4, 3×3).
pub(super) const G: [[f64; 3]; INPUT] = [
    [0.25, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// G of F(6×6, 3×3).
const G_OF_SIX: [[f64; 3]; 8] = [
    [1.0, 0.0, 0.0],
    [-2.0 / 9.0, -2.0 / 9.0, -2.0 / 9.0],
    [-2.0 / 9.0, 2.0 / 9.0, -2.0 / 9.0],
    [1.0 / 90.0, 1.0 / 45.0, 2.0 / 45.0],
    [1.0 / 90.0, -1.0 / 45.0, 2.0 / 45.0],
    [32.0 / 45.0, 16.0 / 45.0, 8.0 / 45.0],
    [32.0 / 45.0, -16.0 / 45.0, 8.0 / 45.0],
    [0.0, 0.0, 1.0],
];

/// A weight of each filter of a panel.
type Lanes = [f64; WIDEST_PANEL];

/// How the weights lie with respect to the convolution that is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As its kernel: H×W×I×O.
    Plain,
    /// As the kernel of the convolution whose input gradient it is: turned by half, channels and filters exchanged.
    Turned,
}

/// Transforms the weights for tiles of one size into `to`: [panel][product][channel][filter of the panel], `channels` of them,
/// zeros where there is no channel or no filter.
#[allow(clippy::too_many_arguments, reason = "the weights with all that says where they go")]
pub(super) fn transform(
    isa: Isa,
    tile: Tile,
    g: &ConvGeometry,
    order: Order,
    w: &[f32],
    panels: Panels,
    channels: usize,
    to: &mut [f32],
) {
    let of_panel = tile.products() * channels * panels.full();
    to.par_chunks_mut(of_panel).enumerate().for_each(|(panel, to)| {
        to.fill(0.0);
        let of = PanelOf { g, order, w, panel: panels.at(panel), full: panels.full(), channels, to };
        match tile {
            Tile::Four => isa.vectorise(Transformed { of, by: &G }),
            Tile::Six => isa.vectorise(Transformed { of, by: &G_OF_SIX }),
        }
    });
}

/// The weights of one panel of filters.
struct PanelOf<'a> {
    g: &'a ConvGeometry,
    order: Order,
    w: &'a [f32],
    panel: Panel,
    full: usize,
    channels: usize,
    to: &'a mut [f32],
}

/// The same, and G, of so many rows.
struct Transformed<'a, const N: usize> {
    of: PanelOf<'a>,
    by: &'static [[f64; 3]; N],
}

impl<const N: usize> Loops for Transformed<'_, N> {
    #[inline(always)]
    fn run(self) {
        let Self { of, by } = self;
        for channel in 0..of.g.window.in_c {
            let kernel: [Lanes; 9] = std::array::from_fn(|tap| of.weights(tap, channel));
            // G g, a column of g at a time, then the same along the rows.
            let columns: [[Lanes; N]; 3] =
                std::array::from_fn(|column| combine(by, std::array::from_fn(|row| &kernel[row * 3 + column])));
            let rows: [[&Lanes; 3]; N] = std::array::from_fn(|row| columns.each_ref().map(|column| &column[row]));
            for (row, columns) in rows.into_iter().enumerate() {
                for (column, lanes) in combine(by, columns).iter().enumerate() {
                    let start = ((row * N + column) * of.channels + channel) * of.full;
                    let to = &mut of.to[start..][..of.panel.width];
                    to.iter_mut().zip(lanes).for_each(|(to, lane)| *to = *lane as f32);
                }
            }
        }
    }
}

impl PanelOf<'_> {
    /// The weights of `tap` and `channel` of the convolution that is computed.
    #[inline(always)]
    fn weights(&self, tap: usize, channel: usize) -> Lanes {
        let (channels, filters, Panel { start, width }) = (self.g.window.in_c, self.g.filters, self.panel);
        let mut lanes = [0.0; WIDEST_PANEL];
        match self.order {
            Order::Plain => {
                let weights = &self.w[(tap * channels + channel) * filters + start..][..width];
                lanes.iter_mut().zip(weights).for_each(|(lane, weight)| *lane = f64::from(*weight));
            }
            Order::Turned => {
                let weights = self.w[((8 - tap) * filters + start) * channels + channel..].iter().step_by(channels);
                lanes.iter_mut().zip(weights.take(width)).for_each(|(lane, weight)| *lane = f64::from(*weight));
            }
        }
        lanes
    }
}

/// G times a column of three.
#[inline(always)]
fn combine<const N: usize>(by: &[[f64; 3]; N], column: [&Lanes; 3]) -> [Lanes; N] {
    by.map(|[a, b, c]| std::array::from_fn(|lane| a * column[0][lane] + b * column[1][lane] + c * column[2][lane]))
}

/// Channels whose weights are brought into place together, so that what is written in strides stays in the first-level cache.
const CHANNELS: usize = 64;

/// Brings a panel's weights, as they are, into `to`: [channel][tap][filter of the panel], zeros where there is no channel or
/// no filter.
pub(super) fn pack_panel(g: &ConvGeometry, order: Order, w: &[f32], panel: Panel, full: usize, to: &mut [f32]) {
    let (channels, filters, Panel { start, width }) = (g.window.in_c, g.filters, panel);
    if width < full || to.len() > channels * TAPS * full {
        to.fill(0.0);
    }
    for tap in 0..TAPS {
        match order {
            Order::Plain => {
                let rows = w[tap * channels * filters..][..channels * filters].chunks_exact(filters);
                for (row, to) in rows.zip(to.chunks_exact_mut(TAPS * full)) {
                    to[tap * full..][..width].copy_from_slice(&row[start..][..width]);
                }
            }
            Order::Turned => {
                let rows = &w[((TAPS - 1 - tap) * filters + start) * channels..][..width * channels];
                for (block, to) in to.chunks_mut(CHANNELS * TAPS * full).enumerate() {
                    for (filter, row) in rows.chunks_exact(channels).enumerate() {
                        let row = row.iter().skip(block * CHANNELS);
                        for (to, weight) in to.chunks_exact_mut(TAPS * full).zip(row) {
                            to[tap * full + filter] = *weight;
                        }
                    }
                }
            }
        }
    }
}
