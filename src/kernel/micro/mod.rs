//! The micro-kernel that convolutions, their gradients and dense layers share: a small product held in registers.
//!
//! All of them are c[i][o] = Σₖ a[i, k] · b[k, o] with `o` contiguous in `b` and `c`, and differ in where the next `i`
//! and the next `k` are found. For a forward convolution `i` runs over pixels and `k` over taps and channels; for a
//! weight gradient `i` runs over taps and channels and `k` over pixels. The micro-kernel knows strides, not layers.
//! Source of the scheme: Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD
//! architectures", SC 2018.

#[cfg(target_arch = "x86_64")]
mod amx;
mod peak;
mod simd;
mod sparse;
mod taps;
mod tile;
mod transform;
mod window;

use super::memory::LINE;
use super::{Activation, Isa};
#[cfg(target_arch = "x86_64")]
use amx::fits as unit_takes;
pub use peak::peak;
use simd::Simd;
pub(super) use sparse::{Lists, SparseKernel};
pub(super) use taps::{TAPS, TapTransform};
pub(super) use transform::{Adjoint, INPUT, OUTPUT, PRODUCTS, Tile, Transform};
pub(super) use window::{Map, WindowKernel, Windows};

/// Whether the matrix unit takes a contraction; there is none.
#[cfg(not(target_arch = "x86_64"))]
fn unit_takes(_: &Contraction) -> bool {
    false
}

/// Channels of a panel, two registers, of the widest instruction set.
pub(in crate::kernel) const WIDEST_PANEL: usize = 32;

/// Asks for the cache lines of what is read soon.
pub(super) fn prefetch(soon: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    use simd::Avx512 as Machine;
    #[cfg(not(target_arch = "x86_64"))]
    use simd::Portable as Machine;
    for line in soon.chunks(LINE) {
        Machine::prefetch(line.as_ptr());
    }
}

/// Three nested loops over `k`, the innermost last, and what each adds to the offset in either operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contraction {
    /// Trips of each loop.
    pub extent: [usize; 3],
    /// Strides in `a`.
    pub a: [usize; 3],
    /// Strides in `b`.
    pub b: [usize; 3],
}

impl Contraction {
    /// One loop.
    pub fn flat(extent: usize, a: usize, b: usize) -> Self {
        Self { extent: [1, 1, extent], a: [0, 0, a], b: [0, 0, b] }
    }

    fn is_empty(&self) -> bool {
        self.extent.contains(&0)
    }

    /// The offset of the last `k`.
    fn reach(&self, strides: [usize; 3]) -> usize {
        self.extent.iter().zip(strides).map(|(&extent, stride)| (extent - 1) * stride).sum()
    }
}

/// Which part of `c` is computed, and the strides from one of its rows to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Rows.
    pub height: usize,
    /// Elements of a row, at most a panel's.
    pub width: usize,
    /// Stride in `a`.
    pub a_lane: usize,
    /// Stride in `c`.
    pub c_lane: usize,
}

/// How many products are computed, and how far those that follow one another lie apart in `a`, `b` and `c`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Many {
    pub count: usize,
    pub apart: [usize; 3],
}

const ONE: Many = Many { count: 1, apart: [0; 3] };

/// What a row of `b` is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// One element of `a`.
    Broadcast,
    /// As many elements of `a`, each by each.
    Elementwise,
}

/// What becomes of a sum.
#[derive(Clone, Copy, Debug)]
pub(super) enum Finish<'a> {
    /// It replaces `c`, after a bias (a whole panel of it) and, as a residual, what `c` held are added and the clamp is
    /// applied.
    Store { bias: Option<&'a [f32]>, residual: bool, clamp: Clamp },
    /// It is added to `c`.
    Add,
}

/// An activation that costs nothing at the store: min(ceiling, max(floor, x)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clamp {
    pub floor: f32,
    pub ceiling: f32,
}

impl Clamp {
    /// Changes nothing.
    pub const NONE: Self = Self { floor: f32::NEG_INFINITY, ceiling: f32::INFINITY };

    /// The activation as a clamp; `None` where it is not one and needs a pass of its own.
    pub fn of(activation: Activation) -> Option<Self> {
        match activation {
            Activation::Identity => Some(Self::NONE),
            Activation::Relu => Some(Self { floor: 0.0, ..Self::NONE }),
            Activation::Relu6 => Some(Self { floor: 0.0, ceiling: 6.0 }),
            _ => None,
        }
    }
}

/// The micro-kernel of an instruction set. That there is one means that the machine has the instruction set.
#[derive(Clone, Copy)]
pub(super) struct MicroKernel {
    lanes: usize,
    run: tile::Run,
    /// Whether a matrix unit takes what lies in its order.
    by_unit: bool,
}

impl MicroKernel {
    /// # Panics
    ///
    /// If the machine does not have `isa`.
    pub fn of(isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        let run: tile::Run = match isa {
            Isa::Portable => tile::portable::run,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => tile::avx2::run,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => tile::avx512::run,
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unreachable!("available nowhere else"),
        };
        Self { lanes: lanes(isa), run, by_unit: false }
    }

