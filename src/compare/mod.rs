//! What differs between two networks, whatever the way in which each is written.
//!
//! Compared is what the specs stand for: repeats run, blocks filled in, an `activation:` as the layer it is. Layers are
//! aligned in order, branches inside the layer that joins them. `Identity` does nothing and is not looked at; neither
//! are names, comments, `expect` and `lint`, which change nothing that is computed. How a difference looks is not
//! known here.

mod align;
mod change;
mod merge;
mod piece;
mod setting;
#[cfg(test)]
mod tests;
mod unit;

use crate::base::Span;
use crate::check::{Net, Placed};

pub use setting::Setting;

/// What differs between a first network and a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The layers of both, aligned, in order.
    pub layers: Vec<Entry>,
    /// Settings of the front matter whose values differ.
    pub settings: Vec<Setting>,
}

/// A stretch of the aligned networks. Layers are given by their indices, the first network's first.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Layers that are the same in both.
    Same(Vec<[usize; 2]>),
    /// A layer that is another one in the second network.
    Changed(Change),
    /// Layers that one network has and the other has not.
    Only(Only),
}

/// A layer that differs, everywhere where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The layer in each of its places: more than one where a repeat or a block multiplies it.
    pub layers: Vec<[usize; 2]>,
    /// What differs.
    pub what: What,
    /// The branches in which it stands, outermost first.
    pub within: Vec<Within>,
}

/// What differs about a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Its arguments, or its kind.
    Text,
    /// How much it reads, and by that how many parameters it has.
    Input,
}

/// Layers of one network alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Only {
    /// The network that has them.
    pub side: Side,
    /// Which they are; more than once where a repeat or a block multiplies them.
    pub layers: Vec<Vec<usize>>,
    /// The same as a chain: `Conv(32, 3x3) -> Relu`.
    pub chain: String,
    /// How they stand in the text of their network.
    pub place: Place,
    /// The branches in which they stand, outermost first.
    pub within: Vec<Within>,
}

/// One of the two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The second.
    Second,
}

/// How a stretch of layers stands in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Layer by layer.
    Layers,
    /// Whole runs of a repeat.
    Runs {
        /// The repeat with its count.
        span: Span,
        /// The first run, from 1 on.
        first: u64,
        /// The last run.
        last: u64,
        /// How many runs there are.
        count: u64,
    },
    /// A whole use of a block.
    Block(Span),
    /// A whole branch, the n-th.
    Branch(usize),
}

/// A branch in both networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    /// The layers that join it.
    pub joins: [usize; 2],
    /// Which branch of each it is, from 1 on.
    pub branches: [usize; 2],
}

/// Aligns two networks and names what differs.
#[must_use]
pub fn compare(first: &Net, second: &Net) -> Comparison {
    let [one, other] = [first, second].map(unit::units);
    let entries = change::Comparing { nets: [first, second] }.chains(&one, &other, &[]);
    Comparison { layers: merge::merged(entries, [first, second]), settings: setting::differences(first, second) }
}

impl Comparison {
    /// Whether the networks are the same.
    #[must_use]
    pub fn same_network(&self) -> bool {
        self.layers.iter().all(|entry| matches!(entry, Entry::Same(_)))
    }

    /// By how many trained parameters the second network has more.
    #[must_use]
    pub fn params(&self, nets: [&Net; 2]) -> i64 {
        self.layers.iter().map(|entry| entry.params(nets)).sum()
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_equivalent(&self) -> bool {
        self.same_network() && self.settings.is_empty()
    }
}

impl Side {
    /// The one of a pair that is this network's.
    #[must_use]
    pub fn of<T: Copy>(self, pair: [T; 2]) -> T {
        match self {
            Self::First => pair[0],
            Self::Second => pair[1],
        }
    }
}

impl Entry {
    /// By how many trained parameters the second network has more for this.
    #[must_use]
    pub fn params(&self, nets: [&Net; 2]) -> i64 {
        let of = |layer: &Placed| layer.params.trained as i64;
        match self {
            Self::Same(_) => 0,
            Self::Changed(change) => {
                let more = |[one, other]: &[usize; 2]| of(&nets[1].layers[*other]) - of(&nets[0].layers[*one]);
                change.layers.iter().map(more).sum()
            }
            Self::Only(only) => {
                let net = only.side.of(nets);
                let params: i64 = only.layers.iter().flatten().map(|&layer| of(&net.layers[layer])).sum();
                only.side.of([-params, params])
            }
        }
    }
}
