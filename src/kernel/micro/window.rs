//! What the winners of a pool spread, a window at a time: all of the map that they can reach, a register of channels of
//! each pixel, stays in registers while the filters pass by, those with the same winner one behind the other.
//!
//! A window of P×P places under K×K taps reaches (P + K − 1)² pixels: 25 registers for P = K = 3, so this is for
//! instruction sets that have 32 of them. As the micro-kernel, this knows offsets, not layers.

use super::Isa;

/// Windows of a row, one behind the other, and where in a map they lie.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Windows<'a> {
    /// For each window and filter, which of the window's places has won.
    pub index: &'a [u8],
    /// The values there. Those that are zero are left out, whatever they would be multiplied with.
    pub values: &'a [f32],
    /// Filters.
    pub filters: usize,
    /// Elements of the map from the first pixel that one window reaches to that of the next.
    pub apart: usize,
}

/// How a map lies in memory.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Map {
    /// Elements from one row to the next.
    pub row: usize,
    /// Channels, and elements from one pixel to the next.
    pub channels: usize,
}

/// One register of channels of a run of windows: how many, with what, the map from its first element on, the channels
/// that there are, the weights.
type Spread = unsafe fn(usize, Windows<'_>, *mut f32, Map, u16, *const f32);

/// The kernels for one size of a window and of taps. That there is one means that the machine has the instruction set.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct WindowKernel {
    /// Pixels along a side of what a window reaches.
    side: usize,
    /// Taps of the convolution.
    taps: usize,
    spread: Spread,
}

/// Channels that are computed at a time.
const LANES: usize = 16;

impl WindowKernel {
    /// Whether there are kernels for windows of `pool`×`pool` under taps of `kernel`×`kernel`.
    pub fn exists(pool: usize, kernel: usize) -> bool {
        (2..=3).contains(&pool) && kernel == 3
    }

    /// # Panics
    ///
    /// If there are none, or the machine does not have `isa`.
    pub fn of(isa: Isa, pool: usize, kernel: usize) -> Self {
        assert!(isa.is_available() && isa >= Isa::Avx512, "no kernels for {isa} on this machine");
        match (pool, kernel) {
            #[cfg(target_arch = "x86_64")]
            (2, 3) => Self { side: 4, taps: 9, spread: avx512::spread::<2, 3, 4> },
            #[cfg(target_arch = "x86_64")]
            (3, 3) => Self { side: 5, taps: 9, spread: avx512::spread::<3, 3, 5> },
            _ => unreachable!("no kernels for windows of {pool} under taps of {kernel}"),
        }
    }

    /// Elements of the weights of `channels` channels: [register of channels][filter][tap][lane].
    pub fn weights(&self, channels: usize, filters: usize) -> usize {
        channels.div_ceil(LANES) * self.of_slice(filters)
    }

    /// Of one register of channels.
    fn of_slice(&self, filters: usize) -> usize {
        filters * self.taps * LANES
    }

    /// Where in them the weight of a tap, a channel and a filter lies.
    pub fn place(&self, filters: usize, [tap, channel, filter]: [usize; 3]) -> usize {
        ((channel / LANES * filters + filter) * self.taps + tap) * LANES + channel % LANES
    }

    /// to[place + tap] += value · weights[tap] for each winner, over the taps of the convolution: by windows, in each by
    /// places, in each by filters.
    ///
    /// # Panics
    ///
    /// If an operand ends before the last element needed.
    pub fn spread(&self, windows: Windows<'_>, weights: &[f32], to: &mut [f32], map: Map) {
        let count = self.verify(windows, weights.len(), to.len(), map);
        for (slice, weights) in weights.chunks_exact(self.of_slice(windows.filters)).enumerate() {
            // SAFETY: `of` has checked the instruction set, `verify` that the last elements of all windows lie inside the
            // slices; `to` is borrowed exclusively.
            unsafe {
                let to = to.as_mut_ptr().add(slice * LANES);
                (self.spread)(count, windows, to, map, lanes(map.channels - slice * LANES), weights.as_ptr());
            }
        }
    }

    /// How many windows there are.
    fn verify(&self, windows: Windows<'_>, weights: usize, len: usize, map: Map) -> usize {
        let Windows { index, values, filters, apart } = windows;
        assert!(filters > 0 && map.channels > 0, "a map without channels or filters");
        assert!(index.len() == values.len() && index.len().is_multiple_of(filters), "a winner has no value");
        assert_eq!(weights, self.weights(map.channels, filters), "the weights have another length than their shape");
        let count = index.len() / filters;
        // Saturating, since a sum that wraps would let a place far outside pass.
        let across = map.row.saturating_add(map.channels).saturating_mul(self.side - 1);
        let end = count.saturating_sub(1).saturating_mul(apart).saturating_add(across).saturating_add(map.channels);
        assert!(count == 0 || end <= len, "a window lies beyond the end of the map");
        count
    }
}

