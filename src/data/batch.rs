//! Batches of numbers, made ahead of the trainer on its own thread pool: images are read where the network computes, so that
//! no more threads work than were asked for.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use rayon::prelude::*;

use super::augment::Augmentation;
use super::balance::oversampled;
use super::images::Images;
use super::listing::Sample;
use super::normalize::Table;
use crate::base::Random;
use crate::diag::{Diagnostic, Result, code};
use crate::model::Normalization;

/// How many batches are made, or wait for the trainer, at most.
const AHEAD: usize = 2;
/// How long an idle worker of the thread pool waits before it looks for work again.
const PAUSE: Duration = Duration::from_micros(200);

/// In which order an epoch visits the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they are listed: for validation.
    Listed,
    /// A permutation of its own for every seed and epoch.
    Shuffled {
        /// The run's seed.
        seed: u64,
        /// The epoch, from 0.
        epoch: u64,
    },
    /// The same with images of small classes seen again, until every class is as large as the largest.
    Oversampled {
        /// The run's seed.
        seed: u64,
        /// The epoch, from 0.
        epoch: u64,
    },
}

impl Order {
    /// Indices of `samples` in this order: a pure function, so that a resumed run needs no stored state.
    #[must_use]
    pub fn indices(self, samples: &[Sample]) -> Vec<usize> {
        let count = samples.len();
        match self {
            Self::Listed => (0..count).collect(),
            Self::Shuffled { seed, epoch } => Random::named(seed, &format!("shuffle/{epoch}")).permutation(count),
            Self::Oversampled { seed, epoch } => oversampled(samples.iter().map(|sample| sample.class), seed, epoch),
        }
    }
}

/// The batches of one epoch. Dropping it ends the work on those that are to come.
#[derive(Debug)]
pub struct Batches {
    maker: Arc<Maker>,
    /// Those that are being made, the next one first.
    coming: VecDeque<Receiver<Result<Batch>>>,
    /// How many were asked for so far.
    begun: usize,
    /// Buffers that can be used again.
    used: Vec<Batch>,
}

/// Numbers N×H×W×C and N labels.
#[derive(Debug, Default)]
pub struct Batch {
    numbers: Vec<f32>,
    labels: Vec<u32>,
}

/// What it takes to make the batches of an epoch.
#[derive(Debug)]
struct Maker {
    images: Arc<Images>,
    view: View,
    /// The images of all batches, one after another.
    order: Vec<usize>,
    /// Images of a batch.
    size: usize,
    is_over: AtomicBool,
}

impl Batches {
    /// An epoch over `images` in batches of `size`, from the batch `first` on (0 unless resuming within it).
    ///
    /// The last batch has what is left. What comes out does not depend on the number of threads.
    #[must_use]
    pub fn new(images: Arc<Images>, normalizer: &Normalization, order: Order, size: usize, first: usize) -> Self {
        Self::augmented(images, normalizer, order, None, size, first)
    }

    /// As [`Batches::new`], every image changed as `augmentation` says.
    #[must_use]
    pub fn augmented(
        images: Arc<Images>,
        normalizer: &Normalization,
        order: Order,
        augmentation: Option<Augmentation>,
        size: usize,
        first: usize,
    ) -> Self {
        let view = View { augmentation, table: normalizer.table() };
        let size = size.max(1);
        let order = order.indices(images.samples()).into_iter().skip(first.saturating_mul(size)).collect();
        let maker = Arc::new(Maker { images, view, order, size, is_over: AtomicBool::new(false) });
        Self { maker, coming: VecDeque::new(), begun: 0, used: Vec::new() }
    }

    /// The next batch; none at the epoch's end. It and those behind it are made on `pool`, ahead of their use.
    ///
    /// # Errors
    /// Where an image that is not kept in memory has become unreadable; then there is no further batch.
    pub fn next(&mut self, pool: &rayon::ThreadPool) -> Result<Option<Batch>> {
        self.order_on(pool);
        let Some(next) = self.coming.pop_front() else { return Ok(None) };
        let outcome = receive(&next);
        match outcome {
            Ok(_) => self.order_on(pool),
            Err(_) => self.end(),
        }
        outcome.map(Some)
    }

