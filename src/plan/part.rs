//! How many images go through a forward pass at a time: few enough that what one step writes is in cache when the next
//! reads it, enough that weights are not read for too few of them.

use super::step::{Buffer, Holds, Phase, Step};

/// Bytes of one step's operands that stay in cache, roughly: a share of the last level.
const CACHE: usize = 16 << 20;

/// Images, at least, so that bands of their rows keep all threads busy.
const FEWEST: usize = 2;

/// Bytes of images that pass through memory for each byte of weights, at least.
const FOR_WEIGHTS: usize = 4;

/// Images at a time of a batch. Nothing couples them: no bit depends on it.
pub(super) fn images(buffers: &[Buffer], steps: &[Step], batch: usize) -> usize {
    let bytes = |step: &Step, holds: fn(Holds) -> bool| -> usize {
        let operands = step.reads.iter().chain(&step.writes).map(|buffer| &buffers[buffer.0]);
        operands.filter(|buffer| holds(buffer.holds)).map(|buffer| 4 * buffer.words(1)).sum()
    };
    let run = || steps.iter().filter(|step| step.phase != Phase::Prepare);
    let of_image = |step: &Step| bytes(step, |holds| holds != Holds::Whole);
    let weights: usize = run().map(|step| bytes(step, |holds| holds == Holds::Whole)).sum();
    let largest = run().map(of_image).max().unwrap_or(0).max(1);
    let all = run().map(of_image).sum::<usize>().max(1);
    let part = (CACHE / largest).max(FOR_WEIGHTS * weights / all).max(FEWEST);
    // Parts of about the same size.
    batch.div_ceil(batch.div_ceil(part).max(1))
}
