//! The forward pass once the statistics are known, with what follows it: one pass over memory.

use rayon::prelude::*;

use super::verify_lengths;
use crate::kernel::chunk::{repeat, stretch, whole_rows};
use crate::kernel::isa::vectorised;
use crate::kernel::{Activation, Isa};

/// Elements that stay in the first-level cache from one loop over them to the next.
pub(super) const BLOCK: usize = 1 << 11;

/// Elements of a block: whole stretches of rows of `c`.
pub(super) fn block(c: usize) -> usize {
    (BLOCK / stretch(c)).max(1) * stretch(c)
}

/// What is added to the normalised numbers.
#[derive(Clone, Copy, Debug, Default)]
pub enum Residual<'a> {
    /// Nothing.
    #[default]
    None,
    /// These numbers.
    Operand(&'a [f32]),
    /// What the result holds before.
    Result,
}

/// What becomes of the normalised numbers before they are stored: activation(y + residual).
#[derive(Clone, Copy, Debug, Default)]
pub struct Apply<'a> {
    /// Added first.
    pub residual: Residual<'a>,
    /// Applied then.
    pub activation: Activation,
}

/// Floats of workspace that [`apply`] and [`apply_running`] need.
#[must_use]
pub fn apply_workspace(c: usize) -> usize {
    3 * stretch(c)
}

/// y = `then` of (x − mean)·inverse_deviation·scale + shift.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn apply(
    isa: Isa,
    rows: usize,
    c: usize,
    x: &[f32],
    [mean, inverse_deviation, scale, shift]: [&[f32]; 4],
    then: Apply<'_>,
    y: &mut [f32],
    workspace: &mut [f32],
) {
    verify_lengths(rows, c, &[x.len(), y.len()], &[mean.len(), inverse_deviation.len(), scale.len(), shift.len()]);
    let factor = |channel: usize| inverse_deviation[channel] * scale[channel];
    let table = Table::new(c, mean, factor, shift, workspace);
    table.normalise(isa, x, then, y);
}

/// y = `then` of (x − mean)/√(variance + `epsilon`)·scale + shift, as in inference.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn apply_running(
    isa: Isa,
    rows: usize,
    c: usize,
    x: &[f32],
    [mean, variance, scale, shift]: [&[f32]; 4],
    epsilon: f32,
    then: Apply<'_>,
    y: &mut [f32],
    workspace: &mut [f32],
) {
    verify_lengths(rows, c, &[x.len(), y.len()], &[mean.len(), variance.len(), scale.len(), shift.len()]);
    let factor = |channel: usize| scale[channel] / (variance[channel] + epsilon).sqrt();
    let table = Table::new(c, mean, factor, shift, workspace);
    table.normalise(isa, x, then, y);
}

/// Numbers by channel, as long as a stretch.
struct Table<'a> {
    c: usize,
    mean: &'a [f32],
    factor: &'a [f32],
    shift: &'a [f32],
}

impl<'a> Table<'a> {
    fn new(c: usize, mean: &[f32], factor: impl Fn(usize) -> f32, shift: &[f32], workspace: &'a mut [f32]) -> Self {
        let len = stretch(c);
        let (means, rest) = workspace[..apply_workspace(c)].split_at_mut(len);
        let (factors, shifts) = rest.split_at_mut(len);
        repeat(mean, means);
        repeat(shift, shifts);
        for (at, to) in factors.iter_mut().enumerate() {
            *to = factor(at % c);
        }
        Self { c, mean: means, factor: factors, shift: shifts }
    }

    /// y = `then` of (x − mean)·factor + shift, in parallel.
    fn normalise(&self, isa: Isa, x: &[f32], then: Apply<'_>, y: &mut [f32]) {
        let (piece, block) = (whole_rows(self.c), block(self.c));
        if let Residual::Operand(residual) = then.residual {
            assert_eq!(residual.len(), y.len(), "a residual of another length");
        }
        x.par_chunks(piece).zip(y.par_chunks_mut(piece)).enumerate().for_each(|(at, (x, y))| {
            for (part, (x, y)) in x.chunks(block).zip(y.chunks_mut(block)).enumerate() {
                match then.residual {
                    Residual::None => normalise(isa, x, self.mean, self.factor, self.shift, y),
                    Residual::Operand(residual) => {
                        y.copy_from_slice(&residual[at * piece + part * block..][..y.len()]);
                        add_normalised(isa, x, self.mean, self.factor, self.shift, y);
                    }
                    Residual::Result => add_normalised(isa, x, self.mean, self.factor, self.shift, y),
                }
                then.activation.map_block(isa, y);
            }
        });
    }
}

vectorised! {
    /// y = (x − mean)·factor + shift, for every stretch.
    fn normalise(x: &[f32], mean: &[f32], factor: &[f32], shift: &[f32], y: &mut [f32]) {
        let len = mean.len();
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            for ((((y, x), mean), factor), shift) in y.iter_mut().zip(x).zip(mean).zip(factor).zip(shift) {
                *y = (x - mean) * factor + shift;
            }
        }
    }

    /// The same, added to y.
    fn add_normalised(x: &[f32], mean: &[f32], factor: &[f32], shift: &[f32], y: &mut [f32]) {
        let len = mean.len();
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            for ((((y, x), mean), factor), shift) in y.iter_mut().zip(x).zip(mean).zip(factor).zip(shift) {
                *y += (x - mean) * factor + shift;
            }
        }
    }
}
