//! F(6×6, 3×3): the points 0, ±1, ±2, ±1/2 and ∞.

use super::Minimal;
use crate::kernel::micro::simd::Simd;

/// Side of a tile of inputs.
pub(super) const INPUT: usize = 8;
/// Side of a tile of outputs.
pub(super) const OUTPUT: usize = 6;

/// The rows of its transforms.
pub(super) struct Six;

impl Minimal<INPUT, OUTPUT> for Six {
    #[inline(always)]
    unsafe fn input_row<S: Simd>(d: [S::Register; INPUT]) -> [S::Register; INPUT] {
        // SAFETY: the caller vouches for the instruction set; no memory is touched.
        unsafe {
            let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
            let minus = |a: S::Register, b: S::Register| plus(-1.0, b, a);
            let [d0, d1, d2, d3, d4, d5, d6, d7] = d;
            let (even, odd) = (plus(-4.25, d4, S::add(d2, d6)), plus(-4.25, d3, S::add(d1, d5)));
            // At ±2, and at ±1/2: the odd part is divided by 1/2 and 2.
            let (even_outer, odd_outer) = (plus(0.25, d2, plus(-1.25, d4, d6)), plus(0.25, d1, plus(-1.25, d3, d5)));
            let (even_inner, odd_inner) = (plus(4.0, d2, plus(-5.0, d4, d6)), plus(4.0, d1, plus(-5.0, d3, d5)));
            [
                plus(5.25, minus(d4, d2), minus(d0, d6)),
                S::add(even, odd),
                minus(even, odd),
                plus(2.0, odd_outer, even_outer),
                plus(-2.0, odd_outer, even_outer),
                plus(0.5, odd_inner, even_inner),
                plus(-0.5, odd_inner, even_inner),
                plus(5.25, minus(d3, d5), minus(d7, d1)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn output_row<S: Simd>(m: [S::Register; INPUT]) -> [S::Register; OUTPUT] {
        // SAFETY: as above.
        unsafe {
            let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
            let [m0, m1, m2, m3, m4, m5, m6, m7] = m;
            let both = |a: S::Register, b: S::Register| (S::add(a, b), plus(-1.0, b, a));
            let ((sum, difference), (outer_sum, outer_difference)) = (both(m1, m2), both(m3, m4));
            let (inner_sum, inner_difference) = both(m5, m6);
            [
                S::add(S::add(m0, sum), S::add(outer_sum, inner_sum)),
                plus(0.5, inner_difference, plus(2.0, outer_difference, difference)),
                plus(0.25, inner_sum, plus(4.0, outer_sum, sum)),
                plus(0.125, inner_difference, plus(8.0, outer_difference, difference)),
                plus(0.062_5, inner_sum, plus(16.0, outer_sum, sum)),
                S::add(plus(0.031_25, inner_difference, plus(32.0, outer_difference, difference)), m7),
            ]
        }
    }
}
