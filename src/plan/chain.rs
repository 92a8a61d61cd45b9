//! Chains: convolutions that go into one another become one step, which keeps what lies between them in cache.

use std::ops::Range;
use std::sync::Arc;

use super::Options;
use super::choose;
use super::step::{Buffer, BufferId, Element, Fused, Holds, Phase, Step, Weights, Work, packed_len};
use crate::kernel::conv::{Added, Chain, Front, Link, MOST_LINKS};
use crate::kernel::{Activation, After};

/// Elements that lie between the convolutions of a chain, an image: with fewer they are in cache anyway.
const BETWEEN: usize = 1 << 14;

/// Elements of all packed weights of a chain, at most: more of them are fetched anew for every band.
const WEIGHTS: usize = 1 << 18;

/// A convolution that is computed twice in a training has at most one in so many of the operations of the next one.
const CHEAP: u64 = 6;

/// Of its operations a chain may do so many twice, where bands see the same rows.
const MOST_AGAIN: f64 = 0.15;

/// Makes chains of the steps of a forward pass; what packs their weights is in `prepared`. Buffers in `outside` are filled
/// or read by the caller.
pub(super) fn predicting(
    steps: &mut Vec<Step>,
    prepared: &mut [Step],
    buffers: &mut Vec<Buffer>,
    outside: &[BufferId],
    options: &Options,
) {
    let mut at = 0;
    while at < steps.len() {
        let longest = (2..=MOST_LINKS).rev().find_map(|count| {
            let run = steps.get(at..at + count)?;
            let chain = chain_of(run, options, Weights::Packed)?;
            let rest = [&steps[..at], &steps[at + count..]].concat();
            let passes = run[..count - 1].iter().all(|step| {
                let between = step.writes[0];
                !outside.contains(&between) && !rest.iter().any(|other| other.touches(between))
            });
            let can_leave = chain.added != Added::Input || !outside.contains(&run[count - 1].writes[0]);
            (passes && can_leave && is_worth_it(&chain)).then_some((count, chain))
        });
        if let Some((count, chain)) = longest {
            join(steps, prepared, buffers, at..at + count, chain);
        }
        at += 1;
    }
}

/// Makes chains of two convolutions and a max pool of the front of a training: what the first one gives is computed again for
/// the gradients instead of being kept.
pub(super) fn training(steps: &mut Vec<Step>, buffers: &mut Vec<Buffer>, options: &Options) {
    for at in 0..steps.len().saturating_sub(1) {
        if let Some((chain, gradients, front)) = front_at(steps, at, options) {
            join_front(steps, buffers, at, chain, gradients, front, options.batch);
        }
    }
}

/// The chain of the step at `at` and the next one, the steps of their gradients, one behind the other, and what stands for
/// these.
fn front_at(steps: &[Step], at: usize, options: &Options) -> Option<(Chain, Range<usize>, Front)> {
    let [one, two] = steps.get(at..at + 2)? else { return None };
    let (Work::Conv(g, ..), Work::ConvPool(pooled, ..)) = (&one.work, &two.work) else { return None };
    let chain = chain_of(&steps[at..at + 2], options, Weights::Plain)?;
    // How many numbers of an S-shaped activation are saturated is counted over all of them; of others the greatest tell enough.
    let is_counted = matches!(chain.links[0].after.activation, Activation::Sigmoid | Activation::Tanh);
    if is_counted || g.macs() * CHEAP > pooled.conv.macs() || !is_worth_it(&chain) {
        return None;
    }
    let between = one.writes[0];
    let later = || (at + 2..steps.len()).filter(|&at| steps[at].touches(between));
    let gradients = later().next()?..later().next_back()? + 1;
    // Two gradients of the second convolution, and one or, with a bias, two of the first.
    let (mut of_second, mut spread, mut of_first, mut of_bias) = (0, None, 0, 0);
    for step in &steps[gradients.clone()] {
        match &step.work {
            Work::PooledWeightGradient(g, _) if g == pooled && step.reads[0] == between => of_second += 1,
            Work::PooledInputGradient(g, kernel, activation) if g == pooled && step.writes[0] == between => {
                spread = (*activation == chain.links[0].after.activation).then_some(*kernel);
            }
            Work::ConvWeightGradient(of, kernel)
                if of == g && step.reads == [one.reads[0], between] && kernel.is_direct =>
            {
                of_first += 1;
            }
            Work::ChannelSum(_) if step.reads == [between] => of_bias += 1,
            _ => return None,
        }
    }
    let is_whole = of_second == 1 && of_first == 1 && of_bias <= 1;
    let front = Front::of(&chain, spread?)?;
    is_whole.then_some((chain, gradients, front))
}

