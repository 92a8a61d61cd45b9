//! The matrix unit's registers: how they are configured, and the instructions that sum the products of tiles.

use std::arch::asm;

use super::{BYTES, Run};

/// The sizes of all tile registers, as the processor reads them.
#[repr(C, align(64))]
pub(super) struct Configuration {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl Configuration {
    /// Sums of `rows` rows and `columns` columns are in the first four registers, whole tiles of `a` and `b` in two, and those
    /// at the end of a run in two others.
    pub fn of(rows: usize, columns: usize, run: Run) -> Self {
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

/// Where the tiles of a product lie, in bytes from the first of `a` and of `b`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Step {
    pub a: usize,
    pub b: usize,
}

/// What one pass over the tiles reads and writes; strides and distances are in bytes.
#[repr(C)]
pub(super) struct Operands {
    /// What sums start from, with its stride, and from the first rows to the second ones.
    pub start: *const f32,
    pub start_stride: usize,
    pub start_apart: usize,
    pub c: *mut f32,
    pub c_stride: usize,
    pub c_apart: usize,
    pub whole: usize,
    pub rest: usize,
}

/// Two columns of tiles, or one.
pub(super) const TWO_COLUMNS: usize = 1;
/// Two rows of tiles, or one.
pub(super) const TWO_ROWS: usize = 2;

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
pub(super) unsafe fn tiles(
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
