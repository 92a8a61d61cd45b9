//! Cross-entropies from logits, an image at a time, with the gradient of their mean.
//!
//! `losses` holds a number an image, so that a batch's mean, its worst images or a weighted sum can be taken from it.

use rayon::prelude::*;

use super::chunk::rows_per_chunk;
use super::softmax::{exponentials, greatest};
use super::special::{exp, ln_1p};

/// losses = −ln softmax(logits)\[label\] of every image; dlogits = (softmax − one-hot)/`n`, the gradient of their mean.
/// logits: N×C, labels below `c`.
///
/// # Panics
/// If a length is not that of its shape or a label is not below `c`.
pub fn softmax_cross_entropy(
    n: usize,
    c: usize,
    logits: &[f32],
    labels: &[u32],
    losses: &mut [f32],
    dlogits: &mut [f32],
) {
    verify_lengths([n, c], logits, labels, losses);
    assert_eq!(dlogits.len(), n * c, "gradients of {n} images of {c} classes");
    let chunk = rows_per_chunk(c);
    let images = logits.par_chunks(chunk * c).zip(labels.par_chunks(chunk));
    images.zip(losses.par_chunks_mut(chunk)).zip(dlogits.par_chunks_mut(chunk * c)).for_each(
        |(((logits, labels), losses), dlogits)| {
            let gradients = dlogits.chunks_exact_mut(c);
            for (((x, label), loss), d) in logits.chunks_exact(c).zip(labels).zip(losses).zip(gradients) {
                let max = greatest(x);
                let sum = exponentials(x, max, d);
                *loss = from_sum(x, *label, max, sum);
                let share = (1.0 / (sum * n as f64)) as f32;
                d.iter_mut().for_each(|d| *d *= share);
                d[*label as usize] -= 1.0 / n as f32;
            }
        },
    );
}

/// The losses of [`softmax_cross_entropy`] without the gradient.
///
/// # Panics
/// If a length is not that of its shape or a label is not below `c`.
pub fn softmax_cross_entropy_forward(n: usize, c: usize, logits: &[f32], labels: &[u32], losses: &mut [f32]) {
    verify_lengths([n, c], logits, labels, losses);
    let chunk = rows_per_chunk(c);
    logits.par_chunks(chunk * c).zip(labels.par_chunks(chunk)).zip(losses.par_chunks_mut(chunk)).for_each(
        |((logits, labels), losses)| {
            for ((x, label), loss) in logits.chunks_exact(c).zip(labels).zip(losses) {
                let max = greatest(x);
                let sum = x.iter().map(|x| f64::from(exp(x - max))).sum();
                *loss = from_sum(x, *label, max, sum);
            }
        },
    );
}

/// ln Σ e^x − x\[label\], from `sum` = Σ e^(x − max).
fn from_sum(x: &[f32], label: u32, max: f32, sum: f64) -> f32 {
    (sum.ln() - f64::from(x[label as usize] - max)) as f32
}

/// losses = −ln σ(x) where the label is 1 and −ln(1 − σ(x)) where it is 0; dlogits = (σ(x) − label)/`n`, the gradient
/// of their mean. One logit an image.
///
/// # Panics
/// If a length is not `n` or a label is neither 0 nor 1.
pub fn sigmoid_cross_entropy(n: usize, logits: &[f32], labels: &[u32], losses: &mut [f32], dlogits: &mut [f32]) {
    sigmoid_cross_entropy_forward(n, logits, labels, losses);
    assert_eq!(dlogits.len(), n, "gradients of {n} images");
    let share = 1.0 / n as f32;
    for ((d, x), label) in dlogits.iter_mut().zip(logits).zip(labels) {
        // σ(x) − 1 as −σ(−x): no cancellation where the answer is right.
        let (x, sign) = if *label == 1 { (-x, -share) } else { (*x, share) };
        *d = sign / (1.0 + exp(-x));
    }
}

/// The losses of [`sigmoid_cross_entropy`] without the gradient.
///
/// # Panics
/// If a length is not `n` or a label is neither 0 nor 1.
pub fn sigmoid_cross_entropy_forward(n: usize, logits: &[f32], labels: &[u32], losses: &mut [f32]) {
    verify_lengths([n, 1], logits, labels, losses);
    for ((loss, x), label) in losses.iter_mut().zip(logits).zip(labels) {
        assert!(*label <= 1, "a label of {label} for two classes");
        let wrong = if *label == 1 { -x } else { *x };
        *loss = if wrong < 0.0 { 0.0 } else { wrong } + ln_1p(exp(-x.abs()));
    }
}

