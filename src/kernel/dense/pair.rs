//! The products of dense layers over pairs of bf16: both operands are packed, a corner of each at a time.

use super::{IMAGES, ROWS};
use crate::kernel::Isa;
use crate::kernel::element::{Element, Pair};
use crate::kernel::micro::{Block, Contraction, Finish, Panels, WIDEST_PANEL};

/// Values of a sum that are packed at a time.
const DEPTH: usize = ROWS;

/// Pairs of them.
const PAIRS: usize = DEPTH / 2;

/// The packed corner of one operand that a panel of columns is made of.
type Right = [f32; PAIRS * WIDEST_PANEL];

/// Adds x·w to y, for a few images; `sizes` are those of w.
pub(super) fn add_forward(isa: Isa, [i, o]: [usize; 2], x: &[f32], w: &[f32], y: &mut [f32]) {
    add_rows(isa, [i, o], x, y, |panel, first, depth, right, full| {
        Pair::pack(isa, &w[first * o + panel.0..], [depth, panel.1], o, right, full);
    });
}

/// Adds dy·wᵀ to dx, for a few images; `sizes` are those of w.
pub(super) fn add_input_gradient(isa: Isa, [i, o]: [usize; 2], dy: &[f32], w: &[f32], dx: &mut [f32]) {
    add_rows(isa, [o, i], dy, dx, |panel, first, depth, right, full| {
        right.fill(0.0);
        Pair::pack_transposed(isa, &w[panel.0 * o + first..], [depth, panel.1], o, right, full);
    });
}

/// Adds a product of rows of `depth` values to rows of `columns`; `pack` brings columns of the right operand, the first
/// one and how many, and so many of its rows from another first one on, into a panel.
fn add_rows(
    isa: Isa,
    [depth, columns]: [usize; 2],
    a: &[f32],
    c: &mut [f32],
    pack: impl Fn((usize, usize), usize, usize, &mut [f32], usize),
) {
    let (micro, panels) = (Pair::micro(isa), Panels::of(isa, columns));
    let (mut left, mut right): ([f32; IMAGES * PAIRS], Right) = ([0.0; _], [0.0; _]);
    for first in (0..depth).step_by(DEPTH) {
        let values = DEPTH.min(depth - first);
        let pairs = Pair::elements(values);
        for (a, left) in a.chunks(depth).zip(left.chunks_exact_mut(PAIRS)) {
            Pair::along(isa, values, &a[first..][..values], &mut left[..pairs]);
        }
        let by = Contraction::flat(pairs, 1, panels.full());
        for panel in panels.iter() {
            let right = &mut right[..pairs * panels.full()];
            pack((panel.start, panel.width), first, values, right, panels.full());
            let block = Block { height: c.len() / columns, width: panel.width, a_lane: PAIRS, c_lane: columns };
            micro.run(&by, block, &left, right, Finish::Add, &mut c[panel.start..]);
        }
    }
}

/// Adds xᵀ·dy to the rows of dw whose inputs `x` starts with; `sizes` are those of dw, of which `n` images make the sum.
pub(super) fn add_weight_gradient(isa: Isa, n: usize, [i, o]: [usize; 2], x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (micro, panels, rows) = (Pair::micro(isa), Panels::of(isa, o), dw.len() / o);
    let (mut left, mut right): ([f32; PAIRS * ROWS], Right) = ([0.0; _], [0.0; _]);
    for first in (0..n).step_by(DEPTH) {
        let images = DEPTH.min(n - first);
        let pairs = Pair::elements(images);
        Pair::pack(isa, &x[first * i..], [images, rows], i, &mut left, ROWS);
        let by = Contraction::flat(pairs, ROWS, panels.full());
        for panel in panels.iter() {
            let right = &mut right[..pairs * panels.full()];
            Pair::pack(isa, &dy[first * o + panel.start..], [images, panel.width], o, right, panels.full());
            let block = Block { height: rows, width: panel.width, a_lane: 1, c_lane: o };
            micro.run(&by, block, &left, right, Finish::Add, &mut dw[panel.start..]);
        }
    }
}
