//! Batch normalisation over N·H·W, by channel: Ioffe and Szegedy, "Batch normalization", 2015.
//!
//! Arrays are `rows` × `c`; a row is a pixel of an image. Statistics are one number a channel. The passes over x read
//! memory once; partial sums lie in the caller's workspace.

#![expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]

use rayon::prelude::*;

use super::chunk::{accumulate, add_rows, fold, piece, rows_per_chunk, whole_rows, workspace};

/// Asserts that `arrays` are rows × c and `channels` c long.
fn verify_lengths(rows: usize, c: usize, arrays: &[usize], channels: &[usize]) {
    assert!(arrays.iter().all(|len| *len == rows * c), "an array of {rows} rows of {c}: {arrays:?}");
    assert!(channels.iter().all(|len| *len == c), "{c} channels: {channels:?}");
}

/// Floats of workspace that [`statistics`] needs.
#[must_use]
pub fn statistics_workspace(rows: usize, c: usize) -> usize {
    workspace(rows, c, 3)
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
        f64::from(partial[channel]) + f64::from(partial[c + channel]) / rows_of(at)
    };
    let sum_of = |partial: &[f32], at, channel| [rows_of(at) * piece_mean(partial, at, channel)];
    fold([c, 3], partials, sum_of, |channel, [sum]| mean[channel] = (sum / rows as f64) as f32);
    let around_mean = |partial: &[f32], at, channel: usize| {
        let (first, second) = (f64::from(partial[c + channel]), f64::from(partial[2 * c + channel]));
        let apart = piece_mean(partial, at, channel) - f64::from(mean[channel]);
        [second - first * first / rows_of(at) + rows_of(at) * apart * apart]
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
    workspace(rows, c, 2)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reference;
    use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

    const SHAPES: [(usize, usize); 7] = [(1, 5), (7, 3), (1030, 1), (2500, 37), (130, 512), (3, 40_000), (5000, 16)];
    const EPSILON: f32 = 1e-3;

    /// What a test normalises: x away from zero, and one number a channel of each kind.
    struct Case {
        x: Vec<f32>,
        dy: Vec<f32>,
        scale: Vec<f32>,
        shift: Vec<f32>,
        mean: Vec<f32>,
        inverse: Vec<f32>,
    }

    fn case(rows: usize, c: usize) -> Case {
        let x: Vec<f32> = normal("x", rows * c).iter().map(|x| 3.0 + 2.0 * x).collect();
        let (mean, inverse) = reference::norm::statistics(c, &wide(&x), f64::from(EPSILON));
        let narrow = |values: Vec<f64>| values.iter().map(|value| *value as f32).collect();
        Case {
            dy: normal("dy", rows * c),
            scale: normal("scale", c),
            shift: normal("shift", c),
            mean: narrow(mean),
            inverse: narrow(inverse),
            x,
        }
    }

    #[test]
    fn statistics_agree_with_the_reference_on_any_pool() {
        for (rows, c) in SHAPES {
            let x = case(rows, c).x;
            let got = on_any_pool(|| {
                let mut out = vec![f32::NAN; 2 * c];
                let mut scratch = vec![f32::NAN; statistics_workspace(rows, c)];
                let (mean, inverse) = out.split_at_mut(c);
                statistics(rows, c, &x, EPSILON, mean, inverse, &mut scratch);
                out
            });
            let (mean, inverse) = reference::norm::statistics(c, &wide(&x), f64::from(EPSILON));
            assert_close(&got[..c], &mean, 1e-6, "mean");
            assert_close(&got[c..], &inverse, 2e-6, "inverse deviation");
        }
    }

    #[test]
    fn a_large_mean_costs_the_variance_no_precision() {
        let x: Vec<f32> = (0..20_000).map(|at| 4096.0 + (at % 8) as f32 * 0.125).collect();
        let (mut mean, mut inverse) = ([0.0], [0.0]);
        statistics(x.len(), 1, &x, 0.0, &mut mean, &mut inverse, &mut vec![0.0; statistics_workspace(x.len(), 1)]);
        assert_eq!(mean[0], 4096.4375);
        let deviation = (63.0_f32 / 12.0).sqrt() * 0.125;
        assert!((inverse[0] * deviation - 1.0).abs() < 1e-6, "{}", inverse[0]);
    }

    #[test]
    fn a_nan_shows_in_its_own_channel_only() {
        let (mut mean, mut inverse) = ([0.0; 2], [0.0; 2]);
        let x = [1.0, 2.0, f32::NAN, 3.0];
        statistics(2, 2, &x, EPSILON, &mut mean, &mut inverse, &mut vec![0.0; statistics_workspace(2, 2)]);
        assert!(mean[0].is_nan() && inverse[0].is_nan());
        assert_eq!(mean[1], 2.5);
        assert!(inverse[1].is_finite());
    }

    #[test]
    fn apply_agrees_with_the_reference() {
        for (rows, c) in SHAPES {
            let Case { x, scale, shift, mean, inverse, .. } = case(rows, c);
            let got = on_any_pool(|| {
                let mut y = vec![f32::NAN; x.len()];
                apply(rows, c, &x, &mean, &inverse, &scale, &shift, &mut y);
                y
            });
            let [mean, inverse, scale, shift] = [&mean, &inverse, &scale, &shift].map(|values| wide(values));
            let with = reference::norm::Statistics { mean: &mean, inverse_deviation: &inverse };
            assert_close(&got, &reference::norm::apply(with, &wide(&x), &scale, &shift), 1e-5, "apply");
        }
    }

    #[test]
    fn gradients_agree_with_the_reference_on_any_pool() {
        for (rows, c) in SHAPES {
            let Case { x, dy, scale, mean, inverse, .. } = case(rows, c);
            let got = on_any_pool(|| {
                let mut out = vec![f32::NAN; 2 * c + x.len()];
                let (parameters, dx) = out.split_at_mut(2 * c);
                let (dscale, dshift) = parameters.split_at_mut(c);
                let mut scratch = vec![f32::NAN; parameter_gradients_workspace(rows, c)];
                parameter_gradients(rows, c, &x, &dy, &mean, &inverse, dscale, dshift, &mut scratch);
                input_gradient(rows, c, &x, &dy, &mean, &inverse, &scale, dscale, dshift, dx);
                out
            });
            let [mean, inverse, scale, x, dy] = [&mean, &inverse, &scale, &x, &dy].map(|values| wide(values));
            let with = reference::norm::Statistics { mean: &mean, inverse_deviation: &inverse };
            let (dscale, dshift) = reference::norm::parameter_gradients(with, &x, &dy);
            assert_close(&got[..c], &dscale, 2e-5, "dscale");
            assert_close(&got[c..2 * c], &dshift, 2e-5, "dshift");
            // One row has deviations of zero by 1/√ε, which enlarges the rounding of its mean.
            let tolerance = if rows < 5 { 1e-4 } else { 1e-5 };
            assert_close(&got[2 * c..], &reference::norm::input_gradient(with, &x, &dy, &scale), tolerance, "dx");
        }
    }

    #[test]
    fn running_statistics_move_by_a_tenth_with_the_unbiased_variance() {
        let (mut running_mean, mut running_var) = ([1.0], [2.0]);
        let inverse = [1.0 / (3.0_f32 + EPSILON).sqrt()];
        update_running(4, 1, 0.9, EPSILON, &[11.0], &inverse, &mut running_mean, &mut running_var);
        assert!((running_mean[0] - 2.0).abs() < 1e-6);
        assert!((running_var[0] - (1.8 + 0.1 * 4.0)).abs() < 1e-6);
        update_running(1, 1, 0.0, EPSILON, &[11.0], &inverse, &mut running_mean, &mut running_var);
        assert!((running_var[0] - 3.0).abs() < 1e-6);
    }

    #[test]
    fn inference_uses_the_running_statistics() {
        let Case { x, scale, shift, mean, .. } = case(100, 21);
        let variance: Vec<f32> = normal("variance", 21).iter().map(|value| value * value).collect();
        let mut y = vec![f32::NAN; x.len()];
        apply_running(100, 21, &x, &mean, &variance, EPSILON, &scale, &shift, &mut y);
        let [mean, variance, x, scale, shift] = [&mean, &variance, &x, &scale, &shift].map(|values| wide(values));
        let wanted = reference::norm::apply_running([&mean, &variance], f64::from(EPSILON), &x, &scale, &shift);
        assert_close(&y, &wanted, 1e-5, "apply_running");
    }
}
