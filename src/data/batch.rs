//! Batches of numbers, made ahead of the trainer by a thread of their own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
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

/// How many finished batches wait for the trainer at most.
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

/// The batches of one epoch. Dropping it ends the thread.
#[derive(Debug)]
pub struct Batches {
    ready: Option<Receiver<Result<Batch>>>,
    /// Gives buffers back to the thread.
    used: Sender<Batch>,
    thread: Option<JoinHandle<()>>,
    image_len: usize,
    /// Batches that are still to come.
    left: usize,
}

/// Numbers N×H×W×C and N labels.
#[derive(Debug, Default)]
struct Batch {
    numbers: Vec<f32>,
    labels: Vec<u32>,
}

impl Batches {
    /// Starts an epoch over `images` in batches of `size`, from the batch `first` on (0 unless resuming within it).
    ///
    /// The last batch has what is left. Images are read and normalised on the thread pool, two batches ahead; what comes
    /// out does not depend on the number of threads.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(
        images: Arc<Images>,
        normalizer: &Normalization,
        order: Order,
        size: usize,
        first: usize,
    ) -> Result<Self> {
        Self::start_augmented(images, normalizer, order, None, size, first)
    }

    /// As [`Batches::start`], every image changed as `augmentation` says.
    ///
    /// # Errors
    /// As [`Batches::start`].
    pub fn start_augmented(
        images: Arc<Images>,
        normalizer: &Normalization,
        order: Order,
        augmentation: Option<Augmentation>,
        size: usize,
        first: usize,
    ) -> Result<Self> {
        let image_len = images.decoder().image_len();
        let (finished, ready) = sync_channel(AHEAD);
        let (used, reusable) = channel();
        let view = View { augmentation, table: normalizer.table() };
        let size = size.max(1);
        let order: Vec<usize> = order.indices(images.samples()).into_iter().skip(first.saturating_mul(size)).collect();
        let left = order.len().div_ceil(size);
        let work = move || produce(&images, &view, order.chunks(size), &finished, &reusable);
        let thread = std::thread::Builder::new().name("netc-batches".to_owned()).spawn(work).map_err(|error| {
            Diagnostic::new(&code::RUN_FAILED, format!("no thread can be started to read images: {error}")).fault()
        })?;
        Ok(Self { ready: Some(ready), used, thread: Some(thread), image_len, left })
    }

    /// Copies the next batch to the front of `numbers` (N×H×W×C) and `labels` (class indices) and returns its N; none at
    /// the epoch's end. Both slices hold at least a full batch; what lies behind the batch is left as it is.
    ///
    /// # Errors
    /// Where an image that is not kept in memory has become unreadable.
    pub fn next_into(&mut self, numbers: &mut [f32], labels: &mut [u32]) -> Result<Option<usize>> {
        if self.left == 0 {
            return Ok(None);
        }
        let batch = self.receive().inspect_err(|_| self.left = 0)?;
        self.left -= 1;
        let count = batch.labels.len();
        numbers[..count * self.image_len].copy_from_slice(&batch.numbers);
        labels[..count].copy_from_slice(&batch.labels);
        // The thread may have made its last batch already: then nobody wants the buffer.
        let _ = self.used.send(batch);
        Ok(Some(count))
    }

    /// Waits for a batch. A worker of the thread pool takes part in the pool's work meanwhile: the batch may need it.
    fn receive(&self) -> Result<Batch> {
        let Some(ready) = &self.ready else { return Err(lost()) };
        loop {
            let received = match rayon::yield_now() {
                None => ready.recv().map_err(RecvTimeoutError::from),
                Some(rayon::Yield::Executed) => ready.recv_timeout(Duration::ZERO),
                Some(rayon::Yield::Idle) => ready.recv_timeout(PAUSE),
            };
            match received {
                Ok(batch) => return batch,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(lost()),
            }
        }
    }
}

/// The fault of a reading thread that ended before its last batch.
fn lost() -> Box<Diagnostic> {
    Diagnostic::new(&code::RUN_FAILED, "the thread that reads images ended before the epoch did").fault()
}

impl Drop for Batches {
    fn drop(&mut self) {
        // Without a receiver the thread's next send fails, which ends it; until then it may need this worker.
        self.ready = None;
        if let Some(thread) = self.thread.take() {
            while !thread.is_finished() && rayon::yield_now().is_some() {
                std::thread::sleep(PAUSE);
            }
            let _ = thread.join();
        }
    }
}

/// Makes one batch after another until all are made, one fails, or nobody waits for them any more.
fn produce<'a>(
    images: &Images,
    view: &View,
    batches: impl Iterator<Item = &'a [usize]>,
    finished: &SyncSender<Result<Batch>>,
    reusable: &Receiver<Batch>,
) {
    for indices in batches {
        let mut batch = reusable.try_recv().unwrap_or_default();
        let outcome = batch.fill(images, view, indices).map(|()| batch);
        let failed = outcome.is_err();
        if finished.send(outcome).is_err() || failed {
            return;
        }
    }
}

/// How an image is shown to the network.
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

impl Batch {
    fn fill(&mut self, images: &Images, view: &View, indices: &[usize]) -> Result<()> {
        let len = images.decoder().image_len();
        self.numbers.resize(indices.len() * len, 0.0);
        self.labels.clear();
        self.labels.extend(indices.iter().map(|&index| images.samples()[index].class as u32));
        self.numbers
            .par_chunks_exact_mut(len)
            .zip(indices)
            .try_for_each(|(numbers, &index)| view.numbers(images, index, numbers))
    }
}
