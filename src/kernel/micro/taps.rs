//! The transforms of a 3×3 kernel for F(4×4, 3×3), G g Gᵀ and, for its gradient, Gᵀ s G: a register of filters at a time.
//!
//! In single precision, as cheap as the transforms of the tiles, so that weights can be transformed anew wherever that is
//! less than fetching four times as many. As the micro-kernel, this knows offsets, not layers.

use super::simd::Simd;
use super::{INPUT, Isa, PRODUCTS};

/// Side of a kernel.
const KERNEL: usize = 3;
/// Weights of a kernel.
pub(in crate::kernel) const TAPS: usize = KERNEL * KERNEL;

/// G: six of one column of three weights.
#[inline(always)]
unsafe fn kernel_row<S: Simd>(g: [S::Register; KERNEL]) -> [S::Register; INPUT] {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        let times = |factor: f32, a: S::Register| S::multiply_add(S::splat(factor), a, S::splat(0.0));
        let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
        let [g0, g1, g2] = g;
        let near = times(-1.0 / 6.0, S::add(g0, g2));
        let far = plus(1.0 / 6.0, g2, times(1.0 / 24.0, g0));
        [
            times(0.25, g0),
            plus(-1.0 / 6.0, g1, near),
            plus(1.0 / 6.0, g1, near),
            plus(1.0 / 12.0, g1, far),
            plus(-1.0 / 12.0, g1, far),
            g2,
        ]
    }
}

/// Gᵀ: three of one column of six sums, the transpose of [`kernel_row`].
#[inline(always)]
unsafe fn gradient_row<S: Simd>(s: [S::Register; INPUT]) -> [S::Register; KERNEL] {
    // SAFETY: as above.
    unsafe {
        let times = |factor: f32, a: S::Register| S::multiply_add(S::splat(factor), a, S::splat(0.0));
        let plus = |factor: f32, a: S::Register, b: S::Register| S::multiply_add(S::splat(factor), a, b);
        let [s0, s1, s2, s3, s4, s5] = s;
        let (near, far) = (times(-1.0 / 6.0, S::add(s1, s2)), S::add(s3, s4));
        let (near_odd, far_odd) = (plus(-1.0, s1, s2), plus(-1.0, s4, s3));
        [
            plus(0.25, s0, plus(1.0 / 24.0, far, near)),
            plus(1.0 / 6.0, near_odd, times(1.0 / 12.0, far_odd)),
            S::add(plus(1.0 / 6.0, far, near), s5),
        ]
    }
}

/// G g Gᵀ for one register of filters: `g` + t·tap to `u` + p·plane.
#[inline(always)]
unsafe fn kernel<S: Simd>(g: *const f32, tap: usize, u: *mut f32, plane: usize) {
    // SAFETY: the caller vouches for the instruction set, for a register at each of the 9 places of `g` and at each of the
    // 36 places of `u`.
    unsafe {
        let mut columns = [[S::splat(0.0); INPUT]; KERNEL];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut three = [S::splat(0.0); KERNEL];
            for (r, value) in three.iter_mut().enumerate() {
                *value = S::load(g.add((r * KERNEL + column) * tap));
            }
            *to = kernel_row::<S>(three);
        }
        for r in 0..INPUT {
            let mut three = [S::splat(0.0); KERNEL];
            for (value, column) in three.iter_mut().zip(&columns) {
                *value = column[r];
            }
            for (column, value) in kernel_row::<S>(three).into_iter().enumerate() {
                S::store(u.add((r * INPUT + column) * plane), value);
            }
        }
    }
}

