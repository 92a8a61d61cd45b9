//! What a training reports of itself: sums over the images of a batch, norms of a step, activity of units.

use serde::{Deserialize, Serialize};

/// What does not change during a training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Training images of each class.
    pub images: Vec<u64>,
    /// Whether the classes count alike all the same, by weights or by oversampling.
    pub is_balanced: bool,
    /// Layers with trained kernels, in the order of the network.
    pub layers: Vec<String>,
    /// Layers of rectifiers and of sigmoids and tanhs, in the order of the network.
    pub units: Vec<Unit>,
    /// Images a step.
    pub batch: usize,
    /// Whether the images come in with numbers around one; not as bytes.
    pub is_normalised: bool,
    /// The peak learning rate.
    pub rate: f64,
    /// A rate at which its optimizer mostly trains well.
    pub usual_rate: f64,
    /// A rate above which such trainings tend to collapse, where one is known.
    pub risky_rate: Option<f64>,
}

impl Task {
    /// What a guess scores: the share of the class with the most training images, as they count in the training.
    #[must_use]
    pub fn majority(&self) -> f64 {
        let (most, all) = self.counted().fold((0, 0), |(most, all), count| (count.max(most), all + count));
        share(most, all)
    }

    /// The entropy of the classes' shares, in nats: what a guess by these shares loses.
    #[must_use]
    pub fn prior_entropy(&self) -> f64 {
        entropy_of(self.counted(), self.counted().sum())
    }

    /// The accuracy that is to be held against that of a guess: where the classes count alike, the mean over the classes.
    #[must_use]
    pub fn accuracy(&self, answers: &Answers) -> f64 {
        if self.is_balanced { answers.mean_recall() } else { answers.accuracy() }
    }

    /// Whether the rate is one at which such trainings tend to collapse.
    pub(super) fn is_rate_risky(&self) -> bool {
        self.risky_rate.is_some_and(|risky| self.rate > risky)
    }

    /// The images of each class as they count in the training.
    fn counted(&self) -> impl Iterator<Item = u64> + '_ {
        let most = if self.is_balanced { 1 } else { u64::MAX };
        self.images.iter().map(move |count| (*count).min(most))
    }

    /// The accuracy from which on a network has learnt something: `above` more than a guess, or half of what is left
    /// above it.
    pub(super) fn learnt(&self, above: f64) -> f64 {
        let majority = self.majority();
        majority + above.min((1.0 - majority) / 2.0)
    }
}

/// Units of one layer whose activity is observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The layer with weights that feeds them.
    pub name: String,
    /// What they are.
    pub kind: UnitKind,
    /// How many: channels of a map, numbers of a vector.
    pub count: usize,
}

/// What is observed of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// Whether it is ever above zero.
    Rectifier,
    /// How often its argument is beyond ±5.
    Squashing,
}

/// What a network answers to images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Sum of the cross-entropies.
    pub loss: f64,
    /// Images that were right.
    pub correct: u64,
    /// How often each class was the answer.
    pub taken: Vec<u64>,
    /// Images of each class.
    pub seen: Vec<u64>,
    /// Those of them that were right.
    pub right: Vec<u64>,
    /// For each class its images, those that are right, and what each was taken for; only over validation images.
    pub confusion: Vec<Vec<u64>>,
}

impl Answers {
    /// No image yet, of so many classes; with `confusion`, by their true class too.
    #[must_use]
    pub fn new(classes: usize, confusion: bool) -> Self {
        let confusion = if confusion { vec![vec![0; classes]; classes] } else { Vec::new() };
        let [taken, seen, right] = [(); 3].map(|()| vec![0; classes]);
        Self { taken, seen, right, confusion, ..Self::default() }
    }

    /// Counts an image.
    pub fn add(&mut self, loss: f64, answer: usize, label: usize) {
        self.loss += loss;
        self.correct += u64::from(answer == label);
        self.taken[answer] += 1;
        self.seen[label] += 1;
        self.right[label] += u64::from(answer == label);
        if let Some(row) = self.confusion.get_mut(label) {
            row[answer] += 1;
        }
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.correct += other.correct;
        for (sums, counts) in
            [(&mut self.taken, &other.taken), (&mut self.seen, &other.seen), (&mut self.right, &other.right)]
        {
            sums.resize(sums.len().max(counts.len()), 0);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }

    /// Takes the counts of others away, which are among these; the loss stays.
    pub(super) fn remove(&mut self, other: &Self) {
        self.correct -= other.correct;
        for (sums, counts) in
            [(&mut self.taken, &other.taken), (&mut self.seen, &other.seen), (&mut self.right, &other.right)]
        {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum -= count);
        }
    }

    /// Images counted.
    #[must_use]
    pub fn images(&self) -> u64 {
        self.taken.iter().sum()
    }

    /// The mean cross-entropy.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.images().max(1) as f64
    }

    /// The share of right answers.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        share(self.correct, self.images())
    }

    /// The mean over the classes of the share of right answers, also called balanced accuracy.
    #[must_use]
    pub fn mean_recall(&self) -> f64 {
        let recalls = self.seen.iter().zip(&self.right).filter(|(seen, _)| **seen > 0);
        let (sum, classes) =
            recalls.fold((0.0, 0_u32), |(sum, classes), (seen, right)| (sum + share(*right, *seen), classes + 1));
        sum / f64::from(classes.max(1))
    }

    /// The class that is answered most, and its share of the answers.
    #[must_use]
    pub fn favourite(&self) -> (usize, f64) {
        let best = (0..self.taken.len()).fold(0, |best, at| if self.taken[at] > self.taken[best] { at } else { best });
        (best, share(self.taken.get(best).copied().unwrap_or(0), self.images()))
    }
}

/// One observed step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Steps before it.
    pub step: u64,
    /// Its learning rate.
    pub rate: f64,
    /// Of each of the task's layers.
    pub layers: Vec<LayerStep>,
    /// Of each of the task's units.
    pub units: Vec<UnitStep>,
}

/// Norms of a layer's kernel in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerStep {
    /// ‖g‖.
    pub gradient: f64,
    /// ‖w‖, before the update.
    pub weights: f64,
    /// ‖Δw‖.
    pub update: f64,
}

impl LayerStep {
    /// The norms as they can be written down: what is infinite, or no number, as the largest there is.
    pub(super) fn written(&self) -> Self {
        Self { gradient: finite(self.gradient), weights: finite(self.weights), update: finite(self.update) }
    }

    /// ‖Δw‖/‖w‖.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.weights > 0.0 { self.update / self.weights } else { 0.0 }
    }
}

/// What a layer's units did in a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitStep {
    /// Rectifiers: of each unit whether it was above zero anywhere.
    pub alive: Vec<bool>,
    /// Others: how many numbers were beyond ±5.
    pub saturated: u64,
    /// Numbers looked at.
    pub seen: u64,
}

/// −Σ p ln p of the shares of `counts`, in nats.
#[must_use]
pub fn entropy(counts: &[u64]) -> f64 {
    entropy_of(counts.iter().copied(), counts.iter().sum())
}

fn entropy_of(counts: impl Iterator<Item = u64>, sum: u64) -> f64 {
    counts.map(|count| if count == 0 { 0.0 } else { -share(count, sum) * share(count, sum).ln() }).sum()
}

pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The number, or the largest where it is too large to be written down.
pub(super) fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { f64::MAX }
}
