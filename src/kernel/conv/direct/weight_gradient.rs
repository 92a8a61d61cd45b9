//! The weight gradient: tiles of taps and input channels × a panel of filters, summed over the pixels of a chunk.
//!
//! Bands of output rows are cut into parts with partial sums of their own, and, where the weights are too many for
//! that, dw into blocks. Both cuts are functions of the shapes; partial sums are added in the order of the parts.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use super::super::patch::Rows;
use super::super::{sum_partials, verify_lengths};
use super::cut::{Band, Cut};
use super::{band_patch, row_len, rows_in_cache};
use crate::kernel::element::Element;
use crate::kernel::micro::{Block, Contraction, Finish, MicroKernel, Panel, Panels};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{ConvGeometry, Isa, Scratch, Space};

/// Pixels whose dy and x stay in the first-level cache while every tile passes over them.
const PIXELS: usize = 128;

/// Elements of the partial sums.
pub fn workspace(g: &ConvGeometry, n: usize) -> usize {
    match Cut::most_parts(g, n) {
        1 => 0,
        parts => padded(parts * g.weight_len()),
    }
}

/// Elements of a band of x with its padding and of a chunk's panel of dy.
pub fn scratch<E: Element>(isa: Isa, g: &ConvGeometry) -> usize {
    let rows = rows_in_cache(row_len(g), g.window.out_h);
    let patch = band_patch(g, 0, rows);
    let is_in_place = E::VALUES == 1 && g.window.padding.is_none() && patch.is_in_place();
    let of_x = if is_in_place { 0 } else { patch.len() };
    packed_len::<E>(&Panels::of(isa, g.filters_per_group()), g) + of_x
}

/// Computes dw.
pub fn run<E: Element + Sync>(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    verify_lengths(g, n, x, dw, dy);
    let cut = Cut::of(g, n);
    let gradient = WeightGradient { tiles: Tiles::<E>::new(isa, g), x, dy, scratch };
    if cut.parts <= 1 {
        return gradient.part(&cut, cut.bands(0), dw);
    }
    let partials = aligned(workspace, cut.parts * g.weight_len());
    partials.par_chunks_mut(g.weight_len()).enumerate().for_each(|(part, dw)| {
        gradient.part(&cut, cut.bands(part), dw);
    });
    sum_partials(partials, dw);
}

/// A rectangle of output pixels, and the part of x that its windows see.
struct Chunk<'a> {
    rows: usize,
    columns: usize,
    /// From the first pixel's first tap on.
    x: &'a [f32],
    /// Elements from one row of x to the next.
    x_row: usize,
    /// From the first pixel on.
    dy: &'a [f32],
}

/// Rows and columns of a chunk, at most.
fn chunk_size(g: &ConvGeometry) -> [usize; 2] {
    let columns = g.window.out_w.div_ceil(g.window.out_w.div_ceil(PIXELS).max(1));
    [(PIXELS / columns.max(1)).clamp(1, g.window.out_h.max(1)), columns]
}

struct WeightGradient<'a, E> {
    tiles: Tiles<'a, E>,
    x: &'a [f32],
    dy: &'a [f32],
    scratch: &'a Scratch,
}

impl<E: Element + Sync> WeightGradient<'_, E> {
    /// Computes the sum over `bands` into `dw`, a block of rows a task.
    fn part(&self, cut: &Cut, bands: Range<usize>, dw: &mut [f32]) {
        dw.par_chunks_mut(cut.rows * self.tiles.g.filters).enumerate().for_each(|(block, dw)| {
            dw.fill(0.0);
            for band in bands.clone() {
                self.band(&Band::at(self.tiles.g, band), block * cut.rows, dw);
            }
        });
    }

    /// Adds a band's share to the rows of dw from `first` on.
    fn band(&self, band: &Band, first: usize, dw: &mut [f32]) {
        let g = self.tiles.g;
        let (x, dy) = (Rows::whole(band.x(g, self.x)), Rows { values: band.dy(g, self.dy), first: band.row });
        self.scratch.with(self.tiles.room(band.row, band.rows), |room| self.tiles.add(x, dy, room, first, dw));
    }
}

/// Tiles of taps and input channels × panels of filters.
pub struct Tiles<'a, E> {
    isa: Isa,
    micro: MicroKernel,
    g: &'a ConvGeometry,
    panels: Panels,
    element: PhantomData<E>,
}

impl<'a, E: Element> Tiles<'a, E> {
    /// Those of a convolution.
    pub fn new(isa: Isa, g: &'a ConvGeometry) -> Self {
        Self { isa, micro: E::micro(isa), g, panels: Panels::of(isa, g.filters_per_group()), element: PhantomData }
    }

    /// Elements of the room that so many rows of dy from the first one on take.
    pub fn room(&self, first: usize, rows: usize) -> usize {
        band_patch(self.g, first, rows).room_of_columns::<E>() + self.packed_len()
    }

