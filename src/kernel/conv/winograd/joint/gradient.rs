//! The weight gradient by the same tiles where its sums are more than stays in cache: a task has some channels and some
//! filters, and takes the tiles of all images in turn, so that its sums stay there and belong to nobody else.

use std::ops::Range;

use super::super::strip::Strip;
use super::super::{LINE, OUTPUT, PRODUCTS};
use crate::kernel::conv::verify_lengths;
use crate::kernel::micro::{
    Adjoint, Block, Clamp, Contraction, Finish, MicroKernel, Panels, TAPS, TapTransform, Tile, Transform,
};
use crate::kernel::piece::{self, Cut, Piece, Place};
use crate::kernel::{ConvGeometry, Isa, Scratch};

/// Tiles that are transformed at a time, at most, unless a row of them is longer.
const TILES: usize = 32;

/// Channels and filters of a task: whole registers of every instruction set.
const CHANNELS: usize = 64;
const FILTERS: usize = 64;

/// Whether it can compute this gradient, and is worth it.
pub fn fits(g: &ConvGeometry) -> bool {
    super::fits(g)
}

/// Elements of a task's operands and sums.
pub fn scratch(isa: Isa, g: &ConvGeometry) -> usize {
    Sizes::of(g).room(isa, g)
}

/// Computes dw (H×W×I×O), summed over n images.
pub fn run(isa: Isa, g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], scratch: &Scratch) {
    verify_lengths(g, n, x, dw, dy);
    let sizes = Sizes::of(g);
    let gradient = JointGradient {
        isa,
        g,
        sizes,
        micro: MicroKernel::of(isa),
        transform: Transform::of(isa, Tile::Four),
        adjoint: Adjoint::of(isa),
        taps: TapTransform::of(isa),
        x,
        dy,
    };
    let (channels, filters) = (g.window.in_c, g.filters);
    let cut = Cut { runs: channels.div_ceil(CHANNELS), start: |run| run * CHANNELS, columns: FILTERS };
    cut.for_each([TAPS, channels, filters], dw, &|Place { run, columns }, mut dw| {
        let channels = run * CHANNELS..channels.min((run + 1) * CHANNELS);
        scratch.with(sizes.room(isa, g), |room| {
            let mut room = gradient.room(room);
            gradient.sum(n, &channels, &columns, &mut room);
            gradient.finish(&channels, &columns, &room, &mut dw);
        });
    });
}

/// The sizes of a task's operands and sums.
#[derive(Clone, Copy)]
struct Sizes {
    /// Tiles down and across an image.
    down: usize,
    across: usize,
    /// Rows of tiles at a time, at most.
    rows: usize,
}

impl Sizes {
    fn of(g: &ConvGeometry) -> Self {
        let [down, across] = [g.window.out_h, g.window.out_w].map(|places| places.div_ceil(OUTPUT));
        Self { down, across, rows: (TILES / across.max(1)).max(1) }
    }

    /// Elements from one product of the transformed inputs to the next; a line between them keeps the 36 places of a tile
    /// from falling into the same few sets of the first-level cache.
    fn plane(&self) -> usize {
        self.rows * self.across * CHANNELS + LINE
    }

    /// The same of the transformed gradients.
    fn gradient_plane(&self) -> usize {
        self.rows * self.across * FILTERS + LINE
    }

    /// The same of the sums.
    fn sums_plane(&self) -> usize {
        CHANNELS * FILTERS + LINE
    }

    /// Elements of all that, of what a row of tiles sees, and of a tile of gradients.
    fn room(&self, isa: Isa, g: &ConvGeometry) -> usize {
        let strip = Strip { isa, window: &g.window, pixel: CHANNELS };
        PRODUCTS * (self.plane() + self.gradient_plane() + self.sums_plane()) + strip.len() + OUTPUT * OUTPUT * FILTERS
    }
}

struct JointGradient<'a> {
    isa: Isa,
    g: &'a ConvGeometry,
    sizes: Sizes,
    micro: MicroKernel,
    transform: Transform,
    adjoint: Adjoint,
    taps: TapTransform,
    x: &'a [f32],
    dy: &'a [f32],
}

/// What a task writes besides its result.
struct Room<'a> {
    inputs: &'a mut [f32],
    gradients: &'a mut [f32],
    sums: &'a mut [f32],
    strip: &'a mut [f32],
    tile: &'a mut [f32],
}

