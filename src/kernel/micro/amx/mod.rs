//! The products of pairs of bf16 by the matrix unit, AMX: tiles of 16 rows, which registers of their own hold.
//!
//! A tile of `a` has up to 16 rows of the block, and of each up to 16 elements that a sum takes in a row; a tile of `b` has as
//! many rows of elements as they lie there, up to 16 columns. Two of either make four tiles of sums. Tiles are as large as the
//! configuration says that precedes a block, and nothing beyond that is read or written: what is left at an edge is a smaller
//! tile, never a loop. As VDPBF16PS, the unit takes what is below the smallest normal number for zero, in sums too.

#[cfg(test)]
mod tests;
mod unit;

use std::arch::asm;
use std::arch::x86_64::*;
use std::ops::Range;

use super::{Block, Clamp, Contraction, Finish, Many, WIDEST_PANEL};
use unit::{Configuration, Operands, Step, TWO_COLUMNS, TWO_ROWS, tiles};

/// Rows of a tile, and its elements of a row, at most.
const SIDE: usize = 16;

/// Bytes of an element.
const BYTES: usize = 4;

/// Products of tiles that are summed before the sums go to `c`.
const STEPS: usize = 128;

/// Whether the elements of `a` that a sum takes lie in runs. The height of a block must not matter, so that what is computed of an
/// image does not depend on the others.
pub(super) fn fits(by: &Contraction) -> bool {
    by.a[2] == 1 && !by.is_empty()
}

/// How the runs of a contraction are cut into tiles.
#[derive(Clone, Copy)]
struct Run {
    /// Elements of a whole tile.
    whole: usize,
    /// Whole tiles.
    count: usize,
    /// Elements that are left.
    rest: usize,
}

impl Run {
    fn of(len: usize) -> Self {
        let tiles = len.div_ceil(SIDE);
        if len.is_multiple_of(tiles) {
            return Self { whole: len / tiles, count: tiles, rest: 0 };
        }
        Self { whole: SIDE, count: len / SIDE, rest: len % SIDE }
    }
}

/// The products of a contraction: all of whole tiles, and then those at the ends of runs.
struct Steps<'a> {
    by: &'a Contraction,
    run: Run,
}

impl Steps<'_> {
    fn runs(&self) -> usize {
        self.by.extent[0] * self.by.extent[1]
    }

    fn whole(&self) -> usize {
        self.runs() * self.run.count
    }

    fn count(&self) -> usize {
        self.whole() + if self.run.rest > 0 { self.runs() } else { 0 }
    }

    /// Those of a range; returns how many of them are whole.
    fn fill(&self, range: Range<usize>, to: &mut [Step; STEPS]) -> usize {
        let by = self.by;
        for (index, to) in range.clone().zip(to) {
            let (run, place) = match index.checked_sub(self.whole()) {
                None => (index / self.run.count, index % self.run.count),
                Some(run) => (run, self.run.count),
            };
            let (outer, middle) = (run / by.extent[1], run % by.extent[1]);
            let offset = |strides: [usize; 3]| {
                BYTES * (outer * strides[0] + middle * strides[1] + place * self.run.whole * strides[2])
            };
            *to = Step { a: offset(by.a), b: offset(by.b) };
        }
        self.whole().clamp(range.start, range.end) - range.start
    }
}

/// What sums start from that start from nothing.
static ZEROS: [f32; WIDEST_PANEL] = [0.0; WIDEST_PANEL];

/// Tiles of one height among those that the rows of a product are cut into.
#[derive(Clone, Copy)]
struct Heights {
    height: usize,
    /// How many there are.
    tiles: usize,
    /// The first row.
    first: usize,
}

impl Heights {
    /// The tiles are of nearly equal height, so that there are two heights at most.
    fn of(rows: usize) -> impl Iterator<Item = Self> {
        let tiles = rows.div_ceil(SIDE);
        let (height, higher) = (rows / tiles, rows % tiles);
        let both = [
            Self { height: height + 1, tiles: higher, first: 0 },
            Self { height, tiles: tiles - higher, first: higher * (height + 1) },
        ];
        both.into_iter().filter(|heights| heights.tiles > 0)
    }
}

/// Runs many products, or one.
///
/// # Safety
///
/// As `tile::Run`, for every product; the unit is available and `fits` holds.
pub(super) unsafe fn run(
    many: Many,
    by: &Contraction,
    block: Block,
    a: *const f32,
    b: *const f32,
    finish: Finish<'_>,
    c: *mut f32,
) {
    let steps = Steps { by, run: Run::of(by.extent[2]) };
    // Of an odd width both columns of tiles have the one in the middle.
    let columns = if block.width > SIDE { block.width.div_ceil(2) } else { block.width };
    // Products of the same `b` are cut into tiles as one: two of them may make a pair.
    let [apart, together] = if many.apart[1] == 0 { [1, many.count] } else { [many.count, 1] };
    let mut list = [Step { a: 0, b: 0 }; STEPS];
    for first in (0..steps.count()).step_by(STEPS) {
        let range = first..steps.count().min(first + STEPS);
        let whole = steps.fill(range.clone(), &mut list);
        let pass = Pass {
            block,
            b_row: by.b[2],
            second_column: block.width - columns,
            together,
            apart: many.apart,
            steps: list.as_ptr(),
            whole,
            rest: range.len() - whole,
            finish,
            is_first: first == 0,
            is_last: range.end == steps.count(),
        };
        for heights in Heights::of(block.height) {
            let configuration = Configuration::of(heights.height, columns, steps.run);
            // SAFETY: the sizes are those that the unit has.
            unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const configuration, options(nostack, readonly)) };
            for at in 0..apart {
                let [to_a, to_b, to_c] = many.apart.map(|apart| at * apart);
                // SAFETY: the tiles of these products are configured, for which the caller vouches.
                unsafe { pass.run(heights, a.wrapping_add(to_a), b.wrapping_add(to_b), c.wrapping_add(to_c)) };
            }
        }
    }
    // SAFETY: nothing is in the tiles that is still needed.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// Some steps of all sums of a product, or of some that have the same `b`.
