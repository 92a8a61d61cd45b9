//! The answers to the latest batches, with their sum kept up to date: rules ask for it after every step.

use std::collections::VecDeque;
use std::collections::vec_deque::Iter;

use serde::{Deserialize, Serialize};

use super::statistics::{Answers, entropy};

/// Batches over which answers are watched while training.
pub(super) const WINDOW: usize = 50;

/// The answers of a batch, and how unequal they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Batch {
    pub answers: Answers,
    pub entropy: f64,
}

impl Batch {
    pub fn new(answers: Answers) -> Self {
        Self { entropy: entropy(&answers.taken), answers }
    }
}

/// The latest batches; written down as these alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "VecDeque<Batch>", into = "VecDeque<Batch>")]
pub(super) struct Window {
    batches: VecDeque<Batch>,
    sum: Answers,
}

impl Window {
    /// Takes a batch in, and where there are enough the oldest out.
    pub fn push(&mut self, batch: Batch) {
        if self.batches.len() == WINDOW
            && let Some(oldest) = self.batches.pop_front()
        {
            self.sum.remove(&oldest.answers);
        }
        self.sum.merge(&batch.answers);
        self.batches.push_back(batch);
        // Differences of losses would gather what rounding leaves.
        self.sum.loss = self.batches.iter().map(|batch| batch.answers.loss).sum();
    }

    /// The sum of the batches' answers.
    pub fn sum(&self) -> &Answers {
        &self.sum
    }

    /// The batches, the oldest first.
    pub fn batches(&self) -> Iter<'_, Batch> {
        self.batches.iter()
    }

    /// Whether there are as many batches as are looked at together.
    pub fn is_full(&self) -> bool {
        self.batches.len() == WINDOW
    }
}

impl From<VecDeque<Batch>> for Window {
    fn from(batches: VecDeque<Batch>) -> Self {
        let mut window = Self::default();
        batches.into_iter().for_each(|batch| window.push(batch));
        window
    }
}

impl From<Window> for VecDeque<Batch> {
    fn from(window: Window) -> Self {
        window.batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(at: usize) -> Batch {
        let mut answers = Answers::new(3, false);
        (0..8).for_each(|image| answers.add(0.1 * (at + image) as f64, (at * image) % 3, image % 3));
        Batch::new(answers)
    }

    #[test]
    fn the_sum_is_that_of_the_latest_batches_before_and_after_it_was_written_down() {
        let mut window = Window::default();
        for at in 0..3 * WINDOW {
            window.push(batch(at));
            let mut all = Answers::default();
            window.batches().for_each(|batch| all.merge(&batch.answers));
            assert_eq!(*window.sum(), all, "{at}");
            assert_eq!(window.is_full(), at + 1 >= WINDOW);
        }
        let written = serde_json::to_string(&window).unwrap();
        assert_eq!(serde_json::from_str::<Window>(&written).unwrap(), window);
        assert!(written.starts_with('['), "as checkpoints before had it");
    }
}
