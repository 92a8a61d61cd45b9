//! Pictures that are copies of each other: encoded again, resized, brighter, mirrored, or cropped a little.
//!
//! Every picture is compared with every other by its lowest frequencies. What is most alike is compared again by more of
//! them, and where a crop is to be the reason, the crop is sought that makes both most alike. How near two pictures have to be
//! depends on how near other pictures are: handwritten ones are as alike as some copies of photographs. Of pictures of few
//! pixels only those with the same ones are copies.

mod mark;
mod nearest;
#[cfg(test)]
mod tests;
mod wave;

use std::collections::BTreeMap;

use rayon::prelude::*;

use self::mark::{Coarse, Sharp};
use self::nearest::{Near, Neighbours, WHOLES, nearest};
use self::wave::{Crop, waves};
pub use self::wave::{Grey, SIDE};
use super::fingerprint::Fingerprint;

/// So near are only copies, whatever else there is.
const SURE: f32 = 0.003;
/// Copies are at most so far from each other,
const MOST: f32 = 0.06;
/// and at most this share of how far the eighth neighbour is.
const SHARE: f32 = 0.12;
/// The same for crops, once the crop is found: it explains what differs, but for the blur.
const MOST_CROPPED: f32 = 0.01;
const SHARE_CROPPED: f32 = 0.1;
/// A crop that leaves the two so far apart when it was sought once around is not that of a copy.
const HOPELESS: f32 = 0.05;
/// How far others are where there are no eight neighbours.
const FAR: f32 = 0.4;

/// Two pictures that are copies of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Places of the two.
    pub pair: (usize, usize),
    /// Whether one is the mirror image of the other.
    pub is_mirrored: bool,
    /// Whether one is cropped.
    pub is_cropped: bool,
}

/// All pairs (the earlier first) of pictures that are copies of each other, in order; blank ones are not compared.
///
/// The time grows with the square of their number.
#[must_use]
pub fn alike(looks: &[Option<&Fingerprint>]) -> Vec<Alike> {
    let seen = Seen::of(looks);
    let near = nearest(&seen.greys(), &seen.coarse, true);
    let pairs = seen.pairs(&seen, &near, &near);
    let ordered = pairs.into_iter().map(|one| {
        let (first, second) = one.pair;
        Alike { pair: (first.min(second), first.max(second)), ..one }
    });
    once(ordered)
}

/// The pairs (training, validation) of pictures that are copies of each other, in order; blank ones are not compared.
#[must_use]
pub fn alike_across(train: &[Option<&Fingerprint>], validation: &[Option<&Fingerprint>]) -> Vec<Alike> {
    let (train, validation) = (Seen::of(train), Seen::of(validation));
    let forth = nearest(&train.greys(), &validation.coarse, false);
    let back = nearest(&validation.greys(), &train.coarse, false);
    let turned = validation.pairs(&train, &back, &forth).into_iter();
    let turned = turned.map(|one| Alike { pair: (one.pair.1, one.pair.0), ..one });
    once(train.pairs(&validation, &forth, &back).into_iter().chain(turned))
}

/// Each pair once, and as a whole copy where it is one.
fn once(pairs: impl Iterator<Item = Alike>) -> Vec<Alike> {
    let mut by_pair: BTreeMap<(usize, usize), Alike> = BTreeMap::new();
    for one in pairs {
        by_pair.entry(one.pair).and_modify(|kept| kept.is_cropped &= one.is_cropped).or_insert(one);
    }
    by_pair.into_values().collect()
}

/// Pictures that show something, with their places and marks.
struct Seen<'a> {
    looks: Vec<(usize, &'a Fingerprint)>,
    coarse: Vec<Coarse>,
    sharp: Vec<Sharp>,
}

impl<'a> Seen<'a> {
    fn of(looks: &[Option<&'a Fingerprint>]) -> Self {
        let shows = |look: Option<&'a Fingerprint>| look.filter(|look| !look.is_blank());
        let looks: Vec<_> = looks.iter().enumerate().filter_map(|(at, look)| Some((at, shows(*look)?))).collect();
        let marks = looks.par_iter().map(|(_, look)| {
            let waves = waves(look.grey(), Crop::default());
            (Coarse::of(&waves), Sharp::of(&waves))
        });
        let (coarse, sharp) = marks.unzip();
        Self { looks, coarse, sharp }
    }

    fn greys(&self) -> Vec<&'a Grey> {
        self.looks.iter().map(|(_, look)| look.grey()).collect()
    }

