//! Training in parts: the first layers take a batch a few images at a time, forward and backward, and what they compute
//! cheaply is not kept in between but computed anew, so that it is in cache when it is read and takes the memory of a few
//! images. Each part's share of a gradient is gathered in the order of the parts: no bit depends on threads.
//!
//! Source of the idea: Chen et al., "Training deep nets with sublinear memory cost", 2016.

use std::ops::Range;

use super::part::{self, Parts};
use super::step::{Buffer, BufferId, Holds, Phase, Step, Work};

/// Of the operations of a training step so many may be done twice.
const MOST_AGAIN: f64 = 0.12;

/// Shares of what images take in memory, at least: less is not worth the second computation, or the smaller steps.
const FEWEST_OF_A_BUFFER: f64 = 0.1;
const FEWEST_SAVED: f64 = 0.15;

/// What a step is to the images of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Its results for an image follow from that image alone.
    Each,
    /// Its results in these places are sums over the images.
    Sum(&'static [usize]),
    /// It couples them, or treats an image by its place in the batch.
    All,
}

/// The stretches that take a batch in parts, before anything is changed.
#[derive(Debug)]
struct Front {
    /// Forward steps.
    forward: Range<usize>,
    /// Backward steps.
    backward: Range<usize>,
    /// Those of the forward steps that are done again before the backward ones.
    again: Vec<usize>,
    /// What these compute: it is not kept.
    anew: Vec<BufferId>,
    /// Bytes an image that need not be kept.
    saved: usize,
}

/// Lets the first steps and the last gradients take the batch in parts, where that saves memory at little cost.
pub(super) fn in_parts(steps: &mut Vec<Step>, buffers: &mut Vec<Buffer>, batch: usize) -> Parts {
    let Some(front) = Front::best(steps, buffers) else { return Parts::whole(batch) };
    let images = part::images(&steps[front.forward.clone()], buffers, batch);
    if images >= batch { Parts::whole(batch) } else { front.cut(steps, buffers, images) }
}

impl Front {
    /// The one that saves the most; of equal ones the shortest.
    fn best(steps: &[Step], buffers: &[Buffer]) -> Option<Self> {
        let all = bytes_of_images(buffers);
        let end = steps.iter().position(|step| step.phase != Phase::Forward)?;
        let mut best: Option<Self> = None;
        for last in (0..end).take_while(|&at| over(&steps[at].work) == Over::Each) {
            let front = Self::up_to(last + 1, end, steps, buffers);
            best = [best, front]
                .into_iter()
                .flatten()
                .reduce(|one, other| if other.saved > one.saved { other } else { one });
        }
        best.filter(|front| front.saved as f64 >= FEWEST_SAVED * all as f64)
    }

    /// The front of so many of the forward steps, which end at `end`; none where the backward pass cannot follow it.
    fn up_to(count: usize, end: usize, steps: &[Step], buffers: &[Buffer]) -> Option<Self> {
        let of_images = |buffer: BufferId| buffers[buffer.0].holds == Holds::Part;
        let is_touched = |range: Range<usize>, buffer: BufferId| steps[range].iter().any(|step| step.touches(buffer));
        // What the front alone computes and reads in the forward pass.
        let mut own: Vec<BufferId> = steps[..count].iter().flat_map(|step| step.writes.iter().copied()).collect();
        own.retain(|&buffer| of_images(buffer) && !is_touched(count..end, buffer));
        own.sort_unstable();
        own.dedup();
        let first = (end..steps.len()).find(|&at| own.iter().any(|&buffer| steps[at].touches(buffer)))?;
        let last = (first..steps.len()).find(|&at| steps[at].phase != Phase::Backward).unwrap_or(steps.len());
        let backward = first..last;
        if !takes_parts(&steps[backward.clone()], buffers)
            || own.iter().any(|&buffer| is_touched(last..steps.len(), buffer))
        {
            return None;
        }
        let fewest = FEWEST_OF_A_BUFFER * bytes_of_images(buffers) as f64;
        own.retain(|&buffer| 4.0 * buffers[buffer.0].words(1) as f64 >= fewest);
        own.retain(|&buffer| steps[backward.clone()].iter().any(|step| step.reads.contains(&buffer)));
        own.sort_by_key(|buffer| std::cmp::Reverse(buffers[buffer.0].words(1)));
        let most = MOST_AGAIN * steps.iter().map(|step| step.work.flops()).sum::<u64>() as f64;
        let (mut again, mut anew) = (Vec::new(), Vec::new());
        for buffer in own {
            let Some((more, with)) = makers(buffer, count, steps, buffers) else { continue };
            let mut more = [&again[..], &more[..]].concat();
            more.sort_unstable();
            more.dedup();
            let flops: u64 = more.iter().map(|&at: &usize| steps[at].work.flops()).sum();
            if flops as f64 <= most {
                again = more;
                anew.extend(with);
            }
        }
        anew.sort_unstable();
        anew.dedup();
        let saved = anew.iter().map(|buffer| 4 * buffers[buffer.0].words(1)).sum();
        (saved > 0).then_some(Self { forward: 0..count, backward, again, anew, saved })
    }

