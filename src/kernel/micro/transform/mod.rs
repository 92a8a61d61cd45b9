//! The transforms of Winograd's minimal filtering F(4×4, 3×3) and F(6×6, 3×3): tiles of 6×6 or 8×8 inputs and of 4×4 or 6×6
//! outputs, a register of channels at a time.
//!
//! Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A. Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016. As the
//! micro-kernel, this knows offsets, not layers.

mod four;
mod six;

pub(in crate::kernel) use four::{INPUT, OUTPUT, PRODUCTS};

use std::mem::MaybeUninit;

use super::simd::Simd;
use super::{Clamp, Isa};

/// A size of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernel) enum Tile {
    /// 4×4 outputs of 6×6 inputs.
    Four,
    /// 6×6 outputs of 8×8 inputs.
    Six,
}

impl Tile {
    /// The one with so many outputs a side.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub const fn of(output: usize) -> Self {
        match output {
            OUTPUT => Self::Four,
            six::OUTPUT => Self::Six,
            _ => panic!("there are no such tiles"),
        }
    }

    /// Side of a tile of outputs.
    pub const fn output(self) -> usize {
        match self {
            Self::Four => OUTPUT,
            Self::Six => six::OUTPUT,
        }
    }

    /// Side of a tile of inputs.
    pub const fn input(self) -> usize {
        match self {
            Self::Four => INPUT,
            Self::Six => six::INPUT,
        }
    }

    /// Elements of a tile of inputs, and products a channel.
    pub const fn products(self) -> usize {
        self.input() * self.input()
    }
}

/// The rows of the transforms between `I` inputs and `O` outputs.
trait Minimal<const I: usize, const O: usize> {
    /// Bᵀ: one row of the transformed input.
    unsafe fn input_row<S: Simd>(d: [S::Register; I]) -> [S::Register; I];

    /// Aᵀ: one column of the output.
    unsafe fn output_row<S: Simd>(m: [S::Register; I]) -> [S::Register; O];
}

/// Tiles ahead of the one that is transformed, whose inputs are asked for: rows of a map are too far apart for the
/// processor to foresee them.
const AHEAD: usize = 2;

/// Bᵀ d B for one register of channels: `d` + r·row + c·pixel to `v` + p·plane.
#[inline(always)]
unsafe fn input<S: Simd, F: Minimal<I, O>, const I: usize, const O: usize>(
    d: *const f32,
    row: usize,
    pixel: usize,
    v: *mut f32,
    plane: usize,
) {
    // SAFETY: the caller vouches for the instruction set and for a register at each of the I×I places of both; every column
    // is written before it is read.
    unsafe {
        let mut columns = [const { MaybeUninit::<[S::Register; I]>::uninit() }; I];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut values = [S::splat(0.0); I];
            for (r, value) in values.iter_mut().enumerate() {
                let from = d.add(r * row + column * pixel);
                *value = S::load(from);
                if column < O {
                    S::prefetch(from.wrapping_add(AHEAD * O * pixel));
                }
            }
            to.write(F::input_row::<S>(values));
        }
        for r in 0..I {
            let mut values = [S::splat(0.0); I];
            for (value, column) in values.iter_mut().zip(&columns) {
                *value = column.assume_init_ref()[r];
            }
            for (column, value) in F::input_row::<S>(values).into_iter().enumerate() {
                S::store(v.add((r * I + column) * plane), value);
            }
        }
    }
}

