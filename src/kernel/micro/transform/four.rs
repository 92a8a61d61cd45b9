//! F(4×4, 3×3): the points 0, ±1, ±2 and ∞.

use std::mem::MaybeUninit;

use super::Minimal;
use crate::kernel::micro::simd::Simd;

/// Side of a tile of inputs.
pub(in crate::kernel) const INPUT: usize = 6;
/// Side of a tile of outputs.
pub(in crate::kernel) const OUTPUT: usize = 4;
/// Elements of a tile of inputs, and products a channel.
pub(in crate::kernel) const PRODUCTS: usize = INPUT * INPUT;

/// The rows of its transforms.
pub(super) struct Four;

impl Minimal<INPUT, OUTPUT> for Four {
    #[inline(always)]
    unsafe fn input_row<S: Simd>(d: [S::Register; INPUT]) -> [S::Register; INPUT] {
        // SAFETY: the caller vouches for the instruction set; no memory is touched.
        unsafe {
            let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
            let [d0, d1, d2, d3, d4, d5] = d;
            let even = plus(-4.0, d2, d4);
            let odd = plus(-4.0, d1, d3);
            let even_outer = plus(-1.0, d2, d4);
            let odd_outer = plus(-1.0, d1, d3);
            [
                plus(4.0, d0, plus(-5.0, d2, d4)),
                S::add(even, odd),
                plus(-1.0, odd, even),
                plus(2.0, odd_outer, even_outer),
                plus(-2.0, odd_outer, even_outer),
                plus(4.0, d1, plus(-5.0, d3, d5)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn output_row<S: Simd>(m: [S::Register; INPUT]) -> [S::Register; OUTPUT] {
        // SAFETY: as above.
        unsafe {
            let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
            let [m0, m1, m2, m3, m4, m5] = m;
            let (sum, difference) = (S::add(m1, m2), plus(-1.0, m2, m1));
            let (outer_sum, outer_difference) = (S::add(m3, m4), plus(-1.0, m4, m3));
            [
                S::add(m0, S::add(sum, outer_sum)),
                plus(2.0, outer_difference, difference),
                plus(4.0, outer_sum, sum),
                S::add(plus(8.0, outer_difference, difference), m5),
            ]
        }
    }
}

/// A: six of one column of four gradients, the transpose of the output's Aᵀ.
#[inline(always)]
unsafe fn adjoint_row<S: Simd>(d: [S::Register; OUTPUT]) -> [S::Register; INPUT] {
    // SAFETY: as above.
    unsafe {
        let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
        let [d0, d1, d2, d3] = d;
        let (even, odd) = (S::add(d0, d2), S::add(d1, d3));
        let (outer_even, outer_odd) = (plus(4.0, d2, d0), plus(4.0, d3, d1));
        [
            d0,
            S::add(even, odd),
            plus(-1.0, odd, even),
            plus(2.0, outer_odd, outer_even),
            plus(-2.0, outer_odd, outer_even),
            d3,
        ]
    }
}

/// A d Aᵀ for one register of filters: `d` + r·row + c·pixel to `m` + p·plane.
#[inline(always)]
pub(super) unsafe fn adjoint<S: Simd>(d: *const f32, row: usize, pixel: usize, m: *mut f32, plane: usize) {
    // SAFETY: the caller vouches for the instruction set, for a register at each of the 16 places of `d` and at each of the
    // 36 places of `m`; every column is written before it is read.
    unsafe {
        let mut columns = [const { MaybeUninit::<[S::Register; INPUT]>::uninit() }; OUTPUT];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut four = [S::splat(0.0); OUTPUT];
            for (r, value) in four.iter_mut().enumerate() {
                *value = S::load(d.add(r * row + column * pixel));
            }
            to.write(adjoint_row::<S>(four));
        }
        for r in 0..INPUT {
            let mut four = [S::splat(0.0); OUTPUT];
            for (value, column) in four.iter_mut().zip(&columns) {
                *value = column.assume_init_ref()[r];
            }
            for (column, value) in adjoint_row::<S>(four).into_iter().enumerate() {
                S::store(m.add((r * INPUT + column) * plane), value);
            }
        }
    }
}
