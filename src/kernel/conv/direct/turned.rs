//! The weight gradient turned around, for the matrix unit: filters times taps and channels, summed over the pixels of a chunk.
//!
//! The unit wants of one operand what a sum takes in a row, of the other what it takes side by side. Pixels of x lie side by side
//! already, every tap's in the same place; dy is turned, once for all taps. Under stride 1 the rows of a chunk make one run: between
//! them dy has zeros for the columns of x that no window starts at.

use std::ops::Range;

use rayon::prelude::*;

use super::super::patch::{Patch, Rows};
use super::super::verify_lengths;
use super::cut::{Band, Cut};
use super::{TASKS, band_patch, row_len, rows_in_cache};
use crate::kernel::bf16::{Grid, pack_turned};
use crate::kernel::element::{Element, Pair};
use crate::kernel::micro::{Block, Contraction, Finish, Many, MicroKernel, WIDEST_PANEL};
use crate::kernel::scratch::{aligned, lines, padded};
use crate::kernel::{ConvGeometry, Isa, Scratch, Space};

/// Pairs of pixels of a chunk: so many products are summed before the sums go to memory, and what they are made of stays in the
/// first-level cache.
const PAIRS: usize = 128;

/// Rows of dw whose partial sums are added up by one task.
const ROWS: usize = 16;

/// Whether there is one run of taps and channels a kernel row, and pixels fill elements.
pub fn fits(g: &ConvGeometry) -> bool {
    g.groups == 1 && super::fits::<Pair>(g)
}

/// Elements of the partial sums.
pub fn workspace(g: &ConvGeometry, n: usize) -> usize {
    padded(Cut::most_parts(g, n) * g.weight_len())
}

/// Elements of a band of x and of a chunk of dy.
pub fn scratch(g: &ConvGeometry) -> usize {
    Turned::room(g, 0, most_rows(g))
}

/// Output rows of a band, at most.
pub fn most_rows(g: &ConvGeometry) -> usize {
    rows_in_cache(row_len(g), g.window.out_h)
}

/// Computes dw.
pub fn run(isa: Isa, g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], space: Space<'_>) {
    verify_lengths(g, n, x, dw, dy);
    run_by_bands(isa, g, n, x, dw, space, 0, |band, _, add| add(band.dy(g, dy)));
}

/// Computes dw from what `dy` gives of the gradient for a band, where it has room for so many elements a row of it.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and how dy is had")]
pub fn run_by_bands(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    dw: &mut [f32],
    space: Space<'_>,
    room_of_row: usize,
    dy: impl Fn(&Band, &mut [f32], &mut dyn FnMut(&[f32])) + Sync,
) {
    let Space { workspace, scratch } = space;
    let cut = Cut::of(g, n);
    let blocks = Blocks::of(g, cut.parts);
    let partials = aligned(workspace, cut.parts * g.weight_len());
    let of_part = |part: usize, filters: Range<usize>, sums: &mut [f32]| {
        let turned = Turned { isa, micro: Pair::micro(isa), g, filters };
        sums.fill(0.0);
        for band in cut.bands(part) {
            let band = Band::at(g, band);
            let of_dy = lines(band.rows * room_of_row);
            with_room(scratch, of_dy, Turned::room(g, band.row, band.rows), |of_dy, room| {
                dy(&band, of_dy, &mut |dy| {
                    let (x, dy) = (Rows::whole(band.x(g, x)), Rows { values: dy, first: band.row });
                    turned.add(x, dy, room, sums);
                });
            });
        }
    };
    partials.par_chunks_mut(g.weight_len()).enumerate().for_each(|(part, sums)| {
        let blocks_of_part = sums.par_chunks_mut(blocks.len(g)).enumerate();
        blocks_of_part.for_each(|(block, sums)| of_part(part, blocks.filters(g, block), sums));
    });
    reduce(g, blocks, partials, dw);
}

fn with_room(scratch: &Scratch, first: usize, second: usize, f: impl FnOnce(&mut [f32], &mut [f32])) {
    scratch.with(first + second, |room| {
        let (first, second) = room.split_at_mut(first);
        f(first, second);
    });
}

/// Filters in blocks, each a task, where there are few parts. The sums of a block are [run][filter][place in the run].
#[derive(Clone, Copy)]
struct Blocks {
    filters: usize,
}

impl Blocks {
    fn of(g: &ConvGeometry, parts: usize) -> Self {
        let blocks = (TASKS / 2).div_ceil(parts);
        Self { filters: g.filters.div_ceil(blocks).next_multiple_of(WIDEST_PANEL).min(g.filters) }
    }

    /// Elements of a block's sums.
    fn len(&self, g: &ConvGeometry) -> usize {
        self.filters * g.weight_len() / g.filters
    }

    fn filters(&self, g: &ConvGeometry, block: usize) -> Range<usize> {
        block * self.filters..g.filters.min((block + 1) * self.filters)
    }
}

/// Taps and channels that x holds without a gap, and how many such runs there are.
fn runs(g: &ConvGeometry) -> [usize; 2] {
    let [height, width] = g.window.kernel;
    match g.window.dilation[1] {
        1 => [width * g.window.in_c, height],
        _ => [g.window.in_c, height * width],
    }
}

