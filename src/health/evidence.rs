//! What a few observed steps say of each layer.

use serde::{Deserialize, Serialize};

use super::statistics::{LayerStep, Observed, Task, UnitKind, share};

/// The share of a layer's ReLUs that have to be dead for what lies before them to be cut off. Trainings that do well can have
/// half of a dense layer dead.
const CUT_OFF: f64 = 0.9;

/// Sums over a few observed steps in a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    steps: u64,
    #[serde(default)]
    images: u64,
    layers: Vec<Vec<LayerStep>>,
    units: Vec<UnitSum>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct UnitSum {
    alive: Vec<bool>,
    saturated: u64,
    seen: u64,
}

/// What is known of a layer's kernel: medians over the observed steps.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFacts {
    /// Its name.
    pub name: String,
    /// ‖g‖.
    pub gradient: f64,
    /// ‖Δw‖/‖w‖.
    pub ratio: f64,
    /// Whether every update was exactly zero.
    pub is_frozen: bool,
}

/// What is known of a layer's units.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitFacts {
    /// The layer with weights that feeds them.
    pub name: String,
    /// What they are.
    pub kind: UnitKind,
    /// How many.
    pub count: usize,
    /// Rectifiers that were zero throughout.
    pub dead: usize,
    /// The images that this was seen on.
    pub images: u64,
    /// Share of numbers beyond ±5.
    pub saturated: f64,
}

impl UnitFacts {
    /// The share of the units that are dead.
    #[must_use]
    pub fn dead_share(&self) -> f64 {
        share(self.dead as u64, self.count as u64)
    }

    /// Whether so many rectifiers are dead that what lies before them is cut off.
    pub(super) fn is_cut_off(&self) -> bool {
        self.kind == UnitKind::Rectifier && self.count > 0 && self.dead_share() >= CUT_OFF
    }
}

impl Evidence {
    /// Counts a step over so many images.
    pub fn add(&mut self, observed: &Observed, images: u64) {
        self.steps += 1;
        self.images += images;
        self.layers.resize(observed.layers.len(), Vec::new());
        self.units.resize(observed.units.len(), UnitSum::default());
        for (steps, step) in self.layers.iter_mut().zip(&observed.layers) {
            steps.push(step.written());
        }
        for (sum, step) in self.units.iter_mut().zip(&observed.units) {
            sum.alive.resize(step.alive.len(), false);
            sum.alive.iter_mut().zip(&step.alive).for_each(|(any, now)| *any |= now);
            sum.saturated += step.saturated;
            sum.seen += step.seen;
        }
    }

    /// Observed steps.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Of every layer with a kernel; empty before the first observed step.
    #[must_use]
    pub fn layers(&self, task: &Task) -> Vec<LayerFacts> {
        let facts = |(name, steps): (&String, &Vec<LayerStep>)| LayerFacts {
            name: name.clone(),
            gradient: median(steps.iter().map(|step| step.gradient)),
            ratio: median(steps.iter().map(LayerStep::ratio)),
            is_frozen: steps.iter().all(|step| step.update == 0.0),
        };
        task.layers.iter().zip(&self.layers).map(facts).collect()
    }

    /// Of every layer of units; empty before the first observed step.
    #[must_use]
    pub fn units(&self, task: &Task) -> Vec<UnitFacts> {
        let facts = |(unit, sum): (&super::Unit, &UnitSum)| UnitFacts {
            name: unit.name.clone(),
            kind: unit.kind,
            count: unit.count,
            dead: sum.alive.iter().filter(|alive| !**alive).count(),
            images: self.images,
            saturated: share(sum.saturated, sum.seen),
        };
        task.units.iter().zip(&self.units).map(facts).collect()
    }
}

/// The middle one, the lower of two; 0 of none.
pub(super) fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}
