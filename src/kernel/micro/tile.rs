//! The inner loops: a tile of accumulators held in registers over a whole contraction.
//!
//! Written once over `Simd`; each instruction set gets its own copy by way of a function that enables it.

use std::hint::black_box;

use super::simd::Simd;
use super::{Block, Clamp, Contraction, Finish, Left, Many, WIDEST_PANEL};

/// Runs blocks of many products for one instruction set.
///
/// # Safety
///
/// The instruction set is available, and every element that the block reads or writes (as documented at
/// `MicroKernel`) is inside the allocations behind the pointers, of which `c` overlaps no other.
pub(super) type Run = unsafe fn(Left, Many, &Contraction, Block, *const f32, *const f32, Finish<'_>, *mut f32);

type Tile = unsafe fn(&Contraction, Block, *const f32, *const f32, Finish<'_>, *mut f32);

/// What the left factor is: one element of `a`, for all columns of a row.
const BROADCAST: u8 = 0;
/// The same where rows are next to each other in `a`, so that the distance between them is known to the compiler.
const BROADCAST_ADJACENT: u8 = 1;
/// The same where rows are a register apart in `a`.
const BROADCAST_APART: u8 = 2;
/// An element of `a` for every column.
const ELEMENTWISE: u8 = 3;

/// A tile of H rows × V registers: sums start at the bias, and go to `c` once the contraction is done.
#[inline(always)]
unsafe fn tile<S: Simd, const H: usize, const V: usize, const LEFT: u8, const UNIT: bool>(
    by: &Contraction,
    block: Block,
    a: *const f32,
    b: *const f32,
    finish: Finish<'_>,
    c: *mut f32,
) {
    // SAFETY: forwarded from the caller, who vouches for this tile's elements; a bias holds V registers.
    unsafe {
        let mut start = [S::splat(0.0); V];
        if let Finish::Store { bias: Some(bias), .. } = finish {
            for (v, start) in start.iter_mut().enumerate() {
                *start = S::load(bias.as_ptr().add(v * S::LANES));
            }
        }
        let sums = contract::<S, H, V, LEFT, UNIT>(by, block.a_lane, a, b, [start; H]);
        let is_whole = block.width == V * S::LANES;
        match finish {
            Finish::Store { residual: false, clamp: Clamp::NONE, .. } if is_whole => {
                store_whole::<S, H, V>(sums, block.c_lane, c, |sum, _| sum);
            }
            Finish::Store { residual: false, clamp, .. } if is_whole => {
                let (floor, ceiling) = (S::splat(clamp.floor), S::splat(clamp.ceiling));
                // The order of the operands keeps what is not a number.
                store_whole::<S, H, V>(sums, block.c_lane, c, |sum, _| S::min(ceiling, S::max(floor, sum)));
            }
            Finish::Store { residual: true, clamp, .. } if is_whole => {
                let (floor, ceiling) = (S::splat(clamp.floor), S::splat(clamp.ceiling));
                store_whole::<S, H, V>(sums, block.c_lane, c, |sum, c| {
                    S::min(ceiling, S::max(floor, S::add(sum, S::load(c))))
                });
            }
            Finish::Add if is_whole => {
                store_whole::<S, H, V>(sums, block.c_lane, c, |sum, c| S::add(S::load(c), sum));
            }
            Finish::Store { residual, clamp, .. } => store::<S, H, V>(sums, residual, clamp, block, c),
            Finish::Add => add::<S, H, V>(sums, block, c),
        }
    }
}

/// Rows of `a` that are addressed from one pointer, and how many pointers the highest tile needs.
const ROWS_OF_A_POINTER: usize = 3;
const POINTERS: usize = 4;

/// Times that the innermost loop is unrolled where the compiler knows what each of its steps adds to the addresses: what
/// counts and moves pointers takes the places of products otherwise.
const UNROLLED: usize = 4;

/// What each step of the innermost loop adds to the offsets in `a` and `b` where it is `UNIT`: the next element of `a`, and
/// the next row of a panel.
const fn unit_steps<S: Simd>() -> [usize; 2] {
    [1, 2 * S::LANES]
}

/// sums[i] += Σ a[i, k] · b[k ..], over the three loops of the contraction.
#[inline(always)]
unsafe fn contract<S: Simd, const H: usize, const V: usize, const LEFT: u8, const UNIT: bool>(
    by: &Contraction,
    lane: usize,
    a: *const f32,
    b: *const f32,
    mut sums: [[S::Register; V]; H],
) -> [[S::Register; V]; H] {
    let lane = match LEFT {
        BROADCAST_ADJACENT => 1,
        BROADCAST_APART => S::LANES,
        _ => lane,
    };
    let [to_a, to_b] = if UNIT { unit_steps::<S>() } else { [by.a[2], by.b[2]] };
    let unrolled = if UNIT { by.extent[2] / UNROLLED } else { 0 };
    for outer in 0..by.extent[0] {
        for middle in 0..by.extent[1] {
            let a = a.wrapping_add(outer * by.a[0] + middle * by.a[1]);
            let mut b = b.wrapping_add(outer * by.b[0] + middle * by.b[1]);
            // That these pointers have to do with each other is hidden from the compiler, which would otherwise compute
            // each row's address from the one before: a chain as long as the arithmetic. Where it knows the distances,
            // one register addresses all rows.
            let mut pointers: [*const f32; POINTERS] = std::array::from_fn(|at| {
                let pointer = a.wrapping_add(at * ROWS_OF_A_POINTER * lane);
                if LEFT == BROADCAST_APART { pointer } else { black_box(pointer) }
            });
            for _ in 0..unrolled {
                for step in 0..UNROLLED {
                    let pointers = pointers.map(|pointer| pointer.wrapping_add(step * to_a));
                    // SAFETY: inside the extents, where the caller vouches for the elements of both operands.
                    sums = unsafe { self::step::<S, H, V, LEFT>(pointers, lane, b.wrapping_add(step * to_b), sums) };
                }
                pointers = pointers.map(|pointer| pointer.wrapping_add(UNROLLED * to_a));
                b = b.wrapping_add(UNROLLED * to_b);
            }
            for _ in unrolled * UNROLLED..by.extent[2] {
                // SAFETY: as above.
                sums = unsafe { step::<S, H, V, LEFT>(pointers, lane, b, sums) };
                pointers = pointers.map(|pointer| pointer.wrapping_add(to_a));
                b = b.wrapping_add(to_b);
            }
        }
    }
    sums
}

/// sums[i] += a[i] · b, where row i of `a` is found from every third row's pointer.
#[inline(always)]
unsafe fn step<S: Simd, const H: usize, const V: usize, const LEFT: u8>(
    a: [*const f32; POINTERS],
    lane: usize,
    b: *const f32,
    mut sums: [[S::Register; V]; H],
) -> [[S::Register; V]; H] {
    // SAFETY: the caller vouches for H rows of `a` and V registers of `b`.
    unsafe {
        let mut right = [S::splat(0.0); V];
        for (v, right) in right.iter_mut().enumerate() {
            *right = S::load(b.add(v * S::LANES));
        }
        for (i, sum) in sums.iter_mut().enumerate() {
            let left = a[i / ROWS_OF_A_POINTER].add(i % ROWS_OF_A_POINTER * lane);
            for v in 0..V {
                let left = if LEFT == ELEMENTWISE { S::load(left.add(v * S::LANES)) } else { S::splat(*left) };
                sum[v] = S::multiply_add(left, right[v], sum[v]);
            }
        }
    }
    sums
}

/// Stores a tile of whole registers, each as `finish` makes it with where it goes. Loops without any branch are unrolled
/// and leave the sums in their registers; a short contraction takes no longer than having them copied from there.
#[inline(always)]
unsafe fn store_whole<S: Simd, const H: usize, const V: usize>(
    sums: [[S::Register; V]; H],
    lane: usize,
    c: *mut f32,
    finish: impl Fn(S::Register, *const f32) -> S::Register,
) {
    for (i, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            // SAFETY: the caller vouches for H rows of V registers.
            unsafe {
                let c = c.add(i * lane + v * S::LANES);
                S::store(c, finish(sum, c));
            }
        }
    }
}

#[inline(always)]
unsafe fn store<S: Simd, const H: usize, const V: usize>(
    sums: [[S::Register; V]; H],
    residual: bool,
    clamp: Clamp,
    block: Block,
    c: *mut f32,
) {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    let (floor, ceiling) = unsafe { (S::splat(clamp.floor), S::splat(clamp.ceiling)) };
    for (i, sum) in sums.into_iter().enumerate() {
        // SAFETY: row i of the tile has `width` elements, of which whole registers are stored only where they fit.
        unsafe {
            let c = c.add(i * block.c_lane);
            let sum = if residual { add_row::<S, V>(sum, block.width, c) } else { sum };
            // The order of the operands keeps what is not a number.
            let sum = sum.map(|sum| S::min(ceiling, S::max(floor, sum)));
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
unsafe fn add<S: Simd, const H: usize, const V: usize>(sums: [[S::Register; V]; H], block: Block, c: *mut f32) {
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

/// A row of sums and of what lies in `c`.
#[inline(always)]
unsafe fn add_row<S: Simd, const V: usize>(mut sum: [S::Register; V], width: usize, c: *const f32) -> [S::Register; V] {
    // SAFETY: the caller vouches for `width` elements of `c`; whole registers are read only where they fit.
    unsafe {
        let mut copy = [0.0; WIDEST_PANEL];
        let c = if width == V * S::LANES {
            c
        } else {
            std::ptr::copy_nonoverlapping(c, copy.as_mut_ptr(), width);
            copy.as_ptr()
        };
        for (v, sum) in sum.iter_mut().enumerate() {
            *sum = S::add(*sum, S::load(c.add(v * S::LANES)));
        }
        sum
    }
}

#[inline(always)]
unsafe fn spill<S: Simd, const V: usize>(sum: [S::Register; V]) -> [f32; WIDEST_PANEL] {
    const { assert!(V * S::LANES <= WIDEST_PANEL) };
    let mut spilled = [0.0; WIDEST_PANEL];
    for (v, sum) in sum.into_iter().enumerate() {
        // SAFETY: V registers fit, as asserted when compiled.
        unsafe { S::store(spilled.as_mut_ptr().add(v * S::LANES), sum) };
    }
    spilled
}

/// The tiles of one instruction set, and `run`, which cuts a block into them.
macro_rules! instance {
    ($name:ident, $simd:ty $(, $features:literal)?) => {
        pub(super) mod $name {
            use super::{BROADCAST, BROADCAST_ADJACENT, BROADCAST_APART, Block, Contraction, ELEMENTWISE, Finish, Left, Many, Simd, unit_steps};

            /// A function of its own for every shape of a tile, so that each gets all registers.
            $(#[target_feature(enable = $features)])?
            unsafe fn tile<const H: usize, const V: usize, const LEFT: u8, const UNIT: bool>(
                by: &Contraction,
                block: Block,
                a: *const f32,
                b: *const f32,
                finish: Finish<'_>,
                c: *mut f32,
            ) {
                // SAFETY: forwarded from the caller.
                unsafe { super::tile::<$simd, H, V, LEFT, UNIT>(by, block, a, b, finish, c) }
            }

            fn tile_of_height<const V: usize, const LEFT: u8, const UNIT: bool>(height: usize) -> super::Tile {
                instance!(height, tile, V, LEFT, UNIT, <$simd>::HEIGHT, 1 2 3 4 5 6 7 8 9 10 11 12)
            }

            /// Tiles are of nearly equal height, the last ones lower by one row.
            #[allow(clippy::too_many_arguments, reason = "the operands of products, and how many there are")]
            pub(in super::super) unsafe fn run(
                left: Left,
                many: Many,
                by: &Contraction,
                block: Block,
                a: *const f32,
                b: *const f32,
                finish: Finish<'_>,
                c: *mut f32,
            ) {
                let is_wide = block.width > <$simd>::LANES;
                let is_unit = [by.a[2], by.b[2]] == unit_steps::<$simd>();
                let pick = match (left, is_wide, block.a_lane) {
                    (Left::Broadcast, true, 1) => tile_of_height::<2, BROADCAST_ADJACENT, false>,
                    (Left::Broadcast, true, <$simd>::LANES) if is_unit => tile_of_height::<2, BROADCAST_APART, true>,
                    (Left::Broadcast, true, _) if is_unit => tile_of_height::<2, BROADCAST, true>,
                    (Left::Broadcast, true, _) => tile_of_height::<2, BROADCAST, false>,
                    (Left::Broadcast, false, 1) => tile_of_height::<1, BROADCAST_ADJACENT, false>,
                    (Left::Broadcast, false, _) if is_unit => tile_of_height::<1, BROADCAST, true>,
                    (Left::Broadcast, false, _) => tile_of_height::<1, BROADCAST, false>,
                    (Left::Elementwise, true, _) => tile_of_height::<2, ELEMENTWISE, false>,
                    (Left::Elementwise, false, _) => tile_of_height::<1, ELEMENTWISE, false>,
                };
                let tiles = block.height.div_ceil(<$simd>::HEIGHT);
                let (height, higher) = (block.height / tiles, block.height % tiles);
                // Chosen once: a product of few terms takes no longer than the choice.
                let (low, high) = (pick(height), pick(height + usize::from(higher > 0)));
                for at in 0..many.count {
                    let [to_a, to_b, to_c] = many.apart.map(|apart| at * apart);
                    let (mut a, b, mut c) = (a.wrapping_add(to_a), b.wrapping_add(to_b), c.wrapping_add(to_c));
                    for tile in 0..tiles {
                        let (run, height) = if tile < higher { (high, height + 1) } else { (low, height) };
                        // SAFETY: these are rows of the block, so what the caller vouches for holds for the tile.
                        unsafe { run(by, block, a, b, finish, c) };
                        (a, c) = (a.wrapping_add(height * block.a_lane), c.wrapping_add(height * block.c_lane));
                    }
                }
            }
        }
    };
    ($height:ident, $tile:ident, $v:ident, $left:ident, $unit:ident, $highest:expr, $($known:literal)*) => {
        match $height {
            $($known if $known <= $highest => $tile::<$known, $v, $left, $unit>,)*
            _ => unreachable!("no tile is {} rows high", $height),
        }
    };
}

instance!(portable, crate::kernel::micro::simd::Portable);
instance!(portable_pairs, crate::kernel::micro::simd::Pairs<crate::kernel::micro::simd::Portable>);
#[cfg(target_arch = "x86_64")]
instance!(avx2, crate::kernel::micro::simd::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx2_pairs, crate::kernel::micro::simd::Pairs<crate::kernel::micro::simd::Avx2>, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(avx512, crate::kernel::micro::simd::Avx512, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(
    avx512_pairs,
    crate::kernel::micro::simd::Pairs<crate::kernel::micro::simd::Avx512>,
    "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"
);
#[cfg(target_arch = "x86_64")]
instance!(
    avx512_bf16,
    crate::kernel::micro::simd::Avx512Bf16,
    "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"
);
