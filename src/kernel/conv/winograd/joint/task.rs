//! A task of the joint form: some rows of tiles and some filters, summed over the channels, then finished.

use std::ops::Range;

use super::super::strip::Strip;
use super::super::{LINE, OUTPUT, PRODUCTS};
use super::sizes::Sizes;
use super::{DEPTH, FILTERS};
use crate::kernel::micro::{
    Block, Clamp, Contraction, Finish, MicroKernel, TAPS, TapTransform, Tile, Transform, prefetch,
};
use crate::kernel::piece::{self, Cut, Piece, Place};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Scratch};

/// A convolution whose weights are packed.
pub(super) struct Joint<'a> {
    isa: Isa,
    micro: MicroKernel,
    transform: Transform,
    taps: TapTransform,
    g: &'a ConvGeometry,
    sizes: Sizes,
    weights: &'a [f32],
    bias: &'a [f32],
    after: After,
    /// The activation whose derivative the result is multiplied with, as a gradient is.
    behind: Activation,
}

/// What a task writes besides its result.
struct Room<'a> {
    transformed: &'a mut [f32],
    weights: &'a mut [f32],
    sums: &'a mut [f32],
    strip: &'a mut [f32],
    tile: &'a mut [f32],
}

impl<'a> Room<'a> {
    fn of(sizes: &Sizes, strip: &Strip<'_>, room: &'a mut [f32]) -> Self {
        let (transformed, room) = room.split_at_mut(PRODUCTS * sizes.transformed_plane());
        let (weights, room) = room.split_at_mut(PRODUCTS * sizes.weights_plane());
        let (sums, room) = room.split_at_mut(PRODUCTS * sizes.sums_plane());
        let (strip, tile) = room.split_at_mut(strip.len());
        Self { transformed, weights, sums, strip, tile }
    }
}

impl<'a> Joint<'a> {
    pub fn new(isa: Isa, g: &'a ConvGeometry, packed: &'a [f32], after: After, behind: Activation) -> Self {
        let sizes = Sizes::of(isa, g);
        let (weights, bias) = packed.split_at(sizes.panels.count() * sizes.of_panel());
        let (micro, transform, taps) = (MicroKernel::of(isa), Transform::of(isa, Tile::Four), TapTransform::of(isa));
        Self { isa, micro, transform, taps, g, sizes, weights, bias, after, behind }
    }

    /// All images, cut into tasks by rows of tiles and by filters.
    pub fn all(&self, n: usize, x: &[f32], y: &mut [f32], scratch: &Scratch) {
        let rows = n * self.sizes.down;
        let groups = rows.div_ceil(self.sizes.rows);
        let first = |group: usize| group * rows / groups;
        let cut = Cut { runs: groups, start: |group| self.pixel(first(group)), columns: FILTERS };
        let size = [1, n * self.g.window.out_pixels(), self.g.filters];
        cut.for_each(size, y, &|Place { run, columns }, mut y| {
            scratch.with(self.sizes.room(self.isa, self.g), |room| {
                let mut room = Room::of(&self.sizes, &self.strip(), room);
                let rows = first(run)..first(run + 1);
                self.sum(x, &rows, &columns, &mut room);
                self.finish(&rows, &columns, &mut y, &mut room);
            });
        });
    }

    /// The first pixel of a row of tiles, both counted over all images.
    fn pixel(&self, row: usize) -> usize {
        let window = &self.g.window;
        (row / self.sizes.down * window.out_h + row % self.sizes.down * OUTPUT) * window.out_w
    }