    /// The copies among `others` of these pictures, whose neighbours there are `near`; the others' own are `back`.
    fn pairs(&self, others: &Seen<'_>, near: &[Neighbours], back: &[Neighbours]) -> Vec<Alike> {
        let around: Vec<f32> = (0..near.len()).into_par_iter().map(|at| self.around(others, at, &near[at])).collect();
        let around_others: Vec<f32> =
            (0..back.len()).into_par_iter().map(|at| others.around(self, at, &back[at])).collect();
        let of_row = |at: usize| {
            let far = |one: &Near| around[at].min(around_others[one.other]);
            let whole = near[at].whole.iter().filter(|one| self.is_copy(others, at, one, far(one)));
            let cropped = near[at].cropped.iter().filter(|one| self.is_crop(others, at, one, far(one)));
            let place = |one: &Near| (self.looks[at].0, others.looks[one.other].0);
            let pair = |one: &Near, is_cropped| Alike { pair: place(one), is_mirrored: one.is_mirrored, is_cropped };
            let whole: Vec<Alike> = whole.map(|one| pair(one, false)).collect();
            whole.into_iter().chain(cropped.map(|one| pair(one, true))).collect::<Vec<_>>()
        };
        (0..near.len()).into_par_iter().flat_map_iter(of_row).collect()
    }

    /// How far the last neighbour of the picture `at` is.
    fn around(&self, others: &Seen<'_>, at: usize, near: &Neighbours) -> f32 {
        let last = near.whole.get(WHOLES - 1);
        last.map_or(FAR, |last| self.distance(others, at, last))
    }

    fn distance(&self, others: &Seen<'_>, at: usize, near: &Near) -> f32 {
        self.sharp[at].mirrored(near.is_mirrored).distance(&others.sharp[near.other])
    }

    fn has_tint_of(&self, others: &Seen<'_>, at: usize, near: &Near) -> bool {
        self.looks[at].1.has_tint_of(others.looks[near.other].1)
    }

    fn have_few_pixels(&self, others: &Seen<'_>, at: usize, near: &Near) -> bool {
        self.looks[at].1.has_few_pixels() || others.looks[near.other].1.has_few_pixels()
    }

    fn is_copy(&self, others: &Seen<'_>, at: usize, near: &Near, far: f32) -> bool {
        if self.have_few_pixels(others, at, near) {
            return self.looks[at].1.has_pixels_of(others.looks[near.other].1, near.is_mirrored);
        }
        let distance = self.distance(others, at, near);
        (distance <= SURE || distance <= MOST.min(SHARE * far)) && self.has_tint_of(others, at, near)
    }

    fn is_crop(&self, others: &Seen<'_>, at: usize, near: &Near, far: f32) -> bool {
        if self.have_few_pixels(others, at, near) {
            return false;
        }
        let most = MOST_CROPPED.min(SHARE_CROPPED * far);
        let copy = others.sharp[near.other].mirrored(near.is_mirrored);
        self.has_tint_of(others, at, near) && fitted(self.looks[at].1.grey(), &copy, near.crop) <= most
    }
}

/// How far a picture is from `copy` once it is cropped to be most like it, from a first crop on, edge by edge.
fn fitted(grey: &Grey, copy: &Sharp, first: Crop) -> f32 {
    let distance = |crop: Crop| Sharp::of_crop(grey, crop).distance(copy);
    let (mut crop, mut least) = (first, distance(first));
    for step in [4, 2, 1] {
        // As often as the farthest edge may have to go.
        for _ in 0..3 {
            let before = crop;
            for (edge, parts) in (0..4).flat_map(|edge| [(edge, step), (edge, -step)]) {
                let Some(moved) = crop.moved(edge, parts) else { continue };
                let moved_distance = distance(moved);
                if moved_distance < least {
                    (crop, least) = (moved, moved_distance);
                }
            }
            if least > HOPELESS {
                return least;
            }
            if crop == before {
                break;
            }
        }
    }
    least
}
