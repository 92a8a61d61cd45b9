//! How good a model is on images whose classes are known.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::convert::decoder;
use super::dataset::OnFile;
use super::metric::{Tally, class_of, cross_entropy};
use super::predictor::{OnBatch, Predictor};
use crate::data::{Images, OnBadImage, budget, read_listing};
use crate::diag::{Diagnostic, Result};
use crate::model::Model;

/// The largest k for which top-k accuracy is told.
const MOST_CHOICES: usize = 5;

/// What a model scores; serialises to the JSON of `netc eval`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Share of images whose class is the most probable one.
    pub accuracy: f64,
    /// For each k, the share of images whose class is among the k most probable ones.
    pub top_k: BTreeMap<usize, f64>,
    /// Names of the classes, in the model's order.
    pub classes: Vec<String>,
    /// How many images of a class (row) were taken for which class (column).
    pub confusion: Vec<Vec<u64>>,
    /// The scores of each class, in the model's order.
    pub per_class: Vec<ClassScore>,
}

/// How well one class is told from the others. A share of nothing is 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScore {
    /// Its name.
    pub class: String,
    /// Of the images taken for this class, the share that is of it.
    pub precision: f64,
    /// Of the images of this class, the share that is taken for it.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// Images of this class.
    pub support: u64,
}

/// Images to evaluate a model on, their classes numbered as the model's.
///
/// Of a data set with a validation folder that folder counts, else all images.
///
/// # Errors
/// What [`read_listing`] and [`Images::load`] give, and D616 where the data has a class that the model does not know;
/// classes are matched by name. What is left out is named by the diagnostics.
pub fn evaluation_images(
    path: &Path,
    model: &Model,
    on_bad: OnBadImage,
    on_file: OnFile<'_>,
) -> Result<(Arc<Images>, Vec<Diagnostic>)> {
    let (listing, mut found) = read_listing(path, None)?;
    let listing = listing.with_classes(&model.classes)?;
    let samples = listing.validation.unwrap_or(listing.train);
    let (images, bad) = Images::load(samples, decoder(model.input, model.resize)?, budget(), on_bad, on_file)?;
    found.extend(bad);
    Ok((Arc::new(images), found))
}

/// Scores a model on `images`; `None` where `on_batch` broke it off.
///
/// # Errors
/// Where an image that is not kept in memory has become unreadable.
pub fn evaluate(
    predictor: &mut Predictor,
    model: &Model,
    images: &Arc<Images>,
    on_batch: OnBatch<'_>,
) -> Result<Option<Evaluation>> {
    let mut counts = Counts::new(model.classes.len());
    let normalizer = &model.normalization;
    let flow = predictor.run_over(images, normalizer, |logits, label| counts.add(logits, label), on_batch)?;
    Ok(match flow {
        ControlFlow::Continue(()) => Some(counts.scores(&model.classes)),
        ControlFlow::Break(()) => None,
    })
}

/// What is counted image by image.
struct Counts {
    tally: Tally,
    confusion: Vec<Vec<u64>>,
    /// For each rank, the images whose class had it; rank 0 is the most probable.
    ranks: Vec<u64>,
}

impl Counts {
    fn new(classes: usize) -> Self {
        Self { tally: Tally::default(), confusion: vec![vec![0; classes]; classes], ranks: vec![0; classes] }
    }

    fn add(&mut self, logits: &[f32], label: usize) {
        let class = class_of(logits);
        self.tally.add(cross_entropy(logits, label), class == label);
        self.confusion[label][class] += 1;
        let is_ahead =
            |&other: &usize| logits[other] > logits[label] || (logits[other] == logits[label] && other < label);
        self.ranks[(0..logits.len()).filter(is_ahead).count()] += 1;
    }

    fn scores(&self, classes: &[String]) -> Evaluation {
        let among = |k: usize| share(self.ranks[..k].iter().sum(), self.tally.images);
        Evaluation {
            loss: self.tally.mean_loss(),
            accuracy: self.tally.accuracy(),
            top_k: (1..=classes.len().min(MOST_CHOICES)).map(|k| (k, among(k))).collect(),
            classes: classes.to_vec(),
            confusion: self.confusion.clone(),
            per_class: classes.iter().enumerate().map(|(class, name)| self.score(class, name)).collect(),
        }
    }

    fn score(&self, class: usize, name: &str) -> ClassScore {
        let right = self.confusion[class][class];
        let support = self.confusion[class].iter().sum();
        let taken: u64 = self.confusion.iter().map(|row| row[class]).sum();
        ClassScore {
            class: name.to_owned(),
            precision: share(right, taken),
            recall: share(right, support),
            f1: share(2 * right, support + taken),
            support,
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five images of three classes; the third class is never answered.
    fn evaluation() -> Evaluation {
        let mut counts = Counts::new(3);
        for (logits, label) in [
            ([2.0, 1.0, 0.0], 0),
            ([2.0, 1.0, 0.0], 1),
            ([0.0, 3.0, 0.0], 1),
            ([0.0, 1.0, 0.0], 2),
            ([1.0, 0.0, 0.0], 0),
        ] {
            counts.add(&logits, label);
        }
        counts.scores(&["cat", "dog", "owl"].map(str::to_owned))
    }

    #[test]
    fn rows_of_the_confusion_matrix_are_the_true_classes() {
        assert_eq!(evaluation().confusion, [[2, 0, 0], [1, 1, 0], [0, 1, 0]]);
    }

    #[test]
    fn precision_and_recall_of_a_class_that_is_never_answered_are_zero() {
        let scores = evaluation().per_class;
        let of = |class: usize| (scores[class].precision, scores[class].recall, scores[class].support);
        assert_eq!([of(0), of(1), of(2)], [(2.0 / 3.0, 1.0, 2), (0.5, 0.5, 2), (0.0, 0.0, 1)]);
        assert_eq!(scores[0].f1, 0.8);
    }

    #[test]
    fn accuracy_among_the_best_k_grows_to_one() {
        let evaluation = evaluation();
        assert_eq!(evaluation.accuracy, 0.6);
        assert_eq!(evaluation.top_k.into_iter().collect::<Vec<_>>(), [(1, 0.6), (2, 0.8), (3, 1.0)]);
    }

    #[test]
    fn the_json_has_the_keys_that_scripts_read() {
        let json = serde_json::to_value(evaluation()).unwrap();
        assert_eq!(json["top_k"]["2"], 0.8);
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["loss", "accuracy", "top_k", "classes", "confusion", "per_class"]);
        let keys: Vec<&String> = json["per_class"][0].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["class", "precision", "recall", "f1", "support"]);
    }
}