    /// Adds the share of some rows of dy to the rows of dw from `first` on.
    pub fn add(&self, x: Rows<'_>, dy: Rows<'_>, room: &mut [f32], first: usize, dw: &mut [f32]) {
        let rows = dy.values.len() / (self.g.window.out_w * self.g.filters);
        let patch = band_patch(self.g, dy.first, rows).among(x);
        let (packed, room) = room.split_at_mut(self.packed_len());
        let x = patch.read_columns::<E>(self.isa, self.g.window.stride[1], x.values, room);
        self.chunks(rows, x, patch.row_len(), dy.values, packed, first, dw);
    }

    #[allow(clippy::too_many_arguments, reason = "operands, their room and the result")]
    fn chunks(
        &self,
        rows: usize,
        x: &[f32],
        x_row: usize,
        dy: &[f32],
        packed: &mut [f32],
        first: usize,
        dw: &mut [f32],
    ) {
        let window = &self.g.window;
        let size = chunk_size(self.g);
        for row in (0..rows).step_by(size[0]) {
            for column in (0..window.out_w).step_by(size[1]) {
                let pixel = row * window.stride[0] * x_row + column * window.stride[1] * window.in_c;
                let chunk = Chunk {
                    rows: size[0].min(rows - row),
                    columns: size[1].min(window.out_w - column),
                    x: &x[pixel..],
                    x_row,
                    dy: &dy[(row * window.out_w + column) * self.g.filters..],
                };
                self.chunk(&chunk, packed, first, dw);
            }
        }
    }

    /// Adds a chunk's share, a panel of filters at a time.
    fn chunk(&self, chunk: &Chunk<'_>, packed: &mut [f32], first: usize, dw: &mut [f32]) {
        let (g, window) = (self.g, &self.g.window);
        let a = [window.stride[0] * chunk.x_row, 0, E::VALUES * window.stride[1] * window.in_c];
        let columns = E::elements(chunk.columns);
        let extent = [chunk.rows, 1, columns];
        for group in 0..g.groups {
            for panel in self.panels.iter() {
                let panel = Panel { start: group * g.filters_per_group() + panel.start, width: panel.width };
                if self.reads_in_place() {
                    let by = Contraction { extent, a, b: [window.out_w * g.filters, 0, g.filters] };
                    self.tiles(&by, chunk, group, panel, &chunk.dy[panel.start..], first, dw);
                } else {
                    self.pack(chunk, panel, packed);
                    let full = self.panels.full();
                    let by = Contraction { extent, a, b: [columns * full, 0, full] };
                    self.tiles(&by, chunk, group, panel, packed, first, dw);
                }
            }
        }
    }

    /// Whether pixels of dy are no longer than a panel and made of whole registers, so that packing would only copy.
    fn reads_in_place(&self) -> bool {
        let filters = self.g.filters_per_group();
        E::VALUES == 1 && self.g.filters <= self.panels.full() && self.micro.read_width(filters) == filters
    }

    fn packed_len(&self) -> usize {
        packed_len::<E>(&self.panels, self.g)
    }

    fn pack(&self, chunk: &Chunk<'_>, panel: Panel, to: &mut [f32]) {
        let (filters, full) = (self.g.filters, self.panels.full());
        for (row, to) in to.chunks_exact_mut(E::elements(chunk.columns) * full).take(chunk.rows).enumerate() {
            let dy = &chunk.dy[row * self.g.window.out_w * filters + panel.start..];
            E::pack(self.isa, dy, [chunk.columns, panel.width], filters, to, full);
        }
    }

    /// Adds to the rows of dw that lie in the block, a run of them at a time that x holds without a gap.
    #[allow(clippy::too_many_arguments, reason = "operands and the result")]
    fn tiles(
        &self,
        by: &Contraction,
        chunk: &Chunk<'_>,
        group: usize,
        panel: Panel,
        dy: &[f32],
        first: usize,
        dw: &mut [f32],
    ) {
        let (g, window) = (self.g, &self.g.window);
        let [height, width] = window.kernel;
        let channels = g.channels_per_group();
        let is_one_run = g.groups == 1 && window.dilation[1] == 1;
        let (run, width) = if is_one_run { (width * channels, 1) } else { (channels, width) };
        let last = first + dw.len() / g.filters;
        for index in first / run..last.div_ceil(run).min(height * width) {
            let rows = first.max(index * run)..last.min((index + 1) * run);
            let tap = index / width * window.dilation[0] * chunk.x_row
                + index % width * window.dilation[1] * window.in_c
                + group * channels;
            let block = Block { height: rows.len(), width: panel.width, a_lane: 1, c_lane: g.filters };
            let x = &chunk.x[tap + rows.start - index * run..];
            let dw = &mut dw[(rows.start - first) * g.filters + panel.start..];
            self.micro.run(by, block, x, dy, Finish::Add, dw);
        }
    }
}

fn packed_len<E: Element>(panels: &Panels, g: &ConvGeometry) -> usize {
    let [rows, columns] = chunk_size(g);
    rows * E::elements(columns) * panels.full()
}
