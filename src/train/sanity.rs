//! Whether a network can learn a single batch by heart, and more of it than of images of zeros.

use std::sync::Arc;

use super::examine::Examiner;
use super::job::Job;
use super::memory::Plans;
use super::predictor::no_threads;
use crate::data::{Batches, Order, available};
use crate::diag::Result;
use crate::exec::{Rate, Session};
use crate::health::{Finding, cannot_overfit, ignores_input};
use crate::model::initialise;

/// So often the batch is seen.
const STEPS: usize = 200;
/// The most images of it.
const IMAGES: usize = 16;
/// What has to be known of it.
const ENOUGH: f64 = 0.9;
/// How much better the real images have to be learnt than zeros.
const BETTER: f64 = 0.1;

/// Trains a copy of the job's network on one batch, and on zeros with the same labels; H702 and H703 where it does not do
/// what a sound network does. Nothing of the job is changed.
///
/// # Errors
/// P411 where it does not fit into memory, M809 where the system gives no threads, or where an image cannot be read.
pub fn sanity(job: &Job) -> Result<Vec<Finding>> {
    let batch = job.batch().min(IMAGES);
    let plans = Plans::that_fit(job, available())?;
    let rate = job.settings.peak_rate();
    let mut session =
        Session::new(plans.training, job.machine.threads).map_err(|error| no_threads(&error.to_string()))?;
    session.class_weights_mut().copy_from_slice(&job.class_weights().unwrap_or_default());
    let order = Order::Shuffled { seed: job.settings.seed, epoch: 0 };
    let mut batches = Batches::new(Arc::clone(&job.train), &job.normalizer, order, batch, 0);
    let Some(batch) = batches.next(session.pool())? else { return Ok(Vec::new()) };
    let (mut found, labels) = (Vec::new(), batch.labels());
    let real = learnt(job, &mut session, batch.numbers(), labels, rate);
    if real < ENOUGH {
        found.push(cannot_overfit(real, batch.len(), STEPS, rate));
    }
    let zeros = learnt(job, &mut session, &vec![0.0; batch.numbers().len()], labels, rate);
    if real < zeros + BETTER && labels.iter().any(|label| *label != labels[0]) {
        found.push(ignores_input(real, zeros));
    }
    Ok(found)
}

/// The share of the batch that is right after it was seen again and again, from fresh weights.
fn learnt(job: &Job, session: &mut Session, images: &[f32], labels: &[u32], rate: f64) -> f64 {
    let slots: Vec<_> = session.plan().params.iter().chain(&session.plan().optimizer_state).cloned().collect();
    let weights = initialise(&job.graph, job.settings.seed);
    for (at, slot) in slots.iter().enumerate() {
        match weights.get(at) {
            Some(values) => session.tensor_mut(slot).copy_from_slice(values),
            None => session.tensor_mut(slot).fill(0.0),
        }
    }
    let mut examiner = Examiner::new(job, session.plan());
    let mut best = 0.0_f64;
    for step in 0..STEPS {
        session.images_mut(labels.len()).copy_from_slice(images);
        session.labels_mut(labels.len()).copy_from_slice(labels);
        let rate = Rate { learning_rate: rate, weight_decay: 0.0, step: step as u64, seed: job.settings.seed };
        session.run(labels.len(), &rate);
        best = best.max(examiner.answers(session, labels).0.accuracy());
        if best >= 1.0 {
            break;
        }
    }
    best
}