/// Gᵀ s G for one register of filters: `s` + p·plane to `g` + t·tap.
#[inline(always)]
unsafe fn gradient<S: Simd>(s: *const f32, plane: usize, g: *mut f32, tap: usize) {
    // SAFETY: the caller vouches for the instruction set, for a register at each of the 36 places of `s` and at each of the
    // 9 places of `g`.
    unsafe {
        let mut columns = [[S::splat(0.0); KERNEL]; INPUT];
        for (column, to) in columns.iter_mut().enumerate() {
            let mut six = [S::splat(0.0); INPUT];
            for (r, value) in six.iter_mut().enumerate() {
                *value = S::load(s.add((r * INPUT + column) * plane));
            }
            *to = gradient_row::<S>(six);
        }
        for r in 0..KERNEL {
            let mut six = [S::splat(0.0); INPUT];
            for (value, column) in six.iter_mut().zip(&columns) {
                *value = column[r];
            }
            for (column, value) in gradient_row::<S>(six).into_iter().enumerate() {
                S::store(g.add((r * KERNEL + column) * tap), value);
            }
        }
    }
}

/// From, its stride, to, its stride.
type Run = unsafe fn(*const f32, usize, *mut f32, usize);

/// The transforms of an instruction set. That there is one means that the machine has the instruction set.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct TapTransform {
    lanes: usize,
    kernel: Run,
    gradient: Run,
}

impl TapTransform {
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

    /// u[p·plane + at ..] = (G g Gᵀ)[p], p below 36, of each channel's weights [tap][filter], for `filters` of them, whole
    /// registers; channels lie one behind the other in `g`, and rows of `filters` in each place of `u`.
    ///
    /// # Panics
    ///
    /// If `filters` is no whole number of registers, `g` no whole number of channels, or `u` ends too early.
    pub fn kernels(&self, filters: usize, g: &[f32], u: &mut [f32], plane: usize) {
        assert!(filters.is_multiple_of(self.lanes), "{filters} filters are no whole registers");
        assert!(g.len().is_multiple_of((TAPS * filters).max(1)), "a channel lacks weights");
        assert!((PRODUCTS - 1) * plane + g.len() / TAPS <= u.len(), "the weights reach beyond their place");
        for (channel, g) in g.chunks_exact((TAPS * filters).max(1)).enumerate() {
            for start in (0..filters).step_by(self.lanes) {
                // SAFETY: `of` has checked the instruction set; `g` holds the taps of all filters, and the last places
                // of `u`, asserted above, bound all others.
                unsafe {
                    let u = u.as_mut_ptr().add(channel * filters + start);
                    (self.kernel)(g.as_ptr().add(start), filters, u, plane);
                }
            }
        }
    }

    /// g[tap·filters + at ..] = (Gᵀ s G)[tap] for `filters` filters, whole registers, of s[p·plane ..], p below 36.
    ///
    /// # Panics
    ///
    /// If `filters` is no whole number of registers, or an operand ends too early.
    pub fn gradients(&self, filters: usize, s: &[f32], plane: usize, g: &mut [f32]) {
        assert!(filters.is_multiple_of(self.lanes), "{filters} filters are no whole registers");
        assert!((PRODUCTS - 1) * plane + filters <= s.len(), "the sums reach beyond their place");
        assert!(TAPS * filters <= g.len(), "the gradient reaches beyond its place");
        for start in (0..filters).step_by(self.lanes) {
            // SAFETY: `of` has checked the instruction set; the last places, asserted above, bound all others.
            unsafe { (self.gradient)(s.as_ptr().add(start), plane, g.as_mut_ptr().add(start), filters) }
        }
    }
}

macro_rules! instance {
    ($name:ident, $simd:ty $(, $features:literal)?) => {
        mod $name {
            use super::{Simd, TapTransform};

            $(#[target_feature(enable = $features)])?
            unsafe fn kernel(g: *const f32, tap: usize, u: *mut f32, plane: usize) {
                // SAFETY: forwarded from the caller.
                unsafe { super::kernel::<$simd>(g, tap, u, plane) }
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn gradient(s: *const f32, plane: usize, g: *mut f32, tap: usize) {
                // SAFETY: forwarded from the caller.
                unsafe { super::gradient::<$simd>(s, plane, g, tap) }
            }

            pub(super) fn transform() -> TapTransform {
                TapTransform { lanes: <$simd>::LANES, kernel, gradient }
            }
        }
    };
}

instance!(portable, crate::kernel::micro::simd::Portable);
#[cfg(target_arch = "x86_64")]
instance!(avx2, crate::kernel::micro::simd::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx512, crate::kernel::micro::simd::Avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");