    fn strip(&self) -> Strip<'_> {
        Strip { isa: self.isa, window: &self.g.window, pixel: DEPTH }
    }

    /// The products of some rows of tiles and some filters, summed over the channels.
    fn sum(&self, x: &[f32], rows: &Range<usize>, filters: &Range<usize>, room: &mut Room<'_>) {
        let (sizes, full) = (&self.sizes, self.sizes.panels.full());
        for first in (0..sizes.channels).step_by(DEPTH) {
            let channels = first..sizes.channels.min(first + DEPTH);
            self.transform(x, rows, channels.clone(), room);
            let panels = filters.start / full..filters.end.div_ceil(full);
            for index in panels.clone() {
                self.taps.kernels(full, self.weights(index, channels.clone()), room.weights, sizes.weights_plane());
                // What is multiplied next is on its way meanwhile.
                let soon = if index + 1 < panels.end {
                    self.weights(index + 1, channels.clone())
                } else {
                    self.weights(panels.start, channels.end..sizes.channels.min(channels.end + DEPTH))
                };
                self.multiply(rows.len() * sizes.across, channels.clone(), index, filters.start, soon, room);
            }
        }
    }

    /// The weights of a panel for some channels.
    fn weights(&self, panel: usize, channels: Range<usize>) -> &[f32] {
        let of_channel = TAPS * self.sizes.panels.full();
        &self.weights[panel * self.sizes.of_panel()..][channels.start * of_channel..channels.end * of_channel]
    }

    /// Transforms some channels of the tiles. Those of a register of channels lie one behind the other.
    fn transform(&self, x: &[f32], rows: &Range<usize>, channels: Range<usize>, room: &mut Room<'_>) {
        let (in_len, sizes, lanes, strip) = (self.g.window.in_len(), &self.sizes, self.transform.lanes(), self.strip());
        for (index, row) in rows.clone().enumerate() {
            let x = &x[row / sizes.down * in_len..][..in_len];
            strip.read(x, row % sizes.down * OUTPUT, channels.clone(), room.strip);
            for column in 0..sizes.across {
                let from = &room.strip[column * OUTPUT * DEPTH..];
                let to = &mut room.transformed[(index * sizes.across + column) * lanes..];
                let (plane, apart) = (sizes.transformed_plane(), sizes.tiles() * lanes);
                self.transform.input(channels.len(), from, strip.row(), DEPTH, to, plane, apart);
            }
        }
    }

    /// Channels against a panel of filters at each of the 36 places, while `soon` is fetched; the filters of the sums start at
    /// `first`.
    fn multiply(
        &self,
        tiles: usize,
        channels: Range<usize>,
        panel: usize,
        first: usize,
        soon: &[f32],
        room: &mut Room<'_>,
    ) {
        let (sizes, full, lanes) = (&self.sizes, self.sizes.panels.full(), self.transform.lanes());
        let by = Contraction {
            extent: [1, channels.len() / lanes, lanes],
            a: [0, sizes.tiles() * lanes, 1],
            b: [0, lanes * full, full],
        };
        let finish = match channels.start {
            0 => Finish::Store { bias: None, residual: false, clamp: Clamp::NONE },
            _ => Finish::Add,
        };
        let panel = sizes.panels.at(panel);
        let width = self.micro.read_width(panel.width);
        let block = Block { height: tiles, width, a_lane: lanes, c_lane: sizes.filters };
        let mut soon = soon.chunks(soon.len().div_ceil(PRODUCTS).next_multiple_of(LINE).max(LINE));
        let operands = room
            .transformed
            .chunks_exact(sizes.transformed_plane())
            .zip(room.weights.chunks_exact(sizes.weights_plane()));
        for ((a, b), c) in operands.zip(room.sums.chunks_exact_mut(sizes.sums_plane())) {
            prefetch(soon.next().unwrap_or_default());
            self.micro.run(&by, block, a, b, finish, &mut c[panel.start - first..]);
        }
    }

    /// Transforms the sums into outputs.
    fn finish(&self, rows: &Range<usize>, filters: &Range<usize>, y: &mut Piece<'_>, room: &mut Room<'_>) {
        let (window, sizes) = (&self.g.window, &self.sizes);
        for (index, row) in rows.clone().enumerate() {
            let first = self.pixel(row) - self.pixel(rows.start);
            let height = OUTPUT.min(window.out_h - row % sizes.down * OUTPUT);
            for column in 0..sizes.across {
                let left = column * OUTPUT;
                let places =
                    Places { first: first + left, row: window.out_w, size: [height, OUTPUT.min(window.out_w - left)] };
                let sums = &room.sums[(index * sizes.across + column) * sizes.filters..];
                self.finish_tile(sums, filters, places, y, room.tile);
            }
        }
    }

    /// Transforms the sums of a tile into outputs, by way of `tile`.
    fn finish_tile(&self, sums: &[f32], filters: &Range<usize>, places: Places, y: &mut Piece<'_>, tile: &mut [f32]) {
        let (apart, plane, lanes) = (self.sizes.filters, self.sizes.sums_plane(), self.transform.lanes());
        let After { residual, activation } = self.after;
        if residual {
            for (pixel, at) in places.pixels() {
                tile[at * apart..][..filters.len()].copy_from_slice(piece::row(y, 0, pixel));
            }
        }
        let clamp = Clamp::of(activation);
        for start in (0..filters.len()).step_by(lanes) {
            let bias = &self.bias[filters.start + start..];
            let (sums, tile, clamp) = (&sums[start..], &mut tile[start..], clamp.unwrap_or(Clamp::NONE));
            self.transform.output(sums, plane, bias, residual, clamp, tile, OUTPUT * apart, apart);
        }
        for (pixel, at) in places.pixels() {
            let y = piece::row(y, 0, pixel);
            self.behind.chain_with(self.isa, &tile[at * apart..][..filters.len()], y);
            if clamp.is_none() {
                activation.map_block(self.isa, y);
            }
        }
    }
}

/// The pixels of a tile that lie in the image.
#[derive(Clone, Copy)]
struct Places {
    /// The first pixel.
    first: usize,
    /// Pixels from one row to the next.
    row: usize,
    /// Rows and columns.
    size: [usize; 2],
}

impl Places {
    /// Each with its place in the tile.
    fn pixels(self) -> impl Iterator<Item = (usize, usize)> {
        let [height, width] = self.size;
        (0..height).flat_map(move |r| (0..width).map(move |c| (self.first + r * self.row + c, r * OUTPUT + c)))
    }
}
