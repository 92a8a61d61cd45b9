//! The forward pass of a chain: rows of each convolution in turn, those of all but the last in cache.

use std::ops::Range;

use rayon::prelude::*;

use super::{Added, Chain, MOST_LINKS, Stage};
use crate::kernel::conv::direct::TASKS;
use crate::kernel::conv::patch::Rows;
use crate::kernel::isa::vectorised;
use crate::kernel::pool::MaxRow;
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Isa, Scratch};

/// What a training keeps beside the result of a chain with a pool.
#[derive(Debug)]
pub struct Kept<'a> {
    /// The winners' taps.
    pub index: &'a mut [u8],
    /// The greatest magnitudes of the first convolution's channels, in [`Chain::peak_rows`] rows.
    pub peaks: &'a mut [f32],
}

impl Chain {
    /// Elements of a worker's room.
    #[must_use]
    pub fn scratch(&self) -> usize {
        let [rows, room] = self.sizes();
        rows.iter().map(|&len| padded(len)).sum::<usize>() + room.iter().max().copied().unwrap_or(0)
    }

    /// Rows of greatest magnitudes, a channel each of the first convolution, that up to `n` images leave.
    #[must_use]
    pub fn peak_rows(&self, n: usize) -> usize {
        (1..=n.min(TASKS)).chain([n]).map(|n| n * self.parts(n)).max().unwrap_or(0)
    }

    /// Computes the result of `n` images x, by each convolution's packed weights.
    ///
    /// # Panics
    ///
    /// If the chain is not [possible](Self::is_possible), or an operand has another length than its geometry.
    #[allow(clippy::too_many_arguments, reason = "operands, what is kept and room")]
    pub fn forward(
        &self,
        isa: Isa,
        n: usize,
        x: &[f32],
        packed: [&[f32]; MOST_LINKS],
        y: &mut [f32],
        kept: Option<Kept<'_>>,
        scratch: &Scratch,
    ) {
        assert_eq!(x.len(), n * self.in_len(), "the input has another length than its geometry");
        assert_eq!(y.len(), n * self.out_len(), "the output has another length than its geometry");
        if y.is_empty() {
            return;
        }
        let forward = Forward { isa, chain: self, stages: self.stages(packed), rows: self.sizes()[0], scratch };
        let [_, row_len] = self.out();
        let rows = self.task_rows(n);
        let image = |image: usize| &x[image * self.in_len()..][..self.in_len()];
        let images = y.par_chunks_mut(self.out_len());
        let Some(Kept { index, peaks }) = kept else {
            images.enumerate().for_each(|(at, y)| {
                let tasks = y.par_chunks_mut(rows * row_len).enumerate();
                tasks.for_each(|(task, y)| forward.task(image(at), task * rows, y, &mut [], &mut []));
            });
            return;
        };
        let (parts, channels) = (self.parts(n), self.links[0].g.filters);
        assert_eq!(index.len(), images.len() * self.out_len(), "the winners' places are as many as the pooled values");
        let (peaks, unused) = peaks.split_at_mut(n * parts * channels);
        unused.fill(0.0);
        let kept = index.par_chunks_mut(self.out_len()).zip(peaks.par_chunks_mut(parts * channels));
        images.zip(kept).enumerate().for_each(|(at, (y, (index, peaks)))| {
            let kept = index.par_chunks_mut(rows * row_len).zip(peaks.par_chunks_mut(channels));
            let tasks = y.par_chunks_mut(rows * row_len).zip(kept).enumerate();
            tasks.for_each(|(task, (y, (index, peaks)))| forward.task(image(at), task * rows, y, index, peaks));
        });
    }

    fn stages<'a>(&'a self, packed: [&'a [f32]; MOST_LINKS]) -> [Option<Stage<'a>>; MOST_LINKS] {
        std::array::from_fn(|at| {
            let link = self.links.get(at)?;
            Some((link.as_link().stage)(&link.g, packed[at], link.after))
        })
    }

    /// For each convolution the most elements of the rows of its result that any band holds, and of the room that they take
    /// to compute. What goes to the chain's result at once is not held.
    fn sizes(&self) -> [[usize; MOST_LINKS]; 2] {
        let (mut held, mut room) = ([0; MOST_LINKS], [0; MOST_LINKS]);
        let [height, _] = self.out();
        for first in (0..height).step_by(self.band_rows()) {
            let rows = self.rows(first..height.min(first + self.band_rows()));
            for (at, (link, rows)) in self.links.iter().zip(&rows).enumerate() {
                held[at] = held[at].max(rows.len() * link.row_len());
                room[at] = room[at].max(link.room(rows));
            }
        }
        if self.pool.is_none() {
            held[self.links.len() - 1] = 0;
        }
        [held, room]
    }
}

struct Forward<'a> {
    isa: Isa,
    chain: &'a Chain,
    stages: [Option<Stage<'a>>; MOST_LINKS],
    /// Elements of the rows of each convolution's result that a band holds.
    rows: [usize; MOST_LINKS],
    scratch: &'a Scratch,
}

impl Forward<'_> {
    /// Computes the rows of an image's result from `first` on, as many as `y` holds, a band after the other.
    fn task(&self, x: &[f32], first: usize, y: &mut [f32], index: &mut [u8], peaks: &mut [f32]) {
        peaks.fill(0.0);
        let [_, row_len] = self.chain.out();
        let band_len = self.chain.band_rows() * row_len;
        self.scratch.with(self.chain.scratch(), |mut room| {
            let maps = self.rows.map(|len| {
                let (map, rest) = std::mem::take(&mut room).split_at_mut(padded(len));
                room = rest;
                Held { values: aligned(map, len), rows: 0..0 }
            });
            let mut work = Bands { of: self, maps, room };
            let mut index = index.chunks_mut(band_len);
            for (at, y) in y.chunks_mut(band_len).enumerate() {
                let rows = first + at * self.chain.band_rows()..;
                work.band(x, rows.start, y, index.next().unwrap_or_default(), peaks);
            }
        });
    }
}

