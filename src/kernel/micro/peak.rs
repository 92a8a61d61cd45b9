//! The speed of multiply-adds alone: what the products of a kernel can reach at most.

use std::hint::black_box;
use std::time::Instant;

use super::simd::Simd;
use crate::kernel::Isa;

/// Sums that are in work at once: as many as the units have multiply-adds on the way, or more.
const SUMS: usize = 12;

/// Multiply-adds that each sum takes while the time is read once.
const ROUNDS: usize = 20_000;

/// How often the time is read: the shortest one is what nothing disturbed.
const READINGS: usize = 20;

/// Floating-point operations a second of `f32` multiply-adds on numbers in registers: a multiplication and an addition each,
/// on all threads of the present pool at once.
///
/// # Panics
///
/// If the machine does not have `isa`.
#[must_use]
pub fn peak(isa: Isa) -> f64 {
    assert!(isa.is_available(), "this machine has no {isa}");
    rayon::broadcast(|_| of_thread(isa)).into_iter().sum()
}

fn of_thread(isa: Isa) -> f64 {
    let (run, lanes): (unsafe fn(usize), usize) = match isa {
        Isa::Portable => portable::run(),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::run(),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => avx512::run(),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unreachable!("available nowhere else"),
    };
    let seconds = (0..READINGS).map(|_| {
        let start = Instant::now();
        // SAFETY: `peak` has checked the instruction set.
        unsafe { run(ROUNDS) };
        start.elapsed().as_secs_f64()
    });
    (2 * lanes * SUMS * ROUNDS) as f64 / seconds.fold(f64::INFINITY, f64::min)
}

#[inline(always)]
unsafe fn multiply_adds<S: Simd>(rounds: usize) {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        // These stay near two: neither overflow nor numbers too small slow the units down.
        let (factor, addend) = (S::splat(black_box(0.5)), S::splat(black_box(1.0)));
        let mut sums = [S::splat(black_box(1.0)); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = S::multiply_add(*sum, factor, addend);
            }
        }
        black_box(sums);
    }
}

macro_rules! instance {
    ($name:ident, $simd:ty $(, $features:literal)?) => {
        mod $name {
            use super::Simd;

            $(#[target_feature(enable = $features)])?
            unsafe fn multiply_adds(rounds: usize) {
                // SAFETY: forwarded from the caller.
                unsafe { super::multiply_adds::<$simd>(rounds) }
            }

            pub(super) fn run() -> (unsafe fn(usize), usize) {
                (multiply_adds, <$simd>::LANES)
            }
        }
    };
}

instance!(portable, crate::kernel::micro::simd::Portable);
#[cfg(target_arch = "x86_64")]
instance!(avx2, crate::kernel::micro::simd::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx512, crate::kernel::micro::simd::Avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_has_a_peak() {
        for isa in Isa::available() {
            assert!(peak(isa) > 1e6, "{isa}: {} operations a second", peak(isa));
        }
    }
}
