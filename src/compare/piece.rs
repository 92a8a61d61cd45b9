//! Cuts a stretch of layers into what stands whole in the text: runs of a repeat, uses of a block, single layers.

use std::collections::BTreeSet;

use super::Place;
use super::unit::Unit;
use crate::check::{Frame, Net, Placed};

/// The stretch in pieces, each with how it stands in the text.
pub(super) fn pieces<'u, 'n>(net: &Net, units: &'u [Unit<'n>]) -> Vec<(Place, &'u [Unit<'n>])> {
    let taken: BTreeSet<usize> = units.iter().flat_map(Unit::layers).collect();
    let whole: Vec<Option<&[Frame]>> = units.iter().map(|unit| whole_frames(net, unit.layer, &taken)).collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < units.len() {
        let len = whole[start..].iter().take_while(|frames| is_same_piece(whole[start], **frames)).count();
        let place = whole[start].map_or(Place::Layers, |first| place(first, whole[start + len - 1]));
        pieces.push((place, &units[start..start + len]));
        start += len;
    }
    pieces
}

/// The frames down to the outermost one of which every layer is taken.
fn whole_frames<'n>(net: &Net, layer: &'n Placed, taken: &BTreeSet<usize>) -> Option<&'n [Frame]> {
    let frames = &layer.trace.0;
    (1..=frames.len()).map(|depth| &frames[..depth]).filter(|frames| is_told(frames)).find(|frames| {
        let is_inside = |other: &Placed| other.trace.0.starts_with(frames) && other.kind != "Identity";
        net.layers.iter().enumerate().all(|(at, other)| !is_inside(other) || taken.contains(&at))
    })
}

/// Whether the innermost of these frames says more than that something stands there once.
fn is_told(frames: &[Frame]) -> bool {
    !matches!(frames.last(), None | Some(Frame::Repeat { count: 1, .. }))
}

/// Runs of one repeat that follow one another are one piece; so are layers that are whole in nothing.
fn is_same_piece(one: Option<&[Frame]>, other: Option<&[Frame]>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some([above @ .., Frame::Repeat { span, .. }]), Some([others @ .., Frame::Repeat { span: other, .. }])) => {
            above == others && span == other
        }
        (one, other) => one == other,
    }
}

fn place(first: &[Frame], last: Option<&[Frame]>) -> Place {
    match (first.last(), last.and_then(<[Frame]>::last)) {
        (Some(&Frame::Repeat { span, index: first, count, .. }), Some(&Frame::Repeat { index: last, .. })) => {
            Place::Runs { span, first, last, count }
        }
        (Some(Frame::Block { call, .. }), _) => Place::Block(*call),
        _ => Place::Layers,
    }
}