/// Rows of a convolution's result in cache.
struct Held<'a> {
    values: &'a mut [f32],
    rows: Range<usize>,
}

impl Held<'_> {
    /// Holds `rows` from now on, each of `len` elements: those that it held already go to the front. Gives the others.
    fn advance(&mut self, rows: &Range<usize>, len: usize) -> Range<usize> {
        let kept = rows.start.max(self.rows.start)..self.rows.end.min(rows.end);
        let new = if kept.is_empty() || rows.start < self.rows.start { rows.clone() } else { kept.end..rows.end };
        if new.start > rows.start {
            let from = (kept.start - self.rows.start) * len;
            self.values.copy_within(from..from + kept.len() * len, 0);
        }
        self.rows = rows.clone();
        new
    }

    /// Some of the rows that it holds, each of `len` elements.
    fn rows_mut(&mut self, rows: &Range<usize>, len: usize) -> &mut [f32] {
        &mut self.values[(rows.start - self.rows.start) * len..(rows.end - self.rows.start) * len]
    }

    fn read(&self, len: usize) -> Rows<'_> {
        Rows { values: &self.values[..self.rows.len() * len], first: self.rows.start }
    }
}

/// The bands of a task, in turn.
struct Bands<'a, 'b> {
    of: &'a Forward<'a>,
    maps: [Held<'b>; MOST_LINKS],
    room: &'b mut [f32],
}

impl Bands<'_, '_> {
    /// Computes the rows of an image's result from `first` on, as many as `y` holds.
    fn band(&mut self, x: &[f32], first: usize, y: &mut [f32], index: &mut [u8], peaks: &mut [f32]) {
        let (chain, isa) = (self.of.chain, self.of.isa);
        let (last, [_, row_len]) = (chain.links.len() - 1, chain.out());
        let rows = chain.rows(first..first + y.len() / row_len);
        for (at, rows) in rows.iter().enumerate().take(last) {
            let new = self.link(at, x, rows);
            if at == 0 && !peaks.is_empty() {
                let len = chain.links[0].row_len();
                widen(isa, peaks, self.maps[0].rows_mut(&new, len));
            }
        }
        let Some(pool) = &chain.pool else {
            if chain.added == Added::Input {
                y.copy_from_slice(&x[first * row_len..][..y.len()]);
            }
            return self.stage(last, x, first, y);
        };
        self.link(last, x, &rows[last]);
        let map = self.maps[last].read(chain.last().row_len());
        let mut index = index.chunks_exact_mut(row_len);
        for (at, y) in y.chunks_exact_mut(row_len).enumerate() {
            let row = MaxRow { pool, row: first + at, x: map.values, first: map.first };
            row.compute(isa, y, index.next().unwrap_or_default());
        }
    }

    /// Computes those of a convolution's rows that are not there yet, and says which.
    fn link(&mut self, at: usize, x: &[f32], rows: &Range<usize>) -> Range<usize> {
        let (link, len) = (&self.of.chain.links[at], self.of.chain.links[at].row_len());
        // A transformed convolution's bits depend on where its bands start.
        let mut map = std::mem::replace(&mut self.maps[at], Held { values: &mut [], rows: 0..0 });
        if !link.as_link().starts_anywhere() {
            map.rows = 0..0;
        }
        let new = map.advance(rows, len);
        if !new.is_empty() {
            self.stage(at, x, new.start, map.rows_mut(&new, len));
        }
        self.maps[at] = map;
        new
    }

    /// Computes the rows of a convolution's result from `first` on, as many as `y` holds.
    fn stage(&mut self, at: usize, x: &[f32], first: usize, y: &mut [f32]) {
        let input = match at.checked_sub(1) {
            None => Rows::whole(x),
            Some(before) => self.maps[before].read(self.of.chain.links[before].row_len()),
        };
        if let Some(stage) = &self.of.stages[at] {
            stage.band(input, first, y, self.room);
        }
    }
}

/// Numbers that are compared side by side, in registers.
const LANES: usize = 64;

/// peaks[c] = max(peaks[c], |rows[i·channels + c]|) over all i; what is not a number stays one.
fn widen(isa: Isa, peaks: &mut [f32], rows: &[f32]) {
    let channels = peaks.len();
    let (whole, rest) = rows.split_at(if LANES.is_multiple_of(channels) { rows.len() / LANES * LANES } else { 0 });
    let mut lanes = [0.0; LANES];
    widen_lanes(isa, &mut lanes, whole.as_chunks().0);
    if !whole.is_empty() {
        widen_rows(isa, peaks, &lanes);
    }
    widen_rows(isa, peaks, rest);
}

vectorised! {
    fn widen_lanes(peaks: &mut [f32; LANES], rows: &[[f32; LANES]]) {
        let mut most = *peaks;
        for row in rows {
            for (peak, value) in most.iter_mut().zip(row) {
                let value = value.abs();
                *peak = if value > *peak || value.is_nan() { value } else { *peak };
            }
        }
        *peaks = most;
    }

    fn widen_rows(peaks: &mut [f32], rows: &[f32]) {
        let channels = peaks.len();
        for row in rows.chunks_exact(channels) {
            for (peak, value) in peaks.iter_mut().zip(row) {
                let value = value.abs();
                *peak = if value > *peak || value.is_nan() { value } else { *peak };
            }
        }
    }
}
