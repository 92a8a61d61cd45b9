//! The maximum of each window of one row of a pool, and the place of the winner.

use crate::kernel::pool::{Axis, wins};
use crate::kernel::{Isa, Window};

/// Channels that are compared at a time.
const LANES: usize = 16;

/// Computes row `row` of the pool from the rows of its input from `first` on. `index` has no elements where the
/// winners' places are not wanted.
pub(super) fn pool_row(isa: Isa, pool: &Window, row: usize, x: &[f32], first: usize, y: &mut [f32], index: &mut [u8]) {
    assert!(isa.is_available(), "this machine has no {isa}");
    let at = Row { pool, row, x, first };
    match isa {
        Isa::Portable => at.compute(y, index),
        // SAFETY: the instruction set was asserted to be there.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { avx2(&at, y, index) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { avx512(&at, y, index) },
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => unreachable!("available nowhere else"),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(row: &Row<'_>, y: &mut [f32], index: &mut [u8]) {
    row.compute(y, index);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
unsafe fn avx512(row: &Row<'_>, y: &mut [f32], index: &mut [u8]) {
    row.compute(y, index);
}

struct Row<'a> {
    pool: &'a Window,
    row: usize,
    x: &'a [f32],
    first: usize,
}

impl Row<'_> {
    #[inline(always)]
    fn compute(&self, y: &mut [f32], index: &mut [u8]) {
        let channels = self.pool.in_c;
        if index.is_empty() {
            for (column, y) in y.chunks_exact_mut(channels).enumerate() {
                self.window(column, y, None);
            }
        } else {
            for (column, (y, index)) in y.chunks_exact_mut(channels).zip(index.chunks_exact_mut(channels)).enumerate() {
                self.window(column, y, Some(index));
            }
        }
    }

    #[inline(always)]
    fn window(&self, column: usize, y: &mut [f32], mut index: Option<&mut [u8]>) {
        let channels = self.pool.in_c;
        let whole = channels - channels % LANES;
        for start in (0..whole).step_by(LANES) {
            let (best, winner) = self.greatest::<LANES>(column, start);
            y[start..start + LANES].copy_from_slice(&best);
            if let Some(index) = &mut index {
                index[start..start + LANES].copy_from_slice(&winner.map(|tap| tap as u8));
            }
        }
        for channel in whole..channels {
            let ([best], [winner]) = self.greatest::<1>(column, channel);
            y[channel] = best;
            if let Some(index) = &mut index {
                index[channel] = winner as u8;
            }
        }
    }

    /// The greatest of `N` channels from `channel` on, and their taps; −∞ and 0 where no tap is inside the map.
    #[inline(always)]
    fn greatest<const N: usize>(&self, column: usize, channel: usize) -> ([f32; N], [u32; N]) {
        let (pool, rows, columns) = (self.pool, Axis::rows(self.pool), Axis::columns(self.pool));
        let (mut best, mut winner) = ([f32::NEG_INFINITY; N], [0; N]);
        let mut is_first = true;
        for ky in rows.taps(self.row) {
            let row = (rows.place(self.row, ky) - self.first) * pool.in_w;
            for kx in columns.taps(column) {
                let at = (row + columns.place(column, kx)) * pool.in_c + channel;
                let tap = (ky * pool.kernel[1] + kx) as u32;
                let values = &self.x[at..at + N];
                for lane in 0..N {
                    let takes = is_first | wins(values[lane], best[lane]);
                    best[lane] = if takes { values[lane] } else { best[lane] };
                    winner[lane] = if takes { tap } else { winner[lane] };
                }
                is_first = false;
            }
        }
        (best, winner)
    }
}