    /// Changes the plan: what is computed anew has a place of its own in the backward pass, and each sum over the images is
    /// gathered from those of the parts.
    fn cut(self, steps: &mut Vec<Step>, buffers: &mut Vec<Buffer>, images: usize) -> Parts {
        let mut backward: Vec<Step> =
            self.again.iter().map(|&at| Step { phase: Phase::Backward, ..steps[at].clone() }).collect();
        for step in &steps[self.backward.clone()] {
            let mut step = step.clone();
            let mut gathered = Vec::new();
            for place in sums(&step).collect::<Vec<_>>() {
                let sum = step.writes[place];
                buffers.push(buffers[sum.0].clone());
                step.writes[place] = BufferId(buffers.len() - 1);
                let (reads, layers) = (vec![step.writes[place]], step.layers.clone());
                gathered.push(Step { work: Work::Gather, phase: Phase::Backward, layers, reads, writes: vec![sum] });
            }
            backward.push(step);
            backward.extend(gathered);
        }
        for &buffer in &self.anew {
            buffers.push(buffers[buffer.0].clone());
            let own = BufferId(buffers.len() - 1);
            let operands = backward.iter_mut().flat_map(|step| step.reads.iter_mut().chain(&mut step.writes));
            operands.filter(|operand| **operand == buffer).for_each(|operand| *operand = own);
        }
        let end = self.backward.start + backward.len();
        steps.splice(self.backward.clone(), backward);
        Parts { images, apart: vec![self.forward, self.backward.start..end] }
    }
}

/// Bytes that all buffers together take for an image.
fn bytes_of_images(buffers: &[Buffer]) -> usize {
    buffers.iter().filter(|buffer| buffer.holds == Holds::Part).map(|buffer| 4 * buffer.words(1)).sum()
}

/// Whether backward steps may take a batch in parts: none couples its images, and none reads a sum that another one of them
/// has not yet gathered.
fn takes_parts(steps: &[Step], buffers: &[Buffer]) -> bool {
    let is_whole = |buffer: BufferId| buffers[buffer.0].holds == Holds::Whole;
    steps.iter().enumerate().all(|(at, step)| {
        let others = || steps.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
        match over(&step.work) {
            Over::Each => !is_whole(step.writes[0]),
            Over::Sum(_) => {
                let is_own = |sum: BufferId| is_whole(sum) && !others().any(|other| other.touches(sum));
                sums(step).all(|place| is_own(step.writes[place]))
            }
            Over::All => false,
        }
    })
}

/// The steps that compute a buffer among the first `count` ones, and the buffers that they compute on the way; none where they
/// read what is no longer there when they are done again.
fn makers(buffer: BufferId, count: usize, steps: &[Step], buffers: &[Buffer]) -> Option<(Vec<usize>, Vec<BufferId>)> {
    let (mut again, mut anew) = (Vec::new(), vec![buffer]);
    for at in (0..count).rev() {
        let step = &steps[at];
        if !step.writes.iter().any(|write| anew.contains(write)) {
            continue;
        }
        again.push(at);
        for &read in &step.reads {
            let is_changed = || steps.iter().any(|step| step.phase != Phase::Update && step.writes.contains(&read));
            if buffers[read.0].holds == Holds::Part && is_changed() && !anew.contains(&read) {
                anew.push(read);
            }
        }
    }
    // What a repeated step computes besides, or on the way, must not be of use to what lies beyond the front.
    let is_own =
        |buffer: &BufferId| !steps[count..].iter().any(|step| step.phase == Phase::Forward && step.touches(*buffer));
    let is_complete = |&at: &usize| {
        let of_images = |write: &&BufferId| buffers[write.0].holds == Holds::Part;
        steps[at].writes.iter().filter(of_images).all(|write| anew.contains(write))
    };
    (anew.iter().all(is_own) && again.iter().all(is_complete)).then_some((again, anew))
}

/// The places of a step's results that are sums over the images.
fn sums(step: &Step) -> impl Iterator<Item = usize> + use<> {
    let places = if let Over::Sum(places) = over(&step.work) { places } else { &[] };
    let count = step.writes.len();
    places.iter().copied().filter(move |&place| place < count)
}

/// What a step is to the images of a batch. What is not named here takes all of them at once.
fn over(work: &Work) -> Over {
    match work {
        Work::Conv(..)
        | Work::ConvPool(..)
        | Work::ConvChain(..)
        | Work::Front(..)
        | Work::ConvInputGradient(..)
        | Work::PooledInputGradient(..)
        | Work::Bias(_)
        | Work::Map(_)
        | Work::MapInPlace(_)
        | Work::MapGradientInPlace(_)
        | Work::Add
        | Work::AddInPlace
        | Work::Copy
        | Work::MaxPool(..)
        | Work::MaxPoolGradient(..)
        | Work::AvgPool(..)
        | Work::AvgPoolGradient(..)
        | Work::Pad(..)
        | Work::Crop(..) => Over::Each,
        Work::ConvWeightGradient(..) | Work::PooledWeightGradient(..) | Work::ChannelSum(_) => Over::Sum(&[0]),
        // Its workspace is the third; the gradient of a bias may follow.
        Work::FrontGradient(_) => Over::Sum(&[0, 1, 3]),
        _ => Over::All,
    }
}
