//! Batch normalisation over N·H·W, by channel: Ioffe and Szegedy, "Batch normalization", 2015.
//!
//! Arrays are `rows` × `c`; a row is a pixel of an image. Statistics are one number a channel. The passes over x read
//! memory once; partial sums lie in the caller's workspace.

#![expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::chunk::{accumulate, add_rows, fold, piece, rows_per_chunk, whole_rows, workspace_len};

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
    let partials = accumulate([rows, c, 3], workspace, |at, partial| deviations(piece(x, c, at), c, partial));
    let rows_of = |at: usize| rows_per_chunk(c).min(rows - at * rows_per_chunk(c)) as f64;
    let piece_mean = |partial: &[f32], at, channel: usize| {
        f64::from(partial[channel]) + f64::from(partial[c + channel]) * (1.0 / rows_of(at))
    };
    let sum_of = |partial: &[f32], at, channel| [rows_of(at) * piece_mean(partial, at, channel)];
    fold([c, 3], partials, sum_of, |channel, [sum]| mean[channel] = (sum / rows as f64) as f32);
    let around_mean = |partial: &[f32], at, channel: usize| {
        let (first, second) = (f64::from(partial[c + channel]), f64::from(partial[2 * c + channel]));
        let apart = piece_mean(partial, at, channel) - f64::from(mean[channel]);
        [second - first * first * (1.0 / rows_of(at)) + rows_of(at) * apart * apart]
    };
    fold([c, 3], partials, around_mean, |channel, [squares]| {
        // Not by `max`, which would turn a NaN into 0.
        let variance = if squares < 0.0 { 0.0 } else { squares / rows as f64 };
        inverse_deviation[channel] = (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32;
    });
}

/// For the rows of one piece: a mean m up to rounding, Σ(x − m) and Σ(x − m)², by channel.
fn deviations(x: &[f32], c: usize, partial: &mut [f32]) {
    let (mean, sums) = partial.split_at_mut(c);
    let (first, second) = sums.split_at_mut(c);
    add_rows(x, mean);
    let share = c as f32 / x.len() as f32;
    mean.iter_mut().for_each(|mean| *mean *= share);
    for row in x.chunks_exact(c) {
        for (((x, mean), first), second) in row.iter().zip(&*mean).zip(&mut *first).zip(&mut *second) {
            let deviation = x - mean;
            *first += deviation;
            *second += deviation * deviation;
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
    let [mean, inverse_deviation, scale, shift] = [mean, inverse_deviation, scale, shift].map(|each| &each[..c]);
    for_each_row(c, x, y, |x, y| {
        let (x, y) = (&x[..c], &mut y[..c]);
        for channel in 0..c {
            let normalised = (x[channel] - mean[channel]) * inverse_deviation[channel];
            y[channel] = normalised * scale[channel] + shift[channel];
        }
    });
}

/// Calls `map` with every row of `x` and `y`, in parallel.
fn for_each_row(c: usize, x: &[f32], y: &mut [f32], map: impl Fn(&[f32], &mut [f32]) + Sync) {
    x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
        x.chunks_exact(c).zip(y.chunks_exact_mut(c)).for_each(|(x, y)| map(x, y));
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
        let (dot, sum) = partial.split_at_mut(c);
        for (x, dy) in piece(x, c, at).chunks_exact(c).zip(piece(dy, c, at).chunks_exact(c)) {
            for ((((x, dy), mean), dot), sum) in x.iter().zip(dy).zip(mean).zip(&mut *dot).zip(&mut *sum) {
                *dot += (x - mean) * dy;
                *sum += dy;
            }
        }
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
    let [mean, inverse_deviation, scale, dscale, dshift] =
        [mean, inverse_deviation, scale, dscale, dshift].map(|each| &each[..c]);
    let share = 1.0 / rows as f32;
    let pieces = x.par_chunks(whole_rows(c)).zip(dy.par_chunks(whole_rows(c))).zip(dx.par_chunks_mut(whole_rows(c)));
    pieces.for_each(|((x, dy), dx)| {
        for ((x, dy), dx) in x.chunks_exact(c).zip(dy.chunks_exact(c)).zip(dx.chunks_exact_mut(c)) {
            let (x, dy, dx) = (&x[..c], &dy[..c], &mut dx[..c]);
            for channel in 0..c {
                let inverse = inverse_deviation[channel];
                let normalised = (x[channel] - mean[channel]) * inverse;
                let rest = dy[channel] - (dshift[channel] + normalised * dscale[channel]) * share;
                dx[channel] = scale[channel] * inverse * rest;
            }
        }
    });
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
    let [running_mean, running_var, scale, shift] = [running_mean, running_var, scale, shift].map(|each| &each[..c]);
    for_each_row(c, x, y, |x, y| {
        let (x, y) = (&x[..c], &mut y[..c]);
        for channel in 0..c {
            let factor = scale[channel] / (running_var[channel] + epsilon).sqrt();
            y[channel] = (x[channel] - running_mean[channel]) * factor + shift[channel];
        }
    });
}
