//! dx as sums over the winners: each spreads its gradient, by the weights, over what its window of the convolution saw.

use rayon::prelude::*;

use super::super::patch::Patch;
use super::winner::{PoolRow, Sums};
use super::{PooledConv, Seen};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, Isa, Scratch, Space};

/// Elements of the weights by filter.
pub fn workspace(isa: Isa, g: &PooledConv) -> usize {
    padded(g.conv.filters * Sums::new(isa, g).len())
}

/// Elements of the rows of dx that a row of the pool adds to.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    Seen::most_room(isa, g)
}

/// Computes dx (n×H×W×I).
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run(
    isa: Isa,
    g: &PooledConv,
    n: usize,
    dy: &[f32],
    w: &[f32],
    index: &[u8],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    super::verify_lengths(g, n, dx, w, dy, index);
    let sums = Sums::new(isa, g);
    let weights = aligned(workspace, g.conv.filters * sums.len());
    by_filter(g, w, sums.shape(), weights);
    let gradient = InputGradient { isa, sums, g, weights, activation, scratch };
    let images = dx.par_chunks_mut(g.conv.window.in_len()).zip(dy.par_chunks(g.out_len()));
    images.zip(index.par_chunks(g.out_len())).for_each(|((dx, dy), index)| gradient.image(dy, index, dx));
}

/// H×W×I×O as [filter][kernel row][run], with zeros behind each run up to whole registers.
fn by_filter(g: &PooledConv, w: &[f32], [rows, whole]: [usize; 2], to: &mut [f32]) {
    let (filters, run) = (g.conv.filters, g.run());
    to.par_chunks_mut(rows * whole).enumerate().for_each(|(filter, to)| {
        for (to, w) in to.chunks_exact_mut(whole).zip(w.chunks_exact(run * filters)) {
            to.iter_mut().zip(w.iter().skip(filter).step_by(filters)).for_each(|(to, w)| *to = *w);
            to[run..].fill(0.0);
        }
    });
}

struct InputGradient<'a> {
    isa: Isa,
    sums: Sums<'a>,
    g: &'a PooledConv,
    weights: &'a [f32],
    activation: Activation,
    scratch: &'a Scratch,
}

impl InputGradient<'_> {
    fn image(&self, dy: &[f32], index: &[u8], dx: &mut [f32]) {
        self.scratch.with(scratch(self.isa, self.g), |room| {
            let mut rows = OpenRows { isa: self.isa, activation: self.activation, patch: None, next: 0, room };
            self.sums.rows(dy, index, |seen, row| {
                let room = rows.open(&seen.patch, seen.len(self.isa, self.g), dx);
                self.row(row, seen.patch.row_len(), room);
            });
            rows.close(dx);
        });
    }

    /// Adds what one row of the pool spreads.
    fn row(&self, row: PoolRow<'_>, x_row: usize, dx: &mut [f32]) {
        let (shape, len) = (self.sums.shape(), self.sums.len());
        self.sums.filters(row, x_row, |filter, terms| {
            let weights = &self.weights[filter * len..][..len];
            self.sums.kernel.scatter(terms, shape, dx, self.sums.down(x_row), weights);
        });
    }
}

/// The rows of dx that rows of the pool still add to, in cache. A row that no later one reaches goes to dx.
struct OpenRows<'a> {
    isa: Isa,
    activation: Activation,
    /// What of the image lies in the room.
    patch: Option<Patch>,
    /// The first row of dx that is not written yet.
    next: usize,
    room: &'a mut [f32],
}

impl OpenRows<'_> {
    /// The room of a patch, `len` elements with what whole registers touch beyond it; it holds what was added already.
    /// The patches of an image start ever further down.
    fn open(&mut self, patch: &Patch, len: usize, dx: &mut [f32]) -> &mut [f32] {
        let row = patch.row_len();
        let kept = match self.patch {
            None => 0,
            Some(before) => {
                let done = before.rows.min((patch.top - before.top).unsigned_abs());
                self.write(&before, done, dx);
                self.room.copy_within(done * row..before.len(), 0);
                before.len() - done * row
            }
        };
        let held = kept.max(patch.len());
        self.room[kept..len.max(held)].fill(0.0);
        self.patch = Some(Patch { rows: held / row.max(1), ..*patch });
        &mut self.room[..len.max(held)]
    }

    /// Writes what is left.
    fn close(mut self, dx: &mut [f32]) {
        if let Some(patch) = self.patch {
            self.write(&patch, patch.rows, dx);
            self.write_zeros(patch.image[0], patch.image, dx);
        }
    }

    /// Writes the first `count` rows of the room, and zeros to the rows before them that nothing was added to.
    fn write(&mut self, patch: &Patch, count: usize, dx: &mut [f32]) {
        let [height, width, channels] = patch.image;
        let (before, first, columns) = patch.columns_inside();
        for at in 0..count {
            let Some(row) = usize::try_from(patch.top + at as isize).ok().filter(|&row| row < height) else { continue };
            self.write_zeros(row, patch.image, dx);
            let inside = &self.room[at * patch.row_len()..][before * channels..][..columns * channels];
            let to = &mut dx[row * width * channels..][..width * channels];
            to[..first * channels].fill(0.0);
            let (to, after) = to[first * channels..].split_at_mut(columns * channels);
            self.activation.chain_with(self.isa, inside, to);
            after.fill(0.0);
            self.next = row + 1;
        }
    }

    /// Zeros up to `row`.
    fn write_zeros(&mut self, row: usize, [_, width, channels]: [usize; 3], dx: &mut [f32]) {
        if self.next < row {
            dx[self.next * width * channels..row * width * channels].fill(0.0);
            self.next = row;
        }
    }
}
