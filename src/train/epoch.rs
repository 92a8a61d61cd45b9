//! The end of an epoch: validation, the best model, and what is written.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::checkpoint::Position;
use super::metric::{EpochMetrics, Tally, class_of, cross_entropy};
use super::patience::{history, is_best};
use super::trainer::{End, Trainer};
use crate::diag::Result;
use crate::health::Answers;

impl Trainer<'_> {
    /// Gives the weights as they are now, or their average, to the predictor.
    pub(super) fn lend_weights(&mut self) {
        if let Some(average) = &self.average {
            for (at, tensor) in average.weights().iter().enumerate() {
                self.predictor.weights_mut(at).copy_from_slice(&tensor.data);
            }
            return;
        }
        for at in 0..self.params {
            let numbers = self.session.tensor(&self.slots[at]);
            self.predictor.weights_mut(at).iter_mut().zip(&numbers).for_each(|(to, from)| *to = *from);
        }
    }

    /// The result on the validation images, of none where there are none; `None` where it was asked to stop.
    pub(super) fn validate(&mut self) -> Result<Option<(Tally, Answers)>> {
        let (mut tally, mut answers) = (Tally::default(), Answers::new(self.job.classes.len(), true));
        let Some(images) = &self.job.validation else { return Ok(Some((tally, answers))) };
        let count = |logits: &[f32], label| {
            let (loss, class) = (cross_entropy(logits, label), class_of(logits));
            tally.add(loss, class == label);
            answers.add(loss, class, label);
        };
        let (observer, stop) = (&mut *self.observer, self.stop);
        let flow = self.predictor.run_over(images, &self.job.normalizer, count, &mut |done, total| {
            observer.validation(done, total);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(flow.is_continue().then_some((tally, answers)))
    }

    /// Writes the epoch's files: the best model first and the checkpoint behind it, so that a kill between the two
    /// leaves a checkpoint from which the same best model is made once more.
    pub(super) fn close_epoch(&mut self, validation: Tally, answers: &Answers, start: Instant) -> Result<End> {
        let Some(weights) = self.finite_weights() else { return self.not_finite("a weight", 0) };
        if !validation.loss.is_finite() {
            return self.not_finite("the validation loss", 0);
        }
        let model = self.job.model(weights);
        let found = self.examine_epoch(&validation, answers)?;
        let metrics = self.metrics(validation, start.elapsed().as_secs_f64());
        let is_best = self.is_best(&validation, &metrics);
        if is_best {
            self.folder.write_best(&model)?;
            self.position.best = Some((self.position.epoch + 1, validation));
        }
        self.advance(&metrics);
        if is_best && self.recovers() && self.position.health.has_learnt(&self.examiner.task) {
            self.folder.write_good(self.checkpoint())?;
        }
        self.save()?;
        self.folder.write_last(&model)?;
        self.folder.write_metrics(&self.position.metrics)?;
        self.folder.log(&sentence(&metrics))?;
        self.observer.epoch(&metrics, is_best);
        self.act_on(&found)
    }

    /// Whether the epoch's model is the best so far: by what `early_stopping` watches, where it does, else by the validation
    /// images, more of them right, or as many with less loss; without any the latest is.
    fn is_best(&self, validation: &Tally, metrics: &EpochMetrics) -> bool {
        match self.job.settings.early_stopping {
            Some(stopping) => is_best(&history(&self.position.metrics), metrics, stopping.metric),
            None => {
                self.position.best.is_none_or(|(_, best)| validation.images == 0 || validation.is_better_than(&best))
            }
        }
    }

    fn metrics(&self, validation: Tally, seconds: f64) -> EpochMetrics {
        let Position { epoch, step, tally, seconds: training_seconds, .. } = &self.position;
        let has_validation = validation.images > 0;
        EpochMetrics {
            epoch: epoch + 1,
            step: *step,
            train_loss: tally.mean_loss(),
            train_accuracy: tally.accuracy(),
            val_loss: has_validation.then(|| validation.mean_loss()),
            val_accuracy: has_validation.then(|| validation.accuracy()),
            learning_rate: self.rate_at(step.saturating_sub(1)),
            images_per_second: tally.images as f64 / training_seconds,
            seconds: training_seconds + seconds,
        }
    }

    /// To the start of the next epoch.
    fn advance(&mut self, metrics: &EpochMetrics) {
        let line = serde_json::to_string(metrics).unwrap_or_else(|error| unreachable!("numbers as JSON: {error}"));
        let position = &mut self.position;
        position.metrics.push_str(&line);
        position.metrics.push('\n');
        position.epoch += 1;
        position.batch = 0;
        position.tally = Tally::default();
        position.seconds = 0.0;
        self.rates = self.rates.after(&history(&position.metrics));
    }

    /// Saves in the middle of an epoch.
    pub(super) fn interrupt(&mut self) -> Result<End> {
        let Some(weights) = self.finite_weights() else { return self.not_finite("a weight", 0) };
        let model = self.job.model(weights);
        self.save()?;
        self.folder.write_last(&model)?;
        let Position { epoch, step, .. } = self.position;
        self.folder.log(&format!("stopped in epoch {} after step {step}; the run can be resumed", epoch + 1))?;
        Ok(End::Stopped)
    }
}

/// An epoch as a line of the log.
fn sentence(metrics: &EpochMetrics) -> String {
    let EpochMetrics { epoch, train_loss, train_accuracy, images_per_second, seconds, .. } = metrics;
    let validation = match (metrics.val_loss, metrics.val_accuracy) {
        (Some(loss), Some(accuracy)) => format!(", validation loss {loss:.4}, accuracy {accuracy:.4}"),
        _ => String::new(),
    };
    format!(
        "epoch {epoch}: loss {train_loss:.4}, accuracy {train_accuracy:.4}{validation}; \
         {images_per_second:.0} images/s, {seconds:.1} s"
    )
}
