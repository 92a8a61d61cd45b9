//! For each picture those that it is most like, whole or cropped: every one is compared with every other.

use rayon::prelude::*;

use super::mark::{Coarse, WHOLE};
use super::wave::{Crop, Grey, waves};

/// Neighbours that are kept of a picture as a whole: copies, and one that tells how far others are.
pub const WHOLES: usize = 8;
/// Neighbours of a picture cropped.
const CROPPED: usize = 2;
/// Pictures that are less alike than this as wholes are no crops of each other.
const GATE: i32 = WHOLE / 4 * 3;
/// What a crop leaves is at least so much like the copy, even where the crop tried is not quite the one that was made.
const CROP_GATE: i32 = WHOLE / 100 * 92;

/// The crops tried, of parts of 1/160: some 7 % off each side, and off all sides.
const TRIED: [Crop; 5] = [
    Crop { off: [12, 0, 0, 0] },
    Crop { off: [0, 12, 0, 0] },
    Crop { off: [0, 0, 12, 0] },
    Crop { off: [0, 0, 0, 12] },
    Crop { off: [11, 11, 11, 11] },
];

/// A neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    pub other: usize,
    pub is_mirrored: bool,
    /// What was cropped off the one to be most like the other.
    pub crop: Crop,
    likeness: i32,
}

/// The neighbours of one picture, the most alike first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    pub whole: Vec<Near>,
    pub cropped: Vec<Near>,
}

/// Of each picture in `rows` its neighbours among `columns`; of itself it is none, where both are the `same` pictures.
pub fn nearest(rows: &[&Grey], columns: &[Coarse], same: bool) -> Vec<Neighbours> {
    let of_row = |(at, grey): (usize, &&Grey)| {
        let whole = Coarse::of(&waves(grey, Crop::default()));
        let crops = TRIED.map(|crop| (crop, Coarse::of(&waves(grey, crop))));
        let mut found = Neighbours::default();
        for (other, column) in columns.iter().enumerate() {
            let (likeness, is_mirrored) = whole.likeness(column);
            if likeness < GATE || (same && other == at) {
                continue;
            }
            offer(&mut found.whole, WHOLES, Near { other, is_mirrored, crop: Crop::default(), likeness });
            let (crop, (likeness, is_mirrored)) = best_crop(&crops, column);
            if likeness >= CROP_GATE {
                offer(&mut found.cropped, CROPPED, Near { other, is_mirrored, crop, likeness });
            }
        }
        found
    };
    rows.par_iter().enumerate().map(of_row).collect()
}

fn best_crop(crops: &[(Crop, Coarse)], column: &Coarse) -> (Crop, (i32, bool)) {
    let tried = crops.iter().map(|(crop, coarse)| (*crop, coarse.likeness(column)));
    let first = (Crop::default(), (i32::MIN, false));
    tried.fold(first, |best, one| if one.1.0 > best.1.0 { one } else { best })
}

/// Keeps the `most` that are most alike, of equals the earlier.
fn offer(kept: &mut Vec<Near>, most: usize, near: Near) {
    if kept.len() == most && kept.last().is_some_and(|last| last.likeness >= near.likeness) {
        return;
    }
    let place = kept.partition_point(|one| one.likeness >= near.likeness);
    kept.insert(place, near);
    kept.truncate(most);
}