struct Pass<'a> {
    block: Block,
    /// From one row of `b` to the next.
    b_row: usize,
    /// Where the second column of tiles starts; none at 0.
    second_column: usize,
    /// Products, and how far they lie apart.
    together: usize,
    apart: [usize; 3],
    steps: *const Step,
    whole: usize,
    rest: usize,
    finish: Finish<'a>,
    is_first: bool,
    is_last: bool,
}

impl Pass<'_> {
    /// Runs the tiles of one height.
    ///
    /// # Safety
    ///
    /// As `run`, with tiles configured for this height.
    unsafe fn run(&self, heights: Heights, a: *const f32, b: *const f32, c: *mut f32) {
        let block = self.block;
        let count = self.together * heights.tiles;
        let shape = if self.second_column > 0 { TWO_COLUMNS } else { 0 };
        let start = self.start();
        // Where a tile starts, in elements of `a` and `c`.
        let place = |tile: usize| {
            let (product, row) = (tile / heights.tiles, heights.first + tile % heights.tiles * heights.height);
            [product * self.apart[0] + row * block.a_lane, product * self.apart[2] + row * block.c_lane]
        };
        let c_stride = BYTES * block.c_lane;
        for tile in (0..count).step_by(2) {
            let (here, next) = (place(tile), place((tile + 1).min(count - 1)));
            let [a_apart, c_apart] = [0, 1].map(|at| next[at].wrapping_sub(here[at]).wrapping_mul(BYTES));
            let rows = if tile + 1 < count { TWO_ROWS } else { 0 };
            let of_c = c.wrapping_add(here[1]);
            let (start, start_stride, start_apart) = match start {
                Some(start) => (start, 0, 0),
                None => (of_c.cast_const(), c_stride, c_apart),
            };
            let (whole, rest) = (self.whole, self.rest);
            let operands = Operands { start, start_stride, start_apart, c: of_c, c_stride, c_apart, whole, rest };
            let (a, a_strides) = (a.wrapping_add(here[0]), [BYTES * block.a_lane, a_apart]);
            let b_strides = [BYTES * self.b_row, BYTES * self.second_column];
            // SAFETY: rows of these tiles are rows of the products, their columns those of the block.
            unsafe {
                tiles(shape | rows, &operands, self.steps, a, a_strides, b, b_strides);
                if self.is_last {
                    finish_rows(self.finish, heights.height, block, of_c);
                    if rows > 0 {
                        finish_rows(self.finish, heights.height, block, c.wrapping_add(next[1]));
                    }
                }
            }
        }
    }

    /// What sums start from, for every row; `None` for what is in `c`.
    fn start(&self) -> Option<*const f32> {
        match self.finish {
            Finish::Store { bias, residual: false, .. } if self.is_first => Some(bias.unwrap_or(&ZEROS).as_ptr()),
            _ => None,
        }
    }
}

/// What sums do not start from: a bias where they start from what `c` held, and the clamp.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
unsafe fn finish_rows(finish: Finish<'_>, height: usize, block: Block, c: *mut f32) {
    let Finish::Store { bias, residual, clamp } = finish else { return };
    let bias = bias.filter(|_| residual);
    if bias.is_none() && clamp == Clamp::NONE {
        return;
    }
    let mask = |from: usize| ((1_u32 << block.width.saturating_sub(from).min(SIDE)) - 1) as u16;
    let masks = [mask(0), mask(SIDE)];
    let (floor, ceiling) = (_mm512_set1_ps(clamp.floor), _mm512_set1_ps(clamp.ceiling));
    // SAFETY: the lanes of the masks are those of the block, whose elements the caller vouches for; a bias is as long.
    unsafe {
        let bias = [0, 1].map(|at| match bias {
            Some(bias) => _mm512_maskz_loadu_ps(masks[at], bias.as_ptr().wrapping_add(at * SIDE)),
            None => _mm512_setzero_ps(),
        });
        for row in 0..height {
            for at in 0..block.width.div_ceil(SIDE) {
                let c = c.wrapping_add(row * block.c_lane + at * SIDE);
                let mut sum = _mm512_maskz_loadu_ps(masks[at], c);
                if residual {
                    sum = _mm512_add_ps(sum, bias[at]);
                }
                // The order of the operands keeps what is not a number.
                _mm512_mask_storeu_ps(c, masks[at], _mm512_min_ps(ceiling, _mm512_max_ps(floor, sum)));
            }
        }
    }
}
