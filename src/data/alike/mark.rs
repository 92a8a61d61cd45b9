//! What of a picture's waves is compared: a few of them for every pair, all of them for the few pairs that are left.

use super::wave::{Crop, Grey, WAVES, Waves, dot, waves};

/// Numbers of a coarse mark that stay when the picture is mirrored, and as many that turn.
const COARSE: usize = 16;
/// What the length of a coarse mark is; products of two stay below 2³¹.
const LENGTH: f32 = 8192.0;
/// The product of two coarse marks of pictures that are wholly alike.
pub const WHOLE: i32 = 1 << 26;

/// The waves (v, u) of a coarse mark that stay when the picture is mirrored: the lowest ones, the mean apart.
const STAY: [(usize, usize); COARSE] = [
    (0, 2),
    (0, 4),
    (1, 0),
    (1, 2),
    (1, 4),
    (2, 0),
    (2, 2),
    (2, 4),
    (3, 0),
    (3, 2),
    (3, 4),
    (4, 0),
    (4, 2),
    (4, 4),
    (5, 0),
    (5, 2),
];
/// Those that turn.
const TURN: [(usize, usize); COARSE] = [
    (0, 1),
    (0, 3),
    (0, 5),
    (1, 1),
    (1, 3),
    (1, 5),
    (2, 1),
    (2, 3),
    (2, 5),
    (3, 1),
    (3, 3),
    (3, 5),
    (4, 1),
    (4, 3),
    (4, 5),
    (5, 1),
];

/// The lowest waves of a picture, of one length whatever its contrast.
#[derive(Clone, Copy, Debug)]
pub struct Coarse {
    stay: [i16; COARSE],
    turn: [i16; COARSE],
}

impl Coarse {
    pub fn of(waves: &Waves) -> Self {
        let pick = |(v, u): (usize, usize)| waves[v * WAVES + u];
        let (stay, turn) = (STAY.map(pick), TURN.map(pick));
        let length = (dot(&stay, &stay) + dot(&turn, &turn)).sqrt().max(f32::MIN_POSITIVE);
        let rounded = |value: f32| (value / length * LENGTH).round() as i16;
        Self { stay: stay.map(rounded), turn: turn.map(rounded) }
    }

    /// How alike two are, of [`WHOLE`], and whether as mirror images.
    pub fn likeness(&self, other: &Self) -> (i32, bool) {
        let (stay, turn) = (product(&self.stay, &other.stay), product(&self.turn, &other.turn));
        (stay + turn.abs(), turn < 0)
    }
}

fn product(one: &[i16; COARSE], other: &[i16; COARSE]) -> i32 {
    one.iter().zip(other).map(|(one, other)| i32::from(*one) * i32::from(*other)).sum()
}

/// All waves that are kept, high ones as strong as low ones mostly are, of length one.
#[derive(Clone, Copy, Debug)]
pub struct Sharp([f32; WAVES * WAVES]);

impl Sharp {
    pub fn of(waves: &Waves) -> Self {
        // In pictures of things the strength of a wave falls with its frequency.
        let lifted: Waves = std::array::from_fn(|at| match at {
            0 => 0.0,
            _ => waves[at] * ((at / WAVES + at % WAVES) as f32 + 0.5),
        });
        let length = dot(&lifted, &lifted).sqrt().max(f32::MIN_POSITIVE);
        Self(lifted.map(|value| value / length))
    }

    /// Of what `crop` leaves of a picture.
    pub fn of_crop(grey: &Grey, crop: Crop) -> Self {
        Self::of(&waves(grey, crop))
    }

    /// Of the mirror image, where it is one.
    pub fn mirrored(&self, is_mirrored: bool) -> Self {
        let sign = |at: usize| if is_mirrored && at % 2 == 1 { -1.0 } else { 1.0 };
        Self(std::array::from_fn(|at| sign(at) * self.0[at]))
    }

    /// How far two are from being wholly alike: 0 for the same picture, 1 for two that have nothing in common.
    pub fn distance(&self, other: &Self) -> f32 {
        1.0 - dot(&self.0, &other.0)
    }
}