/// Aᵀ m A, the bias, what `y` holds where `residual` asks for it, and the clamp for one register of channels: `m` + p·plane
/// to `y` + r·row + c·pixel.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "two operands with their strides")]
unsafe fn output<S: Simd, F: Minimal<I, O>, const I: usize, const O: usize>(
    m: *const f32,
    plane: usize,
    bias: *const f32,
    residual: bool,
    clamp: Clamp,
    y: *mut f32,
    row: usize,
    pixel: usize,
) {
    // SAFETY: the caller vouches for the instruction set, for a register at each of the I×I places of `m`, at the bias and
    // at each of the O×O places of `y`; every column is written before it is read.
    unsafe {
        let mut columns = [const { MaybeUninit::<[S::Register; O]>::uninit() }; I];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut values = [S::splat(0.0); I];
            for (r, value) in values.iter_mut().enumerate() {
                *value = S::load(m.add((r * I + column) * plane));
            }
            to.write(F::output_row::<S>(values));
        }
        let (bias, floor, ceiling) = (S::load(bias), S::splat(clamp.floor), S::splat(clamp.ceiling));
        for r in 0..O {
            let mut values = [S::splat(0.0); I];
            for (value, column) in values.iter_mut().zip(&columns) {
                *value = column.assume_init_ref()[r];
            }
            for (column, value) in F::output_row::<S>(values).into_iter().enumerate() {
                let to = y.add(r * row + column * pixel);
                let value = S::add(value, bias);
                let value = if residual { S::add(value, S::load(to)) } else { value };
                // The order of the operands keeps what is not a number.
                S::store(to, S::min(ceiling, S::max(floor, value)));
            }
        }
    }
}

type Input = unsafe fn(*const f32, usize, usize, *mut f32, usize);
type Output = unsafe fn(*const f32, usize, *const f32, bool, Clamp, *mut f32, usize, usize);

/// The transforms of an instruction set. That there is one means that the machine has the instruction set.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Transform {
    tile: Tile,
    lanes: usize,
    input: Input,
    output: Output,
}

impl Transform {
    /// # Panics
    ///
    /// If the machine does not have `isa`.
    pub fn of(isa: Isa, tile: Tile) -> Self {
        Functions::of(isa).transform(tile)
    }

    /// The size of its tiles.
    pub fn tile(&self) -> Tile {
        self.tile
    }

    /// Channels that are transformed at a time.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// v[block·apart + p·plane ..] = (Bᵀ d B)[p], for each product p and each block, a register of the `channels` channels of
    /// the tile d[r·row + c·pixel ..].
    ///
    /// # Panics
    ///
    /// If `channels` is no whole number of registers, or an operand ends too early.
    #[allow(clippy::too_many_arguments, reason = "two operands with their strides")]
    pub fn input(
        &self,
        channels: usize,
        d: &[f32],
        row: usize,
        pixel: usize,
        v: &mut [f32],
        plane: usize,
        apart: usize,
    ) {
        assert!(channels.is_multiple_of(self.lanes), "{channels} channels are no whole registers");
        let blocks = channels / self.lanes;
        assert!((self.tile.input() - 1) * (row + pixel) + channels <= d.len(), "the tile reaches beyond the input");
        let last = (self.tile.products() - 1) * plane + blocks.saturating_sub(1) * apart;
        assert!(last + self.lanes <= v.len(), "the tile reaches beyond its place");
        for block in 0..blocks {
            // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
            unsafe {
                let (d, v) = (d.as_ptr().add(block * self.lanes), v.as_mut_ptr().add(block * apart));
                (self.input)(d, row, pixel, v, plane);
            }
        }
    }

    /// y[r·row + c·pixel ..] = clamp((Aᵀ m A) + bias), or, with a residual, clamp((Aᵀ m A) + bias + y), for one register of
    /// channels of m[p·plane ..].
    ///
    /// # Panics
    ///
    /// If an operand ends too early.
    #[allow(clippy::too_many_arguments, reason = "two operands with their strides")]
    pub fn output(
        &self,
        m: &[f32],
        plane: usize,
        bias: &[f32],
        residual: bool,
        clamp: Clamp,
        y: &mut [f32],
        row: usize,
        pixel: usize,
    ) {
        assert!((self.tile.products() - 1) * plane + self.lanes <= m.len(), "the tile reaches beyond its place");
        assert!(self.lanes <= bias.len(), "the bias is no whole register");
        assert!((self.tile.output() - 1) * (row + pixel) + self.lanes <= y.len(), "the tile reaches beyond the output");
        // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
        unsafe { (self.output)(m.as_ptr(), plane, bias.as_ptr(), residual, clamp, y.as_mut_ptr(), row, pixel) }
    }
}

