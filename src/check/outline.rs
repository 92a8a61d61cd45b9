//! The placed layers as the tree that the spec writes: repeats, blocks and branches around them.
//!
//! Views of a network go by this; nothing that is computed depends on it.

use super::expand::Item;
use super::trace::{Frame, Trace};
use crate::base::Span;

/// A part of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The layer of this index.
    Layer(usize),
    /// Branches, and the index of the layer that joins them. What goes past a `Residual` is a branch without parts.
    Join {
        /// The joining layer.
        layer: usize,
        /// The branches, in order.
        branches: Vec<Vec<Part>>,
    },
    /// The runs of a stage that has more than one.
    Repeat(Vec<Vec<Part>>),
    /// A use of a block.
    Block {
        /// The block's name.
        name: String,
        /// Where it is used.
        call: Span,
        /// Its body.
        parts: Vec<Part>,
    },
}

/// The tree over the layers that `items` become, numbered in the order in which they are typed.
pub(super) fn outline(items: &[Item<'_>]) -> Vec<Part> {
    let mut next = 0;
    parts(&items.iter().collect::<Vec<_>>(), 0, &mut next)
}

/// The parts of `items`, of whose frames the outermost `depth` are accounted for.
fn parts(items: &[&Item<'_>], depth: usize, next: &mut usize) -> Vec<Part> {
    let stages = items.chunk_by(|one, other| {
        let [one, other] = [one, other].map(|item| trace(item).0.get(depth));
        one.zip(other).is_some_and(|(one, other)| is_same_stage(one, other))
    });
    stages.flat_map(|stage| stage_parts(stage, depth, next)).collect()
}

fn stage_parts(items: &[&Item<'_>], depth: usize, next: &mut usize) -> Vec<Part> {
    match trace(items[0]).0.get(depth) {
        None => vec![single(items[0], depth, next)],
        Some(Frame::Repeat { count: 1, .. }) => parts(items, depth + 1, next),
        Some(Frame::Repeat { .. }) => {
            let runs = items.chunk_by(|one, other| trace(one).0.get(depth) == trace(other).0.get(depth));
            vec![Part::Repeat(runs.map(|run| parts(run, depth + 1, next)).collect())]
        }
        Some(Frame::Block { name, call }) => {
            vec![Part::Block { name: name.clone(), call: *call, parts: parts(items, depth + 1, next) }]
        }
    }
}

fn single(item: &Item<'_>, depth: usize, next: &mut usize) -> Part {
    let branches = match item {
        Item::Join(_, branches) => branches.as_slice(),
        Item::Layer(_) | Item::Unknown => &[],
    };
    let branches: Vec<Vec<Part>> =
        branches.iter().map(|branch| parts(&branch.items.iter().collect::<Vec<_>>(), depth, next)).collect();
    let layer = *next;
    *next += 1;
    if branches.is_empty() { Part::Layer(layer) } else { Part::Join { layer, branches } }
}

/// The frames of an item; a whole network has no unknown ones.
fn trace<'i>(item: &'i Item<'_>) -> &'i Trace {
    static NONE: Trace = Trace(Vec::new());
    match item {
        Item::Layer(instance) | Item::Join(Some(instance), _) => &instance.trace,
        Item::Join(None, _) | Item::Unknown => &NONE,
    }
}

/// Whether two frames at one depth belong to one stage of the text: runs of one repeat, or one use of a block.
fn is_same_stage(one: &Frame, other: &Frame) -> bool {
    match (one, other) {
        (Frame::Repeat { span: one, .. }, Frame::Repeat { span: other, .. }) => one == other,
        (one, other) => one == other,
    }
}
