//! A training without a run folder: steps on the images of a job, for tests that come before it.

use std::sync::Arc;
use std::time::Instant;

use super::job::Job;
use super::memory::Plans;
use super::predictor::no_threads;
use super::transfer;
use crate::data::{Augmentation, Batch, Batches, available};
use crate::diag::Result;
use crate::exec::{Rate, Session};

/// Steps that are not measured: memory is touched for the first time.
const WARM_UP: usize = 2;
/// Steps that are.
const MEASURED: usize = 5;

/// How fast a training goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Seconds of the median step.
    pub step: f64,
    /// How many steps were measured.
    pub measured: usize,
}

/// Measures a few steps of a training that leaves nothing behind.
///
/// # Errors
/// As a training that cannot begin.
pub fn pace(job: &Job) -> Result<Pace> {
    let mut probe = Probe::new(job)?;
    let mut times = Vec::with_capacity(MEASURED);
    for at in 0..WARM_UP + MEASURED {
        let start = Instant::now();
        probe.step(0.0)?;
        if at >= WARM_UP {
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(Pace { step: times[MEASURED / 2], measured: MEASURED })
}

/// Steps on a job's images that leave nothing behind.
pub(super) struct Probe<'a> {
    job: &'a Job,
    session: Session,
    batches: Option<Batches>,
    /// Epochs begun.
    epochs: usize,
    steps: u64,
}

impl<'a> Probe<'a> {
    /// A training at its start.
    ///
    /// # Errors
    /// P411 where it does not fit into memory, M809 where the system gives no threads, M801 and M803 where the weights of
    /// `init_from` cannot be used.
    pub fn new(job: &'a Job) -> Result<Self> {
        let plan = Plans::that_fit(job, available())?.training;
        let slots = plan.params.clone();
        let mut session = Session::new(plan, job.machine.threads).map_err(|error| no_threads(&error.to_string()))?;
        for (slot, values) in slots.iter().zip(transfer::start(job)?.weights) {
            session.tensor_mut(slot).copy_from_slice(&values);
        }
        session.class_weights_mut().copy_from_slice(&job.class_weights().unwrap_or_default());
        Ok(Self { job, session, batches: None, epochs: 0, steps: 0 })
    }

    /// One step at this rate on the next batch, epoch after epoch; the mean loss of its images before the step.
    ///
    /// # Errors
    /// Where an image that is not kept in memory has become unreadable.
    pub fn step(&mut self, learning_rate: f64) -> Result<f64> {
        let batch = self.next_batch()?;
        let count = batch.len();
        self.session.images_mut(count).copy_from_slice(batch.numbers());
        self.session.labels_mut(count).copy_from_slice(batch.labels());
        if let Some(batches) = &mut self.batches {
            batches.reuse(batch);
        }
        let settings = &self.job.settings;
        let (weight_decay, seed) = (settings.weight_decay, settings.seed);
        self.session.run(count, &Rate { learning_rate, weight_decay, step: self.steps, seed });
        self.steps += 1;
        let sum: f64 = self.session.losses(count).iter().map(|loss| f64::from(*loss)).sum();
        Ok(sum / count as f64)
    }

    fn next_batch(&mut self) -> Result<Batch> {
        loop {
            if let Some(batches) = &mut self.batches
                && let Some(batch) = batches.next(self.session.pool())?
            {
                return Ok(batch);
            }
            let order = self.job.order(self.epochs);
            let (images, batch) = (Arc::clone(&self.job.train), self.job.batch());
            let augmentation = Augmentation::new(self.job.augment, self.job.settings.seed, self.epochs as u64);
            self.batches = Some(Batches::augmented(images, &self.job.normalizer, order, augmentation, batch, 0));
            self.epochs += 1;
        }
    }
}
