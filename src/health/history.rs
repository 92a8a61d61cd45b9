//! What is remembered of a training: all that findings are read off, and the findings.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::cause::HIGH_RATIO;
use super::evidence::{Evidence, UnitFacts, median};
use super::finding::Finding;
use super::rule::{EPOCH_RULES, STEP_RULES};
use super::statistics::{Answers, LayerStep, Observed, Task, UnitKind, finite, share};
use super::window::{Batch, Window};

/// Steps over which the loss is watched while training.
pub(super) const LOSSES: usize = 200;
/// Observed steps over which the size of the updates is watched.
pub(super) const RATIOS: usize = 20;
/// Observed steps that are looked at together.
pub(super) const BLOCK: u64 = 8;
/// How near to the prior's entropy the loss of a block is that of a guess.
const NEAR_GUESS: f64 = 0.03;
/// Observed steps over which the norm of the gradient has its median.
const NORMS: usize = 50;

/// The memory of a training; a checkpoint carries it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Everything found so far, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// How often the run went back to an earlier state.
    pub recoveries: usize,
    /// The latest batches.
    pub(super) window: Window,
    /// The best accuracy that the window had.
    pub(super) best_window: f64,
    /// The latest steps' losses: sum and images.
    pub(super) losses: VecDeque<(f64, u64)>,
    /// The latest observed steps.
    pub(super) steps: VecDeque<StepFacts>,
    /// Of each layer of units, the share that was dead before the first update.
    pub(super) dead_at_start: Option<Vec<f64>>,
    /// Whether the loss once stood at that of a guess while units were alive: what died later is not why.
    #[serde(default)]
    pub(super) stood_alive: bool,
    /// Of the observed steps since the last block was full.
    pub(super) evidence: Evidence,
    /// Of the block before: what was true at the start of a training says nothing of why it stands still now.
    pub(super) evidence_before: Evidence,
    /// Of the first observed step, and of the one with the largest: the median of the layers' ‖Δw‖/‖w‖.
    pub(super) ratio_at_start: Option<f64>,
    pub(super) largest_ratio: f64,
    /// Answers of the epoch so far, each as it was seen in training.
    pub(super) train: Answers,
    /// Of each epoch.
    pub(super) curve: Vec<Point>,
    /// For each class, the epochs in a row without a right answer on the validation images.
    pub(super) never_right: Vec<u32>,
}

/// An observed step in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StepFacts {
    pub step: u64,
    pub rate: f64,
    /// The mean loss of its batch.
    pub loss: f64,
    /// Of all gradients.
    pub norm: f64,
    /// ‖Δw‖/‖w‖ of each layer.
    pub ratios: Vec<f64>,
}

/// An epoch in short.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    pub train_loss: f64,
    pub train_accuracy: f64,
    pub val_loss: Option<f64>,
    pub val_accuracy: Option<f64>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub task: &'a Task,
    pub health: &'a Health,
    /// Steps done.
    pub step: u64,
    /// Whether an epoch is closed.
    pub is_epoch: bool,
    /// The answers to the validation images, where an epoch is closed that has some.
    pub validation: Option<&'a Answers>,
    /// The accuracy on training images seen as the validation images are, where it was measured.
    pub evaluated: Option<f64>,
}

impl Health {
    /// Counts a batch and, where the step was observed, what was seen. Gives what is found at this step.
    pub fn step(
        &mut self,
        task: &Task,
        (epoch, step): (usize, u64),
        answers: &Answers,
        observed: Option<&Observed>,
    ) -> Vec<Finding> {
        self.train.merge(answers);
        push(&mut self.losses, (answers.loss, answers.images()), LOSSES);
        self.window.push(Batch::new(answers.clone()));
        if let Some(observed) = observed {
            self.observe(task, observed, answers);
        }
        if !self.window.is_full() {
            return Vec::new();
        }
        let view = View { task, health: self, step, is_epoch: false, validation: None, evaluated: None };
        let found = view.findings(STEP_RULES);
        self.best_window = self.best_window.max(view.window_accuracy());
        self.keep(found, epoch, step)
    }

    /// Closes an epoch with the answers to the validation images; `evaluated` is the accuracy on training images seen
    /// as these are. Gives what is found.
    pub fn close_epoch(
        &mut self,
        task: &Task,
        (epoch, step): (usize, u64),
        validation: Option<&Answers>,
        evaluated: Option<f64>,
    ) -> Vec<Finding> {
        self.curve.push(Point {
            train_loss: self.train.mean_loss(),
            train_accuracy: task.accuracy(&self.train),
            val_loss: validation.map(|answers| finite(answers.mean_loss())),
            val_accuracy: validation.map(|answers| task.accuracy(answers)),
        });
        if let Some(validation) = validation {
            self.never_right.resize(validation.confusion.len(), 0);
            for (class, row) in validation.confusion.iter().enumerate() {
                let is_never = row.iter().sum::<u64>() > 0 && row[class] == 0;
                self.never_right[class] = if is_never { self.never_right[class] + 1 } else { 0 };
            }
        }
        let view = View { task, health: self, step, is_epoch: true, validation, evaluated };
        let found = view.findings(EPOCH_RULES);
        self.train = Answers::default();
        self.keep(found, epoch, step)
    }

