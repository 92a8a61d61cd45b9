//! H712: what was learnt is gone. When it went, by which step, and what is answered since.

use super::answer::{NEAR, SMALL_BATCH};
use crate::diag::code;
use crate::health::cause::Lower;
use crate::health::evidence::median;
use crate::health::finding::{Finding, Remedy, rate_text};
use crate::health::history::{StepFacts, View};
use crate::health::statistics::{Answers, Task};
use crate::health::window::{Batch, WINDOW};

/// A loss below this share of a guess's is that of a network that knows something.
const KNOWS: f64 = 0.9;
/// Losses of so many steps in a row are looked at together: one batch can be easy by chance.
const TOGETHER: usize = 5;
/// What happened in so many steps before the fall may be why.
const BEFORE: u64 = 50;

/// A fall back to guessing.
#[derive(Clone, Debug)]
pub(in crate::health) struct Fall {
    /// The best accuracy that there was.
    pub before: f64,
    /// The accuracy now.
    pub now: f64,
    /// The class that is answered most since.
    pub class: usize,
    /// Its share, or where the class changes from batch to batch, that of each batch's own favourite.
    share: f64,
    changes: bool,
}

/// Whether what was learnt is gone: over the latest batches, or over the validation images of the epoch that is closed.
pub(in crate::health) fn fallen(view: &View<'_>) -> Option<Fall> {
    let (task, health) = (view.task, view.health);
    let is_fall = |before: f64, now: f64| before >= task.learnt(0.2) && now <= task.majority() + NEAR;
    let window = view.window_accuracy();
    if health.window.is_full() && is_fall(health.best_window, window) {
        let since = view.step - fell_at(view).unwrap_or(0);
        let batches = health.window.batches().rev().take(usize::try_from(since).unwrap_or(WINDOW).max(1));
        return Some(fall(task, (health.best_window, window), batches));
    }
    let earlier = &health.curve[..health.curve.len().saturating_sub(1)];
    let before = earlier.iter().filter_map(|point| point.val_accuracy).fold(0.0, f64::max);
    let answers = view.validation?;
    let now = task.accuracy(answers);
    let all = Batch::new(answers.clone());
    is_fall(before, now).then(|| fall(task, (before, now), std::iter::once(&all)))
}

fn fall<'b>(task: &Task, (before, now): (f64, f64), since: impl Iterator<Item = &'b Batch> + Clone) -> Fall {
    let mut all = Answers::default();
    since.clone().for_each(|batch| all.merge(&batch.answers));
    let ((class, share), batches) = (all.favourite(), since.clone().count());
    let own = since.map(|batch| batch.answers.favourite().1).sum::<f64>() / batches.max(1) as f64;
    // In a network that jumps about every batch has its class, and the next one another. In a small batch some class leads always.
    let changes = batches > 1 && task.batch >= SMALL_BATCH && own > share + 0.1;
    Fall { before, now, class, share: if changes { own } else { share }, changes }
}

/// The first step, counted from 0, from which on the loss is no better than that of a guess; none where it still is better, or
/// has not been for as long as losses are kept.
fn fell_at(view: &View<'_>) -> Option<u64> {
    let knows = KNOWS * view.task.prior_entropy();
    let losses: Vec<f64> = view.health.losses.iter().map(|(loss, images)| loss / (*images).max(1) as f64).collect();
    let mean = |last: usize| {
        let some = &losses[(last + 1).saturating_sub(TOGETHER)..=last];
        some.iter().sum::<f64>() / some.len() as f64
    };
    let good = (0..losses.len()).rev().find(|last| mean(*last) < knows)?;
    // The mean lags behind the fall.
    let last = losses[..=good].iter().rposition(|loss| *loss < knows)?;
    (last + 1 < losses.len()).then(|| view.step - (losses.len() - last - 1) as u64)
}

/// H712: what was learnt is gone.
pub(in crate::health) fn collapse(view: &View<'_>) -> Option<Finding> {
    let fall = fallen(view)?;
    let fell_at = fell_at(view);
    let class = &view.task.classes[fall.class];
    let (before, now, share) = (100.0 * fall.before, 100.0 * fall.now, 100.0 * fall.share);
    let answers = match fall.changes {
        true => format!("{share:.0} % of each batch are taken for one class, most often `{class}`"),
        false => format!("{share:.0} % of the answers are `{class}`"),
    };
    let mut finding = Finding::new(
        &code::COLLAPSE,
        format!("accuracy had reached {before:.1} % and fell back to {now:.1} %: {answers}"),
    )
    .word("class", class)
    .number("share", fall.share)
    .number("best_accuracy", fall.before)
    .number("accuracy", fall.now);
    let spike = spike(view, fell_at);
    finding = finding.number("learning_rate", spike.map_or(view.task.rate, |step| step.rate));
    if let Some(step) = fell_at {
        finding = finding.count("fell_at_step", step);
    }
    if let Some(spike) = spike {
        finding = finding
            .count("spike_step", spike.step)
            .number("spike_gradient_norm", spike.norm)
            .number("median_gradient_norm", usual_norm(view, spike))
            .number("spike_update_ratio", largest(&spike.ratios));
    }
    let lower = Lower::of(view.task);
    Some(finding.because_of(why(view, fell_at, spike)).advise(
        format!("go back to the best model with {lower}; `on_collapse: recover` does so"),
        vec![lower.remedy(), Remedy::set("train.on_collapse", "recover")],
    ))
}

/// The observed step with the largest gradient among those that can have to do with a fall at step `fell_at`.
fn spike<'v>(view: &View<'v>, fell_at: Option<u64>) -> Option<&'v StepFacts> {
    let is_near = |step: &&StepFacts| fell_at.is_none_or(|fell| step.step + BEFORE >= fell);
    view.health.steps.iter().filter(is_near).max_by(|one, other| one.norm.total_cmp(&other.norm))
}

/// The median of the gradient's norm before a spike.
fn usual_norm(view: &View<'_>, spike: &StepFacts) -> f64 {
    median(view.health.steps.iter().filter(|step| step.step < spike.step).map(|step| step.norm))
}

fn largest(ratios: &[f64]) -> f64 {
    ratios.iter().copied().fold(0.0, f64::max)
}

fn why(view: &View<'_>, fell_at: Option<u64>, spike: Option<&StepFacts>) -> String {
    let rate = rate_text(spike.map_or(view.task.rate, |spike| spike.rate));
    let mut why = format!("steps at a rate of {rate} threw the weights to where nothing is left to follow");
    if let Some(spike) = spike {
        why += &format!(
            ": at step {} one changed them by {:.1} %, along a gradient with a norm of {:.2e} ({:.2e} in the median before)",
            spike.step,
            100.0 * largest(&spike.ratios),
            spike.norm,
            usual_norm(view, spike),
        );
    }
    if let Some(step) = fell_at {
        why += &format!("; from step {step} on the loss is that of a guess");
    }
    if let Some((_, dead)) = view.cut_off() {
        why += &format!("; {} of {} ReLUs behind `{}` are dead since", dead.dead, dead.count, dead.name);
    }
    why
}
