//! How work is cut for the thread pool: into pieces whose size depends on nothing but the shape, and sums over rows
//! from such pieces.

use rayon::prelude::*;

use super::Isa;
use super::isa::vectorised;

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

/// Calls `each` with the number of every piece of `len` elements and these pieces of all arrays; of arrays that end early,
/// what they have.
pub(super) fn for_each_piece<const N: usize>(
    arrays: [&mut [f32]; N],
    len: usize,
    first: usize,
    each: &(impl Fn(usize, [&mut [f32]; N]) + Sync),
) {
    let pieces = arrays[0].len().div_ceil(len);
    if pieces <= 1 {
        return each(first, arrays);
    }
    let half = pieces / 2;
    let mut rest = [const { None }; N];
    let mut at = 0;
    let start = arrays.map(|array| {
        let (start, end) = array.split_at_mut(array.len().min(half * len));
        rest[at] = Some(end);
        at += 1;
        start
    });
    let end = rest.map(Option::unwrap_or_default);
    rayon::join(|| for_each_piece(start, len, first, each), || for_each_piece(end, len, first + half, each));
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

/// Elements of a stretch: several whole rows of few channels, one after another. Loops run over stretches where they
/// could run over rows, so that few channels fill vectors too.
pub(super) const STRETCH: usize = 64;

/// Elements of a stretch of rows of `c`; one row where two are longer than that.
pub(super) fn stretch(c: usize) -> usize {
    (STRETCH / c.max(1)).max(1) * c.max(1)
}

/// `numbers`, one a channel, over and over as long as a stretch; written to `room` where a stretch has several rows.
pub(super) fn stretched<'a>(numbers: &'a [f32], room: &'a mut [f32; STRETCH]) -> &'a [f32] {
    let len = stretch(numbers.len());
    if len == numbers.len() {
        return numbers;
    }
    repeat(numbers, &mut room[..len]);
    &room[..len]
}

/// Writes `numbers`, one a channel, to each row of `to`.
pub(super) fn repeat(numbers: &[f32], to: &mut [f32]) {
    to.chunks_exact_mut(numbers.len().max(1)).for_each(|row| row.copy_from_slice(numbers));
}

/// Has `add` sum stretches, element by element, and adds to `sums` what that makes a channel.
pub(super) fn gather<const N: usize>(sums: [&mut [f32]; N], add: impl FnOnce([&mut [f32]; N])) {
    let c = sums[0].len();
    let len = stretch(c);
    if len == c {
        return add(sums);
    }
    let mut stretches = [[0.0; STRETCH]; N];
    add(stretches.each_mut().map(|stretch| &mut stretch[..len]));
    for (sum, stretch) in sums.into_iter().zip(&stretches) {
        for row in stretch[..len].chunks_exact(c) {
            sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
        }
    }
}

/// Adds every row of `x` to `sum`.
pub(super) fn add_rows(isa: Isa, x: &[f32], sum: &mut [f32]) {
    gather([sum], |[sum]| add_stretches(isa, x, sum));
}

/// Adds the products of every row of `a` and `b`, element by element, to `sum`.
pub(super) fn add_products(isa: Isa, a: &[f32], b: &[f32], sum: &mut [f32]) {
    gather([sum], |[sum]| add_stretch_products(isa, a, b, sum));
}

vectorised! {
    /// Adds every stretch of `x`, as long as `sum`, to it; the last may be shorter. One after another: several at a time
    /// would be as many streams from memory, which is what bounds this.
    fn add_stretches(x: &[f32], sum: &mut [f32]) {
        let len = sum.len();
        for x in x.chunks(len) {
            for (sum, x) in sum.iter_mut().zip(x) {
                *sum += x;
            }
        }
    }

    /// Adds the products of every stretch of `a` and `b`, as long as `sum`, to it; the last may be shorter.
    fn add_stretch_products(a: &[f32], b: &[f32], sum: &mut [f32]) {
        let len = sum.len();
        for (a, b) in a.chunks(len).zip(b.chunks(len)) {
            for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
    }
}