    /// Takes a batch back that is not needed any more: its memory serves another one.
    pub fn reuse(&mut self, batch: Batch) {
        self.used.push(batch);
    }

    /// Lets the batches go that are still to come.
    fn end(&mut self) {
        self.maker.is_over.store(true, Ordering::Relaxed);
        self.begun = usize::MAX;
        for ready in self.coming.drain(..) {
            let _ = receive(&ready);
        }
    }

    /// Begins as many batches as may wait for the trainer.
    fn order_on(&mut self, pool: &rayon::ThreadPool) {
        while self.coming.len() < AHEAD && self.begun.saturating_mul(self.maker.size) < self.maker.order.len() {
            let (finished, ready) = sync_channel(1);
            let (maker, at, mut batch) = (Arc::clone(&self.maker), self.begun, self.used.pop().unwrap_or_default());
            pool.spawn(move || {
                // A panic ends the program here; without an answer the trainer ends with a reason.
                let made = catch_unwind(AssertUnwindSafe(|| maker.fill(&mut batch, at).map(|()| batch)));
                // Before the answer, so that nothing is held any more once all have come.
                drop(maker);
                if let Ok(outcome) = made {
                    // Nobody may wait for it any more.
                    let _ = finished.send(outcome);
                }
            });
            self.coming.push_back(ready);
            self.begun += 1;
        }
    }
}

/// Waits for a batch. A worker of the thread pool takes part in the pool's work meanwhile: the batch may need it.
fn receive(ready: &Receiver<Result<Batch>>) -> Result<Batch> {
    loop {
        let received = match rayon::yield_now() {
            None => ready.recv().map_err(RecvTimeoutError::from),
            Some(rayon::Yield::Executed) => ready.recv_timeout(Duration::ZERO),
            Some(rayon::Yield::Idle) => ready.recv_timeout(PAUSE),
        };
        match received {
            Ok(batch) => return batch,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let message = "the reading of images ended before the epoch did";
                return Err(Diagnostic::new(&code::RUN_FAILED, message).fault());
            }
        }
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.end();
    }
}

impl Batch {
    /// How many images it has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an empty batch is never made")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The numbers of its images, N×H×W×C.
    #[must_use]
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// The class of each image.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }
}

impl Maker {
    /// Makes the batch at `at`, image by image on the pool of this thread; nothing once nobody waits for it.
    fn fill(&self, batch: &mut Batch, at: usize) -> Result<()> {
        let left = &self.order[at * self.size..];
        let indices = if self.is_over.load(Ordering::Relaxed) { &[] } else { &left[..self.size.min(left.len())] };
        let len = self.images.decoder().image_len();
        batch.numbers.resize(indices.len() * len, 0.0);
        batch.labels.clear();
        batch.labels.extend(indices.iter().map(|&index| self.images.samples()[index].class as u32));
        batch
            .numbers
            .par_chunks_exact_mut(len)
            .zip(indices)
            .try_for_each(|(numbers, &index)| self.view.numbers(&self.images, index, numbers))
    }
}

/// How an image is shown to the network.
#[derive(Debug)]
struct View {
    augmentation: Option<Augmentation>,
    table: Table,
}

impl View {
    /// The numbers of the image at `index`.
    fn numbers(&self, images: &Images, index: usize, numbers: &mut [f32]) -> Result<()> {
        let bytes = match &self.augmentation {
            None => images.bytes(index)?,
            Some(augmentation) => {
                augmentation.image(index, images.len(), images.decoder().shape(), |index| images.bytes(index))?
            }
        };
        self.table.apply(&bytes, numbers);
        Ok(())
    }
}