/// Asserts that the slices are those of `n` images of `c` logits.
fn verify_lengths([n, c]: [usize; 2], logits: &[f32], labels: &[u32], losses: &[f32]) {
    assert_eq!([logits.len(), labels.len(), losses.len()], [n * c, n, n], "{n} images of {c} classes");
}

/// The mean, added in order in `f64`; 0 of none.
#[must_use]
pub fn mean(losses: &[f32]) -> f32 {
    let sum: f64 = losses.iter().map(|loss| f64::from(*loss)).sum();
    (sum / losses.len().max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;
    use crate::kernel::reference::loss as reference;
    use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

    fn labels(n: usize, c: usize) -> Vec<u32> {
        (0..n as u64).map(|at| Random::new(3, 0).below(at, c as u64) as u32).collect()
    }

    #[test]
    fn softmax_cross_entropy_agrees_with_the_reference_on_any_pool() {
        for (n, c) in [(1, 2), (5, 3), (4001, 10), (3, 40_000)] {
            let x: Vec<f32> = normal("x", n * c).iter().map(|x| 5.0 * x).collect();
            let labels = labels(n, c);
            let got = on_any_pool(|| {
                let mut out = vec![f32::NAN; n + n * c];
                let (losses, dlogits) = out.split_at_mut(n);
                softmax_cross_entropy(n, c, &x, &labels, losses, dlogits);
                out
            });
            let (losses, gradient) = reference::softmax_cross_entropy(c, &wide(&x), &labels);
            assert_close(&got[..n], &losses, 1e-6, "loss");
            let scaled = |values: &[f64]| values.iter().map(|d| d * n as f64).collect::<Vec<_>>();
            let unscaled: Vec<f32> = got[n..].iter().map(|d| d * n as f32).collect();
            assert_close(&unscaled, &scaled(&gradient), 1e-6, "gradient");
            let mut forward = vec![f32::NAN; n];
            softmax_cross_entropy_forward(n, c, &x, &labels, &mut forward);
            assert_eq!(forward, got[..n]);
        }
    }

    #[test]
    fn sigmoid_cross_entropy_agrees_with_the_reference() {
        let x: Vec<f32> = normal("x", 1001).iter().map(|x| 10.0 * x).collect();
        let labels = labels(1001, 2);
        let (mut losses, mut dlogits) = (vec![f32::NAN; 1001], vec![f32::NAN; 1001]);
        sigmoid_cross_entropy(1001, &x, &labels, &mut losses, &mut dlogits);
        let (wanted, gradient) = reference::sigmoid_cross_entropy(&wide(&x), &labels);
        assert_close(&losses, &wanted, 1e-6, "loss");
        assert_close(&dlogits, &gradient, 1e-9, "gradient");
    }

    #[test]
    fn extreme_logits_give_finite_losses() {
        let (mut losses, mut d) = ([0.0; 2], [0.0; 4]);
        softmax_cross_entropy(2, 2, &[1e4, -1e4, 1e4, -1e4], &[0, 1], &mut losses, &mut d);
        assert_eq!(losses, [0.0, 2e4]);
        assert_eq!(d, [0.0, 0.0, 0.5, -0.5]);
        let mut d = [0.0; 2];
        sigmoid_cross_entropy(2, &[1e4, -1e4], &[1, 1], &mut losses, &mut d);
        assert_eq!(losses, [0.0, 1e4]);
        assert_eq!(d, [0.0, -0.5]);
    }

    #[test]
    fn a_nan_shows_in_its_own_image_only() {
        let (mut losses, mut d) = ([0.0; 2], [0.0; 4]);
        softmax_cross_entropy(2, 2, &[0.0, f32::NAN, 0.0, 0.0], &[0, 0], &mut losses, &mut d);
        assert!(losses[0].is_nan() && d[..2].iter().all(|d| d.is_nan()));
        assert_eq!(losses[1], std::f32::consts::LN_2);
    }

    #[test]
    fn the_mean_of_none_is_zero() {
        assert_eq!(mean(&[]), 0.0);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
    }
}
