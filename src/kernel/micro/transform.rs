//! The transforms of Winograd's minimal filtering F(4×4, 3×3): tiles of 6×6 inputs and of 4×4 outputs, a register of
//! channels at a time.
//!
//! Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A with the points 0, ±1, ±2 and ∞. Source: Lavin and Gray, "Fast algorithms for convolutional
//! neural networks", CVPR 2016. As the micro-kernel, this knows offsets, not layers.

use super::simd::Simd;
use super::{Clamp, Isa};

/// Side of a tile of inputs.
pub(in crate::kernel) const INPUT: usize = 6;
/// Side of a tile of outputs.
pub(in crate::kernel) const OUTPUT: usize = 4;
/// Elements of a tile of inputs, and products a channel.
pub(in crate::kernel) const PRODUCTS: usize = INPUT * INPUT;

/// Bᵀ: one row of six of the transformed input.
#[inline(always)]
unsafe fn input_row<S: Simd>(d: [S::Register; INPUT]) -> [S::Register; INPUT] {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        let c = |value: f32| S::splat(value);
        let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(c(factor), a, b);
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

/// Aᵀ: one column of four of the output.
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

/// A: six of one column of four gradients, the transpose of [`output_row`].
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
unsafe fn adjoint<S: Simd>(d: *const f32, row: usize, pixel: usize, m: *mut f32, plane: usize) {
    // SAFETY: the caller vouches for the instruction set, for a register at each of the 16 places of `d` and at each of the
    // 36 places of `m`.
    unsafe {
        let mut columns = [[S::splat(0.0); INPUT]; OUTPUT];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut four = [S::splat(0.0); OUTPUT];
            for (r, value) in four.iter_mut().enumerate() {
                *value = S::load(d.add(r * row + column * pixel));
            }
            *to = adjoint_row::<S>(four);
        }
        for r in 0..INPUT {
            let mut four = [S::splat(0.0); OUTPUT];
            for (value, column) in four.iter_mut().zip(&columns) {
                *value = column[r];
            }
            for (column, value) in adjoint_row::<S>(four).into_iter().enumerate() {
                S::store(m.add((r * INPUT + column) * plane), value);
            }
        }
    }
}

/// Tiles ahead of the one that is transformed, whose inputs are asked for: rows of a map are too far apart for the
/// processor to foresee them.
const AHEAD: usize = 2;

/// Bᵀ d B for one register of channels: `d` + r·row + c·pixel to `v` + p·plane.
#[inline(always)]
unsafe fn input<S: Simd>(d: *const f32, row: usize, pixel: usize, v: *mut f32, plane: usize) {
    // SAFETY: the caller vouches for the instruction set and for a register at each of the 36 places of both.
    unsafe {
        let mut columns = [[S::splat(0.0); INPUT]; INPUT];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut six = [S::splat(0.0); INPUT];
            for (r, value) in six.iter_mut().enumerate() {
                let from = d.add(r * row + column * pixel);
                *value = S::load(from);
                if column < OUTPUT {
                    S::prefetch(from.wrapping_add(AHEAD * OUTPUT * pixel));
                }
            }
            *to = input_row::<S>(six);
        }
        for r in 0..INPUT {
            let mut six = [S::splat(0.0); INPUT];
            for (value, column) in six.iter_mut().zip(&columns) {
                *value = column[r];
            }
            for (column, value) in input_row::<S>(six).into_iter().enumerate() {
                S::store(v.add((r * INPUT + column) * plane), value);
            }
        }
    }
}

