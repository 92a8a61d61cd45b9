//! Batch normalisation over rows (N·H·W), by channel: Ioffe and Szegedy, "Batch normalization", 2015; and
//! normalisation over groups of channels of one image: Wu and He, "Group normalization", 2018.

use super::Real;
use crate::kernel::norm::group::Groups;

/// Mean and 1/√(variance + `epsilon`) of every channel; the variance is the biased one.
#[must_use]
pub fn statistics<T: Real>(c: usize, x: &[T], epsilon: T) -> (Vec<T>, Vec<T>) {
    let rows = T::of((x.len() / c) as f64);
    let mut mean = vec![T::ZERO; c];
    x.iter().enumerate().for_each(|(at, x)| mean[at % c] += *x / rows);
    let mut variance = vec![T::ZERO; c];
    for (at, x) in x.iter().enumerate() {
        let deviation = *x - mean[at % c];
        variance[at % c] += deviation * deviation / rows;
    }
    let inverse = variance.iter().map(|variance| T::ONE / (*variance + epsilon).sqrt()).collect();
    (mean, inverse)
}

/// What a normalisation is applied with, one number a channel each.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'a, T> {
    /// Means.
    pub mean: &'a [T],
    /// 1/√(variance + ε).
    pub inverse_deviation: &'a [T],
}

impl<T: Real> Statistics<'_, T> {
    fn normalised(&self, at: usize, x: T) -> T {
        let channel = at % self.mean.len();
        (x - self.mean[channel]) * self.inverse_deviation[channel]
    }
}

/// y = x̂·scale + shift, with x̂ the normalised x.
#[must_use]
pub fn apply<T: Real>(with: Statistics<'_, T>, x: &[T], scale: &[T], shift: &[T]) -> Vec<T> {
    let c = scale.len();
    x.iter().enumerate().map(|(at, x)| with.normalised(at, *x) * scale[at % c] + shift[at % c]).collect()
}

/// dL/dscale = Σ x̂·dy and dL/dshift = Σ dy.
#[must_use]
pub fn parameter_gradients<T: Real>(with: Statistics<'_, T>, x: &[T], dy: &[T]) -> (Vec<T>, Vec<T>) {
    let c = with.mean.len();
    let (mut dscale, mut dshift) = (vec![T::ZERO; c], vec![T::ZERO; c]);
    for (at, (x, dy)) in x.iter().zip(dy).enumerate() {
        dscale[at % c] += with.normalised(at, *x) * *dy;
        dshift[at % c] += *dy;
    }
    (dscale, dshift)
}

/// dL/dx = scale/√(σ² + ε)·(dy − mean of dy − x̂·mean of x̂·dy), through the statistics as well.
#[must_use]
pub fn input_gradient<T: Real>(with: Statistics<'_, T>, x: &[T], dy: &[T], scale: &[T]) -> Vec<T> {
    let c = scale.len();
    let rows = T::of((x.len() / c) as f64);
    let (dscale, dshift) = parameter_gradients(with, x, dy);
    let gradient = |(at, (x, dy)): (usize, (&T, &T))| {
        let channel = at % c;
        let rest = *dy - dshift[channel] / rows - with.normalised(at, *x) * dscale[channel] / rows;
        scale[channel] * with.inverse_deviation[channel] * rest
    };
    x.iter().zip(dy).enumerate().map(gradient).collect()
}

/// y from running statistics, as in inference.
#[must_use]
pub fn apply_running<T: Real>(
    [running_mean, running_var]: [&[T]; 2],
    epsilon: T,
    x: &[T],
    scale: &[T],
    shift: &[T],
) -> Vec<T> {
    let inverse: Vec<T> = running_var.iter().map(|variance| T::ONE / (*variance + epsilon).sqrt()).collect();
    apply(Statistics { mean: running_mean, inverse_deviation: &inverse }, x, scale, shift)
}

/// Kernel and bias with which a convolution or product gives what [`apply_running`] makes of its result; `bias` is the one
/// before, or empty.
#[must_use]
pub fn fold_running<T: Real>(
    [running_mean, running_var]: [&[T]; 2],
    epsilon: T,
    kernel: &[T],
    scale: &[T],
    shift: &[T],
    bias: &[T],
) -> (Vec<T>, Vec<T>) {
    let c = scale.len();
    let factor = |channel: usize| scale[channel] / (running_var[channel] + epsilon).sqrt();
    let before = |channel: usize| bias.get(channel).copied().unwrap_or(T::ZERO);
    (
        kernel.iter().enumerate().map(|(at, weight)| *weight * factor(at % c)).collect(),
        (0..c).map(|at| shift[at] + (before(at) - running_mean[at]) * factor(at)).collect(),
    )
}

