//! Normalisation over groups of channels of one image, whatever else is in the batch: of each pixel by itself (Ba, Kiros
//! and Hinton, "Layer normalization", 2016, as ConvNeXt uses it), or of all pixels (Wu and He, "Group normalization",
//! 2018).
//!
//! The result is the normalised x alone; what is learned is multiplied and added by channel, as anywhere else. Its
//! gradient needs the result and the deviations, and neither x nor the means.

use rayon::prelude::*;

use super::{Pieces, deviations, inverse_of, run};
use crate::kernel::Isa;
use crate::kernel::chunk::{accumulate, add_products, add_rows, fold, piece, workspace_len};
use crate::kernel::isa::vectorised;

/// Which numbers of an image share a mean and a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Sets of rows an image that are normalised by themselves.
    pub sets: usize,
    /// Rows of a set; a row is a pixel.
    pub rows: usize,
    /// Elements of a row.
    pub channels: usize,
    /// Groups that the channels are cut into; divides them.
    pub groups: usize,
}

impl Groups {
    /// Numbers that share a mean.
    #[must_use]
    pub fn population(&self) -> usize {
        self.rows * self.channels / self.groups
    }

    /// Deviations of an image.
    #[must_use]
    pub fn statistics(&self) -> usize {
        self.sets * self.groups
    }

    fn set_len(&self) -> usize {
        self.rows * self.channels
    }

    /// Floats that a set needs: two numbers a channel, and the partial sums of its pieces.
    fn set_workspace(&self, sums: usize) -> usize {
        2 * self.channels + workspace_len(self.rows, self.channels, sums)
    }

    /// Floats of workspace that [`normalise`] of `n` images needs.
    #[must_use]
    pub fn workspace(&self, n: usize) -> usize {
        if self.rows == 1 { 0 } else { n * self.sets * self.set_workspace(3) }
    }

    /// Floats of workspace that [`gradient`] of `n` images needs.
    #[must_use]
    pub fn gradient_workspace(&self, n: usize) -> usize {
        if self.rows == 1 { 0 } else { n * self.sets * self.set_workspace(2) }
    }

    fn verify(&self, n: usize, arrays: &[usize], inverse: usize) {
        assert!(self.channels.is_multiple_of(self.groups), "{self:?}");
        assert!(arrays.iter().all(|len| *len == n * self.sets * self.set_len()), "{n} images of {self:?}: {arrays:?}");
        assert_eq!(inverse, n * self.statistics(), "{n} images of {self:?}");
    }
}

/// y = (x − mean)·inverse and inverse = 1/√(variance + `epsilon`), a number of each kind for every set and group.
///
/// # Panics
/// If a length is not that of `n` images, or the workspace is too short.
#[expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]
pub fn normalise(
    isa: Isa,
    groups: &Groups,
    n: usize,
    epsilon: f32,
    x: &[f32],
    y: &mut [f32],
    inverse: &mut [f32],
    workspace: &mut [f32],
) {
    groups.verify(n, &[x.len(), y.len()], inverse.len());
    if groups.rows == 1 {
        return run::normalise(isa, groups.population(), epsilon, x, y, inverse);
    }
    let (c, set) = (groups.channels, groups.set_len());
    let sets = x.par_chunks(set).zip(y.par_chunks_mut(set)).zip(inverse.par_chunks_mut(groups.groups));
    sets.zip(workspace.par_chunks_mut(groups.set_workspace(3))).for_each(|(((x, y), inverse), workspace)| {
        let (by_channel, partials) = workspace.split_at_mut(2 * c);
        let (mean, factor) = by_channel.split_at_mut(c);
        statistics(isa, groups, x, epsilon, mean, inverse, partials);
        spread(inverse, factor);
        centre_and_scale(isa, x, mean, factor, y);
    });
}

vectorised! {
    /// y = (x − mean)·factor, for every row.
    fn centre_and_scale(x: &[f32], mean: &[f32], factor: &[f32], y: &mut [f32]) {
        let c = mean.len();
        for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
            for (((y, x), mean), factor) in y.iter_mut().zip(x).zip(mean).zip(factor) {
                *y = (x - mean) * factor;
            }
        }
    }
}

/// The mean of each channel's group, a number a channel, and the inverse deviation of each group.
fn statistics(
    isa: Isa,
    groups: &Groups,
    x: &[f32],
    epsilon: f32,
    mean: &mut [f32],
    inverse: &mut [f32],
    partials: &mut [f32],
) {
    let Groups { rows, channels: c, .. } = *groups;
    let pieces = Pieces { rows, c };
    let partials = accumulate([rows, c, 3], partials, |at, partial| deviations(isa, piece(x, c, at), c, partial));
    let sum = |partial: &[f32], at, channel| [pieces.sum(partial, at, channel)];
    group_means(groups, (partials, 3), sum, |group, [sum]| mean[group] = sum as f32);
    let means = |channel: usize| mean[channel / (c / groups.groups)];
    let squares = |partial: &[f32], at, channel| [pieces.squares_around(means(channel), partial, at, channel)];
    group_means(groups, (partials, 3), squares, |group, [variance]| inverse[group] = inverse_of(variance, epsilon));
    spread_in_place(groups.groups, mean);
}

