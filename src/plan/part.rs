//! How many images go through a forward pass at a time: few enough that what one step writes is in cache when the next
//! reads it, enough that weights are not read for too few of them.

use super::step::{Buffer, BufferId, Holds, Phase, Step};

/// Bytes of one step's operands that stay in cache, roughly: a share of the last level.
const CACHE: usize = 16 << 20;

/// Images, at least, so that bands of their rows keep all threads busy: where steps wait for memory, and where they compute
/// and gain little from what is in cache.
const FEWEST: usize = 2;
const FEWEST_OF_COMPUTING: usize = 8;

/// Operations for each byte of images, from which on a step computes rather than waits.
const COMPUTING: u64 = 24;

/// Bytes of images that pass through memory for each byte of weights, at least.
const FOR_WEIGHTS: usize = 4;

/// The parts in which a batch goes through a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Images at a time in the first steps.
    pub images: usize,
    /// The first of the steps that take the whole batch at once.
    pub joined: usize,
}

impl Parts {
    /// The whole batch in every step.
    pub(super) fn whole(batch: usize) -> Self {
        Self { images: batch, joined: 0 }
    }

    /// The parts of a forward pass. Nothing couples its images: no bit depends on them.
    pub(super) fn of(buffers: &[Buffer], steps: &[Step], batch: usize) -> Self {
        let bytes = |step: &Step, is_whole: bool| -> usize {
            let operands = step.reads.iter().chain(&step.writes).map(|buffer| &buffers[buffer.0]);
            operands.filter(|buffer| (buffer.holds == Holds::Whole) == is_whole).map(|buffer| 4 * buffer.words(1)).sum()
        };
        let is_prepared = |step: &Step| step.phase == Phase::Prepare;
        let fits = |step: &Step| !is_prepared(step) && bytes(step, false).saturating_mul(batch) <= CACHE;
        let joined = steps.len() - steps.iter().rev().take_while(|step| fits(step)).count();
        let apart = || steps[..joined].iter().filter(|step| !is_prepared(step));
        let Some(largest) = apart().map(|step| bytes(step, false)).max() else { return Self::whole(batch) };
        let all: usize = apart().map(|step| bytes(step, false)).sum();
        let weights: usize = apart().map(|step| bytes(step, true)).sum();
        let flops: u64 = apart().map(|step| step.work.flops()).sum();
        let fewest = if flops < COMPUTING * all as u64 { FEWEST } else { FEWEST_OF_COMPUTING };
        let images = (CACHE / largest.max(1)).max(FOR_WEIGHTS * weights / all.max(1)).max(fewest);
        // Parts of about the same size.
        let images = batch.div_ceil(batch.div_ceil(images).max(1));
        if images < batch { Self { images, joined } } else { Self::whole(batch) }
    }

    /// Lets the buffers that outlive a part's steps hold the whole batch: what the caller fills and reads, `outside`, and
    /// what goes from the steps of the parts to those of the batch.
    pub(super) fn spread(&self, outside: &[BufferId], steps: &[Step], buffers: &mut [Buffer]) {
        if self.joined == 0 {
            return;
        }
        for buffer in outside {
            let buffer = &mut buffers[buffer.0];
            (buffer.holds, buffer.live) = (Holds::Batch, (0, steps.len()));
        }
        for buffer in steps[self.joined..].iter().flat_map(|step| step.reads.iter().chain(&step.writes)) {
            let buffer = &mut buffers[buffer.0];
            if buffer.holds == Holds::Part {
                buffer.holds = Holds::Batch;
                if buffer.live.0 < self.joined {
                    buffer.live.0 = 0;
                }
            }
        }
    }
}
