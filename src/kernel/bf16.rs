//! bf16, the upper half of an `f32`: rounding to it, and pairs of it, as the micro-kernel of pairs wants them.
//!
//! Under `precision: bf16` the operands of dense products and of direct convolutions, forward and in both gradients, are
//! rounded to the nearest bf16, ties to even, as they are read; their products are summed in `f32`, and everything else is
//! `f32`.
//! A pair is two values that a sum takes in a row, packed into the 32 bits of an element, the first in the lower half.
//! VDPBF16PS and the matrix unit, AMX, take what is below the smallest normal number for zero; the other micro-kernels do not.

#[cfg(target_arch = "x86_64")]
mod convert;

use super::Isa;
use super::isa::Loops;

/// Which numbers a convolution or a product multiplies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operands {
    /// As they are.
    #[default]
    F32,
    /// Rounded to bf16.
    Bf16,
}

/// The nearest bf16 as `f32`; of two that are equally near the even one. What is not a number stays that.
#[must_use]
#[inline(always)]
pub fn round(value: f32) -> f32 {
    f32::from_bits(upper(value))
}

/// The bits of the nearest bf16, in the upper half.
#[inline(always)]
fn upper(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7FFF + (bits >> 16 & 1));
    // Rounding could turn the bits of what is not a number into those of infinity.
    let bits = if value.is_nan() { bits | 0x0040_0000 } else { rounded };
    bits & 0xFFFF_0000
}

#[inline(always)]
fn pair(first: f32, second: f32) -> f32 {
    f32::from_bits(upper(first) >> 16 | upper(second))
}

/// Packs runs of `count` values, one behind the other, into runs of pairs; an odd run ends with a pair that is half zero.
///
/// # Panics
///
/// If `to` holds another number of pairs than the runs make.
pub(super) fn pack_along(isa: Isa, count: usize, from: &[f32], to: &mut [f32]) {
    let pairs = count.div_ceil(2);
    assert_eq!(from.len() * pairs, to.len() * count, "runs of {count} values make {pairs} pairs each");
    #[cfg(target_arch = "x86_64")]
    if rounds(isa) {
        // SAFETY: the instruction set is there.
        return unsafe {
            match count % 2 {
                0 => convert::along(from, to),
                _ => convert::odd_along(count, from, to),
            }
        };
    }
    if count.is_multiple_of(2) {
        isa.vectorise(Along { from, to });
    } else {
        isa.vectorise(OddAlong { count, from, to });
    }
}

/// Packs each value of a row with the one at the same place of another row; of a row that ends early the rest is zero.
pub(super) fn pack_across(isa: Isa, first: &[f32], second: &[f32], to: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if rounds(isa) {
        // SAFETY: the instruction set is there.
        return unsafe { convert::across(first, second, to) };
    }
    isa.vectorise(Across { first, second, to });
}

/// Packs `width` rows of `depth` values, `stride` apart, into columns of pairs: rows of them are `full` long, and beyond `width` left
/// as they are. Where no instruction rounds nothing is done, which it says.
///
/// # Panics
///
/// If a row reaches beyond the end of `from`, or `to` has fewer rows.
pub(super) fn pack_transposed(
    isa: Isa,
    from: &[f32],
    size: [usize; 2],
    stride: usize,
    to: &mut [f32],
    full: usize,
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if rounds(isa) {
        // SAFETY: the instruction set is there.
        unsafe { convert::transposed(from, size, stride, to, full) };
        return true;
    }
    let _ = (isa, from, size, stride, to, full);
    false
}

/// Whether an instruction of the set rounds.
///
/// # Panics
///
/// If it does, and the machine does not have it.
#[cfg(target_arch = "x86_64")]
fn rounds(isa: Isa) -> bool {
    let rounds = isa >= Isa::Avx512Bf16;
    assert!(!rounds || isa.is_available(), "this machine has no {isa}");
    rounds
}

