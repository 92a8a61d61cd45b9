//! Batch normalisation over N·H·W, by channel: Ioffe and Szegedy, "Batch normalization", 2015. Normalisation of an
//! image by itself is in [`group`].
//!
//! Arrays are `rows` × `c`; a row is a pixel of an image. Statistics are one number a channel. The passes over x read
//! memory once; partial sums lie in the caller's workspace.

#![expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]

pub mod group;
mod run;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::chunk::{accumulate, add_rows, fold, four_rows, piece, rows_per_chunk, whole_rows, workspace_len};

/// Channels whose factors a piece computes before it runs over its rows.
const BLOCK: usize = 256;

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
/// Each piece is summed around its own mean while it is in the cache, and the pieces are joined in `f64` by the
/// formula of Chan, Golub and LeVeque, 1979: a large mean costs no precision.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn statistics(
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
    let partials = accumulate([rows, c, 3], workspace, |at, partial| deviations(piece(x, c, at), c, partial));
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

/// For the rows of one piece: a mean m up to rounding, Σ(x − m) and Σ(x − m)², by channel.
fn deviations(x: &[f32], c: usize, partial: &mut [f32]) {
    let (mean, sums) = partial.split_at_mut(c);
    let (first, second) = sums.split_at_mut(c);
    add_rows(x, mean);
    let share = c as f32 / x.len() as f32;
    mean.iter_mut().for_each(|mean| *mean *= share);
    let fours = x.chunks_exact(4 * c);
    for row in fours.remainder().chunks_exact(c) {
        for (((x, mean), first), second) in row.iter().zip(&*mean).zip(&mut *first).zip(&mut *second) {
            let deviation = x - mean;
            *first += deviation;
            *second += deviation * deviation;
        }
    }
    for four in fours {
        let rows = four_rows(four, c);
        let (first, second) = (&mut first[..c], &mut second[..c]);
        for channel in 0..c {
            let [a, b, d, e] = rows.map(|row| row[channel] - mean[channel]);
            first[channel] += (a + b) + (d + e);
            second[channel] += (a * a + b * b) + (d * d + e * e);
        }
    }
}

/// y = (x − mean)·inverse_deviation·scale + shift.
///
/// # Panics
/// If a length is not that of its shape.
pub fn apply(
    rows: usize,
    c: usize,
    x: &[f32],
    mean: &[f32],
    inverse_deviation: &[f32],
    scale: &[f32],
    shift: &[f32],
    y: &mut [f32],
) {
    verify_lengths(rows, c, &[x.len(), y.len()], &[mean.len(), inverse_deviation.len(), scale.len(), shift.len()]);
    normalise(c, x, mean, |channel| inverse_deviation[channel] * scale[channel], shift, y);
}

/// y = (x − mean)·factor(channel) + shift, in parallel. The factors are computed once a piece and block of channels.
fn normalise(c: usize, x: &[f32], mean: &[f32], factor: impl Fn(usize) -> f32 + Sync, shift: &[f32], y: &mut [f32]) {
    x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
        for first in (0..c).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(c);
            let mut factors = [0.0; BLOCK];
            factors.iter_mut().zip(block.clone()).for_each(|(at, channel)| *at = factor(channel));
            let (mean, shift) = (&mean[block.clone()], &shift[block.clone()]);
            for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
                let channels = x[block.clone()].iter().zip(&mut y[block.clone()]);
                for ((((x, y), mean), factor), shift) in channels.zip(mean).zip(&factors).zip(shift) {
                    *y = (x - mean) * factor + shift;
                }
            }
        }
    });
}

/// Floats of workspace that [`parameter_gradients`] needs.
#[must_use]
pub fn parameter_gradients_workspace(rows: usize, c: usize) -> usize {
    workspace_len(rows, c, 2)
}

/// dL/dscale = Σ x̂·dy and dL/dshift = Σ dy, with x̂ = (x − mean)·inverse_deviation.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn parameter_gradients(
    rows: usize,
    c: usize,
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    inverse_deviation: &[f32],
    dscale: &mut [f32],
    dshift: &mut [f32],
    workspace: &mut [f32],
) {
    let channels = [mean.len(), inverse_deviation.len(), dscale.len(), dshift.len()];
    verify_lengths(rows, c, &[x.len(), dy.len()], &channels);
    let partials = accumulate([rows, c, 2], workspace, |at, partial| {
        dot_and_sum(piece(x, c, at), piece(dy, c, at), mean, partial.split_at_mut(c));
    });
    fold(
        [c, 2],
        partials,
        |partial, _, channel| [f64::from(partial[channel]), f64::from(partial[c + channel])],
        |channel, [dot, sum]| {
            dscale[channel] = (dot * f64::from(inverse_deviation[channel])) as f32;
            dshift[channel] = sum as f32;
        },
    );
}

