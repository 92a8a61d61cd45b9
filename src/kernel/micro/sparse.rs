//! Sums over a few places instead of all: what is left of a product when most of one factor is zero.
//!
//! Behind a max pool only the winners carry a gradient. A list of terms names their places and their values; a block is
//! a rectangle of whole registers, which stays in registers while the list is worked off. As the micro-kernel, this
//! knows offsets, not layers.

use super::simd::Simd;
use crate::kernel::Isa;

/// Rows of a block, at most.
const MOST_ROWS: usize = 3;

/// A place, as an offset, and the value there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Term {
    at: u32,
    value: f32,
}

/// The values of one sum that are not zero, with their places.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Terms<'a> {
    terms: &'a [Term],
    /// The greatest offset.
    reach: u32,
}

impl Terms<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// The terms of several sums.
#[derive(Debug)]
pub(in crate::kernel) struct Lists {
    terms: [Term; Self::SUMS * Self::MOST],
    counts: [usize; Self::SUMS],
    /// The greatest offset of all.
    reach: u32,
}

impl Lists {
    /// Sums, at most.
    pub const SUMS: usize = 32;
    /// Terms of a sum, at most.
    pub const MOST: usize = 32;

    /// None.
    pub fn new() -> Self {
        Self { terms: [Term::default(); Self::SUMS * Self::MOST], counts: [0; Self::SUMS], reach: 0 }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.reach = 0;
    }

    /// Takes in one value for each of the sums, at `offsets[tap]` beyond `origin`, unless it is zero: what it would be
    /// multiplied with is then not looked at, be it a number or not.
    ///
    /// # Panics
    ///
    /// If a list is full.
    #[inline(never)]
    pub fn push(&mut self, origin: u32, offsets: &[u32; 256], taps: &[u8], values: &[f32]) {
        let lists = self.terms.chunks_exact_mut(Self::MOST).zip(&mut self.counts);
        let mut reach = self.reach;
        for ((list, count), (&tap, &value)) in lists.zip(taps.iter().zip(values)) {
            let at = origin.wrapping_add(offsets[usize::from(tap)]);
            // Not zero, whatever its sign; as integers this is one test and no branch.
            let counts = u32::from(value.to_bits() << 1 != 0);
            // Written in any case and counted only then, so that nothing has to be predicted.
            list[*count] = Term { at, value };
            *count += counts as usize;
            reach = reach.max(at & counts.wrapping_neg());
        }
        self.reach = reach;
    }

    /// Those of one sum.
    pub fn of(&self, sum: usize) -> Terms<'_> {
        Terms { terms: &self.terms[sum * Self::MOST..][..self.counts[sum]], reach: self.reach }
    }
}

/// Reads or writes a block of so many rows and registers: terms, the large operand, elements from one of its rows to
/// the next, the block, elements from one of its rows to the next.
type Accumulate = unsafe fn(&[Term], *const f32, usize, *mut f32, usize);
type Scatter = unsafe fn(&[Term], *mut f32, usize, *const f32, usize);

/// The sparse kernels of an instruction set. That there is one means that the machine has the instruction set.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct SparseKernel {
    lanes: usize,
    width: usize,
    accumulate: fn(usize, usize) -> Accumulate,
    scatter: fn(usize, usize) -> Scatter,
}

