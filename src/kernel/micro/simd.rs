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
    /// Rows of such a tile of [`Pairs`], whose operands take twice as many registers.
    const HEIGHT_OF_PAIRS: usize;
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
    /// The first of each lane's two bf16, its lower half, as `f32`.
    unsafe fn first(pair: Self::Register) -> Self::Register;
    /// The second of each lane's two bf16, its upper half, as `f32`.
    unsafe fn second(pair: Self::Register) -> Self::Register;
}

/// Four lanes in plain Rust: what SSE2 and NEON hold in a register.
pub(super) struct Portable;

impl Simd for Portable {
    type Register = [f32; 4];
    const LANES: usize = 4;
    const HEIGHT: usize = 6;
    const HEIGHT_OF_PAIRS: usize = 3;
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

    #[inline(always)]
    unsafe fn first(pair: [f32; 4]) -> [f32; 4] {
        pair.map(|lane| f32::from_bits(lane.to_bits() << 16))
    }

    #[inline(always)]
    unsafe fn second(pair: [f32; 4]) -> [f32; 4] {
        pair.map(|lane| f32::from_bits(lane.to_bits() & 0xFFFF_0000))
    }
}

/// The registers of `S` with a pair of bf16 in every lane of the factors: a·b + c is a₁·b₁ + (a₂·b₂ + c), as VDPBF16PS has
/// it, by two multiplications of `f32`. Sums are `f32`.
pub(super) struct Pairs<S>(std::marker::PhantomData<S>);

/// Takes everything but the product from other registers.
macro_rules! same_but_the_product {
    ($other:ty) => {
        type Register = <$other as Simd>::Register;
        const LANES: usize = <$other>::LANES;
        const SPARSE_WIDTH: usize = <$other>::SPARSE_WIDTH;
        const HEIGHT_OF_PAIRS: usize = <$other>::HEIGHT_OF_PAIRS;

        same_but_the_product! {
            $other: splat(value: f32) load(from: *const f32) add(a: Self::Register, b: Self::Register)
            max(a: Self::Register, b: Self::Register) min(a: Self::Register, b: Self::Register)
            first(pair: Self::Register) second(pair: Self::Register)
        }

        #[inline(always)]
        unsafe fn store(to: *mut f32, value: Self::Register) {
            // SAFETY: forwarded from the caller.
            unsafe { <$other>::store(to, value) }
        }

        #[inline(always)]
        fn prefetch(from: *const f32) {
            <$other>::prefetch(from);
        }
    };
    ($other:ty: $($name:ident($($of:ident: $type:ty),*))*) => {$(
        #[inline(always)]
        unsafe fn $name($($of: $type),*) -> Self::Register {
            // SAFETY: forwarded from the caller.
            unsafe { <$other>::$name($($of),*) }
        }
    )*};
}

impl<S: Simd> Simd for Pairs<S> {
    same_but_the_product!(S);
    const HEIGHT: usize = S::HEIGHT_OF_PAIRS;

    #[inline(always)]
    unsafe fn multiply_add(a: S::Register, b: S::Register, c: S::Register) -> S::Register {
        // SAFETY: forwarded from the caller.
        unsafe {
            let sum = S::multiply_add(S::second(a), S::second(b), c);
            S::multiply_add(S::first(a), S::first(b), sum)
        }
    }
}

/// The operations of an x86 instruction set by the names of its intrinsics.
macro_rules! x86 {
    ($name:ident, $register:ident, $lanes:literal x $height:literal or $height_of_pairs:literal, $sparse_width:literal,
     $splat:ident, $load:ident, $store:ident, $multiply_add:ident, $add:ident, $max:ident, $min:ident,
     $bits:ident, $value:ident, $shift:ident, $and:ident, $whole:ident) => {
        pub struct $name;

        impl Simd for $name {
            type Register = $register;
            const LANES: usize = $lanes;
            const HEIGHT: usize = $height;
            const HEIGHT_OF_PAIRS: usize = $height_of_pairs;
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

            #[inline(always)]
            unsafe fn first(pair: $register) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $value($shift::<16>($bits(pair))) }
            }

            #[inline(always)]
            unsafe fn second(pair: $register) -> $register {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $value($and($bits(pair), $whole(0xFFFF_0000_u32.cast_signed()))) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::Simd;
    use std::arch::x86_64::*;

    x86!(
        Avx2, __m256, 8 x 6 or 4, 4, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps,
        _mm256_max_ps, _mm256_min_ps, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_slli_epi32, _mm256_and_si256,
        _mm256_set1_epi32
    );
    x86!(
        Avx512, __m512, 16 x 12 or 12, 8, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps,
        _mm512_add_ps, _mm512_max_ps, _mm512_min_ps, _mm512_castps_si512, _mm512_castsi512_ps, _mm512_slli_epi32,
        _mm512_and_si512, _mm512_set1_epi32
    );

    /// AVX-512 with a pair of bf16 in every lane of the factors, multiplied by the instruction for it.
    pub struct Avx512Bf16;

    impl Simd for Avx512Bf16 {
        same_but_the_product!(Avx512);
        const HEIGHT: usize = Avx512::HEIGHT;

        #[inline(always)]
        unsafe fn multiply_add(a: __m512, b: __m512, c: __m512) -> __m512 {
            // SAFETY: the caller vouches for the instruction set; the vectors are of one size and have no invalid bits.
            unsafe {
                let (a, b) = (std::mem::transmute::<__m512, __m512bh>(a), std::mem::transmute::<__m512, __m512bh>(b));
                _mm512_dpbf16_ps(c, a, b)
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::{Avx2, Avx512, Avx512Bf16};
