//! Every image decoded once for what it shows: whether it can be read, whether it is blank, and what it looks like.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::fingerprint::Fingerprint;
use super::listing::Sample;
use crate::diag::Result;

/// Decodes every image in full, on the thread pool; in the order of the samples, what each looks like.
///
/// A file that gives no picture is D601, D602 or D617. `progress` is told (done, total), from any thread.
#[must_use]
pub fn inspect(samples: &[Sample], progress: &(dyn Fn(usize, usize) + Sync)) -> Vec<Result<Fingerprint>> {
    let done = AtomicUsize::new(0);
    let look = |sample: &Sample| {
        let of = |picture| Fingerprint::of(&picture).map_err(|bad| sample.source.name(bad));
        let outcome = sample.source.picture().and_then(of);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, samples.len());
        outcome
    };
    samples.par_iter().map(look).collect()
}
