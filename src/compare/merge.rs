//! Differences that a repeat or a block multiplies are told once.

use super::{Change, Entry, Only, Place, Within};
use crate::base::Span;
use crate::check::Net;

/// The entries with what is the same difference at the same place of the text joined, where it is met first, and layers
/// that are the same joined where they follow one another.
pub(super) fn merged(entries: Vec<Entry>, nets: [&Net; 2]) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::new();
    for entry in entries {
        let earlier = match &entry {
            Entry::Same(_) => merged.last_mut().filter(|last| matches!(last, Entry::Same(_))),
            entry => merged.iter_mut().find(|earlier| is_same_difference(earlier, entry, nets)),
        };
        match (earlier, entry) {
            (Some(Entry::Same(layers)), Entry::Same(more)) => layers.extend(more),
            (Some(Entry::Changed(change)), Entry::Changed(more)) => change.layers.extend(more.layers),
            (Some(Entry::Only(only)), Entry::Only(more)) => only.layers.extend(more.layers),
            (_, entry) => merged.push(entry),
        }
    }
    merged
}

fn is_same_difference(one: &Entry, other: &Entry, nets: [&Net; 2]) -> bool {
    match (one, other) {
        (Entry::Changed(one), Entry::Changed(other)) => {
            one.what == other.what
                && seen(one, nets) == seen(other, nets)
                && places(&one.within, nets) == places(&other.within, nets)
        }
        (Entry::Only(one), Entry::Only(other)) => {
            one.side == other.side
                && one.chain == other.chain
                && !matches!(one.place, Place::Runs { .. })
                && one.place == other.place
                && spans(one, nets) == spans(other, nets)
                && places(&one.within, nets) == places(&other.within, nets)
        }
        _ => false,
    }
}

/// All that is said of a change, and where it is written.
fn seen(change: &Change, nets: [&Net; 2]) -> [(String, Span, usize, u64); 2] {
    let at = change.layers[0];
    [0, 1].map(|side| {
        let layer = &nets[side].layers[at[side]];
        (layer.text(), layer.span, layer.shape_in.channels(), layer.params.trained)
    })
}

fn spans(only: &Only, nets: [&Net; 2]) -> Vec<Span> {
    only.layers[0].iter().map(|&at| only.side.of(nets).layers[at].span).collect()
}

fn places(within: &[Within], nets: [&Net; 2]) -> Vec<([Span; 2], [usize; 2])> {
    let span = |within: &Within| [0, 1].map(|side| nets[side].layers[within.joins[side]].span);
    within.iter().map(|within| (span(within), within.branches)).collect()
}
