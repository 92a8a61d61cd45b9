//! The loop: where it begins, its steps, and when it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::average::Average;
use super::checkpoint::{Checkpoint, Position};
use super::examine::Examiner;
use super::job::Job;
use super::memory::Plans;
use super::metric::Tally;
use super::observer::{Observer, Progress};
use super::patience::{ended_by, history};
use super::predictor::{Predictor, no_threads};
use super::run_folder::RunFolder;
use super::schedule::LearningRate;
use super::start::{foreign_checkpoint, load_state, open_folder, tell};
use super::transfer::{self, Start};
use crate::data::{Augmentation, Batches, available};
use crate::diag::Result;
use crate::exec::{Rate, Session};
use crate::health::{Finding, first_checks};
use crate::plan::Slot;
use crate::syntax::settings::Metric;

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The run folder.
    pub folder: PathBuf,
    /// Epochs finished, those of earlier sittings included.
    pub epochs: usize,
    /// Whether it was asked to stop before the last epoch was done; the run can be resumed.
    pub interrupted: bool,
    /// The best epoch, from 1, with its result on the validation images.
    pub best: Option<(usize, Tally)>,
    /// What it is the best by; none for accuracy on the validation images.
    pub watched: Option<Metric>,
    /// Whether it ended before its last epoch because it had fallen back to guessing.
    pub collapsed: bool,
    /// Everything found of its health.
    pub findings: Vec<Finding>,
}

/// Whether work was finished or asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Stopped,
    Collapsed,
    /// It went back to an earlier state and goes on from there.
    Recovered,
}

/// Trains `job` in `folder`: from the start in a folder that [`RunFolder::plan`] gave, else from where the run stands.
///
/// When `stop` becomes true, the step at hand is finished and the run saved.
///
/// # Errors
/// P411 before anything is written; M804, M805 for the folder; M801, M802, M806 where a run cannot be gone on with; H713
/// where a loss is not finite: then the last finished epoch is kept.
pub fn train(job: &Job, mut folder: RunFolder, observer: &mut dyn Observer, stop: &AtomicBool) -> Result<Outcome> {
    let plans = Plans::that_fit(job, available())?;
    // What the weights start from is wanted once: a run that goes on has its own.
    let start = if folder.has_checkpoint() { None } else { Some(transfer::start(job)?) };
    let digest = start.as_ref().and_then(|start| start.digest.clone());
    let checkpoint = open_folder(job, digest, &mut folder, observer)?;
    let mut trainer = Trainer::new(job, folder, observer, stop, plans)?;
    if let Some(start) = start {
        trainer.start_from(&start)?;
    }
    if let Some(checkpoint) = checkpoint {
        trainer.go_on_from(checkpoint)?;
    }
    trainer.run()
}

pub(super) struct Trainer<'a> {
    pub(super) job: &'a Job,
    pub(super) folder: RunFolder,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) stop: &'a AtomicBool,
    pub(super) session: Session,
    /// Parameters, then what the optimizer keeps.
    pub(super) slots: Vec<Slot>,
    /// How many of the slots are parameters.
    pub(super) params: usize,
    pub(super) predictor: Predictor,
    pub(super) rates: LearningRate,
    /// What is validated and saved instead of the weights themselves.
    pub(super) average: Option<Average>,
    pub(super) position: Position,
    pub(super) examiner: Examiner,
}

impl<'a> Trainer<'a> {
    fn new(
        job: &'a Job,
        folder: RunFolder,
        observer: &'a mut dyn Observer,
        stop: &'a AtomicBool,
        plans: Plans,
    ) -> Result<Self> {
        let Plans { training, inference } = plans;
        let params = training.params.clone();
        let slots: Vec<Slot> = params.iter().chain(&training.optimizer_state).cloned().collect();
        let threads = job.machine.threads;
        let examiner = Examiner::new(job, &training);
        let mut session = Session::new(training, threads).map_err(|error| no_threads(&error.to_string()))?;
        session.class_weights_mut().copy_from_slice(&job.class_weights().unwrap_or_default());
        let mut trainer = Self {
            job,
            folder,
            observer,
            stop,
            session,
            slots,
            params: params.len(),
            predictor: Predictor::new(inference, threads)?,
            rates: LearningRate::new(&job.settings, job.steps_per_epoch()),
            average: None,
            position: Position::default(),
            examiner,
        };
        trainer.average = job.settings.ema.map(|share| Average::new(share, trainer.own_weights()));
        Ok(trainer)
    }

    fn start_from(&mut self, start: &Start) -> Result<()> {
        for (slot, values) in self.slots.iter().zip(&start.weights) {
            self.session.tensor_mut(slot).copy_from_slice(values);
        }
        self.average = self.job.settings.ema.map(|share| Average::new(share, self.own_weights()));
        start.notices.iter().try_for_each(|notice| tell(&mut self.folder, self.observer, notice))
    }

    /// Takes over a checkpoint, and writes again what a kill may have kept from being written after it.
    pub(super) fn go_on_from(&mut self, checkpoint: Checkpoint) -> Result<()> {
        let Checkpoint { position, tensors } = checkpoint;
        let (state, average) = tensors.split_at(tensors.len().min(self.slots.len()));
        load_state(&self.slots, state, &mut self.session)?;
        let fits = match &mut self.average {
            Some(own) => own.restore(average),
            None => average.is_empty(),
        };
        if !fits {
            return Err(foreign_checkpoint());
        }
        self.examiner.take_rate(&position.health);
        self.position = position;
        self.rates = self.rates.after(&history(&self.position.metrics));
        self.folder.write_metrics(&self.position.metrics)?;
        self.folder.write_findings(&self.position.health.findings)?;
        self.folder.write_last(&self.job.model(self.weights()))
    }

