//! What a 32-bit element of the micro-kernel's operands holds: an `f32`, or a pair of bf16 that a sum takes in a row.
//!
//! Kernels are written once over both. Of a sum over `depth` values, the operands have `elements(depth)` elements.

use super::Isa;
use super::bf16::{pack_across, pack_along, pack_rows, pack_transposed};
use super::micro::MicroKernel;

/// The content of an element.
pub(super) trait Element {
    /// Values of an element.
    const VALUES: usize;

    /// The micro-kernel for such elements.
    fn micro(isa: Isa) -> MicroKernel;

    /// Brings runs of `count` values, one behind the other, into as many runs of elements.
    fn along(isa: Isa, count: usize, from: &[f32], to: &mut [f32]);

    /// Brings one row of values, or two where an element holds two, into a row of elements; a row that ends early, or is
    /// not there, is zero.
    fn across(isa: Isa, first: &[f32], second: &[f32], to: &mut [f32]);

    /// Elements that hold `count` values of a sum.
    fn elements(count: usize) -> usize {
        count.div_ceil(Self::VALUES)
    }

    /// Brings `size` rows and columns of a matrix whose rows are `stride` apart, a sum running down, into rows of elements that are
    /// `full` long, zeros at their ends.
    fn pack(isa: Isa, from: &[f32], size: [usize; 2], stride: usize, to: &mut [f32], full: usize);

    /// Brings `width` rows, `stride` apart, of which `depth` values are wanted, no more than [`COLUMNS`], into columns of
    /// elements: rows of them are `full` long, and beyond `width` left as they are.
    fn pack_transposed(isa: Isa, from: &[f32], [depth, width]: [usize; 2], stride: usize, to: &mut [f32], full: usize) {
        by_columns::<Self>(isa, from, [depth, width], stride, to, full);
    }
}

fn by_columns<E: Element + ?Sized>(
    isa: Isa,
    from: &[f32],
    [depth, width]: [usize; 2],
    stride: usize,
    to: &mut [f32],
    full: usize,
) {
    let mut elements = [0.0; COLUMNS];
    let elements = &mut elements[..E::elements(depth)];
    for (column, from) in from.chunks(stride).take(width).enumerate() {
        E::along(isa, depth, &from[..depth], elements);
        for (to, element) in to.chunks_exact_mut(full).zip(&*elements) {
            to[column] = *element;
        }
    }
}

/// Columns of a matrix that are turned into rows at a time.
const COLUMNS: usize = 128;

/// An `f32`.
pub(super) struct Single;

impl Element for Single {
    const VALUES: usize = 1;

    fn micro(isa: Isa) -> MicroKernel {
        MicroKernel::of(isa)
    }

    fn along(_: Isa, _: usize, from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
    }

    fn across(_: Isa, first: &[f32], _: &[f32], to: &mut [f32]) {
        let (values, rest) = to.split_at_mut(first.len());
        values.copy_from_slice(first);
        rest.fill(0.0);
    }

    fn pack(_: Isa, from: &[f32], [depth, width]: [usize; 2], stride: usize, to: &mut [f32], full: usize) {
        for (row, to) in to.chunks_exact_mut(full).take(depth).enumerate() {
            to[..width].copy_from_slice(&from[row * stride..][..width]);
            to[width..].fill(0.0);
        }
    }
}

/// A pair of bf16.
pub(super) struct Pair;

impl Element for Pair {
    const VALUES: usize = 2;

    fn micro(isa: Isa) -> MicroKernel {
        MicroKernel::of_pairs(isa)
    }

    fn along(isa: Isa, count: usize, from: &[f32], to: &mut [f32]) {
        pack_along(isa, count, from, to);
    }

    fn across(isa: Isa, first: &[f32], second: &[f32], to: &mut [f32]) {
        pack_across(isa, first, second, to);
    }

    fn pack(isa: Isa, from: &[f32], size: [usize; 2], stride: usize, to: &mut [f32], full: usize) {
        pack_rows(isa, from, size, stride, to, full);
    }

    fn pack_transposed(isa: Isa, from: &[f32], size: [usize; 2], stride: usize, to: &mut [f32], full: usize) {
        if !pack_transposed(isa, from, size, stride, to, full) {
            by_columns::<Self>(isa, from, size, stride, to, full);
        }
    }
}
