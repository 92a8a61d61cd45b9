//! The gradients of batch normalisation: first sums over x and dL/dy, then one pass that makes dL/dx of them.

use rayon::prelude::*;

use super::apply::block;
use super::verify_lengths;
use crate::kernel::Isa;
use crate::kernel::chunk::{
    STRETCH, accumulate, fold, gather, piece, repeat, stretch, stretched, whole_rows, workspace_len,
};
use crate::kernel::isa::vectorised;

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
    isa: Isa,
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
    let mut room = [0.0; STRETCH];
    let mean = stretched(mean, &mut room);
    let partials = accumulate([rows, c, 2], workspace, |at, partial| {
        let (dot, sum) = partial.split_at_mut(c);
        let (x, dy) = (piece(x, c, at), piece(dy, c, at));
        gather([dot, sum], |[dot, sum]| add_dot_and_sum(isa, x, dy, mean, dot, sum));
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

vectorised! {
    /// Adds (x − mean)·dy of every stretch to `dot`, and dy to `sum`.
    fn add_dot_and_sum(x: &[f32], dy: &[f32], mean: &[f32], dot: &mut [f32], sum: &mut [f32]) {
        let len = mean.len();
        for (x, dy) in x.chunks(len).zip(dy.chunks(len)) {
            for ((((x, dy), mean), dot), sum) in x.iter().zip(dy).zip(mean).zip(&mut *dot).zip(&mut *sum) {
                *dot += (x - mean) * dy;
                *sum += dy;
            }
        }
    }
}

/// Floats of workspace that [`input_gradient`] needs.
#[must_use]
pub fn input_gradient_workspace(c: usize) -> usize {
    4 * stretch(c)
}

/// dx = scale·inverse_deviation·(dy − dshift/rows − x̂·dscale/rows): the gradient through the statistics as well. Where
/// there is no `dy`, dx holds it before.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn input_gradient(
    isa: Isa,
    rows: usize,
    c: usize,
    x: &[f32],
    dy: Option<&[f32]>,
    [mean, inverse_deviation, scale, dscale, dshift]: [&[f32]; 5],
    dx: &mut [f32],
    workspace: &mut [f32],
) {
    let channels = [mean.len(), inverse_deviation.len(), scale.len(), dscale.len(), dshift.len()];
    verify_lengths(rows, c, &[x.len(), dy.map_or(dx.len(), <[f32]>::len), dx.len()], &channels);
    let (front, back) = workspace[..input_gradient_workspace(c)].split_at_mut(2 * stretch(c));
    let ((means, of_dy), (constants, of_x)) = (front.split_at_mut(stretch(c)), back.split_at_mut(stretch(c)));
    repeat(mean, means);
    for at in 0..stretch(c) {
        let channel = at % c;
        let factor = scale[channel] * inverse_deviation[channel];
        let of_mean = factor / rows as f32;
        of_dy[at] = factor;
        constants[at] = of_mean * dshift[channel];
        of_x[at] = of_mean * dscale[channel] * inverse_deviation[channel];
    }
    let (means, of_dy, constants, of_x) = (&*means, &*of_dy, &*constants, &*of_x);
    let (piece, block) = (whole_rows(c), block(c));
    x.par_chunks(piece).zip(dx.par_chunks_mut(piece)).enumerate().for_each(|(at, (x, dx))| {
        for (part, (x, dx)) in x.chunks(block).zip(dx.chunks_mut(block)).enumerate() {
            if let Some(dy) = dy {
                dx.copy_from_slice(&dy[at * piece + part * block..][..dx.len()]);
            }
            through_statistics(isa, x, means, of_dy, constants, of_x, dx);
        }
    });
}

vectorised! {
    /// d = d·`of_dy` − `constant` − (x − mean)·`of_x`, for every stretch.
    fn through_statistics(x: &[f32], mean: &[f32], of_dy: &[f32], constant: &[f32], of_x: &[f32], d: &mut [f32]) {
        let len = mean.len();
        for (x, d) in x.chunks(len).zip(d.chunks_mut(len)) {
            let factors = of_dy.iter().zip(constant).zip(of_x);
            for (((d, x), mean), ((of_dy, constant), of_x)) in d.iter_mut().zip(x).zip(mean).zip(factors) {
                *d = *d * of_dy - constant - (x - mean) * of_x;
            }
        }
    }
}
