//! Every image decoded once for what it shows: whether it can be read, whether it is blank, and what it looks like.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::fingerprint::{Fingerprint, MAX_BITS};
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

/// The pairs (training, validation) of pictures that are copies of each other, in order; blank ones are not compared.
#[must_use]
pub(super) fn copies_across(train: &[Option<Fingerprint>], validation: &[Option<Fingerprint>]) -> Vec<(usize, usize)> {
    let seen = |looks: &[Option<Fingerprint>]| -> Vec<(usize, u64)> {
        let hash = |look: &Fingerprint| (!look.is_blank()).then(|| look.hash());
        looks.iter().enumerate().filter_map(|(at, look)| Some((at, hash(look.as_ref()?)?))).collect()
    };
    let (train_hashes, validation_hashes) = (seen(train), seen(validation));
    let is_copy = |one: usize, other: usize| match (&train[one], &validation[other]) {
        (Some(one), Some(other)) => one.is_copy_of(other),
        _ => false,
    };
    let of_training = |&(one, hash): &(usize, u64)| {
        let near = validation_hashes.iter().filter(|(_, other)| (hash ^ other).count_ones() <= MAX_BITS);
        near.filter(|(other, _)| is_copy(one, *other)).map(|(other, _)| (one, *other)).collect::<Vec<_>>()
    };
    train_hashes.par_iter().flat_map_iter(of_training).collect()
}

/// All pairs (one < other) of pictures that are copies of each other, in order; blank ones are not compared.
///
/// Every picture is compared with every other, by one `xor` mostly: a second a core for 40,000 images.
#[must_use]
pub fn copies(looks: &[Option<&Fingerprint>]) -> Vec<(usize, usize)> {
    let seen: Vec<(usize, &Fingerprint)> = looks
        .iter()
        .enumerate()
        .filter_map(|(at, look)| Some((at, (*look).filter(|look| !look.is_blank())?)))
        .collect();
    // The hashes by themselves stay in the cache.
    let hashes: Vec<u64> = seen.iter().map(|(_, look)| look.hash()).collect();
    let with_later = |first: usize| {
        let (one, look) = seen[first];
        let near = hashes[first + 1..].iter().zip(&seen[first + 1..]);
        near.filter(move |(hash, _)| (look.hash() ^ **hash).count_ones() <= MAX_BITS)
            .filter(move |(_, (_, other))| look.is_copy_of(other))
            .map(move |(_, (other, _))| (one, *other))
            .collect::<Vec<_>>()
    };
    (0..seen.len()).into_par_iter().flat_map_iter(with_later).collect()
}