/// The lanes of a register that `left` channels fill.
fn lanes(left: usize) -> u16 {
    if left >= LANES { u16::MAX } else { (1 << left) - 1 }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{LANES, Map, Windows};
    use std::arch::x86_64::*;

    /// Filters whose winners are looked at together.
    const FILTERS: usize = 64;

    /// The winners of some filters of one window.
    struct Winners {
        places: __m512i,
        /// The filters whose value is not zero.
        live: u64,
    }

    impl Winners {
        /// Of `count` filters.
        #[inline(always)]
        unsafe fn load(index: *const u8, values: *const f32, count: usize) -> Self {
            // SAFETY: the caller vouches for the instruction set and for `count` elements of both; no other is touched.
            unsafe {
                let some = if count >= FILTERS { u64::MAX } else { (1 << count) - 1 };
                let mut live = 0;
                for at in (0..FILTERS).step_by(LANES) {
                    let values = _mm512_maskz_loadu_ps((some >> at) as u16, values.wrapping_add(at));
                    live |= u64::from(_mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(values, _mm512_setzero_ps())) << at;
                }
                Self { places: _mm512_maskz_loadu_epi8(some, index.cast()), live }
            }
        }

        /// The filters whose winner is at `place`.
        #[inline(always)]
        unsafe fn at(&self, place: usize) -> Filters {
            // SAFETY: the caller vouches for the instruction set; no memory is touched.
            Filters(unsafe { _mm512_mask_cmpeq_epi8_mask(self.live, self.places, _mm512_set1_epi8(place as i8)) })
        }
    }

    /// Filters, a bit each.
    struct Filters(u64);

    impl Iterator for Filters {
        type Item = usize;

        #[inline(always)]
        fn next(&mut self) -> Option<usize> {
            let next = self.0.trailing_zeros() as usize;
            self.0 &= self.0.wrapping_sub(1);
            (next < FILTERS).then_some(next)
        }
    }

    /// What a window sees, a register a pixel.
    type Seen<const SIDE: usize> = [[__m512; SIDE]; SIDE];

    #[inline(always)]
    unsafe fn load<const SIDE: usize>(from: *const f32, map: Map, lanes: u16) -> Seen<SIDE> {
        // SAFETY: the caller vouches for the instruction set and for these lanes of SIDE×SIDE pixels.
        unsafe {
            let mut seen = [[_mm512_setzero_ps(); SIDE]; SIDE];
            for (r, row) in seen.iter_mut().enumerate() {
                for (c, pixel) in row.iter_mut().enumerate() {
                    *pixel = _mm512_maskz_loadu_ps(lanes, from.add(r * map.row + c * map.channels));
                }
            }
            seen
        }
    }

    /// Evaluates a body for each place of a window, as a constant, and the filters that have won there.
    macro_rules! for_each_place {
        ($p:ident, $winners:ident, |$name:ident, $filters:ident| $body:expr; $($place:literal)*) => {
            $(if $place < $p * $p {
                const $name: usize = $place;
                let $filters = $winners.at($place);
                $body;
            })*
        };
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
    pub unsafe fn spread<const P: usize, const K: usize, const SIDE: usize>(
        count: usize,
        windows: Windows<'_>,
        to: *mut f32,
        map: Map,
        lanes: u16,
        weights: *const f32,
    ) {
        const { assert!(SIDE == P + K - 1 && P <= 3) };
        for window in 0..count {
            // SAFETY: the caller vouches for the elements of all windows.
            unsafe {
                let to = to.add(window * windows.apart);
                let mut seen = load::<SIDE>(to, map, lanes);
                for start in (0..windows.filters).step_by(FILTERS) {
                    let at = window * windows.filters + start;
                    let (index, values) = (windows.index.as_ptr().add(at), windows.values.as_ptr().add(at));
                    let weights = weights.add(start * K * K * LANES);
                    let winners = Winners::load(index, values, windows.filters - start);
                    for_each_place!(P, winners, |PLACE, filters| {
                        spread_from::<PLACE, P, K, SIDE>(filters, values, weights, &mut seen);
                    }; 0 1 2 3 4 5 6 7 8);
                }
                for (r, row) in seen.into_iter().enumerate() {
                    for (c, pixel) in row.into_iter().enumerate() {
                        _mm512_mask_storeu_ps(to.add(r * map.row + c * map.channels), lanes, pixel);
                    }
                }
            }
        }
    }

    /// What the filters that have won at one place spread.
    #[inline(always)]
    unsafe fn spread_from<const PLACE: usize, const P: usize, const K: usize, const SIDE: usize>(
        filters: Filters,
        values: *const f32,
        weights: *const f32,
        seen: &mut Seen<SIDE>,
    ) {
        for filter in filters {
            // SAFETY: the caller vouches for the value and the weights of each of these filters.
            unsafe {
                let value = _mm512_set1_ps(*values.add(filter));
                let weights = weights.add(filter * K * K * LANES);
                for ky in 0..K {
                    for kx in 0..K {
                        let pixel = &mut seen[PLACE / P + ky][PLACE % P + kx];
                        *pixel = _mm512_fmadd_ps(_mm512_loadu_ps(weights.add((ky * K + kx) * LANES)), value, *pixel);
                    }
                }
            }
        }
    }
}