/// dw = Σ of the partial sums, in their order, turned back.
fn reduce(g: &ConvGeometry, blocks: Blocks, partials: &[f32], dw: &mut [f32]) {
    let [run, _] = runs(g);
    dw.par_chunks_mut(ROWS * g.filters).enumerate().for_each(|(chunk, dw)| {
        let (mut row, end) = (chunk * ROWS, chunk * ROWS + dw.len() / g.filters);
        let mut dw = dw;
        while row < end {
            let rows = (end - row).min(run - row % run);
            let (of_run, rest) = dw.split_at_mut(rows * g.filters);
            for filter in 0..g.filters {
                let block = filter / blocks.filters;
                let filters = blocks.filters(g, block);
                let place =
                    block * blocks.len(g) + (row / run * filters.len() + filter - filters.start) * run + row % run;
                let mut sums = [0.0; ROWS];
                for partial in partials.chunks_exact(g.weight_len()) {
                    sums.iter_mut().zip(&partial[place..][..rows]).for_each(|(sum, term)| *sum += term);
                }
                of_run.iter_mut().skip(filter).step_by(g.filters).zip(sums).for_each(|(dw, sum)| *dw = sum);
            }
            (dw, row) = (rest, row + rows);
        }
    });
}

/// The sums of some filters.
pub struct Turned<'a> {
    isa: Isa,
    micro: MicroKernel,
    g: &'a ConvGeometry,
    filters: Range<usize>,
}

impl<'a> Turned<'a> {
    /// Those of all filters.
    pub fn new(isa: Isa, g: &'a ConvGeometry) -> Self {
        Self { isa, micro: Pair::micro(isa), g, filters: 0..g.filters }
    }

    /// dw = Σ of the partial sums of all filters, in their order.
    pub fn reduce(&self, partials: &[f32], dw: &mut [f32]) {
        reduce(self.g, Blocks { filters: self.g.filters }, partials, dw);
    }

    /// Elements of the room that so many rows of dy from the first one on take.
    pub fn room(g: &ConvGeometry, first: usize, rows: usize) -> usize {
        lines(patch(g, first, rows).len()) + g.filters * lane(g)
    }

    /// Adds the share of some rows of dy.
    pub fn add(&self, x: Rows<'_>, dy: Rows<'_>, room: &mut [f32], sums: &mut [f32]) {
        let (g, window) = (self.g, &self.g.window);
        let out_row = window.out_w * g.filters;
        let rows = dy.values.len() / out_row;
        let patch = patch(g, dy.first, rows).among(x);
        let (of_x, turned) = room.split_at_mut(lines(patch.len()));
        let x = patch.read_columns::<Pair>(self.isa, window.stride[1], x.values, of_x);
        let chunk = chunk_rows(g);
        for row in (0..rows).step_by(chunk) {
            let grid = Grid {
                values: &dy.values[row * out_row + self.filters.start..],
                stride: g.filters,
                size: [window.out_w, chunk.min(rows - row)],
                row_pairs: row_pairs(g),
            };
            pack_turned(self.isa, &grid, self.filters.len(), turned, lane(g));
            self.chunk(&grid, &x[row * window.stride[0] * patch.row_len()..], patch.row_len(), turned, sums);
        }
    }

    /// Adds the share of a chunk, a run of taps and channels at a time.
    fn chunk(&self, grid: &Grid<'_>, x: &[f32], x_row: usize, dy: &[f32], sums: &mut [f32]) {
        let (g, window) = (self.g, &self.g.window);
        let across = Pair::VALUES * window.stride[1] * window.in_c;
        let by = match is_one_run(g) {
            true => Contraction::flat(grid.pairs(), 1, across),
            false => Contraction {
                extent: [grid.size[1], 1, grid.row_pairs],
                a: [grid.row_pairs, 0, 1],
                b: [window.stride[0] * x_row, 0, across],
            },
        };
        let [run, runs] = runs(g);
        let runs_of_row = runs / window.kernel[0];
        for (index, sums) in sums.chunks_exact_mut(self.filters.len() * run).enumerate() {
            let (down, right) = (index / runs_of_row, index % runs_of_row);
            let x = &x[down * window.dilation[0] * x_row + right * window.dilation[1] * window.in_c..];
            for [start, width, count] in panels(run) {
                let block = Block { height: self.filters.len(), width, a_lane: lane(g), c_lane: run };
                let many = Many { count, apart: [0, width, width] };
                self.micro.run_each(many, &by, block, dy, &x[start..], Finish::Add, &mut sums[start..]);
            }
        }
    }
}

/// A run in panels of equal width: where they start, their width, and how many there are.
fn panels(run: usize) -> impl Iterator<Item = [usize; 3]> {
    let count = run.div_ceil(WIDEST_PANEL);
    let panels = match run.is_multiple_of(count) {
        true => [[0, run / count, count], [run, 0, 0]],
        false => {
            let whole = run / WIDEST_PANEL;
            [[0, WIDEST_PANEL, whole], [whole * WIDEST_PANEL, run % WIDEST_PANEL, 1]]
        }
    };
    panels.into_iter().filter(|[_, _, count]| *count > 0)
}

/// Whether the pixels of a chunk's rows, those among them that no window starts at, follow one another evenly.
fn is_one_run(g: &ConvGeometry) -> bool {
    g.window.stride == [1, 1]
}

/// What the rows see of x, with an even number of columns where pairs go on from row to row.
fn patch(g: &ConvGeometry, first: usize, rows: usize) -> Patch {
    let patch = band_patch(g, first, rows);
    if is_one_run(g) { Patch { columns: patch.columns.next_multiple_of(Pair::VALUES), ..patch } } else { patch }
}

/// Pairs of a row of dy.
fn row_pairs(g: &ConvGeometry) -> usize {
    let columns = if is_one_run(g) { patch(g, 0, 1).columns } else { g.window.out_w };
    Pair::elements(columns)
}

/// Rows of a chunk, at most.
fn chunk_rows(g: &ConvGeometry) -> usize {
    (PAIRS / row_pairs(g)).clamp(1, most_rows(g))
}

/// Elements from one filter's pairs to the next one's.
fn lane(g: &ConvGeometry) -> usize {
    lines(chunk_rows(g) * row_pairs(g))
}