/// Packs `depth` rows of `width` values, `stride` apart, two and two into rows of pairs that are `full` long, zeros at
/// their ends; an odd last row is packed with zeros.
///
/// # Panics
///
/// If a row reaches beyond the end of `from`, or `to` has fewer rows.
pub(super) fn pack_rows(
    isa: Isa,
    from: &[f32],
    [depth, width]: [usize; 2],
    stride: usize,
    to: &mut [f32],
    full: usize,
) {
    assert!(width <= full && depth.div_ceil(2) * full <= to.len(), "{depth} rows of {width} make more pairs than fit");
    #[cfg(target_arch = "x86_64")]
    if rounds(isa) {
        for (index, to) in to.chunks_exact_mut(full).take(depth.div_ceil(2)).enumerate() {
            let [first, second] = rows_of_pair(from, depth, width, stride, index);
            // SAFETY: the instruction set is there.
            unsafe { convert::across(first, second, to) };
        }
        return;
    }
    isa.vectorise(Rows { from, depth, width, stride, to, full });
}

/// The two rows that make a row of pairs; of an odd number of rows the last one has nothing beside it.
#[inline(always)]
fn rows_of_pair(from: &[f32], depth: usize, width: usize, stride: usize, index: usize) -> [&[f32]; 2] {
    let first = &from[2 * index * stride..][..width];
    [first, if 2 * index + 1 < depth { &from[(2 * index + 1) * stride..][..width] } else { &[] }]
}

/// Pixels in rows, of which neighbours make pairs.
#[derive(Clone, Copy)]
pub(super) struct Grid<'a> {
    /// From the first pixel's first value on.
    pub values: &'a [f32],
    /// Elements from one pixel to the next.
    pub stride: usize,
    /// Pixels of a row, and rows.
    pub size: [usize; 2],
    /// Pairs that a row makes, those of zeros among them that it is filled up with; the last row is not.
    pub row_pairs: usize,
}

impl<'a> Grid<'a> {
    /// All pairs.
    pub fn pairs(&self) -> usize {
        let [columns, rows] = self.size;
        (rows - 1) * self.row_pairs + columns.div_ceil(2)
    }

    /// The two pixels of each pair, from their first values on; what there is not is empty.
    fn iter(&self) -> impl Iterator<Item = [&'a [f32]; 2]> {
        let Self { values, stride, size: [columns, rows], row_pairs } = *self;
        let pixel = move |row: usize, column: usize| match column < columns {
            true => &values[(row * columns + column) * stride..],
            false => &[],
        };
        let pairs = move |row| (0..row_pairs).map(move |pair| [pixel(row, 2 * pair), pixel(row, 2 * pair + 1)]);
        (0..rows).flat_map(pairs).take(self.pairs())
    }
}

/// Packs pairs of neighbouring pixels of a grid with the pairs of each of `columns` values in a run; these runs lie `lane` apart.
///
/// # Panics
///
/// If a run reaches beyond the end of `to`, or a pixel has fewer values.
pub(super) fn pack_turned(isa: Isa, grid: &Grid<'_>, columns: usize, to: &mut [f32], lane: usize) {
    assert!(grid.pairs() <= lane && columns * lane <= to.len(), "{columns} runs of {lane} pairs are more than fit");
    #[cfg(target_arch = "x86_64")]
    if rounds(isa) {
        // SAFETY: the instruction set is there.
        return unsafe { convert::turned(grid, columns, to, lane) };
    }
    for (at, [first, second]) in grid.iter().enumerate() {
        for column in 0..columns {
            let value = |pixel: &[f32]| if pixel.is_empty() { 0.0 } else { pixel[column] };
            to[column * lane + at] = pair(value(first), value(second));
        }
    }
}

struct Rows<'a> {
    from: &'a [f32],
    depth: usize,
    width: usize,
    stride: usize,
    to: &'a mut [f32],
    full: usize,
}

impl Loops for Rows<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { from, depth, width, stride, to, full } = self;
        for (index, to) in to.chunks_exact_mut(full).take(depth.div_ceil(2)).enumerate() {
            let [first, second] = rows_of_pair(from, depth, width, stride, index);
            Across { first, second, to }.run();
        }
    }
}

struct Along<'a> {
    from: &'a [f32],
    to: &'a mut [f32],
}

