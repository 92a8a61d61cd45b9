//! How work is cut for the thread pool: into pieces whose size depends on nothing but the shape, and sums over rows
//! from such pieces.

use rayon::prelude::*;

/// Elements of one piece of pointwise work: small enough for the second-level cache, large enough to be worth a task.
pub(super) const CHUNK: usize = 1 << 15;
/// Most rows that one `f32` accumulator runs over, so that its rounding error stays small.
const MOST_ROWS: usize = 1 << 10;
/// Channels whose partial sums are added at once.
const LANES: usize = 16;

/// Rows of one piece of an array whose rows have `c` elements.
pub(super) fn rows_per_chunk(c: usize) -> usize {
    (CHUNK / c.max(1)).clamp(1, MOST_ROWS)
}

/// Elements of one such piece: whole rows.
pub(super) fn whole_rows(c: usize) -> usize {
    rows_per_chunk(c) * c.max(1)
}

/// Floats of workspace that [`accumulate`] needs for `sums` sums a channel.
pub(super) fn workspace_len(rows: usize, c: usize, sums: usize) -> usize {
    rows.div_ceil(rows_per_chunk(c)) * sums * c
}

/// The elements of the piece `at` of an array of rows.
pub(super) fn piece(array: &[f32], c: usize, at: usize) -> &[f32] {
    let start = at * whole_rows(c);
    &array[start..(start + whole_rows(c)).min(array.len())]
}

/// Has `add` fill, for every piece of `rows` rows, `sums` × `c` partial sums; they lie in `workspace` piece by piece,
/// zero before.
///
/// # Panics
/// If `workspace` is shorter than [`workspace_len`] says.
pub(super) fn accumulate(
    [rows, c, sums]: [usize; 3],
    workspace: &mut [f32],
    add: impl Fn(usize, &mut [f32]) + Sync,
) -> &[f32] {
    let partials = &mut workspace[..workspace_len(rows, c, sums)];
    partials.par_chunks_mut(sums * c).enumerate().for_each(|(at, partial)| {
        partial.fill(0.0);
        add(at, partial);
    });
    partials
}

/// Calls `finish` for every channel with the sums, over the pieces in order, of
/// `term(partial sums of one piece, piece, channel)`.
pub(super) fn fold<const N: usize>(
    [c, sums]: [usize; 2],
    partials: &[f32],
    term: impl Fn(&[f32], usize, usize) -> [f64; N],
    mut finish: impl FnMut(usize, [f64; N]),
) {
    for first in (0..c).step_by(LANES) {
        let channels = first..(first + LANES).min(c);
        let mut totals = [[0.0; N]; LANES];
        for (at, partial) in partials.chunks_exact(sums * c).enumerate() {
            for (total, channel) in totals.iter_mut().zip(channels.clone()) {
                let terms = term(partial, at, channel);
                total.iter_mut().zip(terms).for_each(|(total, term)| *total += term);
            }
        }
        channels.zip(totals).for_each(|(channel, total)| finish(channel, total));
    }
}

/// The rows of a piece of four, each `c` long: sums go four rows at a time to touch their accumulators a quarter as often.
pub(super) fn four_rows(four: &[f32], c: usize) -> [&[f32]; 4] {
    let (front, back) = four[..4 * c].split_at(2 * c);
    let ((a, b), (d, e)) = (front.split_at(c), back.split_at(c));
    [a, b, d, &e[..c]]
}

/// Adds every row of `x` to `sum`, four at a time.
pub(super) fn add_rows(x: &[f32], sum: &mut [f32]) {
    let c = sum.len();
    let fours = x.chunks_exact(4 * c);
    for row in fours.remainder().chunks_exact(c) {
        sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    for four in fours {
        let [a, b, d, e] = four_rows(four, c);
        for ((((sum, a), b), d), e) in sum.iter_mut().zip(a).zip(b).zip(d).zip(e) {
            *sum += (a + b) + (d + e);
        }
    }
}
