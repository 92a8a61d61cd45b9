//! The inner loops: a tile of accumulators held in registers over a whole contraction.
//!
//! Written once over `Simd`; each instruction set gets its own copy by way of a function that enables it.

use super::simd::Simd;
use super::{Block, Clamp, Contraction, Finish};

/// Runs a block for one instruction set.
///
/// # Safety
///
/// The instruction set is available, and every element that the block reads or writes (as documented at
/// `MicroKernel::run`) is inside the allocations behind the pointers, of which `c` overlaps no other.
pub(super) type Run = unsafe fn(&Contraction, Block, *const f32, *const f32, Finish<'_>, *mut f32);

/// Cuts a block into tiles of nearly equal height, the last ones lower by one row.
#[inline(always)]
unsafe fn block<S: Simd>(
    by: &Contraction,
    block: Block,
    a: *const f32,
    b: *const f32,
    finish: Finish<'_>,
    c: *mut f32,
) {
    let tiles = block.height.div_ceil(S::HEIGHT);
    let (height, higher) = (block.height / tiles.max(1), block.height % tiles.max(1));
    let mut row = 0;
    for tile in 0..tiles {
        let height = height + usize::from(tile < higher);
        // SAFETY: rows `row..row + height` are rows of the block, so what the caller vouches for holds for the tile.
        unsafe {
            let (a, c) = (a.wrapping_add(row * block.a_lane), c.wrapping_add(row * block.c_lane));
            if block.width > S::LANES {
                tile_of_height::<S, 2>(height, by, block, a, b, finish, c);
            } else {
                tile_of_height::<S, 1>(height, by, block, a, b, finish, c);
            }
        }
        row += height;
    }
}

/// Picks the tile whose height is known to the compiler.
#[inline(always)]
unsafe fn tile_of_height<S: Simd, const V: usize>(
    height: usize,
    by: &Contraction,
    block: Block,
    a: *const f32,
    b: *const f32,
    finish: Finish<'_>,
    c: *mut f32,
) {
    macro_rules! pick {
        ($($known:literal)*) => {
            match height {
                // SAFETY: the caller vouches for the rows of exactly this height.
                $($known if $known <= S::HEIGHT => unsafe { tile::<S, V, $known>(by, block, a, b, finish, c) },)*
                _ => unreachable!("no tile is {height} rows high"),
            }
        };
    }
    pick!(1 2 3 4 5 6 7 8 9 10 11 12);
}

#[inline(always)]
unsafe fn tile<S: Simd, const V: usize, const H: usize>(
    by: &Contraction,
    block: Block,
    a: *const f32,
    b: *const f32,
    finish: Finish<'_>,
    c: *mut f32,
) {
    // SAFETY: forwarded from the caller, who vouches for this tile's elements; a bias holds V·LANES elements.
    unsafe {
        let mut sums = [[S::splat(0.0); V]; H];
        if let Finish::Store { bias: Some(bias), .. } = finish {
            for v in 0..V {
                let bias = S::load(bias.as_ptr().add(v * S::LANES));
                for sum in &mut sums {
                    sum[v] = bias;
                }
            }
        }
        let sums = contract::<S, V, H>(by, block.a_lane, a, b, sums);
        match finish {
            Finish::Store { clamp, .. } => store::<S, V, H>(clamped::<S, V, H>(clamp, sums), block, c),
            Finish::Add => add::<S, V, H>(sums, block, c),
        }
    }
}

/// sums[i] += Σ a[i·lane + k·a_step] · b[k·b_step ..], over the three loops of the contraction.
#[inline(always)]
unsafe fn contract<S: Simd, const V: usize, const H: usize>(
    by: &Contraction,
    lane: usize,
    a: *const f32,
    b: *const f32,
    mut sums: [[S::Register; V]; H],
) -> [[S::Register; V]; H] {
    for outer in 0..by.extent[0] {
        for middle in 0..by.extent[1] {
            let mut a = a.wrapping_add(outer * by.a[0] + middle * by.a[1]);
            let mut b = b.wrapping_add(outer * by.b[0] + middle * by.b[1]);
            for _ in 0..by.extent[2] {
                // SAFETY: inside the extents, where the caller vouches for the elements of both operands.
                unsafe {
                    let mut right = [S::splat(0.0); V];
                    for (v, right) in right.iter_mut().enumerate() {
                        *right = S::load(b.add(v * S::LANES));
                    }
                    for (i, sum) in sums.iter_mut().enumerate() {
                        let left = S::splat(*a.add(i * lane));
                        for v in 0..V {
                            sum[v] = S::multiply_add(left, right[v], sum[v]);
                        }
                    }
                }
                a = a.wrapping_add(by.a[2]);
                b = b.wrapping_add(by.b[2]);
            }
        }
    }
    sums
}

/// The clamp's operand order keeps what is not a number.
#[inline(always)]
unsafe fn clamped<S: Simd, const V: usize, const H: usize>(
    clamp: Clamp,
    mut sums: [[S::Register; V]; H],
) -> [[S::Register; V]; H] {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        let zero = S::splat(0.0);
        match clamp {
            Clamp::None => {}
            Clamp::Relu => sums.iter_mut().flatten().for_each(|sum| *sum = S::max(zero, *sum)),
            Clamp::Relu6 => {
                let six = S::splat(6.0);
                sums.iter_mut().flatten().for_each(|sum| *sum = S::min(six, S::max(zero, *sum)));
            }
            Clamp::Leaky { slope } => {
                let slope = S::splat(slope);
                sums.iter_mut().flatten().for_each(|sum| *sum = S::max(S::multiply(slope, *sum), *sum));
            }
        }
    }
    sums
}

