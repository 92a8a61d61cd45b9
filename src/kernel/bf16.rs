//! bf16, the upper half of an `f32`: rounding to it, and pairs of it, as the micro-kernel of pairs wants them.
//!
//! Under `precision: bf16` the operands of dense products and of direct convolutions, forward and in both gradients, are
//! rounded to the nearest bf16, ties to even, as they are read; their products are summed in `f32`, and everything else is
//! `f32`.
//! A pair is two values that a sum takes in a row, packed into the 32 bits of an element, the first in the lower half.
//! VDPBF16PS takes what is below the smallest normal number for zero; the other micro-kernels do not.

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
    if count.is_multiple_of(2) {
        isa.vectorise(Along { from, to });
    } else {
        isa.vectorise(OddAlong { count, from, to });
    }
}

/// Packs each value of a row with the one at the same place of another row; of a row that ends early the rest is zero.
pub(super) fn pack_across(isa: Isa, first: &[f32], second: &[f32], to: &mut [f32]) {
    isa.vectorise(Across { first, second, to });
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
    isa.vectorise(Rows { from, depth, width, stride, to, full });
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
            let first = &from[2 * index * stride..][..width];
            let second = if 2 * index + 1 < depth { &from[(2 * index + 1) * stride..][..width] } else { &[] };
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
