//! Batch normalisation over N·H·W, by channel: Ioffe and Szegedy, "Batch normalization", 2015. Normalisation of an
//! image by itself is in [`group`].
//!
//! Arrays are `rows` × `c`; a row is a pixel of an image. Statistics are one number a channel. The passes over x read
//! memory once; partial sums lie in the caller's workspace.

#![expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]

mod apply;
mod fold;
mod gradient;
pub mod group;
mod run;
#[cfg(test)]
mod tests;

pub use apply::{Apply, Residual, apply, apply_running, apply_workspace};
pub use fold::fold_running;
pub use gradient::{input_gradient, input_gradient_workspace, parameter_gradients, parameter_gradients_workspace};

use super::Isa;
use super::chunk::{STRETCH, accumulate, add_rows, fold, gather, piece, rows_per_chunk, stretched, workspace_len};
use super::isa::vectorised;

/// Elements at the front of a piece whose mean its deviations are taken from.
const SAMPLE: usize = 1 << 12;

/// Asserts that `arrays` are rows × c and `channels` c long.
fn verify_lengths(rows: usize, c: usize, arrays: &[usize], channels: &[usize]) {
    assert!(arrays.iter().all(|len| *len == rows * c), "an array of {rows} rows of {c}: {arrays:?}");
    assert!(channels.iter().all(|len| *len == c), "{c} channels: {channels:?}");
}

/// Floats of workspace that [`statistics`] needs.
#[must_use]
pub fn statistics_workspace(rows: usize, c: usize) -> usize {
    workspace_len(rows, c, 3)
}

/// Mean and 1/√(variance + `epsilon`) of every channel of `x`; the variance is the biased one.
///
/// Each piece is summed around the mean of its first rows, and the pieces are joined in `f64` by the formula of Chan,
/// Golub and LeVeque, 1979: memory is read once, and a large mean costs no precision.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn statistics(
    isa: Isa,
    rows: usize,
    c: usize,
    x: &[f32],
    epsilon: f32,
    mean: &mut [f32],
    inverse_deviation: &mut [f32],
    workspace: &mut [f32],
) {
    verify_lengths(rows, c, &[x.len()], &[mean.len(), inverse_deviation.len()]);
    let pieces = Pieces { rows, c };
    let partials = accumulate([rows, c, 3], workspace, |at, partial| deviations(isa, piece(x, c, at), c, partial));
    let sum_of = |partial: &[f32], at, channel| [pieces.sum(partial, at, channel)];
    fold([c, 3], partials, sum_of, |channel, [sum]| mean[channel] = (sum / rows as f64) as f32);
    let around_mean =
        |partial: &[f32], at, channel: usize| [pieces.squares_around(mean[channel], partial, at, channel)];
    fold([c, 3], partials, around_mean, |channel, [squares]| {
        inverse_deviation[channel] = inverse_of(squares / rows as f64, epsilon);
    });
}

/// 1/√(`variance` + `epsilon`) of a variance that rounding may have made negative.
fn inverse_of(variance: f64, epsilon: f32) -> f32 {
    // Not by `max`, which would turn a NaN into 0.
    let variance = if variance < 0.0 { 0.0 } else { variance };
    (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32
}

/// Reads sums off what [`deviations`] says of each piece of `rows` rows.
struct Pieces {
    rows: usize,
    c: usize,
}

impl Pieces {
    fn rows_of(&self, at: usize) -> f64 {
        let most = rows_per_chunk(self.c);
        most.min(self.rows - at * most) as f64
    }

    fn mean(&self, partial: &[f32], at: usize, channel: usize) -> f64 {
        f64::from(partial[channel]) + f64::from(partial[self.c + channel]) * (1.0 / self.rows_of(at))
    }

    /// Σ x over the rows of piece `at`.
    fn sum(&self, partial: &[f32], at: usize, channel: usize) -> f64 {
        self.rows_of(at) * self.mean(partial, at, channel)
    }

    /// Σ (x − mean)² over the rows of piece `at`.
    fn squares_around(&self, mean: f32, partial: &[f32], at: usize, channel: usize) -> f64 {
        let [first, second] = [1, 2].map(|sum| f64::from(partial[sum * self.c + channel]));
        let apart = self.mean(partial, at, channel) - f64::from(mean);
        second - first * first * (1.0 / self.rows_of(at)) + self.rows_of(at) * apart * apart
    }
}

/// For the rows of one piece: the mean m of its first rows, Σ(x − m) and Σ(x − m)² over all, by channel; all zero before.
fn deviations(isa: Isa, x: &[f32], c: usize, partial: &mut [f32]) {
    let (mean, sums) = partial.split_at_mut(c);
    let (first, second) = sums.split_at_mut(c);
    let front = &x[..((SAMPLE / c).max(1) * c).min(x.len())];
    add_rows(isa, front, mean);
    let share = c as f32 / front.len() as f32;
    mean.iter_mut().for_each(|mean| *mean *= share);
    let mut room = [0.0; STRETCH];
    let mean = stretched(mean, &mut room);
    gather([first, second], |[first, second]| add_deviations(isa, x, mean, first, second));
}

vectorised! {
    /// Adds x − `mean` of every stretch to `first`, and its square to `second`.
    fn add_deviations(x: &[f32], mean: &[f32], first: &mut [f32], second: &mut [f32]) {
        for x in x.chunks(mean.len()) {
            for (((x, mean), first), second) in x.iter().zip(mean).zip(&mut *first).zip(&mut *second) {
                let deviation = x - mean;
                *first += deviation;
                *second += deviation * deviation;
            }
        }
    }
}

/// Moves the running statistics towards those of a batch: running ← momentum·running + (1 − momentum)·batch, with the
/// unbiased variance where there is more than one row. Keras's meaning of `momentum`, one minus PyTorch's.
///
/// # Panics
/// If a length is not `c`.
pub fn update_running(
    rows: usize,
    c: usize,
    momentum: f32,
    epsilon: f32,
    mean: &[f32],
    inverse_deviation: &[f32],
    running_mean: &mut [f32],
    running_var: &mut [f32],
) {
    verify_lengths(rows, c, &[], &[mean.len(), inverse_deviation.len(), running_mean.len(), running_var.len()]);
    let unbiased = if rows > 1 { rows as f64 / (rows - 1) as f64 } else { 1.0 };
    let blend = |running: &mut f32, batch: f64| {
        *running = (f64::from(momentum) * f64::from(*running) + (1.0 - f64::from(momentum)) * batch) as f32;
    };
    for channel in 0..c {
        blend(&mut running_mean[channel], f64::from(mean[channel]));
        let spread = f64::from(inverse_deviation[channel]).powi(-2) - f64::from(epsilon);
        let variance = if spread < 0.0 { 0.0 } else { spread };
        blend(&mut running_var[channel], variance * unbiased);
    }
}
