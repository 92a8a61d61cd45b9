//! Softmax and the cross-entropies, from logits.

use super::Real;
use crate::kernel::criterion::{Criterion, Error};

/// The greatest number, and ln Σ e^(x − greatest).
fn log_sum_exp<T: Real>(row: &[T]) -> (T, T) {
    let greatest = row.iter().copied().fold(T::LOWEST, |a, b| if b > a { b } else { a });
    let mut sum = T::ZERO;
    row.iter().for_each(|x| sum += (*x - greatest).exp());
    (greatest, sum.ln())
}

/// ln softmax of every row of `c`.
#[must_use]
pub fn log_softmax<T: Real>(c: usize, x: &[T]) -> Vec<T> {
    x.chunks(c)
        .flat_map(|row| {
            // Beside a huge number the logarithm of the sum would be lost.
            let (greatest, log_sum) = log_sum_exp(row);
            row.iter().map(move |x| (*x - greatest) - log_sum)
        })
        .collect()
}

/// Softmax of every row of `c`.
#[must_use]
pub fn softmax<T: Real>(c: usize, x: &[T]) -> Vec<T> {
    log_softmax(c, x).into_iter().map(T::exp).collect()
}

/// Every image's −ln p(label), and the gradient of their mean by the logits (N×`c`).
#[must_use]
pub fn softmax_cross_entropy<T: Real>(c: usize, logits: &[T], labels: &[u32]) -> (Vec<T>, Vec<T>) {
    let images = T::of(labels.len() as f64);
    let logarithms = log_softmax(c, logits);
    let is_label = |at: usize| labels[at / c] as usize == at % c;
    let losses = (0..logits.len()).filter(|at| is_label(*at)).map(|at| -logarithms[at]).collect();
    let target = |at: usize| if is_label(at) { T::ONE } else { T::ZERO };
    let gradient = logarithms.iter().enumerate().map(|(at, log)| (log.exp() - target(at)) / images).collect();
    (losses, gradient)
}

/// Every image's −ln σ(±logit), and the gradient of their mean by the logits; a label is 0 or 1.
#[must_use]
pub fn sigmoid_cross_entropy<T: Real>(logits: &[T], labels: &[u32]) -> (Vec<T>, Vec<T>) {
    let images = T::of(labels.len() as f64);
    let wrong = |x: T, label: u32| if label == 1 { -x } else { x };
    let softplus = |x: T| (if x > T::ZERO { x } else { T::ZERO }) + (-x.abs()).exp().ln_1p();
    let sigmoid = |x: T| T::ONE / (T::ONE + (-x).exp());
    let pairs = || logits.iter().zip(labels).map(|(x, label)| (*x, *label));
    let losses = pairs().map(|(x, label)| softplus(wrong(x, label))).collect();
    let gradient = pairs().map(|(x, label)| (sigmoid(x) - T::of(f64::from(label))) / images).collect();
    (losses, gradient)
}

/// Every image's loss by a criterion, and the gradient by the logits of their sum over the sum of the labels' weights;
/// one unit z is the second of the two logits (0, z). Written by way of dL/dp and the softmax's Jacobian.
#[must_use]
pub fn criterion<T: Real>(
    of: &Criterion,
    units: usize,
    logits: &[T],
    labels: &[u32],
    class_weights: &[T],
) -> (Vec<T>, Vec<T>) {
    if units == 1 {
        let pairs: Vec<T> = logits.iter().flat_map(|unit| [T::ZERO, *unit]).collect();
        let (losses, gradient) = criterion(of, 2, &pairs, labels, class_weights);
        return (losses, gradient.chunks(2).map(|pair| pair[1]).collect());
    }
    let weight = |class: usize| class_weights.get(class).copied().unwrap_or(T::ONE);
    let mut sum = T::ZERO;
    labels.iter().for_each(|label| sum += weight(*label as usize));
    let (classes, spread, two) = (T::of(units as f64), T::of(f64::from(of.smoothing)), T::of(2.0));
    let logarithms = log_softmax(units, logits);
    let p = softmax(units, logits);
    let (mut losses, mut by_p) = (vec![T::ZERO; labels.len()], vec![T::ZERO; p.len()]);
    for at in 0..p.len() {
        let (image, class) = (at / units, at % units);
        let label = labels[image] as usize;
        let hit = if class == label { T::ONE - spread } else { T::ZERO };
        let target = hit + spread / classes;
        let (log, p, rest, share) = (logarithms[at], p[at], T::ONE - p[at], weight(class) * target);
        let (loss, derivative) = match of.error {
            Error::CrossEntropy => (-share * log, -share / p),
            Error::Focal => (-share * rest * rest * log, share * (two * rest * log - rest * rest / p)),
            Error::Squared => {
                let (weight, difference) = (weight(label) / classes, p - target);
                (weight * difference * difference, two * weight * difference)
            }
        };
        losses[image] += loss;
        by_p[at] = derivative / sum;
    }
    (losses, softmax_gradient(units, &p, &by_p))
}

/// dL/dx from dL/dy and y = softmax(x): Σⱼ dyⱼ·yⱼ·(δᵢⱼ − yᵢ) by row.
#[must_use]
pub fn softmax_gradient<T: Real>(c: usize, y: &[T], dy: &[T]) -> Vec<T> {
    jacobian_product(c, y, dy, |y_i, y_j, delta| y_j * (delta - y_i))
}

/// dL/dx from dL/dy and y = ln softmax(x): Σⱼ dyⱼ·(δᵢⱼ − e^yᵢ) by row.
#[must_use]
pub fn log_softmax_gradient<T: Real>(c: usize, y: &[T], dy: &[T]) -> Vec<T> {
    jacobian_product(c, y, dy, |y_i, _, delta| delta - y_i.exp())
}

/// Σⱼ dyⱼ·`derivative`(yᵢ, yⱼ, δᵢⱼ) for every i of every row.
fn jacobian_product<T: Real>(c: usize, y: &[T], dy: &[T], derivative: impl Fn(T, T, T) -> T) -> Vec<T> {
    let mut dx = vec![T::ZERO; y.len()];
    for ((dx, y), dy) in dx.chunks_mut(c).zip(y.chunks(c)).zip(dy.chunks(c)) {
        for (i, j) in (0..c).flat_map(|i| (0..c).map(move |j| (i, j))) {
            let delta = if i == j { T::ONE } else { T::ZERO };
            dx[i] += dy[j] * derivative(y[i], y[j], delta);
        }
    }
    dx
}
