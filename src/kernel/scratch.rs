//! Memory that kernels work in, allocated before they run: a buffer a worker, and a workspace shared by all.
//!
//! What the buffers hold before and after is of no interest to anybody: a kernel writes what it reads.

use std::sync::{Mutex, PoisonError};

use super::Memory;
use super::memory::LINE;

/// One buffer for each worker of the thread pool, so that a kernel never allocates.
#[derive(Debug)]
pub struct Scratch {
    buffers: Vec<Mutex<Memory>>,
    len: usize,
}

impl Scratch {
    /// Buffers of `len` elements for `workers` threads.
    #[must_use]
    pub fn new(workers: usize, len: usize) -> Self {
        let buffers = (0..workers.max(1)).map(|_| Mutex::new(Memory::zeros(len))).collect();
        Self { buffers, len }
    }

    /// Elements of one buffer.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the buffers have no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Lends `len` elements of the calling worker's buffer, aligned to a cache line, their content unspecified.
    ///
    /// `f` must not start parallel work nor call `with`: the worker would wait for its own buffer.
    ///
    /// # Panics
    ///
    /// If the buffers are shorter than `len`.
    pub fn with<R>(&self, len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
        assert!(len <= self.len, "a kernel wants {len} elements of scratch, {} were planned", self.len);
        let worker = rayon::current_thread_index().unwrap_or(0) % self.buffers.len();
        // A panic in a kernel leaves nothing inconsistent behind: the content is unspecified anyway.
        let mut buffer = self.buffers[worker].lock().unwrap_or_else(PoisonError::into_inner);
        f(&mut buffer[..len])
    }
}

/// What a kernel may write besides its output.
#[derive(Debug)]
pub struct Space<'a> {
    /// Shared by all workers: packed weights, partial sums.
    pub workspace: &'a mut [f32],
    /// A buffer for each worker.
    pub scratch: &'a Scratch,
}

/// What to ask for so that `aligned` can give `len` elements.
#[must_use]
pub(super) fn padded(len: usize) -> usize {
    len + LINE
}

/// Elements of the cache lines that `len` elements take.
pub(super) fn lines(len: usize) -> usize {
    len.next_multiple_of(LINE)
}

/// The first `len` elements from a cache line's start on.
pub(super) fn aligned(buffer: &mut [f32], len: usize) -> &mut [f32] {
    let start = buffer.as_ptr().align_offset(LINE * size_of::<f32>()).min(buffer.len() - len);
    &mut buffer[start..start + len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn every_worker_gets_its_own_aligned_buffer() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool of three");
        let scratch = Scratch::new(3, 100);
        let sums: Vec<f32> = pool.install(|| {
            let square = |task: usize| {
                scratch.with(100, |buffer| {
                    assert_eq!(buffer.as_ptr() as usize % 64, 0);
                    buffer.fill(task as f32);
                    buffer.iter().sum()
                })
            };
            (0..64).into_par_iter().map(square).collect()
        });
        assert_eq!(sums, (0..64).map(|task| task as f32 * 100.0).collect::<Vec<_>>());
    }

    #[test]
    #[should_panic(expected = "a kernel wants 9 elements of scratch, 8 were planned")]
    fn more_than_planned_is_a_fault_of_the_plan() {
        Scratch::new(1, 8).with(9, |_| ());
    }
}