/// Aᵀ m A, the bias, what `y` holds where `residual` asks for it, and the clamp for one register of channels: `m` + p·plane
/// to `y` + r·row + c·pixel.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "two operands with their strides")]
unsafe fn output<S: Simd>(
    m: *const f32,
    plane: usize,
    bias: *const f32,
    residual: bool,
    clamp: Clamp,
    y: *mut f32,
    row: usize,
    pixel: usize,
) {
    // SAFETY: the caller vouches for the instruction set, for a register at each of the 36 places of `m`, at the bias and
    // at each of the 16 places of `y`.
    unsafe {
        let mut columns = [[S::splat(0.0); OUTPUT]; INPUT];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut six = [S::splat(0.0); INPUT];
            for (r, value) in six.iter_mut().enumerate() {
                *value = S::load(m.add((r * INPUT + column) * plane));
            }
            *to = output_row::<S>(six);
        }
        let (bias, floor, ceiling) = (S::load(bias), S::splat(clamp.floor), S::splat(clamp.ceiling));
        for r in 0..OUTPUT {
            let mut six = [S::splat(0.0); INPUT];
            for (value, column) in six.iter_mut().zip(&columns) {
                *value = column[r];
            }
            for (column, value) in output_row::<S>(six).into_iter().enumerate() {
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
    lanes: usize,
    input: Input,
    output: Output,
    adjoint: Input,
}

impl Transform {
    /// # Panics
    ///
    /// If the machine does not have `isa`.
    pub fn of(isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        match isa {
            Isa::Portable => portable::transform(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::transform(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => avx512::transform(),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unreachable!("available nowhere else"),
        }
    }

    /// Channels that are transformed at a time.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// v[block·apart + p·plane ..] = (Bᵀ d B)[p], p below 36, for each block, a register of the `channels` channels of the
    /// tile d[r·row + c·pixel ..].
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
        assert!((INPUT - 1) * (row + pixel) + channels <= d.len(), "the tile reaches beyond the input");
        let last = (PRODUCTS - 1) * plane + blocks.saturating_sub(1) * apart;
        assert!(last + self.lanes <= v.len(), "the tile reaches beyond its place");
        for block in 0..blocks {
            // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
            unsafe {
                let (d, v) = (d.as_ptr().add(block * self.lanes), v.as_mut_ptr().add(block * apart));
                (self.input)(d, row, pixel, v, plane);
            }
        }
    }

    /// m[p·plane ..] = (A d Aᵀ)[p], p below 36, for one register of filters of the tile d[r·row + c·pixel ..] of gradients.
    ///
    /// # Panics
    ///
    /// If an operand ends too early.
    pub fn adjoint(&self, d: &[f32], row: usize, pixel: usize, m: &mut [f32], plane: usize) {
        assert!((OUTPUT - 1) * (row + pixel) + self.lanes <= d.len(), "the tile reaches beyond the gradient");
        assert!((PRODUCTS - 1) * plane + self.lanes <= m.len(), "the tile reaches beyond its place");
        // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
        unsafe { (self.adjoint)(d.as_ptr(), row, pixel, m.as_mut_ptr(), plane) }
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
        assert!((PRODUCTS - 1) * plane + self.lanes <= m.len(), "the tile reaches beyond its place");
        assert!(self.lanes <= bias.len(), "the bias is no whole register");
        assert!((OUTPUT - 1) * (row + pixel) + self.lanes <= y.len(), "the tile reaches beyond the output");
        // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
        unsafe { (self.output)(m.as_ptr(), plane, bias.as_ptr(), residual, clamp, y.as_mut_ptr(), row, pixel) }
    }
}

macro_rules! instance {
    ($name:ident, $simd:ty $(, $features:literal)?) => {
        mod $name {
            use super::{Clamp, Simd, Transform};

            $(#[target_feature(enable = $features)])?
            unsafe fn input(d: *const f32, row: usize, pixel: usize, v: *mut f32, plane: usize) {
                // SAFETY: forwarded from the caller.
                unsafe { super::input::<$simd>(d, row, pixel, v, plane) }
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn adjoint(d: *const f32, row: usize, pixel: usize, m: *mut f32, plane: usize) {
                // SAFETY: forwarded from the caller.
                unsafe { super::adjoint::<$simd>(d, row, pixel, m, plane) }
            }

            $(#[target_feature(enable = $features)])?
            #[allow(clippy::too_many_arguments, reason = "two operands with their strides")]
            unsafe fn output(
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
                unsafe { super::output::<$simd>(m, plane, bias, residual, clamp, y, row, pixel) }
            }

            pub(super) fn transform() -> Transform {
                Transform { lanes: <$simd>::LANES, input, output, adjoint }
            }
        }
    };
}

instance!(portable, crate::kernel::micro::simd::Portable);
#[cfg(target_arch = "x86_64")]
instance!(avx2, crate::kernel::micro::simd::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx512, crate::kernel::micro::simd::Avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");
