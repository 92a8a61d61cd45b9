//! The products of pairs of bf16 by the matrix unit, AMX: tiles of 16 rows, which registers of their own hold.
//!
//! A tile of `a` has up to 16 rows of the block, and of each up to 16 elements that a sum takes in a row; a tile of `b` has as
//! many rows of elements as they lie there, up to 16 columns. Two of either make four tiles of sums. Tiles are as large as the
//! configuration says that precedes a block, and nothing beyond that is read or written: what is left at an edge is a smaller
//! tile, never a loop. As VDPBF16PS, the unit takes what is below the smallest normal number for zero, in sums too.

use std::arch::asm;
use std::arch::x86_64::*;
use std::ops::Range;

use super::{Block, Clamp, Contraction, Finish, Many, WIDEST_PANEL};

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

/// The sizes of all tile registers, as the processor reads them.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl Configuration {
    /// Sums of `rows` rows and `columns` columns are in the first four registers, whole tiles of `a` and `b` in two, and those
    /// at the end of a run in two others.
    fn of(rows: usize, columns: usize, run: Run) -> Self {
        let sizes = [
            [rows, columns],
            [rows, columns],
            [rows, columns],
            [rows, columns],
            [rows, run.whole],
            [rows, run.rest],
            [run.whole, columns],
            [run.rest, columns],
        ];
        let mut of = Self { palette: 1, start: 0, reserved: [0; 14], row_bytes: [0; 16], rows: [0; 16] };
        for ((row_bytes, rows), size) in of.row_bytes.iter_mut().zip(&mut of.rows).zip(sizes) {
            // A register without one of both has neither.
            if !size.contains(&0) {
                (*rows, *row_bytes) = (size[0] as u8, (BYTES * size[1]) as u16);
            }
        }
        of
    }
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

/// Where the tiles of a product lie, in bytes from the first of `a` and of `b`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Step {
    a: usize,
    b: usize,
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

/// What one pass over the tiles reads and writes; strides and distances are in bytes.
#[repr(C)]
struct Operands {
    /// What sums start from, with its stride, and from the first rows to the second ones.
    start: *const f32,
    start_stride: usize,
    start_apart: usize,
    c: *mut f32,
    c_stride: usize,
    c_apart: usize,
    whole: usize,
    rest: usize,
}

/// Two columns of tiles, or one.
const TWO_COLUMNS: usize = 1;
/// Two rows of tiles, or one.
const TWO_ROWS: usize = 2;

/// The products of a list of steps, by the registers that hold a tile of either operand. A tile of `b` is loaded twice where
/// there are two rows, which costs less than registers for it would.
macro_rules! products {
    ($a:literal, $b:literal) => {
        concat!(
            "5:\n",
            "mov {ra}, [{steps}]\n",
            "mov {rb}, [{steps} + 8]\n",
            "add {ra}, {a}\n",
            "add {rb}, {b}\n",
            "add {steps}, 16\n",
            "tileloadd ",
            $a,
            ", [{ra} + {a_lane}*1]\n",
            "tileloadd ",
            $b,
            ", [{rb} + {b_row}*1]\n",
            "tdpbf16ps tmm0, ",
            $a,
            ", ",
            $b,
            "\n",
            "test {shape}, 1\n",
            "jz 6f\n",
            "add {rb}, {column}\n",
            "tileloadd ",
            $b,
            ", [{rb} + {b_row}*1]\n",
            "tdpbf16ps tmm1, ",
            $a,
            ", ",
            $b,
            "\n",
            "test {shape}, 2\n",
            "jz 7f\n",
            "add {ra}, {a_apart}\n",
            "sub {rb}, {column}\n",
            "tileloadd ",
            $a,
            ", [{ra} + {a_lane}*1]\n",
            "tdpbf16ps tmm3, ",
            $a,
            ", ",
            $b,
            "\n",
            "tileloadd ",
            $b,
            ", [{rb} + {b_row}*1]\n",
            "tdpbf16ps tmm2, ",
            $a,
            ", ",
            $b,
            "\n",
            "jmp 7f\n",
            "6:\n",
            "test {shape}, 2\n",
            "jz 7f\n",
            "add {ra}, {a_apart}\n",
            "tileloadd ",
            $a,
            ", [{ra} + {a_lane}*1]\n",
            "tdpbf16ps tmm2, ",
            $a,
            ", ",
            $b,
            "\n",
            "7:\n",
            "dec {count}\n",
            "jnz 5b\n",
        )
    };
}

