//! dx as sums over the winners: each spreads its gradient, by the weights, over what its window of the convolution saw.

use rayon::prelude::*;

use super::spread::{self, SpreadRow, Winners};
use super::winner::{Map, PoolRow, Sums, shape};
use super::{PooledConv, Seen};
use crate::kernel::micro::{Lists, SparseKernel};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, Isa, Space};

/// Elements of the weights by filter.
pub fn workspace(isa: Isa, g: &PooledConv) -> usize {
    let [rows, whole] = shape(SparseKernel::of(isa), g, g.conv.window.in_c);
    padded(g.conv.filters * rows * whole)
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
    let spread = Spread::new(isa, g, w, workspace);
    spread::over_images(isa, g, Winners { dy, index }, &spread, activation, dx, scratch);
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

/// The weights in the order of the sums over winners.
pub struct Spread<'a> {
    sums: Sums<'a>,
    weights: &'a [f32],
}

impl<'a> Spread<'a> {
    /// Brings w into that order, in `workspace`.
    pub fn new(isa: Isa, g: &'a PooledConv, w: &[f32], workspace: &'a mut [f32]) -> Self {
        let map = Map { pixel: g.conv.window.in_c, row: Seen::of(g, 0).patch.row_len() };
        let sums = Sums::new(isa, g, map);
        let weights = aligned(workspace, g.conv.filters * sums.len());
        by_filter(g, w, sums.shape(), weights);
        Self { sums, weights }
    }
}

impl SpreadRow for Spread<'_> {
    fn row(&self, _: &Seen, row: PoolRow<'_>, lists: &mut Lists, dx: &mut [f32]) {
        let (shape, len) = (self.sums.shape(), self.sums.len());
        for pixels in self.sums.stretches() {
            self.sums.terms(row, &pixels, 0, lists, |filters, lists| {
                let weights = self.weights[filters.start * len..filters.end * len].chunks_exact(len);
                for (at, weights) in weights.enumerate() {
                    self.sums.kernel.scatter(lists.of(at), shape, dx, self.sums.down(), weights);
                }
            });
        }
    }
}
