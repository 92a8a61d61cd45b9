//! How a weight gradient is cut into bands of output rows, and these into parts with partial sums of their own.
//!
//! A function of the shapes alone, so that sums are added in the same order whatever the number of threads.

use std::ops::Range;

use super::super::patch::Patch;
use super::{TASKS, band_patch, row_len, rows_in_cache};
use crate::kernel::ConvGeometry;

/// Elements of all partial sums together, at most, unless there is only one.
const PARTIALS: usize = 1 << 20;

/// How the work is cut into tasks.
pub struct Cut {
    /// Bands of all images.
    bands: usize,
    bands_of_a_part: usize,
    /// Partial sums.
    pub parts: usize,
    /// Rows of a block of dw for one task, a row being the filters' weights for one tap and channel.
    pub rows: usize,
}

impl Cut {
    /// The cut for `n` images.
    pub fn of(g: &ConvGeometry, n: usize) -> Self {
        let bands = n * Band::count(g);
        let bands_of_a_part = bands.div_ceil(Self::most_parts(g, n)).max(1);
        let parts = bands.div_ceil(bands_of_a_part).max(1);
        let blocks = if parts < TASKS / 2 { TASKS.div_ceil(parts) } else { 1 };
        // A multiple of the height of the tiles of every instruction set.
        let rows = (g.weight_len() / g.filters).div_ceil(blocks).next_multiple_of(12);
        Self { bands, bands_of_a_part, parts, rows }
    }

    /// Partial sums for `n` images at most: unlike their number, never more for fewer images.
    pub fn most_parts(g: &ConvGeometry, n: usize) -> usize {
        (n * Band::count(g)).min(TASKS).min(PARTIALS / g.weight_len().max(1)).max(1)
    }

    /// The bands of a part.
    pub fn bands(&self, part: usize) -> Range<usize> {
        part * self.bands_of_a_part..self.bands.min((part + 1) * self.bands_of_a_part)
    }
}

/// Some output rows of one image, whose operands stay in the second-level cache.
pub struct Band {
    /// The image.
    pub image: usize,
    /// The first row.
    pub row: usize,
    /// Rows.
    pub rows: usize,
}

impl Band {
    fn rows_of(g: &ConvGeometry) -> usize {
        rows_in_cache(row_len(g), g.window.out_h)
    }

    fn count(g: &ConvGeometry) -> usize {
        g.window.out_h.div_ceil(Self::rows_of(g))
    }

    /// The band at `index`, counted over all images.
    pub fn at(g: &ConvGeometry, index: usize) -> Self {
        let (image, row) = (index / Self::count(g), index % Self::count(g) * Self::rows_of(g));
        Self { image, row, rows: Self::rows_of(g).min(g.window.out_h - row) }
    }

    /// What the band's windows see of x.
    pub fn patch(&self, g: &ConvGeometry) -> Patch {
        band_patch(g, self.row, self.rows)
    }

    /// The band's image of x.
    pub fn x<'a>(&self, g: &ConvGeometry, x: &'a [f32]) -> &'a [f32] {
        &x[self.image * g.window.in_len()..][..g.window.in_len()]
    }

    /// The band's rows of dy.
    pub fn dy<'a>(&self, g: &ConvGeometry, dy: &'a [f32]) -> &'a [f32] {
        let row_len = g.window.out_w * g.filters;
        &dy[self.image * g.out_len() + self.row * row_len..][..self.rows * row_len]
    }
}
