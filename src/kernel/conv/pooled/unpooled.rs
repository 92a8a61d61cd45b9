//! Both gradients of a convolution under a max pool by dense forms: the gradient of its output, zero but at the winners, is spread
//! into cache a few rows at a time. The matrix unit multiplies all of these zeros sooner than anything else picks the winners.

use std::ops::Range;

use super::{MOST_TAPS, PooledConv};
use crate::kernel::conv::direct::{self, input_gradient, turned};
use crate::kernel::conv::patch::Rows;
use crate::kernel::element::Pair;
use crate::kernel::pool::max_gradient_rows;
use crate::kernel::scratch::lines;
use crate::kernel::{Activation, ConvGeometry, Isa, Space, Window};

/// Whether the input gradient can be computed, and is worth it.
pub fn fits_input_gradient(g: &PooledConv) -> bool {
    has_places(g) && g.conv.groups == 1 && input_gradient::fits(&g.conv) && direct::fits::<Pair>(&g.conv)
}

/// The same of the weight gradient.
pub fn fits_weight_gradient(g: &PooledConv) -> bool {
    has_places(g) && turned::fits(&g.conv)
}

fn has_places(g: &PooledConv) -> bool {
    g.pool.taps() <= MOST_TAPS
}

/// Elements of a band of dx and of what it sees.
pub fn input_gradient_scratch(g: &PooledConv) -> usize {
    input_gradient::scratch_with_dy::<Pair>(&g.conv)
}

/// Elements of a band of x and of dz, the gradient of the convolution's output.
pub fn weight_gradient_scratch(g: &PooledConv) -> usize {
    turned::scratch(&g.conv) + lines(turned::most_rows(&g.conv) * row_len(&g.conv))
}

/// Elements of a row of dz.
fn row_len(g: &ConvGeometry) -> usize {
    g.window.out_w * g.filters
}

/// The gradient of one image's pooled values.
struct Winners<'a> {
    isa: Isa,
    pool: &'a Window,
    index: &'a [u8],
    dy: &'a [f32],
}

impl<'a> Winners<'a> {
    fn of(isa: Isa, g: &'a PooledConv, image: usize, dy: &'a [f32], index: &'a [u8]) -> Self {
        let pooled = image * g.out_len()..(image + 1) * g.out_len();
        Self { isa, pool: &g.pool, index: &index[pooled.clone()], dy: &dy[pooled] }
    }

    /// The rows of dz from `first` on that `to` has room for.
    fn spread(&self, first: usize, to: &mut [f32]) {
        max_gradient_rows(self.isa, self.pool, self.index, self.dy, first, to);
    }
}

impl input_gradient::Source for Winners<'_> {
    fn room(&self, g: &ConvGeometry, rows: usize) -> usize {
        rows * row_len(g)
    }

    fn rows<'a>(&'a self, rows: Range<usize>, room: &'a mut [f32]) -> Rows<'a> {
        let dz = &mut room[..rows.len() * self.pool.in_w * self.pool.in_c];
        self.spread(rows.start, dz);
        Rows { values: dz, first: rows.start }
    }
}

/// Computes dx (n×H×W×I).
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn input_gradient(
    isa: Isa,
    g: &PooledConv,
    n: usize,
    dy: &[f32],
    w: &[f32],
    index: &[u8],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    super::verify_lengths(g, n, dx, w, dy, index);
    let image = |image: usize| Winners::of(isa, g, image, dy, index);
    input_gradient::run_from::<Pair, _>(isa, &g.conv, n, image, w, activation, dx, space);
}

/// Computes dw (H×W×I×O), overwriting it.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn weight_gradient(
    isa: Isa,
    g: &PooledConv,
    n: usize,
    x: &[f32],
    dy: &[f32],
    index: &[u8],
    dw: &mut [f32],
    space: Space<'_>,
) {
    super::verify_lengths(g, n, x, dw, dy, index);
    let row_len = row_len(&g.conv);
    turned::run_by_bands(isa, &g.conv, n, x, dw, space, row_len, |band, room, add| {
        let dz = &mut room[..band.rows * row_len];
        Winners::of(isa, g, band.image, dy, index).spread(band.row, dz);
        add(dz);
    });
}
