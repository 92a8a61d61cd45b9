//! What a model says of single image files.

use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::convert::decoder;
use super::metric::class_of;
use super::predictor::Predictor;
use crate::data::Source;
use crate::diag::Result;
use crate::model::Model;

/// The answer for one file; serialises to an item of the JSON of `netc predict`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Prediction {
    /// What the picture shows.
    Class {
        /// The path as it was given.
        file: String,
        /// The most probable class.
        class: String,
        /// Its probability.
        confidence: f32,
        /// The probability of each class, in the model's order.
        #[serde(serialize_with = "as_map")]
        probabilities: Vec<(String, f32)>,
    },
    /// There is no picture to be seen.
    Unreadable {
        /// The path as it was given.
        file: String,
        /// Why.
        error: String,
    },
}

/// Predicts every file, in order; one that cannot be read is an answer of its own.
///
/// `on_file` is told (done, total) after every batch.
pub fn predict(
    predictor: &mut Predictor,
    model: &Model,
    files: &[PathBuf],
    on_file: &mut dyn FnMut(usize, usize),
) -> Vec<Prediction> {
    let mut predictions = Vec::with_capacity(files.len());
    for files_of_batch in files.chunks(predictor.batch()) {
        predict_batch(predictor, model, files_of_batch, &mut predictions);
        on_file(predictions.len(), files.len());
    }
    predictions
}

fn predict_batch(predictor: &mut Predictor, model: &Model, files: &[PathBuf], predictions: &mut Vec<Prediction>) {
    let sources: Vec<Source> = files.iter().cloned().map(Source::File).collect();
    let mut images = Vec::with_capacity(files.len());
    let decoded = match decoder(model.input, model.resize) {
        Ok(decoder) => decoder.decode_all(&sources),
        Err(fault) => vec![Err(fault); files.len()],
    };
    let decoded: Vec<Result<()>> = decoded.into_iter().map(|outcome| outcome.map(|image| images.push(image))).collect();
    let mut answers = predictor.probabilities(&images, &model.normalization).into_iter();
    for (file, outcome) in files.iter().zip(decoded) {
        let file = file.display().to_string();
        predictions.push(match outcome {
            Ok(()) => answer(file, &model.classes, answers.next().unwrap_or_default()),
            Err(fault) => Prediction::Unreadable { file, error: fault.message },
        });
    }
}

fn answer(file: String, classes: &[String], probabilities: Vec<f32>) -> Prediction {
    let best = class_of(&probabilities);
    Prediction::Class {
        file,
        class: classes[best].clone(),
        confidence: probabilities[best],
        probabilities: classes.iter().cloned().zip(probabilities).collect(),
    }
}

fn as_map<S: Serializer>(pairs: &[(String, f32)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(class, probability)| (class, probability)))
}
