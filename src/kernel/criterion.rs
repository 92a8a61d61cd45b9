//! Losses with smoothed targets, weighted classes, focus or squares, with their gradients by the logits.
//!
//! Of an image with the target t, the class weights w and p = softmax(logits), one number a class c adds up:
//! `−w_c·t_c·ln p_c` (cross-entropy), `−w_c·t_c·(1 − p_c)²·ln p_c` (focal; Lin et al., 2017, with their γ = 2),
//! `w_label·(p_c − t_c)²/C` (squared). The target is `t = (1 − ε)·one-hot + ε/C` (Szegedy et al., 2016). A batch's loss
//! is the sum over its images divided by the sum of the weights of their labels, as in PyTorch's `CrossEntropyLoss`.
//! One logit z stands for the two logits (0, z), whose softmax is its sigmoid.

use rayon::prelude::*;

use super::chunk::rows_per_chunk;
use super::softmax::{exponentials, greatest};

/// How the distance of probabilities from a target is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Error {
    /// −ln of the target's probability.
    #[default]
    CrossEntropy,
    /// The same with the factor (1 − p)².
    Focal,
    /// The mean of the squared differences.
    Squared,
}

/// What is made small.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Criterion {
    /// How far probabilities are from the target.
    pub error: Error,
    /// ε, in [0, 1): the share of the target that is spread over all classes.
    pub smoothing: f32,
}

impl Criterion {
    /// One class's share of an image's loss, and of its derivative by ln p of that class.
    fn term(&self, log_p: f64, p: f64, target: f64, weight: f64, classes: f64) -> [f64; 2] {
        match self.error {
            Error::Squared => {
                let difference = p - target;
                [weight * difference * difference / classes, 2.0 * weight * difference * p / classes]
            }
            // Zero times an infinite logarithm is nothing.
            _ if target == 0.0 => [0.0; 2],
            Error::CrossEntropy => [-weight * target * log_p, -weight * target],
            Error::Focal => {
                let rest = 1.0 - p;
                let share = weight * target * rest;
                [-share * rest * log_p, share * (2.0 * p * log_p - rest)]
            }
        }
    }

    /// The loss of one image; `d` becomes its gradient by the logits, times `share`.
    fn image(&self, x: &[f32], label: usize, weights: &[f32], share: f64, d: &mut [f32]) -> f32 {
        let max = greatest(x);
        let sum = exponentials(x, max, d);
        let (log_sum, classes) = (sum.ln(), x.len() as f64);
        let spread = f64::from(self.smoothing);
        let weight_of = |class: usize| weights.get(class).map_or(1.0, |weight| f64::from(*weight));
        let term = |class: usize, exponential: f32| {
            let p = f64::from(exponential) / sum;
            let target = spread / classes + if class == label { 1.0 - spread } else { 0.0 };
            let weight = weight_of(if self.error == Error::Squared { label } else { class });
            (p, self.term(f64::from(x[class] - max) - log_sum, p, target, weight, classes))
        };
        let (mut loss, mut total) = (0.0, 0.0);
        for (class, exponential) in d.iter().enumerate() {
            let (_, [part, derivative]) = term(class, *exponential);
            loss += part;
            total += derivative;
        }
        for (class, d) in d.iter_mut().enumerate() {
            let (p, [_, derivative]) = term(class, *d);
            *d = (share * (derivative - p * total)) as f32;
        }
        loss as f32
    }
}

