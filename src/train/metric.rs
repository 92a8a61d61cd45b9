//! Logits to classes, losses and hits, counted image by image in a fixed order.

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

/// One image's logits, a number a class: of many units as they are, of one unit z as (0, z).
///
/// The softmax of (0, z) is the sigmoid of z, so that what follows need not know which of the two a network ends in.
pub(super) fn class_logits(units: &ArrayView1<'_, f32>, logits: &mut Vec<f32>) {
    logits.clear();
    if units.len() == 1 {
        logits.push(0.0);
    }
    logits.extend(units.iter());
}

/// The class of the largest logit, the first of equals.
pub(super) fn class_of(logits: &[f32]) -> usize {
    (0..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

/// Cross-entropy of the softmax of `logits` against the class `label`: ln Σ exp(z) − z of the label.
pub(super) fn cross_entropy(logits: &[f32], label: usize) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    largest + sum.ln() - f64::from(logits[label])
}

/// Sums over images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Images counted.
    pub images: u64,
    /// Those whose class was right.
    pub correct: u64,
    /// Sum of their losses.
    pub loss: f64,
}

impl Tally {
    /// Counts one image.
    pub fn add(&mut self, loss: f64, is_correct: bool) {
        self.images += 1;
        self.correct += u64::from(is_correct);
        self.loss += loss;
    }

    /// Adds the sums of others.
    pub fn merge(&mut self, other: &Self) {
        self.images += other.images;
        self.correct += other.correct;
        self.loss += other.loss;
    }

    /// The mean loss; of no image 0.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.images.max(1) as f64
    }

    /// The share of right answers; of no image 0.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images.max(1) as f64
    }

    /// Whether it is a better result than `other` on the same images: more right answers, or as many and less loss.
    #[must_use]
    pub fn is_better_than(&self, other: &Self) -> bool {
        self.correct > other.correct || (self.correct == other.correct && self.loss < other.loss)
    }
}

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// From 1.
    pub epoch: usize,
    /// Steps since the start of the training.
    pub step: u64,
    /// Mean over the epoch's images, each as it was seen in training.
    pub train_loss: f64,
    /// Share of the epoch's images, each as it was seen in training.
    pub train_accuracy: f64,
    /// Mean over the validation images after the epoch; none without such images.
    pub val_loss: Option<f64>,
    /// Share of the validation images after the epoch; none without such images.
    pub val_accuracy: Option<f64>,
    /// Of the epoch's last step.
    pub learning_rate: f64,
    /// Training images a second, while training.
    pub images_per_second: f64,
    /// Wall-clock time of the epoch, validation included.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_largest_logit_wins_the_first_of_equals_and_one_unit_decides_by_its_sign() {
        assert_eq!(class_of(&[0.1, 0.7, 0.7]), 1);
        assert_eq!(class_of(&[f32::NAN, f32::NAN]), 0);
        let mut logits = Vec::new();
        let of_one_unit = [-0.5, 0.0, 0.5].map(|unit| {
            class_logits(&array![unit].view(), &mut logits);
            class_of(&logits)
        });
        assert_eq!(of_one_unit, [0, 0, 1]);
    }

    #[test]
    fn cross_entropy_of_equal_logits_is_the_logarithm_of_the_classes_and_large_ones_do_not_overflow() {
        assert!((cross_entropy(&[2.0; 10], 3) - 10_f64.ln()).abs() < 1e-12);
        assert!((cross_entropy(&[1e4, -1e4], 1) - 2e4).abs() < 1e-9);
        assert!(cross_entropy(&[f32::NAN, 0.0], 0).is_nan());
    }

    #[test]
    fn right_answers_decide_and_the_loss_breaks_a_tie() {
        let of = |correct, loss| Tally { images: 10, correct, loss };
        assert!(of(8, 9.0).is_better_than(&of(7, 1.0)));
        assert!(of(8, 1.0).is_better_than(&of(8, 2.0)));
        assert!(!of(8, 2.0).is_better_than(&of(8, 2.0)));
    }
}