/// For each element of an array the set and group it is normalised with, as one number.
fn population_of(groups: &Groups, at: usize) -> usize {
    let width = groups.channels / groups.groups;
    at / (groups.rows * groups.channels) * groups.groups + at % groups.channels / width
}

/// The mean over each set and group.
fn group_means<T: Real>(groups: &Groups, values: impl ExactSizeIterator<Item = T>) -> Vec<T> {
    let populations = values.len() / groups.population();
    let mut mean = vec![T::ZERO; populations];
    let share = T::ONE / T::of(groups.population() as f64);
    values.enumerate().for_each(|(at, value)| mean[population_of(groups, at)] += value * share);
    mean
}

/// x̂ = (x − mean)/√(variance + `epsilon`) over each set and group, and 1/√(variance + `epsilon`) of each.
#[must_use]
pub fn normalise_groups<T: Real>(groups: &Groups, epsilon: T, x: &[T]) -> (Vec<T>, Vec<T>) {
    let of = |at: usize| population_of(groups, at);
    let mean = group_means(groups, x.iter().copied());
    let apart: Vec<T> = x.iter().enumerate().map(|(at, x)| *x - mean[of(at)]).collect();
    let variance = group_means(groups, apart.iter().map(|x| *x * *x));
    let inverse: Vec<T> = variance.into_iter().map(|variance| T::ONE / (variance + epsilon).sqrt()).collect();
    (apart.iter().enumerate().map(|(at, x)| *x * inverse[of(at)]).collect(), inverse)
}

/// dL/dx of [`normalise_groups`] from its results: (dy − mean of dy − x̂·mean of x̂·dy)/√(σ² + ε).
#[must_use]
pub fn normalise_groups_gradient<T: Real>(groups: &Groups, y: &[T], inverse: &[T], dy: &[T]) -> Vec<T> {
    let mean = group_means(groups, dy.iter().copied());
    let slope = group_means(groups, y.iter().zip(dy).map(|(y, dy)| *y * *dy));
    let gradient = |(at, (y, dy)): (usize, (&T, &T))| {
        let population = population_of(groups, at);
        inverse[population] * (*dy - mean[population] - *y * slope[population])
    };
    y.iter().zip(dy).enumerate().map(gradient).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_gradient_is_the_limit_of_central_differences() {
        let x = [0.3, -1.0, 2.0, 0.5, -0.7, 1.5, 0.9, 0.0];
        let (scale, shift, dy) = ([1.5, -0.5], [0.1, 0.2], [1.0, 2.0, -1.0, 0.5, 0.3, -2.0, 0.7, 1.1]);
        let loss = |x: &[f64]| {
            let (mean, inverse) = statistics(2, x, 1e-3);
            let y = apply(Statistics { mean: &mean, inverse_deviation: &inverse }, x, &scale, &shift);
            y.iter().zip(dy).map(|(y, dy)| y * dy).sum::<f64>()
        };
        let (mean, inverse) = statistics(2, &x, 1e-3);
        let got = input_gradient(Statistics { mean: &mean, inverse_deviation: &inverse }, &x, &dy, &scale);
        for at in 0..x.len() {
            let moved = |step: f64| {
                let mut x = x;
                x[at] += step;
                loss(&x)
            };
            let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((got[at] - wanted).abs() < 1e-8, "{at}: {} for {wanted}", got[at]);
        }
    }

    #[test]
    fn a_normalised_group_has_mean_zero_and_deviation_one() {
        let groups = Groups { sets: 1, rows: 2, channels: 4, groups: 2 };
        let x = [1.0, 3.0, 10.0, 10.0, 5.0, 7.0, 10.0, 14.0];
        let (y, inverse) = normalise_groups(&groups, 0.0, &x);
        // The first group is 1, 3, 5, 7, the second 10, 10, 10, 14.
        assert_eq!(inverse, [1.0 / 5.0_f64.sqrt(), 1.0 / 3.0_f64.sqrt()]);
        let wanted = [-3.0, -1.0, -1.0, -1.0, 1.0, 3.0, -1.0, 3.0].iter().zip([0, 0, 1, 1, 0, 0, 1, 1]);
        wanted.zip(y).for_each(|((apart, group), y)| assert_eq!(y, apart * inverse[group]));
    }
}