/// Adds Σ (x − mean)·dy and Σ dy over the rows of one piece to `dot` and `sum`.
fn dot_and_sum(x: &[f32], dy: &[f32], mean: &[f32], (dot, sum): (&mut [f32], &mut [f32])) {
    let c = mean.len();
    let (x_fours, dy_fours) = (x.chunks_exact(4 * c), dy.chunks_exact(4 * c));
    for (x, dy) in x_fours.remainder().chunks_exact(c).zip(dy_fours.remainder().chunks_exact(c)) {
        for ((((x, dy), mean), dot), sum) in x.iter().zip(dy).zip(mean).zip(&mut *dot).zip(&mut *sum) {
            *dot += (x - mean) * dy;
            *sum += dy;
        }
    }
    for (x, dy) in x_fours.zip(dy_fours) {
        let (x, dy) = (four_rows(x, c), four_rows(dy, c));
        let (dot, sum) = (&mut dot[..c], &mut sum[..c]);
        for channel in 0..c {
            let [a, b, d, e] = dy.map(|row| row[channel]);
            let product = |at: usize| (x[at][channel] - mean[channel]) * dy[at][channel];
            dot[channel] += (product(0) + product(1)) + (product(2) + product(3));
            sum[channel] += (a + b) + (d + e);
        }
    }
}

/// dx = scale·inverse_deviation·(dy − dshift/rows − x̂·dscale/rows): the gradient through the statistics as well.
///
/// # Panics
/// If a length is not that of its shape.
pub fn input_gradient(
    rows: usize,
    c: usize,
    x: &[f32],
    dy: &[f32],
    mean: &[f32],
    inverse_deviation: &[f32],
    scale: &[f32],
    dscale: &[f32],
    dshift: &[f32],
    dx: &mut [f32],
) {
    let channels = [mean.len(), inverse_deviation.len(), scale.len(), dscale.len(), dshift.len()];
    verify_lengths(rows, c, &[x.len(), dy.len(), dx.len()], &channels);
    let pieces = x.par_chunks(whole_rows(c)).zip(dy.par_chunks(whole_rows(c))).zip(dx.par_chunks_mut(whole_rows(c)));
    pieces.for_each(|((x, dy), dx)| {
        for first in (0..c).step_by(BLOCK) {
            let block = first..(first + BLOCK).min(c);
            let mut factors = [[0.0; BLOCK]; 3];
            for (at, channel) in block.clone().enumerate() {
                let of_dy = scale[channel] * inverse_deviation[channel];
                let of_mean = of_dy / rows as f32;
                factors[0][at] = of_dy;
                factors[1][at] = of_mean * dshift[channel];
                factors[2][at] = of_mean * dscale[channel] * inverse_deviation[channel];
            }
            for ((x, dy), dx) in x.chunks_exact(c).zip(dy.chunks_exact(c)).zip(dx.chunks_exact_mut(c)) {
                let (x, dy, dx) = (&x[block.clone()], &dy[block.clone()], &mut dx[block.clone()]);
                gradient_row([x, dy, &mean[block.clone()]], &factors, dx);
            }
        }
    });
}

/// dx = dy·factor₀ − factor₁ − (x − mean)·factor₂ for a block of channels of one row.
fn gradient_row([x, dy, mean]: [&[f32]; 3], [of_dy, constant, of_x]: &[[f32; BLOCK]; 3], dx: &mut [f32]) {
    let factors = of_dy.iter().zip(constant).zip(of_x);
    for ((((x, dy), mean), dx), ((of_dy, constant), of_x)) in x.iter().zip(dy).zip(mean).zip(dx).zip(factors) {
        *dx = dy * of_dy - constant - (x - mean) * of_x;
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

/// y = (x − running_mean)/√(running_var + `epsilon`)·scale + shift, as in inference.
///
/// # Panics
/// If a length is not that of its shape.
pub fn apply_running(
    rows: usize,
    c: usize,
    x: &[f32],
    running_mean: &[f32],
    running_var: &[f32],
    epsilon: f32,
    scale: &[f32],
    shift: &[f32],
    y: &mut [f32],
) {
    let channels = [running_mean.len(), running_var.len(), scale.len(), shift.len()];
    verify_lengths(rows, c, &[x.len(), y.len()], &channels);
    let factor = |channel: usize| scale[channel] / (running_var[channel] + epsilon).sqrt();
    normalise(c, x, running_mean, factor, shift, y);
}