    fn run(mut self) -> Result<Outcome> {
        if self.position.step == 0 {
            self.folder.write_findings(&[])?;
            if self.recovers() {
                self.folder.write_good(self.checkpoint())?;
            }
        }
        while self.position.epoch < self.job.settings.epochs && !self.ends_early()? {
            match self.epoch()? {
                End::Done | End::Recovered => {}
                end => return Ok(self.outcome(end)),
            }
        }
        Ok(self.outcome(End::Done))
    }

    /// Whether the epochs so far are enough by `early_stopping`; says so.
    fn ends_early(&mut self) -> Result<bool> {
        let Some(stopping) = self.job.settings.early_stopping else { return Ok(false) };
        let Some(best) = ended_by(&history(&self.position.metrics), stopping) else { return Ok(false) };
        let (metric, patience) = (stopping.metric.name(), stopping.patience);
        let sentence =
            format!("stopped early: `{metric}` was best in epoch {best}, and {patience} more did not better it");
        tell(&mut self.folder, self.observer, &sentence)?;
        Ok(true)
    }

    fn outcome(self, end: End) -> Outcome {
        let Self { job, folder, position, .. } = self;
        Outcome {
            folder: folder.path().to_owned(),
            epochs: position.epoch,
            interrupted: end == End::Stopped,
            best: position.best,
            watched: job.settings.early_stopping.map(|stopping| stopping.metric),
            collapsed: end == End::Collapsed,
            findings: position.health.findings,
        }
    }

    fn epoch(&mut self) -> Result<End> {
        match self.steps()? {
            End::Done => {}
            End::Stopped => return self.interrupt(),
            end => return Ok(end),
        }
        let start = Instant::now();
        self.lend_weights();
        let Some((validation, answers)) = self.validate()? else { return self.interrupt() };
        self.close_epoch(validation, &answers, start)
    }

    /// The steps that are left of the epoch.
    fn steps(&mut self) -> Result<End> {
        let augmentation = Augmentation::new(self.job.augment, self.job.settings.seed, self.position.epoch as u64);
        let order = self.job.order(self.position.epoch);
        let (images, batch) = (Arc::clone(&self.job.train), self.job.batch());
        let mut batches =
            Batches::augmented(images, &self.job.normalizer, order, augmentation, batch, self.position.batch);
        let mut clock = Instant::now();
        while let Some(batch) = batches.next(self.session.pool())? {
            self.session.images_mut(batch.len()).copy_from_slice(batch.numbers());
            let end = self.step(batch.labels())?;
            batches.reuse(batch);
            if end != End::Done {
                return Ok(end);
            }
            self.position.seconds += clock.elapsed().as_secs_f64();
            clock = Instant::now();
            self.report();
            if self.stop.load(Ordering::Relaxed) {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Done)
    }

    /// A step on the images that are in the session, of these classes.
    fn step(&mut self, labels: &[u32]) -> Result<End> {
        let (rate, count) = (self.rate(), labels.len());
        self.session.labels_mut(count).copy_from_slice(labels);
        let ran = self.examiner.run(&mut self.session, count, &rate);
        if !ran.is_finite {
            return self.not_finite("the loss", count);
        }
        if let Some(average) = &mut self.average {
            average.follow(&self.session, &self.slots[..self.params], rate.step);
        }
        let (answers, is_constant) = self.examiner.answers(&self.session, labels);
        let losses = self.session.losses(count).iter().map(|loss| f64::from(*loss)).sum::<f64>();
        self.position.tally.merge(&Tally { images: count as u64, correct: answers.correct, loss: losses });
        let first = match self.position.step {
            0 => first_checks(&self.examiner.task, &answers, is_constant),
            _ => Vec::new(),
        };
        self.position.batch += 1;
        self.position.step += 1;
        let Position { epoch, step, health, .. } = &mut self.position;
        let at = (*epoch + 1, *step);
        let mut found = health.keep(first, at.0, at.1);
        found.extend(health.step(&self.examiner.task, at, &answers, ran.observed.as_ref()));
        self.act_on(&found)
    }

    pub(super) fn rate(&self) -> Rate {
        let settings = &self.job.settings;
        Rate {
            learning_rate: self.rate_at(self.position.step),
            weight_decay: settings.weight_decay,
            step: self.position.step,
            seed: settings.seed,
        }
    }

    /// The learning rate of the step with so many before it, after the recoveries so far.
    pub(super) fn rate_at(&self, step: u64) -> f64 {
        self.rates.at(step) * self.examiner.rate_left(&self.position.health)
    }

    fn report(&mut self) {
        let Position { epoch, tally, seconds, .. } = &self.position;
        self.observer.step(&Progress {
            epoch: epoch + 1,
            epochs: self.job.settings.epochs,
            done: tally.images as usize,
            total: self.job.images_per_epoch(),
            loss: tally.mean_loss(),
            accuracy: tally.accuracy(),
            images_per_second: tally.images as f64 / seconds,
        });
    }
}
