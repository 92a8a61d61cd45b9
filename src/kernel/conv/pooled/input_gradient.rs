//! dx as sums over the winners: each spreads its gradient, by the weights, over what its window of the convolution saw.

use rayon::prelude::*;

use super::winner::{PoolRow, Sums};
use super::{PooledConv, Seen};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Isa, Scratch, Space};

/// Elements of the weights by filter.
pub fn workspace(isa: Isa, g: &PooledConv) -> usize {
    padded(g.conv.filters * Sums::new(isa, g).len())
}

/// Elements of a row's patch.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    padded(Seen::most_room(isa, g))
}

/// Computes dx (n×H×W×I), overwriting it.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run(isa: Isa, g: &PooledConv, n: usize, dy: &[f32], w: &[f32], index: &[u8], dx: &mut [f32], space: Space<'_>) {
    let Space { workspace, scratch } = space;
    super::verify_lengths(g, n, dx, w, dy, index);
    let sums = Sums::new(isa, g);
    let weights = aligned(workspace, g.conv.filters * sums.len());
    by_filter(g, w, sums.shape(), weights);
    let gradient = InputGradient { isa, sums, g, weights, scratch };
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
    scratch: &'a Scratch,
}

impl InputGradient<'_> {
    fn image(&self, dy: &[f32], index: &[u8], dx: &mut [f32]) {
        dx.fill(0.0);
        self.scratch.with(scratch(self.isa, self.g), |room| {
            self.sums.rows(dy, index, |seen, row| self.patch(seen, row, room, dx));
        });
    }

    /// Adds what one row of the pool spreads: where it lies, or by way of `room` where it reaches over the edge.
    fn patch(&self, seen: &Seen, row: PoolRow<'_>, room: &mut [f32], dx: &mut [f32]) {
        let (len, x_row) = (seen.len(self.isa, self.g), seen.patch.row_len());
        // What lies beyond a run must not be touched, not even by adding zero times the gradient.
        if seen.is_in_place(self.isa, self.g, dx.len()) && super::slack(self.isa, self.g) == 0 {
            return self.row(row, x_row, &mut dx[seen.start()..][..len]);
        }
        let room = aligned(room, len);
        room.fill(0.0);
        self.row(row, x_row, room);
        seen.patch.add_to(&room[..seen.patch.len()], dx);
    }

    fn row(&self, row: PoolRow<'_>, x_row: usize, dx: &mut [f32]) {
        let (shape, len) = (self.sums.shape(), self.sums.len());
        self.sums.filters(row, x_row, |filter, terms| {
            let weights = &self.weights[filter * len..][..len];
            self.sums.kernel.scatter(terms, shape, dx, self.sums.down(x_row), weights);
        });
    }
}
