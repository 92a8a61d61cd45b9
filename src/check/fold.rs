//! The outline with every repeat as one body: a layer of it stands for that layer in each run.

use super::net::{Net, Placed};
use super::outline::Part;
use crate::base::Span;

/// A part of the folded network. A layer is the list of its indices, one a run of all repeats around it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// A layer.
    Layer(Vec<usize>),
    /// Branches, and the layer that joins them.
    Join {
        /// The joining layer.
        layer: Vec<usize>,
        /// The branches, in order.
        branches: Vec<Vec<Fold>>,
    },
    /// A repeat: its body, and how often it runs.
    Repeat {
        /// How often.
        count: usize,
        /// The body.
        body: Vec<Fold>,
    },
    /// A use of a block.
    Block {
        /// The block's name.
        name: String,
        /// Where it is used.
        call: Span,
        /// The body.
        body: Vec<Fold>,
    },
}

/// What becomes of repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// One body each. Runs that differ in more than arguments stay apart: a list may give an activation to one run and
    /// another, or none, to the next.
    Folded,
    /// Every run by itself.
    Unfolded,
}

/// A folding under way.
struct Folding<'n> {
    layers: &'n [Placed],
    repeats: Repeats,
}

impl Net {
    /// The network as a tree of layers, each once however many runs it has.
    #[must_use]
    pub fn fold(&self, repeats: Repeats) -> Vec<Fold> {
        Folding { layers: &self.layers, repeats }.parts(&self.outline)
    }

    /// The arguments of a folded layer one by one, each a list where runs differ, as a spec writes it: `[64, 32]`, `3x3`.
    #[must_use]
    pub fn folded_arguments(&self, layers: &[usize]) -> Vec<String> {
        let runs: Vec<Vec<&str>> = layers.iter().map(|&layer| split(&self.layers[layer].arguments)).collect();
        let names = |run: &[&'_ str]| -> Vec<String> { run.iter().map(|part| named(part).0.to_owned()).collect() };
        if runs.iter().any(|run| names(run) != names(&runs[0])) {
            let whole: Vec<&str> = layers.iter().map(|&layer| self.layers[layer].arguments.as_str()).collect();
            return vec![whole.join(" | ")];
        }
        let column = |at: usize| {
            let values: Vec<&str> = runs.iter().map(|run| named(run[at]).1).collect();
            let is_one = values.iter().all(|value| *value == values[0]);
            let value = if is_one { values[0].to_owned() } else { format!("[{}]", values.join(", ")) };
            format!("{}{value}", named(runs[0][at]).0)
        };
        (0..runs[0].len()).map(column).collect()
    }
}

impl Folding<'_> {
    fn parts(&self, parts: &[Part]) -> Vec<Fold> {
        parts.iter().flat_map(|part| self.part(part)).collect()
    }

    fn part(&self, part: &Part) -> Vec<Fold> {
        match part {
            Part::Layer(layer) => vec![Fold::Layer(vec![*layer])],
            Part::Join { layer, branches } => {
                let branches = branches.iter().map(|branch| self.parts(branch)).collect();
                vec![Fold::Join { layer: vec![*layer], branches }]
            }
            Part::Block { name, call, parts } => {
                vec![Fold::Block { name: name.clone(), call: *call, body: self.parts(parts) }]
            }
            Part::Repeat(runs) => self.repeat(runs),
        }
    }

    fn repeat(&self, runs: &[Vec<Part>]) -> Vec<Fold> {
        let runs: Vec<Vec<Fold>> = runs.iter().map(|run| self.parts(run)).collect();
        let mut body = runs[0].clone();
        let is_one = self.repeats == Repeats::Folded && runs[1..].iter().all(|run| self.join_all(&mut body, run));
        if is_one { vec![Fold::Repeat { count: runs.len(), body }] } else { runs.concat() }
    }

    fn join_all(&self, one: &mut [Fold], other: &[Fold]) -> bool {
        one.len() == other.len() && one.iter_mut().zip(other).all(|(one, other)| self.join(one, other))
    }

    /// Adds the layers of `other` to those of `one`; false where they differ in more than arguments.
    fn join(&self, one: &mut Fold, other: &Fold) -> bool {
        match (one, other) {
            (Fold::Layer(one), Fold::Layer(other)) => self.join_layers(one, other),
            (Fold::Join { layer: one, branches }, Fold::Join { layer: other, branches: others }) => {
                self.join_layers(one, other)
                    && branches.len() == others.len()
                    && branches.iter_mut().zip(others).all(|(one, other)| self.join_all(one, other))
            }
            (Fold::Repeat { count, body }, Fold::Repeat { count: same, body: other }) => {
                count == same && self.join_all(body, other)
            }
            (Fold::Block { call, body, .. }, Fold::Block { call: same, body: other, .. }) => {
                call == same && self.join_all(body, other)
            }
            _ => false,
        }
    }

    fn join_layers(&self, one: &mut Vec<usize>, other: &[usize]) -> bool {
        let is_same = self.layers[one[0]].kind == self.layers[other[0]].kind;
        one.extend(other);
        is_same
    }
}

/// The arguments one by one; a tuple's commas part nothing.
fn split(arguments: &str) -> Vec<&str> {
    let mut depth = 0;
    let is_end = |character: char| {
        depth += i32::from(character == '(') - i32::from(character == ')');
        character == ',' && depth == 0
    };
    arguments.split(is_end).map(str::trim).filter(|argument| !argument.is_empty()).collect()
}

/// `padding: same` as `padding: ` and `same`.
fn named(argument: &str) -> (&str, &str) {
    argument.find(": ").map_or(("", argument), |at| argument.split_at(at + 2))
}

/// What a layer is in each of its runs, told where it is not what it was in the run before: `16×16×8, 8×8×8`. Of more
/// than `most` such values the first and the last.
#[must_use]
pub fn listed(values: impl Iterator<Item = String>, most: usize) -> String {
    let mut values: Vec<String> = values.collect();
    values.dedup();
    match values.as_slice() {
        [first, .., last] if values.len() > most => format!("{first} … {last}"),
        values => values.join(", "),
    }
}