/// losses: every image's loss; dlogits: the gradient of the batch's loss. logits: N×`units`, one unit for two classes;
/// `class_weights`: a number a class, or none where all count alike.
///
/// # Panics
/// If a length is not that of its shape or a label is no class.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn criterion(
    criterion: &Criterion,
    n: usize,
    units: usize,
    logits: &[f32],
    labels: &[u32],
    class_weights: &[f32],
    losses: &mut [f32],
    dlogits: &mut [f32],
) {
    assert_eq!([logits.len(), labels.len(), losses.len()], [n * units, n, n], "{n} images of {units} units");
    assert_eq!(dlogits.len(), n * units, "gradients of {n} images of {units} units");
    assert!(labels.iter().all(|label| (*label as usize) < units.max(2)), "a label is no class");
    let weight_of = |label: &u32| class_weights.get(*label as usize).map_or(1.0, |weight| f64::from(*weight));
    let share = 1.0 / labels.iter().map(weight_of).sum::<f64>();
    let chunk = rows_per_chunk(units);
    let images = logits.par_chunks(chunk * units).zip(labels.par_chunks(chunk));
    images.zip(losses.par_chunks_mut(chunk)).zip(dlogits.par_chunks_mut(chunk * units)).for_each(
        |(((logits, labels), losses), dlogits)| {
            let gradients = dlogits.chunks_exact_mut(units);
            for (((x, label), loss), d) in logits.chunks_exact(units).zip(labels).zip(losses).zip(gradients) {
                let label = *label as usize;
                *loss = match (x, &mut *d) {
                    ([unit], [d]) => {
                        let mut both = [0.0; 2];
                        let loss = criterion.image(&[0.0, *unit], label, class_weights, share, &mut both);
                        *d = both[1];
                        loss
                    }
                    (x, d) => criterion.image(x, label, class_weights, share, d),
                };
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;
    use crate::kernel::loss::{sigmoid_cross_entropy, softmax_cross_entropy};
    use crate::kernel::reference::loss as reference;
    use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

    const ERRORS: [Error; 3] = [Error::CrossEntropy, Error::Focal, Error::Squared];

    fn labels(n: usize, classes: usize) -> Vec<u32> {
        (0..n as u64).map(|at| Random::new(3, 0).below(at, classes as u64) as u32).collect()
    }

    fn weights(classes: usize) -> Vec<f32> {
        (0..classes).map(|class| 0.25 + 0.5 * class as f32).collect()
    }

    /// Losses, then gradients.
    fn run(of: &Criterion, units: usize, x: &[f32], labels: &[u32], weights: &[f32]) -> Vec<f32> {
        let n = labels.len();
        let mut out = vec![f32::NAN; n + n * units];
        let (losses, dlogits) = out.split_at_mut(n);
        criterion(of, n, units, x, labels, weights, losses, dlogits);
        out
    }

    #[test]
    fn every_criterion_agrees_with_the_reference_on_any_pool() {
        for (error, smoothing) in ERRORS.into_iter().flat_map(|error| [(error, 0.0), (error, 0.125)]) {
            for (n, units) in [(1, 2), (5, 3), (4001, 10), (1001, 1)] {
                let of = Criterion { error, smoothing };
                let x: Vec<f32> = normal("x", n * units).iter().map(|x| 5.0 * x).collect();
                let (labels, classes) = (labels(n, units.max(2)), units.max(2));
                for weights in [vec![], weights(classes)] {
                    let got = on_any_pool(|| run(&of, units, &x, &labels, &weights));
                    let (losses, gradient) = reference::criterion(&of, units, &wide(&x), &labels, &wide(&weights));
                    assert_close(&got[..n], &losses, 2e-6, "loss");
                    let unscaled: Vec<f32> = got[n..].iter().map(|d| d * n as f32).collect();
                    let scaled: Vec<f64> = gradient.iter().map(|d| d * n as f64).collect();
                    assert_close(&unscaled, &scaled, 2e-6, "gradient");
                }
            }
        }
    }

    #[test]
    fn without_smoothing_and_weights_cross_entropy_is_the_plain_one() {
        let (n, of) = (101, Criterion::default());
        let x = normal("x", n * 4);
        let mut plain = vec![f32::NAN; n + n * 4];
        let (losses, dlogits) = plain.split_at_mut(n);
        softmax_cross_entropy(n, 4, &x, &labels(n, 4), losses, dlogits);
        assert_close(&run(&of, 4, &x, &labels(n, 4), &[]), &wide(&plain), 1e-6, "softmax");
        let x = &x[..n];
        let mut plain = vec![f32::NAN; 2 * n];
        let (losses, dlogits) = plain.split_at_mut(n);
        sigmoid_cross_entropy(n, x, &labels(n, 2), losses, dlogits);
        assert_close(&run(&of, 1, x, &labels(n, 2), &[]), &wide(&plain), 1e-6, "sigmoid");
    }

    /// `torch.nn.CrossEntropyLoss(weight=[1, 2, 3], label_smoothing=0.1)` of two images in PyTorch's own formula: the smoothed
    /// part is weighted class by class, and the sum divided by the weights of the labels.
    #[test]
    fn smoothing_and_weights_combine_as_in_pytorch() {
        let (x, labels, w) = ([1.0_f32, 2.0, 0.5, -1.0, 0.0, 1.0], [1, 2], [1.0_f32, 2.0, 3.0]);
        let of = Criterion { error: Error::CrossEntropy, smoothing: 0.1 };
        let got = run(&of, 3, &x, &labels, &w);
        let of_image = |x: &[f32], label: usize| {
            let sum: f64 = x.iter().map(|x| f64::from(*x).exp()).sum();
            let nll = |class: usize| f64::from(w[class]) * (sum.ln() - f64::from(x[class]));
            (1.0 - 0.1) * nll(label) + 0.1 / 3.0 * (nll(0) + nll(1) + nll(2))
        };
        assert_close(&got[..2], &[of_image(&x[..3], 1), of_image(&x[3..], 2)], 1e-6, "losses");
        // The gradients of an image add up to zero, and both are divided by 2 + 3.
        let p: Vec<f64> = reference::softmax(3, &wide(&x[..3]));
        let t = [0.1 / 3.0, 0.9 + 0.1 / 3.0, 0.1 / 3.0];
        let weighted: f64 = t.iter().zip(w).map(|(t, w)| t * f64::from(w)).sum();
        let wanted: Vec<f64> = (0..3).map(|c| (p[c] * weighted - t[c] * f64::from(w[c])) / 5.0).collect();
        assert_close(&got[2..5], &wanted, 1e-6, "gradient");
    }

    #[test]
    fn extreme_logits_give_finite_losses_and_gradients() {
        for error in ERRORS {
            let of = Criterion { error, smoothing: 0.1 };
            let got = run(&of, 2, &[1e4, -1e4, 1e4, -1e4], &[0, 1], &[0.5, 2.0]);
            assert!(got.iter().all(|number| number.is_finite()), "{error:?}: {got:?}");
        }
    }

    #[test]
    fn a_focal_loss_and_its_gradient_all_but_vanish_where_the_answer_is_right() {
        let of = |error| run(&Criterion { error, smoothing: 0.0 }, 2, &[0.0, 4.0], &[1], &[]);
        let (plain, focal) = (of(Error::CrossEntropy), of(Error::Focal));
        assert!(focal[0] < 1e-3 * plain[0] && focal[1].abs() < 2e-3 * plain[1].abs(), "{plain:?} {focal:?}");
    }
}
