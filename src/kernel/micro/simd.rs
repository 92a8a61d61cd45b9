//! The handful of vector operations that the micro-kernel is made of, for each instruction set.
//!
//! Every method compiles to one instruction (a few in the portable form). Methods are always inlined, so that their
//! instructions end up in the function that enables them.

/// Vectors of `f32` lanes.
///
/// # Safety
///
/// Methods may be called only where the instruction set is available; `load` and `store` access `LANES` elements.
pub(super) trait Simd {
    /// A vector register.
    type Register: Copy;
    /// Lanes of a register.
    const LANES: usize;
    /// Rows of the largest tile of accumulators, two registers a row, that leaves room for the operands.
    const HEIGHT: usize;
    /// Registers of a row of a sparse block, of which three rows leave room for the operands.
    const SPARSE_WIDTH: usize;

    unsafe fn splat(value: f32) -> Self::Register;
    unsafe fn load(from: *const f32) -> Self::Register;
    unsafe fn store(to: *mut f32, value: Self::Register);
    /// Asks for a cache line that is read soon; it may lie outside of what can be read.
    fn prefetch(from: *const f32);
    /// a·b + c.
    unsafe fn multiply_add(a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;
    unsafe fn add(a: Self::Register, b: Self::Register) -> Self::Register;
    /// The larger of the two; `b` where either is not a number.
    unsafe fn max(a: Self::Register, b: Self::Register) -> Self::Register;
    /// The smaller of the two; `b` where either is not a number.
    unsafe fn min(a: Self::Register, b: Self::Register) -> Self::Register;
}

/// Four lanes in plain Rust: what SSE2 and NEON hold in a register.
pub(super) struct Portable;

impl Simd for Portable {
    type Register = [f32; 4];
    const LANES: usize = 4;
    const HEIGHT: usize = 6;
    const SPARSE_WIDTH: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> [f32; 4] {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 4] {
        // SAFETY: the caller vouches for four elements; the read asks for no alignment beyond that of `f32`.
        unsafe { from.cast::<[f32; 4]>().read() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, value: [f32; 4]) {
        // SAFETY: the caller vouches for four elements; the write asks for no alignment beyond that of `f32`.
        unsafe { to.cast::<[f32; 4]>().write(value) }
    }

    #[inline(always)]
    fn prefetch(_: *const f32) {}

    #[inline(always)]
    unsafe fn multiply_add(a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    unsafe fn add(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    unsafe fn max(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    unsafe fn min(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] })
    }
}

/// The operations of an x86 instruction set by the names of its intrinsics.
macro_rules! x86 {
    ($name:ident, $register:ident, $lanes:literal x $height:literal, $sparse_width:literal, $splat:ident, $load:ident, $store:ident,
     $multiply_add:ident, $add:ident, $max:ident, $min:ident) => {
        pub struct $name;

        impl Simd for $name {
            type Register = $register;
            const LANES: usize = $lanes;
            const HEIGHT: usize = $height;
            const SPARSE_WIDTH: usize = $sparse_width;

            #[inline(always)]
            unsafe fn splat(value: f32) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> $register {
                // SAFETY: the caller vouches for the instruction set and the elements; the load is unaligned.
                unsafe { $load(from) }
            }

            #[inline(always)]
            unsafe fn store(to: *mut f32, value: $register) {
                // SAFETY: the caller vouches for the instruction set and the elements; the store is unaligned.
                unsafe { $store(to, value) }
            }

            #[inline(always)]
            fn prefetch(from: *const f32) {
                // SAFETY: every x86-64 processor has the instruction, which neither reads nor faults.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
            }

            #[inline(always)]
            unsafe fn multiply_add(a: $register, b: $register, c: $register) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $multiply_add(a, b, c) }
            }

            #[inline(always)]
            unsafe fn add(a: $register, b: $register) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $add(a, b) }
            }

            #[inline(always)]
            unsafe fn max(a: $register, b: $register) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $max(a, b) }
            }

            #[inline(always)]
            unsafe fn min(a: $register, b: $register) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $min(a, b) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::Simd;
    use std::arch::x86_64::*;

    x86!(
        Avx2, __m256, 8 x 6, 4, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps,
        _mm256_max_ps, _mm256_min_ps
    );
    x86!(
        Avx512, __m512, 16 x 12, 8, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps,
        _mm512_max_ps, _mm512_min_ps
    );
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::{Avx2, Avx512};