    /// The one whose `a` and `b` hold a pair of bf16 in each element, the first in the lower half: sums are over both.
    ///
    /// # Panics
    ///
    /// If the machine does not have `isa`.
    pub fn of_pairs(isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        let run: tile::Run = match isa {
            Isa::Portable => tile::portable_pairs::run,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => tile::avx2_pairs::run,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => tile::avx512_pairs::run,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Bf16 | Isa::Amx => tile::avx512_bf16::run,
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unreachable!("available nowhere else"),
        };
        Self { lanes: lanes(isa), run, by_unit: isa == Isa::Amx }
    }

    /// Elements of `b` that a block of this width reads from each `k`: whole registers.
    pub fn read_width(&self, width: usize) -> usize {
        width.next_multiple_of(self.lanes)
    }

    /// Computes a block of a product: c[i, o] = Σₖ a[i, k] · b[k, o], for i below `height` and o below `width`.
    ///
    /// # Panics
    ///
    /// If the block is wider than a panel, or an operand ends before the last element that the block needs. Of `b` and
    /// of a bias whole registers are read, of `c` only the block's elements are touched.
    pub fn run(&self, by: &Contraction, block: Block, a: &[f32], b: &[f32], finish: Finish<'_>, c: &mut [f32]) {
        self.checked(Left::Broadcast, ONE, by, block, a, b, finish, c);
    }

    /// Computes `many` products of one shape.
    ///
    /// # Panics
    ///
    /// As `run`, for the last one.
    #[allow(clippy::too_many_arguments, reason = "the operands of a product, and how many there are")]
    pub fn run_each(
        &self,
        many: Many,
        by: &Contraction,
        block: Block,
        a: &[f32],
        b: &[f32],
        finish: Finish<'_>,
        c: &mut [f32],
    ) {
        self.checked(Left::Broadcast, many, by, block, a, b, finish, c);
    }

    /// Computes c[i, o] = Σₖ a[i, k, o] · b[k, o], where o lies in a run in `a` too.
    ///
    /// # Panics
    ///
    /// As `run`; of `a` whole registers are read.
    pub fn run_elementwise(
        &self,
        by: &Contraction,
        block: Block,
        a: &[f32],
        b: &[f32],
        finish: Finish<'_>,
        c: &mut [f32],
    ) {
        self.checked(Left::Elementwise, ONE, by, block, a, b, finish, c);
    }

    #[allow(clippy::too_many_arguments, reason = "the operands of a product")]
    fn checked(
        &self,
        left: Left,
        many: Many,
        by: &Contraction,
        block: Block,
        a: &[f32],
        b: &[f32],
        finish: Finish<'_>,
        c: &mut [f32],
    ) {
        if block.height == 0 || block.width == 0 || many.count == 0 {
            return;
        }
        // Saturating, since a product that wraps would let a place far outside pass.
        let last = many.apart.map(|apart| (many.count - 1).saturating_mul(apart));
        let within = |reach: usize, last: usize, len: usize| last.saturating_add(reach) <= len;
        let read_width = self.read_width(block.width);
        // The matrix unit reads no more than there is.
        let by_unit = self.by_unit && left == Left::Broadcast && unit_takes(by);
        let read_width = if by_unit { block.width } else { read_width };
        assert!(read_width <= 2 * self.lanes, "a block of {} columns is wider than a panel", block.width);
        let last_row = block.height - 1;
        assert!(within(last_row * block.c_lane + block.width, last[2], c.len()), "the block reaches beyond c");
        if !by.is_empty() {
            let a_width = if left == Left::Elementwise { read_width } else { 1 };
            let reach = last_row * block.a_lane + by.reach(by.a) + a_width;
            assert!(within(reach, last[0], a.len()), "the block reaches beyond a");
            assert!(within(by.reach(by.b) + read_width, last[1], b.len()), "the block reaches beyond b");
        }
        if let Finish::Store { bias: Some(bias), .. } = finish {
            assert!(read_width <= bias.len(), "the bias is no whole panel");
        }
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        #[cfg(target_arch = "x86_64")]
        if by_unit {
            // SAFETY: as below.
            return unsafe { amx::run(many, by, block, a, b, finish, c) };
        }
        // SAFETY: `of` has checked the instruction set. Offsets grow with every index, so the last ones, asserted above to be
        // inside the slices, bound all; `c` is borrowed exclusively. Where nothing is contracted neither `a` nor `b` is read,
        // wherever they point.
        unsafe { (self.run)(left, many, by, block, a, b, finish, c) };
    }
}

fn lanes(isa: Isa) -> usize {
    match isa {
        Isa::Portable => simd::Portable::LANES,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => simd::Avx2::LANES,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => simd::Avx512::LANES,
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => simd::Portable::LANES,
    }
}

/// A run of output channels that one block computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Panel {
    /// The first channel.
    pub start: usize,
    /// Channels.
    pub width: usize,
}

/// How channels are cut into panels of two registers; the last one may be narrower.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panels {
    channels: usize,
    full: usize,
}

impl Panels {
    /// The panels of that many channels.
    pub fn of(isa: Isa, channels: usize) -> Self {
        Self { channels, full: 2 * lanes(isa) }
    }

    /// Channels of a whole panel.
    pub fn full(&self) -> usize {
        self.full
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.channels.div_ceil(self.full)
    }

    /// Each in turn.
    pub fn iter(self) -> impl Iterator<Item = Panel> {
        (0..self.count()).map(move |index| self.at(index))
    }

    /// The one at `index`.
    pub fn at(&self, index: usize) -> Panel {
        let start = index * self.full;
        Panel { start, width: self.full.min(self.channels - start) }
    }
}