impl Loops for Along<'_> {
    #[inline(always)]
    fn run(self) {
        for (to, from) in self.to.iter_mut().zip(self.from.as_chunks::<2>().0) {
            *to = pair(from[0], from[1]);
        }
    }
}

struct OddAlong<'a> {
    count: usize,
    from: &'a [f32],
    to: &'a mut [f32],
}

impl Loops for OddAlong<'_> {
    #[inline(always)]
    fn run(self) {
        let pairs = self.count.div_ceil(2);
        for (to, from) in self.to.chunks_exact_mut(pairs).zip(self.from.chunks_exact(self.count)) {
            let (last, to) = to.split_last_mut().unwrap_or_else(|| unreachable!("an odd run has a last value"));
            Along { from, to }.run();
            *last = pair(from[self.count - 1], 0.0);
        }
    }
}

struct Across<'a> {
    first: &'a [f32],
    second: &'a [f32],
    to: &'a mut [f32],
}

impl Loops for Across<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { first, second, to } = self;
        let both = first.len().min(second.len()).min(to.len());
        for ((to, first), second) in to[..both].iter_mut().zip(&first[..both]).zip(&second[..both]) {
            *to = pair(*first, *second);
        }
        // What is left of one of them, and then of none.
        let to = &mut to[both..];
        let (first, second) = (&first[both..], &second[both..]);
        for (to, first) in to.iter_mut().zip(first) {
            *to = pair(*first, 0.0);
        }
        for (to, second) in to.iter_mut().zip(second) {
            *to = pair(0.0, *second);
        }
        to.iter_mut().skip(first.len().max(second.len())).for_each(|to| *to = 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::element::{Element, Pair};
    use crate::kernel::testing::normal;

    fn halves(pair: f32) -> [f32; 2] {
        [f32::from_bits(pair.to_bits() << 16), f32::from_bits(pair.to_bits() & 0xFFFF_0000)]
    }

    #[test]
    fn the_nearest_of_seven_bits_is_taken_and_of_two_the_even_one() {
        let step = 1.0 / 128.0;
        for (value, nearest) in [
            (1.0, 1.0),
            (1.0 + step * 0.49, 1.0),
            (1.0 + step * 0.5, 1.0),
            (1.0 + step * 0.51, 1.0 + step),
            (1.0 + step * 1.5, 1.0 + step * 2.0),
            (-1.0 - step * 1.5, -1.0 - step * 2.0),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
            (0.0, 0.0),
            (1e-40, f32::from_bits(0x0001_0000)),
        ] {
            assert_eq!(round(value), nearest, "{value}");
        }
        assert_eq!(round(-0.0).to_bits(), (-0.0_f32).to_bits());
    }

    #[test]
    fn what_is_not_a_number_stays_that_whichever_its_bits() {
        for bits in [0x7F80_0001, 0x7FFF_FFFF, 0xFF80_0001, 0xFFFF_FFFF, 0x7FC0_0000] {
            assert!(round(f32::from_bits(bits)).is_nan(), "{bits:x}");
        }
    }

    #[test]
    fn every_rounded_value_is_one_already_and_no_further_than_half_a_step() {
        for value in normal("rounded", 1000) {
            assert_eq!(round(round(value)), round(value));
            assert!((round(value) - value).abs() <= value.abs() / 256.0);
        }
    }

    #[test]
    fn pairs_hold_neighbours_and_an_odd_run_ends_with_a_zero() {
        for isa in Isa::available() {
            for count in [1, 2, 3, 7, 32, 33] {
                let from = normal("along", 5 * count);
                let mut to = vec![f32::NAN; 5 * count.div_ceil(2)];
                pack_along(isa, count, &from, &mut to);
                for (run, to) in from.chunks(count).zip(to.chunks(count.div_ceil(2))) {
                    for (pair, values) in to.iter().zip(run.chunks(2)) {
                        let second = values.get(1).map_or(0.0, |value| round(*value));
                        assert_eq!(halves(*pair), [round(values[0]), second], "{isa}, runs of {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_packed_two_and_two_with_zeros_around_them() {
        for isa in Isa::available() {
            for [depth, width, stride, full] in [[1, 1, 1, 4], [5, 7, 9, 8], [6, 32, 40, 32], [3, 17, 17, 32]] {
                let from = normal("rows", depth * stride);
                let mut to = vec![f32::NAN; depth.div_ceil(2) * full];
                pack_rows(isa, &from, [depth, width], stride, &mut to, full);
                for (at, pair) in to.iter().enumerate() {
                    let (row, column) = (at / full * 2, at % full);
                    let inside = |row| row < depth && column < width;
                    let of = |row| if inside(row) { round(from[row * stride + column]) } else { 0.0 };
                    assert_eq!(halves(*pair), [of(row), of(row + 1)], "{isa} at {at}");
                }
            }
        }
    }

    #[test]
    fn columns_of_pixels_are_packed_in_runs_with_zeros_between_rows() {
        for isa in Isa::available() {
            for (columns, size, row_pairs) in
                [(1, [1, 1], 1), (7, [5, 3], 3), (16, [32, 2], 17), (40, [7, 9], 5), (33, [100, 1], 50)]
            {
                let stride = columns + 3;
                let values = normal("grid", size[0] * size[1] * stride);
                let grid = Grid { values: &values, stride, size, row_pairs };
                let lane = grid.pairs() + 2;
                let mut to = vec![7.0; columns * lane];
                pack_turned(isa, &grid, columns, &mut to, lane);
                for (at, pair) in to.iter().enumerate() {
                    let (column, at) = (at / lane, at % lane);
                    let (row, pixel) = (at / row_pairs, at % row_pairs * 2);
                    let of = |pixel: usize| match pixel < size[0] {
                        true => round(values[(row * size[0] + pixel) * stride + column]),
                        false => 0.0,
                    };
                    let wanted = if at < grid.pairs() { [of(pixel), of(pixel + 1)] } else { halves(7.0) };
                    assert_eq!(halves(*pair), wanted, "{isa}: {columns} of {size:?} at {at}");
                }
            }
        }
    }

    #[test]
    fn rows_are_packed_into_columns_that_leave_what_is_beside_them() {
        for isa in Isa::available() {
            for [depth, width, stride, full] in [[1, 1, 1, 4], [5, 7, 9, 8], [70, 17, 71, 32], [128, 32, 200, 32]] {
                let from = normal("columns", width * stride);
                let mut to = vec![7.0; depth.div_ceil(2) * full];
                Pair::pack_transposed(isa, &from, [depth, width], stride, &mut to, full);
                for (at, pair) in to.iter().enumerate() {
                    let (row, column) = (at / full * 2, at % full);
                    let of = |row| if row < depth { round(from[column * stride + row]) } else { 0.0 };
                    let wanted = if column < width { [of(row), of(row + 1)] } else { halves(7.0) };
                    assert_eq!(halves(*pair), wanted, "{isa} at {at}");
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_packs_the_same_bits_but_for_numbers_below_the_smallest_normal_one() {
        let mut from = normal("bits", 64);
        let special = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, 0.0, -0.0];
        from[..8].copy_from_slice(&special);
        from[8] = f32::from_bits(0x7F80_0001);
        from[9] = f32::from_bits(0x3F80_8000);
        from[10] = f32::from_bits(0x3F81_8000);
        let packed = |isa| {
            let mut to = [0.0; 32];
            pack_along(isa, 64, &from, &mut to);
            to.map(f32::to_bits)
        };
        for isa in Isa::available() {
            assert_eq!(packed(isa), packed(Isa::Portable), "{isa}");
        }
    }

    #[test]
    fn a_row_that_ends_early_is_packed_as_zeros() {
        let (first, second) = (normal("first", 37), normal("second", 20));
        for isa in Isa::available() {
            let mut to = [f32::NAN; 40];
            pack_across(isa, &first, &second, &mut to);
            for (at, pair) in to.iter().enumerate() {
                let of = |row: &[f32]| row.get(at).map_or(0.0, |value| round(*value));
                assert_eq!(halves(*pair), [of(&first), of(&second)], "{isa} at {at}");
            }
        }
    }
}
