//! The lowest frequencies of a picture of 32×32 in grey, or of what a crop leaves of it.
//!
//! The cosine transform (type II): wave u at x is cos(π u (2 x + 1) / 2 N). Mirrored, a picture has the same numbers, those of
//! odd u negative; cropped and stretched again, it has other numbers that are still sums over the same pixels.

use std::f32::consts::{FRAC_1_SQRT_2, PI};
use std::sync::LazyLock;

/// Side of the picture that is transformed.
pub const SIDE: usize = 32;
/// Waves along a side that are kept.
pub const WAVES: usize = 8;
/// Parts of a side in which a crop is measured.
const PARTS: usize = 160;
/// The most parts that are cropped off one side: 15 %.
pub const MOST_PARTS: usize = 24;

/// A picture of 32×32 in grey, rows first.
pub type Grey = [u8; SIDE * SIDE];
/// Numbers of the waves (v, u) down and across, v first.
pub type Waves = [f32; WAVES * WAVES];
/// What each pixel along a side adds to each wave.
type Axis = [[f32; SIDE]; WAVES];

/// What is cropped off a picture: 1/160 of its side each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crop {
    /// Off top, bottom, left and right.
    pub off: [usize; 4],
}

impl Crop {
    /// With `parts` more, or less, off one of the four; none where that is less than nothing or more than the most.
    pub fn moved(self, edge: usize, parts: isize) -> Option<Self> {
        let moved = self.off[edge].checked_add_signed(parts).filter(|parts| *parts <= MOST_PARTS)?;
        let mut off = self.off;
        off[edge] = moved;
        Some(Self { off })
    }
}

/// The waves of what `crop` leaves of a picture, stretched to the whole.
pub fn waves(grey: &Grey, crop: Crop) -> Waves {
    let [top, bottom, left, right] = crop.off;
    let (down, across) = (axis(top, bottom), axis(left, right));
    let mut half = [[0.0; SIDE]; WAVES];
    for (half, wave) in half.iter_mut().zip(down) {
        for (row, share) in grey.chunks_exact(SIDE).zip(wave) {
            half.iter_mut().zip(row).for_each(|(sum, byte)| *sum += share * f32::from(*byte));
        }
    }
    std::array::from_fn(|at| dot(&half[at / WAVES], &across[at % WAVES]))
}

/// The product of two rows, added in an order that is the same everywhere.
pub fn dot<const N: usize>(one: &[f32; N], other: &[f32; N]) -> f32 {
    let mut lanes = [0.0; 8];
    for (one, other) in one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0) {
        lanes.iter_mut().zip(one.iter().zip(other)).for_each(|(lane, (one, other))| *lane += one * other);
    }
    lanes.iter().sum()
}

/// The axis with so many parts off its start and its end.
fn axis(start: usize, end: usize) -> &'static Axis {
    static AXES: LazyLock<Vec<Axis>> = LazyLock::new(|| {
        let all = 0..=MOST_PARTS;
        all.clone().flat_map(|start| all.clone().map(move |end| made(start, end))).collect()
    });
    &AXES[start * (MOST_PARTS + 1) + end]
}

/// Every place of the stretched side lies between two pixels of the picture, or on one.
fn made(start: usize, end: usize) -> Axis {
    let part = |parts: usize| parts as f32 / PARTS as f32;
    let mut axis = [[0.0; SIDE]; WAVES];
    for place in 0..SIDE {
        let share = (place as f32 + 0.5) / SIDE as f32;
        let left = part(start) + share * (1.0 - part(start) - part(end));
        let pixel = (left * SIDE as f32 - 0.5).clamp(0.0, (SIDE - 1) as f32);
        let (low, weight) = ((pixel as usize).min(SIDE - 2), pixel - (pixel as usize).min(SIDE - 2) as f32);
        for (wave, row) in axis.iter_mut().enumerate() {
            let height = (PI * wave as f32 * share).cos() * if wave == 0 { FRAC_1_SQRT_2 } else { 1.0 };
            row[low] += height * (1.0 - weight);
            row[low + 1] += height * weight;
        }
    }
    axis
}