/// What makes 36 of 4×4 gradients, for weight gradients. That there is one means that the machine has the instruction set.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Adjoint {
    lanes: usize,
    run: Input,
}

impl Adjoint {
    /// # Panics
    ///
    /// If the machine does not have `isa`.
    pub fn of(isa: Isa) -> Self {
        let Functions { lanes, adjoint, .. } = Functions::of(isa);
        Self { lanes, run: adjoint }
    }

    /// m[p·plane ..] = (A d Aᵀ)[p], p below 36, for one register of filters of the tile d[r·row + c·pixel ..] of gradients.
    ///
    /// # Panics
    ///
    /// If an operand ends too early.
    pub fn apply(&self, d: &[f32], row: usize, pixel: usize, m: &mut [f32], plane: usize) {
        assert!((OUTPUT - 1) * (row + pixel) + self.lanes <= d.len(), "the tile reaches beyond the gradient");
        assert!((PRODUCTS - 1) * plane + self.lanes <= m.len(), "the tile reaches beyond its place");
        // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
        unsafe { (self.run)(d.as_ptr(), row, pixel, m.as_mut_ptr(), plane) }
    }
}

/// All of an instruction set.
struct Functions {
    lanes: usize,
    input: [Input; 2],
    output: [Output; 2],
    adjoint: Input,
}

impl Functions {
    fn of(isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        match isa {
            Isa::Portable => portable::functions(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::functions(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => avx512::functions(),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unreachable!("available nowhere else"),
        }
    }

    fn transform(&self, tile: Tile) -> Transform {
        let at = tile as usize;
        Transform { tile, lanes: self.lanes, input: self.input[at], output: self.output[at] }
    }
}

macro_rules! instance {
    ($name:ident, $simd:ty $(, $features:literal)?) => {
        mod $name {
            use super::{Clamp, Functions, Minimal, Simd, four, six};

            $(#[target_feature(enable = $features)])?
            unsafe fn input<F: Minimal<I, O>, const I: usize, const O: usize>(
                d: *const f32,
                row: usize,
                pixel: usize,
                v: *mut f32,
                plane: usize,
            ) {
                // SAFETY: forwarded from the caller.
                unsafe { super::input::<$simd, F, I, O>(d, row, pixel, v, plane) }
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn adjoint(d: *const f32, row: usize, pixel: usize, m: *mut f32, plane: usize) {
                // SAFETY: forwarded from the caller.
                unsafe { four::adjoint::<$simd>(d, row, pixel, m, plane) }
            }

            $(#[target_feature(enable = $features)])?
            #[allow(clippy::too_many_arguments, reason = "two operands with their strides")]
            unsafe fn output<F: Minimal<I, O>, const I: usize, const O: usize>(
                m: *const f32,
                plane: usize,
                bias: *const f32,
                residual: bool,
                clamp: Clamp,
                y: *mut f32,
                row: usize,
                pixel: usize,
            ) {
                // SAFETY: forwarded from the caller.
                unsafe { super::output::<$simd, F, I, O>(m, plane, bias, residual, clamp, y, row, pixel) }
            }

            pub(super) fn functions() -> Functions {
                Functions {
                    lanes: <$simd>::LANES,
                    input: [input::<four::Four, _, _>, input::<six::Six, _, _>],
                    output: [output::<four::Four, _, _>, output::<six::Six, _, _>],
                    adjoint,
                }
            }
        }
    };
}

instance!(portable, crate::kernel::micro::simd::Portable);
#[cfg(target_arch = "x86_64")]
instance!(avx2, crate::kernel::micro::simd::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx512, crate::kernel::micro::simd::Avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");
