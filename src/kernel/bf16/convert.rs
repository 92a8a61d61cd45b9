//! Packing by the instruction that rounds two registers of `f32` to one of bf16, VCVTNE2PS2BF16. It takes what is below the
//! smallest normal number for zero, as all products of such pairs do.

use std::arch::x86_64::*;

use super::Grid;

/// Values of a register.
const LANES: usize = 16;

/// Where of two registers of bf16, one behind the other, the halves of the pairs are.
const ORDER: [i16; 2 * LANES] = {
    let (mut order, mut at) = ([0; 2 * LANES], 0);
    while at < order.len() {
        order[at] = (at / 2 + at % 2 * LANES) as i16;
        at += 1;
    }
    order
};

/// The lanes of a register that `left` values fill.
fn lanes(left: usize) -> u16 {
    if left >= LANES { u16::MAX } else { (1 << left) - 1 }
}

/// The values of a row from `at` on, zeros beyond its end.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
fn load(row: &[f32], at: usize) -> __m512 {
    let mask = lanes(row.len().saturating_sub(at));
    // SAFETY: the lanes of the mask are values of the row; no other is touched.
    unsafe { _mm512_maskz_loadu_ps(mask, row.as_ptr().wrapping_add(at)) }
}

/// Writes what fits from `at` on.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
fn store(to: &mut [f32], at: usize, pairs: __m512i) {
    let mask = lanes(to.len().saturating_sub(at));
    // SAFETY: the lanes of the mask are elements of `to`; no other is touched.
    unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr().wrapping_add(at), mask, _mm512_castsi512_ps(pairs)) }
}

/// The values of both registers as bf16, those of the first in the lower half.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
fn round(first: __m512, second: __m512) -> __m512i {
    let rounded = _mm512_cvtne2ps_pbh(second, first);
    // SAFETY: the vectors are of one size and have no invalid bits.
    unsafe { std::mem::transmute::<__m512bh, __m512i>(rounded) }
}

/// A pair of each lane of both registers.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
fn pairs(first: __m512, second: __m512) -> __m512i {
    // SAFETY: the array is as large as the vector.
    let order = unsafe { _mm512_loadu_epi16(ORDER.as_ptr()) };
    _mm512_permutexvar_epi16(order, round(first, second))
}

/// Pairs of neighbours, the last one half zero where the run is odd.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
pub(super) fn along(from: &[f32], to: &mut [f32]) {
    for at in (0..to.len()).step_by(LANES) {
        store(to, at, round(load(from, 2 * at), load(from, 2 * at + LANES)));
    }
}

/// Runs of an odd number of values.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
pub(super) fn odd_along(count: usize, from: &[f32], to: &mut [f32]) {
    for (to, from) in to.chunks_exact_mut(count.div_ceil(2)).zip(from.chunks_exact(count)) {
        along(from, to);
    }
}

/// Pairs of the values at one place of two rows; a row that ends early goes on with zeros.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
pub(super) fn across(first: &[f32], second: &[f32], to: &mut [f32]) {
    for at in (0..to.len()).step_by(LANES) {
        store(to, at, pairs(load(first, at), load(second, at)));
    }
}

/// Pairs of values that follow one another in a column of a grid, each column in a row.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
pub(super) fn turned(grid: &Grid<'_>, columns: usize, to: &mut [f32], lane: usize) {
    let count = grid.pairs();
    for first in (0..columns).step_by(LANES) {
        let (width, mut pixels) = (LANES.min(columns - first), grid.iter());
        for at in (0..count).step_by(LANES) {
            let mut block = [_mm512_setzero_si512(); LANES];
            for (register, pair) in block.iter_mut().zip(&mut pixels) {
                let [one, two] = pair.map(|pixel| load(pixel.get(first..columns).unwrap_or_default(), 0));
                *register = pairs(one, two);
            }
            for (column, register) in turn(block).into_iter().enumerate().take(width) {
                let to = &mut to[(first + column) * lane..][at..count];
                store(to, 0, register);
            }
        }
    }
}

/// Pairs of neighbours in rows that lie `stride` apart, each row in a column of rows that are `full` long.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
pub(super) fn transposed(from: &[f32], [depth, width]: [usize; 2], stride: usize, to: &mut [f32], full: usize) {
    let count = depth.div_ceil(2);
    for first in (0..width).step_by(LANES) {
        let columns = LANES.min(width - first);
        for at in (0..count).step_by(LANES) {
            let mut block = [_mm512_setzero_si512(); LANES];
            for (row, register) in block.iter_mut().enumerate().take(columns) {
                let row = &from[(first + row) * stride..][..depth];
                *register = round(load(row, 2 * at), load(row, 2 * at + LANES));
            }
            for (pair, register) in turn(block).into_iter().enumerate().take(count - at) {
                store(&mut to[(at + pair) * full + first..][..columns], 0, register);
            }
        }
    }
}

/// Rows of a block of 16 times 16 as columns.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma")]
fn turn(rows: [__m512i; LANES]) -> [__m512i; LANES] {
    let mut twos = [_mm512_setzero_si512(); LANES];
    for at in (0..LANES).step_by(2) {
        twos[at] = _mm512_unpacklo_epi32(rows[at], rows[at + 1]);
        twos[at + 1] = _mm512_unpackhi_epi32(rows[at], rows[at + 1]);
    }
    // Of each four rows, in every quarter of a register: a column of it, `at % 4` of its columns.
    let mut fours = [_mm512_setzero_si512(); LANES];
    for at in (0..LANES).step_by(4) {
        fours[at] = _mm512_unpacklo_epi64(twos[at], twos[at + 2]);
        fours[at + 1] = _mm512_unpackhi_epi64(twos[at], twos[at + 2]);
        fours[at + 2] = _mm512_unpacklo_epi64(twos[at + 1], twos[at + 3]);
        fours[at + 3] = _mm512_unpackhi_epi64(twos[at + 1], twos[at + 3]);
    }
    let mut columns = [_mm512_setzero_si512(); LANES];
    for at in 0..4 {
        let [a, b, c, d] = [fours[at], fours[at + 4], fours[at + 8], fours[at + 12]];
        // Quarters 0 and 2, and 1 and 3, of two registers each.
        let (even, odd) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xDD>(a, b));
        let (later_even, later_odd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xDD>(c, d));
        columns[at] = _mm512_shuffle_i32x4::<0x88>(even, later_even);
        columns[at + 8] = _mm512_shuffle_i32x4::<0xDD>(even, later_even);
        columns[at + 4] = _mm512_shuffle_i32x4::<0x88>(odd, later_odd);
        columns[at + 12] = _mm512_shuffle_i32x4::<0xDD>(odd, later_odd);
    }
    columns
}
