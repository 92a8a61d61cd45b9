//! How a run takes the threads of a pool: one works through the steps, the others stay awake for what it forks.
//!
//! A short step takes some ten microseconds, and so does waking a thread that has gone to sleep, on a virtual machine
//! several times as long. Threads of a pool sleep as soon as they have found nothing for a moment; over a run they do not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest time that a thread looks for work in vain before it is left to sleep.
const PATIENCE: Duration = Duration::from_millis(1);

/// Runs `work` on a thread of the pool, the others ready for all that it forks.
pub(super) fn run<R: Send>(pool: &rayon::ThreadPool, work: impl FnOnce() -> R + Send) -> R {
    let (work, result, is_over) = (Mutex::new(Some(work)), Mutex::new(None), AtomicBool::new(false));
    pool.broadcast(|worker| {
        if worker.index() > 0 {
            return stay_awake(&is_over);
        }
        let _ends = Ends(&is_over);
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        *result.lock().unwrap_or_else(PoisonError::into_inner) = work.map(|work| work());
    });
    let result = result.into_inner().unwrap_or_else(PoisonError::into_inner);
    result.unwrap_or_else(|| unreachable!("the first thread has done the work or panicked"))
}

/// Says that the work is over, also where it panics.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does what others have forked until the work is over.
fn stay_awake(is_over: &AtomicBool) {
    let mut idle_since = None;
    while !is_over.load(Ordering::Relaxed) {
        if rayon::yield_now() == Some(rayon::Yield::Executed) {
            idle_since = None;
        } else if idle_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return;
        } else {
            // Where there are more threads than cores, the one that works needs this core.
            std::thread::yield_now();
        }
    }
}