/// dx = inverse·(dy − mean of dy − y·mean of y·dy), with the means over each set and group: the gradient of
/// [`normalise`], given its results.
///
/// # Panics
/// If a length is not that of `n` images, or the workspace is too short.
#[expect(clippy::too_many_arguments, reason = "a kernel's operands are its signature")]
pub fn gradient(
    isa: Isa,
    groups: &Groups,
    n: usize,
    y: &[f32],
    inverse: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    workspace: &mut [f32],
) {
    groups.verify(n, &[y.len(), dy.len(), dx.len()], inverse.len());
    if groups.rows == 1 {
        return run::gradient(isa, groups.population(), y, inverse, dy, dx);
    }
    let (c, set) = (groups.channels, groups.set_len());
    let sets = y.par_chunks(set).zip(dy.par_chunks(set)).zip(inverse.par_chunks(groups.groups));
    let results = dx.par_chunks_mut(set).zip(workspace.par_chunks_mut(groups.set_workspace(2)));
    sets.zip(results).for_each(|(((y, dy), inverse), (dx, workspace))| {
        let (by_channel, partials) = workspace.split_at_mut(2 * c);
        let (mean, slope) = by_channel.split_at_mut(c);
        gradient_means(isa, groups, y, dy, mean, slope, partials);
        gradient_rows(isa, y, dy, mean, slope, inverse, dx);
    });
}

/// The means of dy and of y·dy over each channel's group, a number a channel each.
fn gradient_means(
    isa: Isa,
    groups: &Groups,
    y: &[f32],
    dy: &[f32],
    mean: &mut [f32],
    slope: &mut [f32],
    partials: &mut [f32],
) {
    let Groups { rows, channels: c, .. } = *groups;
    let partials = accumulate([rows, c, 2], partials, |at, partial| {
        let (sum, dot) = partial.split_at_mut(c);
        let (y, dy) = (piece(y, c, at), piece(dy, c, at));
        add_rows(isa, dy, sum);
        add_products(isa, y, dy, dot);
    });
    let sums = |partial: &[f32], _, channel: usize| [f64::from(partial[channel]), f64::from(partial[c + channel])];
    group_means(groups, (partials, 2), sums, |group, [of_dy, of_product]| {
        mean[group] = of_dy as f32;
        slope[group] = of_product as f32;
    });
    spread_in_place(groups.groups, mean);
    spread_in_place(groups.groups, slope);
}

vectorised! {
    /// Each row of [`gradient`], whose means are a number a channel and whose deviations a number a group.
    fn gradient_rows(y: &[f32], dy: &[f32], mean: &[f32], slope: &[f32], inverse: &[f32], dx: &mut [f32]) {
        let c = mean.len();
        for ((y, dy), dx) in y.chunks_exact(c).zip(dy.chunks_exact(c)).zip(dx.chunks_exact_mut(c)) {
            for ((((dx, dy), y), mean), slope) in dx.iter_mut().zip(dy).zip(y).zip(mean).zip(slope) {
                *dx = dy - mean - y * slope;
            }
            for (dx, inverse) in dx.chunks_exact_mut(c / inverse.len()).zip(inverse) {
                for dx in dx {
                    *dx *= inverse;
                }
            }
        }
    }
}

/// Calls `finish` for every group with the means, over its rows and channels, of what `term` says of each piece and
/// channel, `sums` of which there are a channel.
fn group_means<const N: usize>(
    groups: &Groups,
    (partials, sums): (&[f32], usize),
    term: impl Fn(&[f32], usize, usize) -> [f64; N],
    mut finish: impl FnMut(usize, [f64; N]),
) {
    let width = groups.channels / groups.groups;
    let mut totals = [0.0; N];
    fold([groups.channels, sums], partials, term, |channel, sums| {
        totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        if (channel + 1).is_multiple_of(width) {
            let population = groups.population() as f64;
            finish(channel / width, std::mem::replace(&mut totals, [0.0; N]).map(|total| total / population));
        }
    });
}

/// Writes each group's number to all of its channels.
fn spread(by_group: &[f32], by_channel: &mut [f32]) {
    let width = by_channel.len() / by_group.len();
    by_channel.chunks_exact_mut(width).zip(by_group).for_each(|(channels, number)| channels.fill(*number));
}

/// [`spread`] of the numbers that stand in the first `groups` places; the last group goes first, so that none is
/// overwritten before it is read.
fn spread_in_place(groups: usize, by_channel: &mut [f32]) {
    let width = by_channel.len() / groups;
    for group in (0..groups).rev() {
        let number = by_channel[group];
        by_channel[group * width..(group + 1) * width].fill(number);
    }
}