    /// Keeps findings that are new, graver than before, or explained now; gives these, a cause named only where it is found.
    pub fn keep(&mut self, found: Vec<Finding>, epoch: usize, step: u64) -> Vec<Finding> {
        let mut new = Vec::new();
        for finding in found {
            let finding = Finding { epoch, step, recoveries: self.recoveries, ..finding };
            let is_same = |one: &Finding| one.code == finding.code && one.recoveries == finding.recoveries;
            match self.findings.iter_mut().find(|one| is_same(one)) {
                Some(before) if !says_more(&finding, before) => continue,
                Some(before) => *before = finding.clone(),
                None => self.findings.push(finding.clone()),
            }
            new.push(finding);
        }
        for finding in &mut new {
            let is_found = |code: &String| self.findings.iter().any(|one| one.code == *code);
            finding.because = finding.because.take().filter(is_found);
        }
        new
    }

    /// The memory of a run that goes back to `earlier`; what was found stays.
    #[must_use]
    pub fn recovered(&self, earlier: Self) -> Self {
        Self { findings: self.findings.clone(), recoveries: self.recoveries + 1, ..earlier }
    }

    /// Whether the training answers better than a guess would, as far as the last batches or epoch tell.
    #[must_use]
    pub fn has_learnt(&self, task: &Task) -> bool {
        self.curve.last().is_some_and(|point| point.train_accuracy > task.learnt(0.02))
    }

    fn observe(&mut self, task: &Task, observed: &Observed, answers: &Answers) {
        if self.evidence.steps() == BLOCK {
            self.evidence_before = std::mem::take(&mut self.evidence);
        }
        self.evidence.add(observed, answers.images());
        if self.dead_at_start.is_none() {
            let dead = |alive: &[bool]| share(alive.iter().filter(|alive| !**alive).count() as u64, alive.len() as u64);
            self.dead_at_start = Some(observed.units.iter().map(|units| dead(&units.alive)).collect());
        }
        let norm = observed.layers.iter().map(|layer| layer.gradient * layer.gradient).sum::<f64>().sqrt();
        let facts = StepFacts {
            step: observed.step,
            rate: observed.rate,
            loss: finite(answers.mean_loss()),
            norm: finite(norm),
            ratios: observed.layers.iter().map(LayerStep::ratio).map(finite).collect(),
        };
        let ratio = median(facts.ratios.iter().copied());
        self.ratio_at_start.get_or_insert(ratio);
        self.largest_ratio = self.largest_ratio.max(ratio);
        push(&mut self.steps, facts, NORMS);
        self.stood_alive |= self.stands_alive(task);
    }

    /// Whether over the block that is full now the loss was that of a guess, and no layer of rectifiers dead. The first block
    /// of a training has seen the units that it started with, which says nothing.
    fn stands_alive(&self, task: &Task) -> bool {
        if self.evidence.steps() < BLOCK || self.evidence_before.steps() == 0 {
            return false;
        }
        let losses = self.steps.iter().rev().take(BLOCK as usize).map(|step| step.loss).sum::<f64>();
        let is_guess = (losses / BLOCK as f64 - task.prior_entropy()).abs() <= NEAR_GUESS;
        is_guess && self.evidence.units(task).iter().all(|unit| !unit.is_cut_off())
    }
}

impl View<'_> {
    fn findings(&self, rules: &[fn(&Self) -> Option<Finding>]) -> Vec<Finding> {
        rules.iter().filter_map(|rule| rule(self)).collect()
    }

    /// The accuracy of the epoch that is closed, or of the latest batches.
    pub fn accuracy(&self) -> f64 {
        match self.health.train.images() {
            0 => self.window_accuracy(),
            _ if self.health.window.is_full() => self.window_accuracy(),
            _ => self.task.accuracy(&self.health.train),
        }
    }

    /// The accuracy over the latest batches.
    pub fn window_accuracy(&self) -> f64 {
        self.task.accuracy(self.health.window.sum())
    }

    /// Whether the training learns next to nothing.
    pub fn is_struggling(&self) -> bool {
        self.accuracy() < self.task.learnt(0.1)
    }

    /// The evidence of the latest observed steps.
    pub fn evidence(&self) -> &Evidence {
        let Health { evidence, evidence_before, .. } = self.health;
        let is_enough = evidence.steps() >= BLOCK / 2 || evidence_before.steps() == 0;
        if is_enough { evidence } else { evidence_before }
    }

    /// The layer of rectifiers that cuts off what lies before it, where there is one.
    pub fn cut_off(&self) -> Option<(usize, UnitFacts)> {
        self.most_dead().filter(|(_, unit)| unit.is_cut_off())
    }

    /// The share of a layer's rectifiers that was dead before the first update.
    pub fn dead_at_start(&self, layer: usize) -> f64 {
        self.health.dead_at_start.as_ref().and_then(|dead| dead.get(layer)).copied().unwrap_or(0.0)
    }

    /// Whether units died of a training that stood still, and it does not stand still for their death: not where steps were long, or
    /// the rate is one at which units die.
    pub fn died_idle(&self) -> bool {
        self.health.stood_alive && self.health.largest_ratio <= HIGH_RATIO && !self.task.is_rate_risky()
    }

    /// Of each layer of rectifiers, the largest share of dead units that there is, with the layer.
    pub fn most_dead(&self) -> Option<(usize, UnitFacts)> {
        let units = self.evidence().units(self.task).into_iter().enumerate();
        let rectifiers = units.filter(|(_, unit)| unit.kind == UnitKind::Rectifier && unit.count > 0);
        // Of equals the first: what lies behind a dead layer is fed with a constant.
        rectifiers.reduce(|most, one| if one.1.dead_share() > most.1.dead_share() { one } else { most })
    }
}

/// Whether a finding is graver than the one before of its kind, or is explained now.
fn says_more(now: &Finding, before: &Finding) -> bool {
    now.severity > before.severity
        || (now.severity == before.severity && now.because.is_some() && before.because.is_none())
}

fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}