impl JointGradient<'_> {
    fn strip(&self) -> Strip<'_> {
        Strip { isa: self.isa, window: &self.g.window, pixel: CHANNELS }
    }

    fn room<'a>(&self, room: &'a mut [f32]) -> Room<'a> {
        let (inputs, room) = room.split_at_mut(PRODUCTS * self.sizes.plane());
        let (gradients, room) = room.split_at_mut(PRODUCTS * self.sizes.gradient_plane());
        let (sums, room) = room.split_at_mut(PRODUCTS * self.sizes.sums_plane());
        let (strip, tile) = room.split_at_mut(self.strip().len());
        Room { inputs, gradients, sums, strip, tile }
    }

    /// Channels against filters, summed over the tiles of n images.
    fn sum(&self, n: usize, channels: &Range<usize>, filters: &Range<usize>, room: &mut Room<'_>) {
        let rows = n * self.sizes.down;
        if rows == 0 {
            room.sums.fill(0.0);
        }
        for first in (0..rows).step_by(self.sizes.rows) {
            let rows = first..rows.min(first + self.sizes.rows);
            for (index, row) in rows.clone().enumerate() {
                self.transform(row, index * self.sizes.across, channels, filters, room);
            }
            let finish = match first {
                0 => Finish::Store { bias: None, residual: false, clamp: Clamp::NONE },
                _ => Finish::Add,
            };
            self.multiply(rows.len() * self.sizes.across, [channels.len(), filters.len()], finish, room);
        }
    }

    /// Transforms a row of tiles, counted over all images, into those from `first` on.
    fn transform(
        &self,
        row: usize,
        first: usize,
        channels: &Range<usize>,
        filters: &Range<usize>,
        room: &mut Room<'_>,
    ) {
        let (sizes, window, lanes) = (&self.sizes, &self.g.window, self.transform.lanes());
        let (image, top, strip) = (row / sizes.down, row % sizes.down * OUTPUT, self.strip());
        let x = &self.x[image * window.in_len()..][..window.in_len()];
        let depth = channels.len().next_multiple_of(lanes);
        strip.read(x, top, channels.start..channels.start + depth, room.strip);
        for column in 0..sizes.across {
            let from = &room.strip[column * OUTPUT * strip.pixel..];
            let to = &mut room.inputs[(first + column) * CHANNELS..];
            self.transform.input(depth, from, strip.row(), strip.pixel, to, sizes.plane(), lanes);
            let to = &mut room.gradients[(first + column) * FILTERS..];
            self.gradient_tile([image, top, column * OUTPUT], filters, room.tile, to);
        }
    }

    /// The tile of gradients at a row and a column of an image, zeros where it reaches beyond.
    fn gradient_tile(
        &self,
        [image, row, column]: [usize; 3],
        filters: &Range<usize>,
        edge: &mut [f32],
        to: &mut [f32],
    ) {
        let (g, window, lanes) = (self.g, &self.g.window, self.transform.lanes());
        let dy = &self.dy[image * g.out_len()..][..g.out_len()];
        let (rows, columns) = (OUTPUT.min(window.out_h - row), OUTPUT.min(window.out_w - column));
        let at = |r: usize, c: usize| ((row + r) * window.out_w + column + c) * g.filters + filters.start;
        let is_inside = rows == OUTPUT && columns == OUTPUT && filters.len().is_multiple_of(lanes);
        let (tile, tile_row, pixel) = if is_inside {
            (&dy[at(0, 0)..], window.out_w * g.filters, g.filters)
        } else {
            edge.fill(0.0);
            for (r, c) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
                let to = &mut edge[(r * OUTPUT + c) * FILTERS..][..filters.len()];
                to.copy_from_slice(&dy[at(r, c)..][..filters.len()]);
            }
            (&*edge, OUTPUT * FILTERS, FILTERS)
        };
        for start in (0..filters.len()).step_by(lanes) {
            let plane = self.sizes.gradient_plane();
            self.adjoint.apply(&tile[start..], tile_row, pixel, &mut to[start..], plane);
        }
    }

    /// The products of so many tiles at each of the 36 places.
    fn multiply(&self, tiles: usize, [channels, filters]: [usize; 2], finish: Finish<'_>, room: &mut Room<'_>) {
        let by = Contraction::flat(tiles, CHANNELS, FILTERS);
        let operands =
            room.inputs.chunks_exact(self.sizes.plane()).zip(room.gradients.chunks_exact(self.sizes.gradient_plane()));
        for ((a, b), sums) in operands.zip(room.sums.chunks_exact_mut(self.sizes.sums_plane())) {
            for panel in Panels::of(self.isa, filters).iter() {
                let width = self.micro.read_width(panel.width);
                let block = Block { height: channels, width, a_lane: 1, c_lane: FILTERS };
                self.micro.run(&by, block, a, &b[panel.start..], finish, &mut sums[panel.start..]);
            }
        }
    }

    /// dw = Gᵀ s G of the sums s.
    fn finish(&self, channels: &Range<usize>, filters: &Range<usize>, room: &Room<'_>, dw: &mut Piece<'_>) {
        let width = filters.len().next_multiple_of(self.transform.lanes());
        let mut taps = [0.0; TAPS * FILTERS];
        for channel in 0..channels.len() {
            self.taps.gradients(width, &room.sums[channel * FILTERS..], self.sizes.sums_plane(), &mut taps);
            for (tap, weights) in taps.chunks_exact(width).take(TAPS).enumerate() {
                piece::row(dw, tap, channel).copy_from_slice(&weights[..filters.len()]);
            }
        }
    }
}
