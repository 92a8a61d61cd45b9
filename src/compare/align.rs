//! Aligns two sequences so that what corresponds gains most: a longest common subsequence with weights.

use super::unit::Unit;
use crate::layer::Family;

/// The same layer with the same arguments.
const SAME: u32 = 12;
/// The same kind of layer: still more than what is gained by no alignment, and less than a layer that is the same.
const CHANGED: u32 = 6;
/// Another layer of the same family, as one activation for another.
const REPLACED: u32 = 2;

/// Positions in the two sequences; `None` where the other one has nothing that corresponds.
pub(super) type Step = [Option<usize>; 2];

/// Aligns layers in order.
pub(super) fn align(one: &[Unit<'_>], other: &[Unit<'_>]) -> Vec<Step> {
    let mut steps = longest(one.len(), other.len(), &|at, to| gain(&one[at], &other[to])).1;
    slide(&mut steps, 0, [one, other]);
    slide(&mut steps, 1, [other, one]);
    steps
}

/// Pairs the branches of two joining layers: in order where the order counts, else those that have most in common.
pub(super) fn align_branches(one: &Unit<'_>, other: &Unit<'_>) -> Vec<Step> {
    let gain = |at: usize, to: usize| branch_gain(&one.branches[at], &other.branches[to]);
    if [one, other].iter().any(|join| join.layer.kind == "Concat") {
        return longest(one.branches.len(), other.branches.len(), &gain).1;
    }
    let mut pairs: Vec<(u32, [usize; 2])> = (0..one.branches.len())
        .flat_map(|at| (0..other.branches.len()).map(move |to| [at, to]))
        .map(|[at, to]| (gain(at, to), [at, to]))
        .collect();
    pairs.sort_by_key(|&(gain, pair)| (std::cmp::Reverse(gain), pair));
    let mut steps: Vec<Step> = Vec::new();
    for (gain, [at, to]) in pairs {
        let is_free = !steps.iter().any(|step| step[0] == Some(at) || step[1] == Some(to));
        if gain > 0 && is_free {
            steps.push([Some(at), Some(to)]);
        }
    }
    let [paired, matched] = [0, 1].map(|side| steps.iter().filter_map(|step| step[side]).collect::<Vec<_>>());
    steps.extend((0..one.branches.len()).filter(|at| !paired.contains(at)).map(|at| [Some(at), None]));
    steps.extend((0..other.branches.len()).filter(|to| !matched.contains(to)).map(|to| [None, Some(to)]));
    steps.sort();
    steps
}

/// What is gained by taking one layer for the other; 0 where they have nothing in common.
fn gain(one: &Unit<'_>, other: &Unit<'_>) -> u32 {
    let inner = if one.branches.is_empty() || other.branches.is_empty() { 0 } else { branches_gain(one, other) };
    let is_same_family = one.layer.family == other.layer.family && one.layer.family != Family::Weighted;
    match (one.layer.kind == other.layer.kind, one.layer.arguments == other.layer.arguments) {
        (true, true) => SAME + inner,
        (true, false) => CHANGED + inner,
        (false, _) if is_same_family && one.layer.family != Family::Passing => REPLACED + inner,
        (false, _) => 0,
    }
}

fn branches_gain(one: &Unit<'_>, other: &Unit<'_>) -> u32 {
    let gain = |step: Step| match step {
        [Some(at), Some(to)] => branch_gain(&one.branches[at], &other.branches[to]),
        _ => 0,
    };
    align_branches(one, other).into_iter().map(gain).sum()
}

/// What two branches have in common; branches that do nothing are the same.
fn branch_gain(one: &[Unit<'_>], other: &[Unit<'_>]) -> u32 {
    if one.is_empty() && other.is_empty() {
        return SAME;
    }
    longest(one.len(), other.len(), &|at, to| gain(&one[at], &other[to])).0
}