/// Puts a front in the place of its steps.
fn join_front(
    steps: &mut Vec<Step>,
    buffers: &mut Vec<Buffer>,
    at: usize,
    chain: Chain,
    gradients: Range<usize>,
    front: Front,
    batch: usize,
) {
    let mut add = |len: usize| {
        let buffer = Buffer {
            len,
            holds: Holds::Whole,
            element: Element::F32,
            live: (usize::MAX, 0),
            persistent: false,
            offset: 0,
        };
        buffers.push(buffer);
        BufferId(buffers.len() - 1)
    };
    let find = |is: &dyn Fn(&Work) -> bool| steps[gradients.clone()].iter().find(|step| is(&step.work));
    let of_second = find(&|work| matches!(work, Work::PooledWeightGradient(..)));
    let of_first = find(&|work| matches!(work, Work::ConvWeightGradient(..)));
    let of_bias = find(&|work| matches!(work, Work::ChannelSum(_)));
    let (Some(of_second), Some(of_first)) = (of_second, of_first) else { return };
    let [one, two] = [&steps[at], &steps[at + 1]];
    let x = one.reads[0];
    let kernels = [one.reads[1], two.reads[1]];
    let biases = [&one.reads[2..], &two.reads[2..]];
    let peaks = add(chain.peak_rows(batch) * chain.links[0].g.filters);
    let packed: usize = chain.links.iter().map(|link| packed_len(&link.g, &link.kernel.run)).sum();
    let forward = Step {
        work: Work::Front(Arc::new(chain)),
        phase: Phase::Forward,
        layers: [&one.layers[..], &two.layers[..]].concat(),
        reads: [&[x][..], &kernels, biases[0], biases[1]].concat(),
        writes: vec![two.writes[0], two.writes[1], peaks, add(packed)],
    };
    let layers = [&of_first.layers[..], &of_second.layers[..]].concat();
    let mut writes = vec![of_first.writes[0], of_second.writes[0], add(front.workspace(batch))];
    writes.extend(of_bias.map(|step| step.writes[0]));
    let backward = Step {
        work: Work::FrontGradient(Arc::new(front)),
        phase: Phase::Backward,
        layers,
        reads: [&[x][..], &kernels, &of_second.reads[1..], biases[0]].concat(),
        writes,
    };
    steps.splice(gradients, [backward]);
    steps.splice(at..at + 2, [forward]);
}

/// The chain that some steps in a row are.
fn chain_of(run: &[Step], options: &Options, weights: Weights) -> Option<Chain> {
    let (last, before) = run.split_last()?;
    let is_conv = |step: &Step| matches!(step.work, Work::Conv(..) | Work::ConvPool(..));
    let follows = |two: &[Step]| {
        let between = two[0].writes[0];
        two[1].reads[0] == between && !two[1].reads[1..].contains(&between)
    };
    let goes_on = run.iter().all(is_conv) && run.windows(2).all(follows);
    if !goes_on {
        return None;
    }
    let mut links: Vec<Link> = before.iter().map(|step| plain_link(&step.work)).collect::<Option<_>>()?;
    let mut pool = None;
    let added = match &last.work {
        Work::Conv(_, _, fused) => {
            links.push(plain_link(&last.work)?);
            match (fused.residual, last.writes[0] == run[0].reads[0]) {
                (false, _) => Added::Nothing,
                (true, true) => Added::Input,
                (true, false) => Added::Result,
            }
        }
        Work::ConvPool(g, _, fused) => {
            pool = Some(g.pool);
            let kernel = choose::forward(options, &g.conv, weights);
            links.push(Link { g: g.conv, kernel, bias: fused.bias, after: after(fused) });
            Added::Nothing
        }
        _ => return None,
    };
    let chain = Chain { links, added, pool };
    let is_one_phase = run.iter().all(|step| step.phase == run[0].phase);
    (is_one_phase && chain.is_possible() && options.joins(&chain, weights)).then_some(chain)
}

fn plain_link(work: &Work) -> Option<Link> {
    match work {
        Work::Conv(g, kernel, fused) => Some(Link { g: *g, kernel, bias: fused.bias, after: after(fused) }),
        _ => None,
    }
}

fn after(fused: &Fused) -> After {
    After { residual: fused.residual, activation: fused.activation }
}

fn is_worth_it(chain: &Chain) -> bool {
    let links = &chain.links;
    let between: usize = links[..links.len() - 1].iter().map(|link| link.g.out_len()).sum();
    let weights: usize = links.iter().map(|link| packed_len(&link.g, &link.kernel.run)).sum();
    between >= BETWEEN && weights <= WEIGHTS && chain.again() <= MOST_AGAIN
}

/// Puts a chain in the place of its steps. Where it adds its input it can not write over that: its result, and what
/// later lies in the same place, move to a place of their own.
fn join(steps: &mut Vec<Step>, prepared: &mut [Step], buffers: &mut Vec<Buffer>, run: Range<usize>, chain: Chain) {
    let mut reads = vec![steps[run.start].reads[0]];
    for (step, link) in steps[run.clone()].iter().zip(&chain.links) {
        let packed = step.reads[1];
        let pack = prepared.iter_mut().find(|step| step.writes[0] == packed);
        if let Some(pack) = pack {
            pack.work = Work::PackConv(link.g, link.kernel);
            buffers[packed.0].len = packed_len(&link.g, &link.kernel.run);
        }
        reads.push(packed);
    }
    let mut result = steps[run.end - 1].writes[0];
    if chain.added == Added::Input {
        let (own, input) = (BufferId(buffers.len()), result);
        buffers.push(Buffer { live: (usize::MAX, 0), ..buffers[input.0].clone() });
        for operand in steps[run.end..].iter_mut().flat_map(|step| step.reads.iter_mut().chain(&mut step.writes)) {
            if *operand == input {
                *operand = own;
            }
        }
        result = own;
    }
    let layers = steps[run.clone()].iter().flat_map(|step| step.layers.iter().copied()).collect();
    let chain =
        Step { work: Work::ConvChain(Arc::new(chain)), phase: Phase::Forward, layers, reads, writes: vec![result] };
    steps.splice(run, [chain]);
}

/// Elements that a worker needs beside the arena for chains.
pub(super) fn scratch(steps: &[Step]) -> usize {
    let of_chain = |step: &Step| match &step.work {
        Work::ConvChain(chain) | Work::Front(chain) => chain.scratch(),
        Work::FrontGradient(front) => front.scratch(),
        _ => 0,
    };
    steps.iter().map(of_chain).max().unwrap_or(0)
}