#[inline(always)]
unsafe fn store<S: Simd, const V: usize, const H: usize>(sums: [[S::Register; V]; H], block: Block, c: *mut f32) {
    for (i, sum) in sums.into_iter().enumerate() {
        // SAFETY: row i of the tile has `width` elements, of which whole registers are stored only where they fit.
        unsafe {
            let c = c.add(i * block.c_lane);
            if block.width == V * S::LANES {
                for (v, sum) in sum.into_iter().enumerate() {
                    S::store(c.add(v * S::LANES), sum);
                }
            } else {
                let spilled = spill::<S, V>(sum);
                std::ptr::copy_nonoverlapping(spilled.as_ptr(), c, block.width);
            }
        }
    }
}

#[inline(always)]
unsafe fn add<S: Simd, const V: usize, const H: usize>(sums: [[S::Register; V]; H], block: Block, c: *mut f32) {
    for (i, sum) in sums.into_iter().enumerate() {
        // SAFETY: row i of the tile has `width` elements; whole registers are accessed only where they fit.
        unsafe {
            let c = c.add(i * block.c_lane);
            if block.width == V * S::LANES {
                for (v, sum) in sum.into_iter().enumerate() {
                    let c = c.add(v * S::LANES);
                    S::store(c, S::add(S::load(c), sum));
                }
            } else {
                let spilled = spill::<S, V>(sum);
                for (lane, value) in spilled.iter().take(block.width).enumerate() {
                    *c.add(lane) += value;
                }
            }
        }
    }
}

/// Elements that two registers of the widest instruction set hold.
const WIDEST: usize = 32;

#[inline(always)]
unsafe fn spill<S: Simd, const V: usize>(sum: [S::Register; V]) -> [f32; WIDEST] {
    const { assert!(V * S::LANES <= WIDEST) };
    let mut spilled = [0.0; WIDEST];
    for (v, sum) in sum.into_iter().enumerate() {
        // SAFETY: V registers fit, as asserted when compiled.
        unsafe { S::store(spilled.as_mut_ptr().add(v * S::LANES), sum) };
    }
    spilled
}

/// A copy of `block` for one instruction set.
macro_rules! instance {
    ($name:ident, $simd:ty $(, $features:literal)?) => {
        $(#[target_feature(enable = $features)])?
        pub(super) unsafe fn $name(
            by: &Contraction,
            shape: Block,
            a: *const f32,
            b: *const f32,
            finish: Finish<'_>,
            c: *mut f32,
        ) {
            // SAFETY: forwarded from the caller.
            unsafe { block::<$simd>(by, shape, a, b, finish, c) }
        }
    };
}

instance!(portable, super::simd::Portable);
#[cfg(target_arch = "x86_64")]
instance!(avx2, super::simd::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx512, super::simd::Avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");