/// The alignment of most gain; what corresponds stands as early as it can.
fn longest(len: usize, other_len: usize, gain: &impl Fn(usize, usize) -> u32) -> (u32, Vec<Step>) {
    const PAIR: u8 = 0;
    const LEFT: u8 = 1;
    const RIGHT: u8 = 2;
    let mut choices = vec![RIGHT; len * other_len];
    // The best that can be gained from a position of the first sequence on, for each position of the second.
    let mut behind = vec![0; other_len + 1];
    for at in (0..len).rev() {
        let mut here = vec![0; other_len + 1];
        for to in (0..other_len).rev() {
            let gained = gain(at, to);
            let options = [(gained + behind[to + 1], PAIR), (behind[to], LEFT), (here[to + 1], RIGHT)];
            let options = &options[usize::from(gained == 0)..];
            let best = options.iter().copied().reduce(|best, next| if next.0 > best.0 { next } else { best });
            (here[to], choices[at * other_len + to]) = best.unwrap_or_default();
        }
        behind = here;
    }
    let (mut at, mut to, mut steps) = (0, 0, Vec::new());
    while at < len || to < other_len {
        let choice = match (at < len, to < other_len) {
            (true, true) => choices[at * other_len + to],
            (true, false) => LEFT,
            (false, _) => RIGHT,
        };
        steps.push([(choice != RIGHT).then_some(at), (choice != LEFT).then_some(to)]);
        at += usize::from(choice != RIGHT);
        to += usize::from(choice != LEFT);
    }
    (behind[0], steps)
}

/// Moves stretches that only `side` has up to where they begin and end with something whole, as far as what they pass
/// corresponds as well as before. `lists` are the sequences, that of `side` first.
fn slide(steps: &mut [Step], side: usize, lists: [&[Unit<'_>]; 2]) {
    let is_alone = |step: &Step| step[1 - side].is_none();
    let is_pair = |step: &Step| step.iter().all(Option::is_some);
    let mut start = 0;
    while start < steps.len() {
        let len = steps[start..].iter().take_while(|step| is_alone(step)).count();
        let end = start + len;
        if len > 0 && steps.get(end).is_none_or(is_pair) {
            slide_one(steps, start..end, side, lists);
        }
        start = end.max(start + 1);
    }
}

fn slide_one(steps: &mut [Step], hunk: std::ops::Range<usize>, side: usize, lists: [&[Unit<'_>]; 2]) {
    let [own, others] = lists;
    let len = hunk.len();
    let Some(first) = steps[hunk.start][side] else { return };
    let passed = steps[..hunk.start].iter().rev().take_while(|step| {
        let (Some(at), Some(to)) = (step[side], step[1 - side]) else { return false };
        gain(&own[at + len], &others[to]) >= gain(&own[at], &others[to])
    });
    let most = passed.count();
    let whole = |up: usize| boundary(own, first - up) + boundary(own, first - up + len);
    // Of equals the first is taken: the least way up.
    let up = (0..=most).rev().max_by_key(|&up| whole(up)).unwrap_or(0);
    let partners: Vec<Option<usize>> = steps[hunk.start - up..hunk.start].iter().map(|step| step[1 - side]).collect();
    let partners = std::iter::repeat_n(None, len).chain(partners);
    for (at, partner) in partners.enumerate() {
        let step = &mut steps[hunk.start - up + at];
        step[side] = Some(first - up + at);
        step[1 - side] = partner;
    }
}

/// How much of an end the place before the unit `at` is.
fn boundary(units: &[Unit<'_>], at: usize) -> u32 {
    let (Some(before), Some(after)) = (at.checked_sub(1).and_then(|at| units.get(at)), units.get(at)) else {
        return 3;
    };
    match (before.layer, after.layer) {
        (before, after) if before.trace != after.trace => 3,
        (before, _) if before.family == Family::Pool => 2,
        (_, after) if after.family == Family::Weighted || !units[at].branches.is_empty() => 1,
        _ => 0,
    }
}
