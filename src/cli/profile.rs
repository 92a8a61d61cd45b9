//! A plan run on random images: the time of each step.

use std::time::Instant;

use super::number::bytes;
use crate::base::Random;
use crate::check::Net;
use crate::data::available;
use crate::diag::{Diagnostic, Fault, code};
use crate::exec::{Rate, Session};
use crate::kernel::peak;
use crate::model::initialise;
use crate::plan::Plan;

/// How often a plan is run, and which of the times counts.
#[derive(Debug)]
pub(super) struct Effort {
    /// Runs that are not counted: caches fill and the clock rises.
    warm_up: usize,
    /// Runs that are counted, at least.
    least: usize,
    /// Counted runs go on until so many seconds have passed.
    seconds: f64,
    /// Counted runs, at most.
    most: usize,
    /// The time that stands for all of them.
    of: fn(Vec<f64>) -> f64,
}

impl Effort {
    /// To be shown: what a run takes as a rule.
    pub const FULL: Self = Self { warm_up: 3, least: 10, seconds: 1.0, most: 1000, of: median };
    /// To be compared: what a run takes where nothing disturbs it.
    pub const SHORT: Self = Self { warm_up: 1, least: 3, seconds: 0.3, most: 100, of: least };
}

/// Times of a plan.
#[derive(Debug)]
pub(super) struct Profile {
    /// Of each step.
    pub milliseconds: Vec<f64>,
    /// Of a whole run.
    pub step_milliseconds: f64,
    /// How many runs were counted.
    pub runs: usize,
    /// GFLOP/s of multiply-adds alone on as many threads.
    pub peak: f64,
}

impl Profile {
    /// Images a second.
    pub fn images_per_second(&self, batch: usize) -> f64 {
        batch as f64 * 1000.0 / self.step_milliseconds
    }
}

/// Runs `plan` on standard normal images, fresh weights and labels in turn.
///
/// # Errors
///
/// P411 where the plan does not fit into memory, M809 where the system gives no threads.
pub(super) fn profile(plan: &Plan, net: &Net, threads: usize, effort: &Effort) -> Result<Profile, Fault> {
    check_memory(plan, threads)?;
    let mut session = Session::new(plan.clone(), threads).map_err(|error| {
        let message = format!("{threads} threads cannot be started: {error}");
        Diagnostic::new(&code::RUN_FAILED, message).help("ask for fewer with `--threads`").fault()
    })?;
    set_weights(&mut session, net);
    let batch = Batch::random(&mut session, net);
    // A rate of zero leaves the weights as they are, so that every run does the same work.
    let rate = Rate::default();
    for _ in 0..effort.warm_up {
        batch.load(&mut session);
        session.run(plan.options.batch, &rate);
    }
    let start = Instant::now();
    let (mut wholes, mut parts) = (Vec::new(), vec![Vec::new(); plan.steps.len()]);
    while wholes.len() < effort.least || (start.elapsed().as_secs_f64() < effort.seconds && wholes.len() < effort.most)
    {
        batch.load(&mut session);
        let run = Instant::now();
        for timed in session.run_timed(plan.options.batch, &rate) {
            parts[timed.step].push(timed.time.as_secs_f64() * 1000.0);
        }
        wholes.push(run.elapsed().as_secs_f64() * 1000.0);
    }
    let runs = wholes.len();
    let peak = session.pool().install(|| peak(plan.options.isa)) / 1e9;
    let milliseconds = parts.into_iter().map(effort.of).collect();
    Ok(Profile { milliseconds, step_milliseconds: (effort.of)(wholes), runs, peak })
}

fn check_memory(plan: &Plan, threads: usize) -> Result<(), Fault> {
    let (needed, available) = (plan.peak_bytes(threads), available());
    if needed <= available {
        return Ok(());
    }
    let batch = plan.options.batch;
    let message =
        format!("running the plan in batches of {batch} takes {}, and {} are free", bytes(needed), bytes(available));
    let help = "give a smaller `--batch`, or a smaller `--input`";
    Err(Diagnostic::new(&code::PLAN_EXCEEDS_MEMORY, message).help(help).fault())
}

/// Images and labels, loaded anew before every run: a run uses their places in the arena for other values.
struct Batch {
    images: Vec<f32>,
    labels: Vec<u32>,
}

impl Batch {
    fn random(session: &mut Session, net: &Net) -> Self {
        let batch = session.plan().options.batch;
        let classes = net.graph.shape(net.graph.output).len().max(2) as u32;
        let random = Random::named(0, "profile");
        let images = (0..session.images_mut(batch).len() as u64).map(|at| random.normal(at)).collect();
        let labels = (0..session.labels_mut(batch).len() as u32).map(|at| at % classes).collect();
        Self { images, labels }
    }

    fn load(&self, session: &mut Session) {
        let batch = session.plan().options.batch;
        session.images_mut(batch).copy_from_slice(&self.images);
        session.labels_mut(batch).copy_from_slice(&self.labels);
    }
}

fn set_weights(session: &mut Session, net: &Net) {
    let slots = session.plan().params.clone();
    for (slot, values) in slots.iter().zip(initialise(&net.graph, 0)) {
        session.tensor_mut(slot).copy_from_slice(&values);
    }
}

/// The shortest; zero for what is not part of a run.
fn least(times: Vec<f64>) -> f64 {
    times.into_iter().min_by(f64::total_cmp).unwrap_or_default()
}

/// Zero for what is not part of a run.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
