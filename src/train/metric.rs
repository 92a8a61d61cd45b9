//! Losses and hits, counted image by image in a fixed order.

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

/// The class that a network's output for one image means: the largest of many units; of one unit, by its sign.
///
/// Logits and probabilities of many units give the same answer; of one unit only the logit may be asked for.
#[must_use]
pub fn class_of(logits: ArrayView1<'_, f32>) -> usize {
    if logits.len() == 1 {
        return usize::from(logits[0] > 0.0);
    }
    let mut best = 0;
    for (class, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = class;
        }
    }
    best
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
    fn the_largest_unit_wins_the_first_of_equals_and_one_unit_decides_by_its_sign() {
        assert_eq!(class_of(array![0.1, 0.7, 0.7].view()), 1);
        assert_eq!(class_of(array![f32::NAN, f32::NAN].view()), 0);
        assert_eq!([-0.5, 0.0, 0.5].map(|logit| class_of(array![logit].view())), [0, 0, 1]);
    }

    #[test]
    fn right_answers_decide_and_the_loss_breaks_a_tie() {
        let of = |correct, loss| Tally { images: 10, correct, loss };
        assert!(of(8, 9.0).is_better_than(&of(7, 1.0)));
        assert!(of(8, 1.0).is_better_than(&of(8, 2.0)));
        assert!(!of(8, 2.0).is_better_than(&of(8, 2.0)));
    }
}
