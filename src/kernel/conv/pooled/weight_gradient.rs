//! dw as sums over the winners: for each of them, the gradient times what its window of the convolution saw.

use rayon::prelude::*;

use super::winner::Sums;
use super::{PooledConv, Seen};
use crate::kernel::conv::direct::TASKS;
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Isa, Scratch, Space};

/// Elements of all partial sums together, at most, unless there is only one.
const PARTIALS: usize = 1 << 21;

/// Elements of the partial sums.
pub fn workspace(isa: Isa, g: &PooledConv, n: usize) -> usize {
    padded(most_parts(isa, g, n) * partial_len(isa, g))
}

/// Elements of a row's patch.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    padded(Seen::most_room(isa, g))
}

/// Computes dw (H×W×I×O), overwriting it.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run(isa: Isa, g: &PooledConv, n: usize, x: &[f32], dy: &[f32], index: &[u8], dw: &mut [f32], space: Space<'_>) {
    let Space { workspace, scratch } = space;
    super::verify_lengths(g, n, x, dw, dy, index);
    let gradient = WeightGradient { isa, sums: Sums::new(isa, g), g, scratch };
    let len = partial_len(isa, g);
    let images = n.div_ceil(most_parts(isa, g, n)).max(1);
    let partials = aligned(workspace, n.div_ceil(images) * len);
    partials.par_chunks_mut(len).enumerate().for_each(|(part, sums)| {
        sums.fill(0.0);
        for image in part * images..n.min((part + 1) * images) {
            let x = &x[image * g.conv.window.in_len()..][..g.conv.window.in_len()];
            let pooled = image * g.out_len()..(image + 1) * g.out_len();
            gradient.image(x, &dy[pooled.clone()], &index[pooled], sums);
        }
    });
    gradient.reduce(partials, dw);
}

/// Partial sums for `n` images at most.
fn most_parts(isa: Isa, g: &PooledConv, n: usize) -> usize {
    n.min(TASKS).min(PARTIALS / partial_len(isa, g).max(1)).max(1)
}

/// Elements of a partial sum: [filter][kernel row][run], whole registers a run.
fn partial_len(isa: Isa, g: &PooledConv) -> usize {
    g.conv.filters * Sums::new(isa, g).len()
}

struct WeightGradient<'a> {
    isa: Isa,
    sums: Sums<'a>,
    g: &'a PooledConv,
    scratch: &'a Scratch,
}

impl WeightGradient<'_> {
    /// Adds an image's share to `to`.
    fn image(&self, x: &[f32], dy: &[f32], index: &[u8], to: &mut [f32]) {
        let (shape, len) = (self.sums.shape(), self.sums.len());
        self.scratch.with(scratch(self.isa, self.g), |room| {
            self.sums.rows(dy, index, |seen, row| {
                let (x, x_row) = (seen.read(self.isa, self.g, x, room), seen.patch.row_len());
                self.sums.filters(row, x_row, |filter, terms| {
                    let to = &mut to[filter * len..][..len];
                    self.sums.kernel.accumulate(terms, shape, x, self.sums.down(x_row), to);
                });
            });
        });
    }

    /// dw = Σ of the partial sums, in their order.
    fn reduce(&self, partials: &[f32], dw: &mut [f32]) {
        let (g, filters) = (self.g, self.g.conv.filters);
        let ([_, whole], of_filter) = (self.sums.shape(), self.sums.len());
        dw.par_chunks_mut(g.run() * filters).enumerate().for_each(|(down, dw)| {
            for (at, dw) in dw.chunks_exact_mut(filters).enumerate() {
                for (filter, dw) in dw.iter_mut().enumerate() {
                    let place = filter * of_filter + down * whole + at;
                    *dw = partials.iter().skip(place).step_by(filters * of_filter).sum();
                }
            }
        });
    }
}