/// Sums from where they start, products of all steps, and where the sums go.
///
/// # Safety
///
/// Tiles are configured for the operands, every element of these is inside its allocation, and the machine has the unit.
#[allow(clippy::too_many_arguments, reason = "what registers hold")]
unsafe fn tiles(
    shape: usize,
    operands: &Operands,
    steps: *const Step,
    a: *const f32,
    [a_lane, a_apart]: [usize; 2],
    b: *const f32,
    [b_row, column]: [usize; 2],
) {
    // SAFETY: the caller vouches for the operands; tiles are read and written as the configuration says, and no other memory but
    // the steps and the operands' description.
    unsafe {
        asm!(
            // What the sums start from.
            "mov {ra}, [{operands}]",
            "mov {rb}, [{operands} + 8]",
            "tileloadd tmm0, [{ra} + {rb}*1]",
            "test {shape}, 2",
            "jz 3f",
            "mov {count}, {ra}",
            "add {count}, [{operands} + 16]",
            "tileloadd tmm2, [{count} + {rb}*1]",
            "3:",
            "test {shape}, 1",
            "jz 4f",
            "add {ra}, {column}",
            "tileloadd tmm1, [{ra} + {rb}*1]",
            "test {shape}, 2",
            "jz 4f",
            "add {count}, {column}",
            "tileloadd tmm3, [{count} + {rb}*1]",
            "4:",
            // Whole tiles, and those at the ends of runs.
            "mov {count}, [{operands} + 48]",
            "test {count}, {count}",
            "jz 8f",
            products!("tmm4", "tmm6"),
            "8:",
            "mov {count}, [{operands} + 56]",
            "test {count}, {count}",
            "jz 9f",
            products!("tmm5", "tmm7"),
            "9:",
            // Where the sums go.
            "mov {ra}, [{operands} + 24]",
            "mov {rb}, [{operands} + 32]",
            "tilestored [{ra} + {rb}*1], tmm0",
            "test {shape}, 2",
            "jz 3f",
            "mov {count}, {ra}",
            "add {count}, [{operands} + 40]",
            "tilestored [{count} + {rb}*1], tmm2",
            "3:",
            "test {shape}, 1",
            "jz 4f",
            "add {ra}, {column}",
            "tilestored [{ra} + {rb}*1], tmm1",
            "test {shape}, 2",
            "jz 4f",
            "add {count}, {column}",
            "tilestored [{count} + {rb}*1], tmm3",
            "4:",
            ra = out(reg) _,
            rb = out(reg) _,
            count = out(reg) _,
            steps = inout(reg) steps => _,
            shape = in(reg) shape,
            operands = in(reg) operands,
            a = in(reg) a,
            a_lane = in(reg) a_lane,
            a_apart = in(reg) a_apart,
            b = in(reg) b,
            b_row = in(reg) b_row,
            column = in(reg) column,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
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

#[cfg(test)]
mod tests {
    use crate::kernel::bf16::{pack_along, pack_rows, round};
    use crate::kernel::micro::{Block, Clamp, Contraction, Finish, Many, MicroKernel, WIDEST_PANEL};
    use crate::kernel::testing::{assert_close, normal};
    use crate::kernel::{Activation, Isa};

    /// A product of values: rows, terms and columns, and how many there are, each with an `a` and a `c` of its own.
    struct Product {
        sizes: [usize; 3],
        many: usize,
        a: Vec<f32>,
        b: Vec<f32>,
        bias: Vec<f32>,
        c: Vec<f32>,
    }

    /// Elements of `c` between two rows of it that belong to nobody.
    const GAP: usize = 5;

    impl Product {
        fn of(sizes: [usize; 3], many: usize) -> Self {
            let [height, depth, width] = sizes;
            let [a, b, c] = [many * height * depth, depth * width, many * height * (width + GAP)];
            let bias = normal("bias", WIDEST_PANEL);
            Self { sizes, many, a: normal("a", a), b: normal("b", b), bias, c: normal("c", c) }
        }

        /// What every element of `c` has to be.
        fn wanted(&self, finish: Finish<'_>) -> Vec<f64> {
            let [_, depth, width] = self.sizes;
            let place = |at: usize| (at / (width + GAP), at % (width + GAP));
            let of = |(at, c): (usize, &f32)| {
                let (row, column) = place(at);
                if column >= width {
                    return f64::from(*c);
                }
                let product =
                    |k| f64::from(round(self.a[row * depth + k])) * f64::from(round(self.b[k * width + column]));
                let sum: f64 = (0..depth).map(product).sum();
                match finish {
                    Finish::Add => sum + f64::from(*c),
                    Finish::Store { bias, residual, clamp } => {
                        let before = bias.map_or(0.0, |bias| bias[column]) + if residual { *c } else { 0.0 };
                        (sum + f64::from(before)).max(f64::from(clamp.floor)).min(f64::from(clamp.ceiling))
                    }
                }
            };
            self.c.iter().enumerate().map(of).collect()
        }

        /// The same by the unit, the sum over so many runs.
        fn computed(&self, runs: usize, finish: Finish<'_>) -> Vec<f32> {
            let [height, depth, width] = self.sizes;
            let pairs = depth / 2;
            let (mut a, mut b) = (vec![0.0; self.a.len() / 2], vec![0.0; pairs * width]);
            pack_along(Isa::Amx, depth, &self.a, &mut a);
            pack_rows(Isa::Amx, &self.b, [depth, width], width, &mut b, width);
            let run = pairs / runs;
            let by = Contraction { extent: [1, runs, run], a: [0, run, 1], b: [0, run * width, width] };
            let block = Block { height, width, a_lane: pairs, c_lane: width + GAP };
            let many = Many { count: self.many, apart: [height * pairs, 0, height * (width + GAP)] };
            let mut c = self.c.clone();
            MicroKernel::of_pairs(Isa::Amx).run_each(many, &by, block, &a, &b, finish, &mut c);
            c
        }
    }

    #[test]
    fn tiles_of_every_size_make_the_product_and_touch_nothing_else() {
        if !Isa::Amx.is_available() {
            return;
        }
        // The last sums are longer than what is summed at once, of whole tiles and with ends of runs.
        let depths = [(2, 1), (12, 2), (32, 1), (36, 1), (74, 1), (144, 2), (222, 3), (4160, 1), (4500, 2), (9600, 3)];
        for (index, (depth, runs)) in depths.into_iter().enumerate() {
            for (at, width) in [1, 8, 15, 16, 17, 24, 31, 32].into_iter().enumerate() {
                let height = [1, 7, 16, 17, 31, 33, 48, 50][(index + at) % 8];
                let product = Product::of([height, depth, width], 1 + (index + at) % 4);
                let (bias, clamp) = (Some(&product.bias[..]), Clamp::of(Activation::Relu6).expect("a clamp"));
                let finishes = [
                    Finish::Add,
                    Finish::Store { bias: None, residual: false, clamp: Clamp::NONE },
                    Finish::Store { bias, residual: false, clamp },
                    Finish::Store { bias, residual: true, clamp },
                    Finish::Store { bias: None, residual: true, clamp: Clamp::NONE },
                ];
                for finish in finishes {
                    let size = (depth as f64).sqrt();
                    let what = format!("{height}x{depth}x{width}, {finish:?}");
                    assert_close(&product.computed(runs, finish), &product.wanted(finish), 2e-6 * size, &what);
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_number_passes_a_clamp() {
        if !Isa::Amx.is_available() {
            return;
        }
        let mut product = Product::of([20, 40, 24], 1);
        product.a[3 * 40] = f32::NAN;
        let finish = Finish::Store { bias: None, residual: false, clamp: Clamp { floor: 0.0, ceiling: 6.0 } };
        let c = product.computed(1, finish);
        assert!(c[3 * (24 + GAP)..][..24].iter().all(|value| value.is_nan()));
        assert!(c[..3 * (24 + GAP)].iter().all(|value| !value.is_nan()));
    }
}
