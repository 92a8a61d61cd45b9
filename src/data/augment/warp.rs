//! A picture mirrored, turned, moved, scaled and cut, as one map from where a pixel goes to where it comes from.
//!
//! Beyond its borders the picture is continued by its mirror image, so that no edge appears that no photograph has.
//! Without turning and scaling pixels are moved whole; else they are read between four others, in fixed point.

use super::{Draws, Slot};
use crate::syntax::settings::{Augment, Flip};

/// Where the pixels of a view come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Warp {
    /// Whether left and right, and top and bottom, change places, before all else.
    pub mirror: [bool; 2],
    /// How far the picture is moved, rows and columns, in pixels; down and right are positive.
    pub shift: [f64; 2],
    /// How far it is turned about its middle, in radians; clockwise is positive.
    pub turn: f64,
    /// How many times it grows.
    pub scale: f64,
}

impl Warp {
    /// Nothing moves.
    pub const NONE: Self = Self { mirror: [false; 2], shift: [0.0; 2], turn: 0.0, scale: 1.0 };

    /// A map of those that `augment` allows; none where it moves nothing.
    pub fn draw(augment: &Augment, draws: &Draws, [height, width, _]: [usize; 3]) -> Option<Self> {
        let Augment { flip, rotate, shift, zoom, crop, .. } = *augment;
        let columns = matches!(flip, Some(Flip::Horizontal | Flip::Both)) && draws.coin(Slot::FlipColumns);
        let rows = matches!(flip, Some(Flip::Vertical | Flip::Both)) && draws.coin(Slot::FlipRows);
        // A window of 1 − cut of either side, anywhere in the picture, becomes the whole.
        let cut = crop * draws.unit(Slot::Crop);
        let scale = (1.0 + zoom * draws.signed(Slot::Zoom)) / (1.0 - cut);
        let moved = |side: usize, slot, window| {
            side as f64 * (shift * draws.signed(slot) + scale * cut / 2.0 * draws.signed(window))
        };
        let shift =
            [moved(height, Slot::ShiftRows, Slot::CropRows), moved(width, Slot::ShiftColumns, Slot::CropColumns)];
        let turn = rotate.to_radians() * draws.signed(Slot::Rotate);
        let warp = Self { mirror: [columns, rows], shift, turn, scale };
        (warp != Self::NONE).then_some(warp)
    }

    /// The view of an image H×W×C.
    pub fn apply(&self, image: &[u8], [height, width, channels]: [usize; 3]) -> Vec<u8> {
        let is_whole = self.turn == 0.0 && self.scale == 1.0;
        match (is_whole, channels) {
            (true, 1) => self.moved(image.as_chunks::<1>().0, height, width).as_flattened().to_vec(),
            (true, _) => self.moved(image.as_chunks::<3>().0, height, width).as_flattened().to_vec(),
            (false, 1) => self.resampled(image.as_chunks::<1>().0, height, width).as_flattened().to_vec(),
            (false, _) => self.resampled(image.as_chunks::<3>().0, height, width).as_flattened().to_vec(),
        }
    }

    /// Whole pixels moved.
    fn moved<const C: usize>(&self, pixels: &[[u8; C]], height: usize, width: usize) -> Vec<[u8; C]> {
        let [down, right] = self.shift.map(|pixels| pixels.round() as i64);
        let source = |at: usize, moved: i64, side: usize, mirror: bool| {
            let at = within(at as i64 - moved, side);
            if mirror { side - 1 - at } else { at }
        };
        let columns: Vec<usize> = (0..width).map(|column| source(column, right, width, self.mirror[0])).collect();
        let mut view = Vec::with_capacity(pixels.len());
        for row in 0..height {
            let from = source(row, down, height, self.mirror[1]) * width;
            let row = &pixels[from..from + width];
            view.extend(columns.iter().map(|&column| row[column]));
        }
        view
    }

    /// Pixels read between four others, weighted by nearness.
    fn resampled<const C: usize>(&self, pixels: &[[u8; C]], height: usize, width: usize) -> Vec<[u8; C]> {
        let (sine, cosine) = self.turn.sin_cos();
        let mirror = self.mirror.map(|mirror| if mirror { -1.0 } else { 1.0 });
        let [middle_row, middle_column] = [height, width].map(|side| (side as f64 - 1.0) / 2.0);
        // One step to the right in the view, in the picture: columns, then rows.
        let step = [mirror[0] * cosine / self.scale, -mirror[1] * sine / self.scale];
        let down = [mirror[0] * sine / self.scale, mirror[1] * cosine / self.scale];
        let mut view = Vec::with_capacity(pixels.len());
        for row in 0..height {
            let (right, below) = (-middle_column - self.shift[1], row as f64 - middle_row - self.shift[0]);
            let mut column_at = fixed(middle_column + right * step[0] + below * down[0]);
            let mut row_at = fixed(middle_row + right * step[1] + below * down[1]);
            let (column_step, row_step) = (fixed(step[0]), fixed(step[1]));
            for _ in 0..width {
                view.push(between(pixels, height, width, row_at, column_at));
                column_at += column_step;
                row_at += row_step;
            }
        }
        view
    }
}

/// Bits behind the point.
const POINT: u32 = 32;

fn fixed(number: f64) -> i64 {
    (number * (1_i64 << POINT) as f64).round() as i64
}

/// The picture at a place between four pixels.
fn between<const C: usize>(pixels: &[[u8; C]], height: usize, width: usize, row: i64, column: i64) -> [u8; C] {
    let (top, left) = (row >> POINT, column >> POINT);
    // Eight bits tell apart more places between two pixels than a byte tells values.
    let share = |at: i64| ((at >> (POINT - 8)) & 255) as u32;
    let (below, right) = (share(row), share(column));
    let is_inside = top >= 0 && left >= 0 && top + 1 < height as i64 && left + 1 < width as i64;
    let [above_at, below_at, left_at, right_at] = if is_inside {
        [top as usize, top as usize + 1, left as usize, left as usize + 1]
    } else {
        [within(top, height), within(top + 1, height), within(left, width), within(left + 1, width)]
    };
    let corner = |row: usize, column: usize| pixels[row * width + column];
    let corners = [
        (corner(above_at, left_at), (256 - below) * (256 - right)),
        (corner(above_at, right_at), (256 - below) * right),
        (corner(below_at, left_at), below * (256 - right)),
        (corner(below_at, right_at), below * right),
    ];
    std::array::from_fn(|channel| {
        let sum: u32 = corners.iter().map(|(pixel, weight)| u32::from(pixel[channel]) * weight).sum();
        ((sum + (1 << 15)) >> 16) as u8
    })
}

/// The place in 0..`side` that the mirror images beyond the borders show at `at`.
fn within(at: i64, side: usize) -> usize {
    let side = side as i64;
    let folded = at.rem_euclid(2 * side);
    (if folded < side { folded } else { 2 * side - 1 - folded }) as usize
}
