//! From aligned layers to what differs about them.

use super::align::{align, align_branches};
use super::piece::pieces;
use super::unit::{Unit, chain, runs};
use super::{Change, Entry, Only, Place, Side, What, Within};
use crate::check::Net;

/// Two networks under comparison.
pub(super) struct Comparing<'n> {
    /// The first and the second.
    pub nets: [&'n Net; 2],
}

impl Comparing<'_> {
    /// What differs between two chains that stand `within` these branches.
    pub(super) fn chains(&self, one: &[Unit<'_>], other: &[Unit<'_>], within: &[Within]) -> Vec<Entry> {
        let mut entries = Vec::new();
        let steps = align(one, other);
        for stretch in steps.chunk_by(|step, next| step.map(|at| at.is_some()) == next.map(|at| at.is_some())) {
            match stretch[0] {
                [Some(_), Some(_)] => {
                    for step in stretch {
                        let [Some(at), Some(to)] = *step else { continue };
                        entries.extend(self.pair(&one[at], &other[to], within));
                    }
                }
                [Some(first), None] => {
                    entries.extend(self.only(Side::First, &one[first..first + stretch.len()], within));
                }
                [None, Some(first)] => {
                    entries.extend(self.only(Side::Second, &other[first..first + stretch.len()], within));
                }
                [None, None] => {}
            }
        }
        entries
    }

    fn pair(&self, one: &Unit<'_>, other: &Unit<'_>, within: &[Within]) -> Vec<Entry> {
        let mut entries = self.branches(one, other, within);
        let layers = [one.index, other.index];
        let changed = |what| Entry::Changed(Change { layers: vec![layers], what, within: within.to_vec() });
        entries.push(if one.layer.text() != other.layer.text() {
            changed(What::Text)
        } else if one.layer.params != other.layer.params {
            changed(What::Input)
        } else {
            Entry::Same(vec![layers])
        });
        entries
    }

    fn branches(&self, one: &Unit<'_>, other: &Unit<'_>, within: &[Within]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for step in align_branches(one, other) {
            match step {
                [Some(at), Some(to)] => {
                    let here = Within { joins: [one.index, other.index], branches: [at + 1, to + 1] };
                    let within = [within, &[here]].concat();
                    entries.extend(self.chains(&one.branches[at], &other.branches[to], &within));
                }
                [Some(at), None] => entries.push(branch(Side::First, one, at, within)),
                [None, Some(to)] => entries.push(branch(Side::Second, other, to, within)),
                [None, None] => {}
            }
        }
        entries
    }

    fn only(&self, side: Side, units: &[Unit<'_>], within: &[Within]) -> Vec<Entry> {
        let entry = |(place, units): (Place, &[Unit<'_>])| {
            let layers = vec![units.iter().flat_map(Unit::layers).collect()];
            let chain = match place {
                Place::Runs { first, last, .. } => runs(units, (last - first + 1) as usize),
                _ => chain(units),
            };
            Entry::Only(Only { side, layers, chain, place, within: within.to_vec() })
        };
        pieces(side.of(self.nets), units).into_iter().map(entry).collect()
    }
}

fn branch(side: Side, join: &Unit<'_>, at: usize, within: &[Within]) -> Entry {
    let units = &join.branches[at];
    let layers = vec![units.iter().flat_map(Unit::layers).collect()];
    Entry::Only(Only { side, layers, chain: chain(units), place: Place::Branch(at + 1), within: within.to_vec() })
}
