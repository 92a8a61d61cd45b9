//! What a training tells while it runs; how it looks is the observer's to say.

use super::metric::EpochMetrics;
use crate::health::Finding;

/// How far an epoch is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// From 1.
    pub epoch: usize,
    /// How many epochs there will be.
    pub epochs: usize,
    /// Images done.
    pub done: usize,
    /// Images of the epoch.
    pub total: usize,
    /// Mean loss of the images done.
    pub loss: f64,
    /// Share of right answers among the images done.
    pub accuracy: f64,
    /// Training images a second since the epoch began.
    pub images_per_second: f64,
}

/// Hears of a training's course. Each method does nothing unless it is written.
pub trait Observer {
    /// Something worth knowing, as a plain sentence.
    fn notice(&mut self, _sentence: &str) {}

    /// A step is done.
    fn step(&mut self, _progress: &Progress) {}

    /// So many of the validation images are done.
    fn validation(&mut self, _done: usize, _total: usize) {}

    /// An epoch is done; whether its model is the best so far.
    fn epoch(&mut self, _metrics: &EpochMetrics, _is_best: bool) {}

    /// Something is wrong with the training.
    fn finding(&mut self, _finding: &Finding) {}
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