impl SparseKernel {
    /// # Panics
    ///
    /// If the machine does not have `isa`.
    pub fn of(isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        match isa {
            Isa::Portable => portable::kernel(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::kernel(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => avx512::kernel(),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => unreachable!("available nowhere else"),
        }
    }

    /// Elements of a register.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Elements of a run of `len` in whole registers.
    pub fn whole(&self, len: usize) -> usize {
        len.next_multiple_of(self.lanes)
    }

    /// block[r, i] += Σ value · from[at + r·from_row + i] over the terms, r below `rows` and i below `width`, of which
    /// blocks of registers are cut.
    ///
    /// # Panics
    ///
    /// If `width` is no whole number of registers, or an operand ends before the last element needed.
    pub fn accumulate(
        &self,
        terms: Terms<'_>,
        [rows, width]: [usize; 2],
        from: &[f32],
        from_row: usize,
        block: &mut [f32],
    ) {
        self.verify(terms, [rows, width], from.len(), from_row, block.len());
        for (row, count, start, registers) in self.blocks(rows, width) {
            // SAFETY: `of` has checked the instruction set, `verify` that the last elements of all blocks lie inside
            // the slices; `block` is borrowed exclusively.
            unsafe {
                let from = from.as_ptr().add(row * from_row + start);
                let block = block.as_mut_ptr().add(row * width + start);
                (self.accumulate)(count, registers)(terms.terms, from, from_row, block, width);
            }
        }
    }

    /// to[at + r·to_row + i] += value · block[r, i] for each of the terms, in their order.
    ///
    /// # Panics
    ///
    /// As [`SparseKernel::accumulate`].
    pub fn scatter(&self, terms: Terms<'_>, [rows, width]: [usize; 2], to: &mut [f32], to_row: usize, block: &[f32]) {
        self.verify(terms, [rows, width], to.len(), to_row, block.len());
        for (row, count, start, registers) in self.blocks(rows, width) {
            // SAFETY: as in `accumulate`; here `to` is borrowed exclusively.
            unsafe {
                let to = to.as_mut_ptr().add(row * to_row + start);
                let block = block.as_ptr().add(row * width + start);
                (self.scatter)(count, registers)(terms.terms, to, to_row, block, width);
            }
        }
    }

    fn verify(&self, terms: Terms<'_>, [rows, width]: [usize; 2], len: usize, row_len: usize, block: usize) {
        assert!(rows > 0 && width > 0 && width.is_multiple_of(self.lanes), "a block of {rows} rows of {width}");
        assert!(rows.saturating_mul(width) <= block, "the block ends too early");
        // Saturating, since a sum that wraps would let a place far outside pass.
        let end = (terms.reach as usize).saturating_add((rows - 1).saturating_mul(row_len)).saturating_add(width);
        assert!(terms.is_empty() || end <= len, "a term lies beyond the end");
    }

    /// First row, rows, first element and registers of each block of registers.
    fn blocks(&self, rows: usize, width: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let (lanes, registers) = (self.lanes, width / self.lanes);
        // Most blocks are one: a division takes as long as a few terms.
        let across = if registers <= self.width { 1 } else { registers.div_ceil(self.width) };
        let (narrow, wider) = if across == 1 { (registers, 0) } else { (registers / across, registers % across) };
        (0..rows).step_by(MOST_ROWS).flat_map(move |row| {
            (0..across).map(move |at| {
                let start = at * narrow + at.min(wider);
                (row, MOST_ROWS.min(rows - row), start * lanes, narrow + usize::from(at < wider))
            })
        })
    }
}

/// A block's registers.
#[inline(always)]
unsafe fn load<S: Simd, const R: usize, const V: usize>(from: *const f32, row: usize) -> [[S::Register; V]; R] {
    // SAFETY: the caller vouches for the instruction set and the block's elements.
    unsafe {
        let mut block = [[S::splat(0.0); V]; R];
        for (r, registers) in block.iter_mut().enumerate() {
            for (v, register) in registers.iter_mut().enumerate() {
                *register = S::load(from.add(r * row + v * S::LANES));
            }
        }
        block
    }
}

#[inline(always)]
unsafe fn accumulate<S: Simd, const R: usize, const V: usize>(
    terms: &[Term],
    from: *const f32,
    from_row: usize,
    block: *mut f32,
    row: usize,
) {
    // SAFETY: the caller vouches for the instruction set and for the elements of both operands at every term.
    unsafe {
        let mut sums = load::<S, R, V>(block, row);
        for term in terms {
            let (from, value) = (from.add(term.at as usize), S::splat(term.value));
            for (r, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = S::multiply_add(S::load(from.add(r * from_row + v * S::LANES)), value, *sum);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                S::store(block.add(r * row + v * S::LANES), sum);
            }
        }
    }
}

#[inline(always)]
unsafe fn scatter<S: Simd, const R: usize, const V: usize>(
    terms: &[Term],
    to: *mut f32,
    to_row: usize,
    block: *const f32,
    row: usize,
) {
    // SAFETY: as in `accumulate`.
    unsafe {
        let block = load::<S, R, V>(block, row);
        for term in terms {
            let (to, value) = (to.add(term.at as usize), S::splat(term.value));
            for (r, block) in block.iter().enumerate() {
                for (v, factor) in block.iter().enumerate() {
                    let to = to.add(r * to_row + v * S::LANES);
                    S::store(to, S::multiply_add(*factor, value, S::load(to)));
                }
            }
        }
    }
}

/// The functions of one instruction set, one for every size of a block.
macro_rules! instance {
    ($name:ident, $simd:ty, $($registers:literal)* $(; $features:literal)?) => {
        mod $name {
            use super::{Accumulate, MOST_ROWS, Scatter, Simd, SparseKernel, Term};

            $(#[target_feature(enable = $features)])?
            unsafe fn accumulate<const R: usize, const V: usize>(
                terms: &[Term], from: *const f32, from_row: usize, block: *mut f32, row: usize,
            ) {
                // SAFETY: forwarded from the caller.
                unsafe { super::accumulate::<$simd, R, V>(terms, from, from_row, block, row) }
            }

            $(#[target_feature(enable = $features)])?
            unsafe fn scatter<const R: usize, const V: usize>(
                terms: &[Term], to: *mut f32, to_row: usize, block: *const f32, row: usize,
            ) {
                // SAFETY: forwarded from the caller.
                unsafe { super::scatter::<$simd, R, V>(terms, to, to_row, block, row) }
            }

            fn pick_accumulate(rows: usize, registers: usize) -> Accumulate {
                match (rows, registers) {
                    $((1, $registers) => accumulate::<1, $registers>,
                    (2, $registers) => accumulate::<2, $registers>,
                    (3, $registers) => accumulate::<3, $registers>,)*
                    _ => unreachable!("no block has {rows} rows of {registers} registers"),
                }
            }

            fn pick_scatter(rows: usize, registers: usize) -> Scatter {
                match (rows, registers) {
                    $((1, $registers) => scatter::<1, $registers>,
                    (2, $registers) => scatter::<2, $registers>,
                    (3, $registers) => scatter::<3, $registers>,)*
                    _ => unreachable!("no block has {rows} rows of {registers} registers"),
                }
            }

            pub(super) fn kernel() -> SparseKernel {
                const { assert!(MOST_ROWS == 3 && [$($registers),*].len() == <$simd>::SPARSE_WIDTH) };
                let (lanes, width) = (<$simd>::LANES, <$simd>::SPARSE_WIDTH);
                SparseKernel { lanes, width, accumulate: pick_accumulate, scatter: pick_scatter }
            }
        }
    };
}

instance!(portable, crate::kernel::micro::simd::Portable, 1 2 3 4);
#[cfg(target_arch = "x86_64")]
instance!(avx2, crate::kernel::micro::simd::Avx2, 1 2 3 4; "avx2,fma");
#[cfg(target_arch = "x86_64")]
instance!(
    avx512, crate::kernel::micro::simd::Avx512, 1 2 3 4 5 6 7 8; "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"
);
