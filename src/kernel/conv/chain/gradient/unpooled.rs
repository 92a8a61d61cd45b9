//! The gradients of the front where the matrix unit computes those of the second convolution: the gradient of its output is spread,
//! a few rows at a time, with the zeros between the winners.

use rayon::prelude::*;

use super::super::{Link, Stage, seen};
use super::{Lines, Operands, SPARE_ROWS, packed_len, reduce, take};
use crate::kernel::conv::PooledConv;
use crate::kernel::conv::direct::input_gradient::{self, InputGradient};
use crate::kernel::conv::direct::turned::{self, Turned};
use crate::kernel::conv::direct::weight_gradient::Tiles;
use crate::kernel::conv::patch::Rows;
use crate::kernel::conv::pooled::weight_gradient::most_parts;
use crate::kernel::element::{Pair, Single};
use crate::kernel::pool::max_gradient_rows;
use crate::kernel::scratch::{aligned, lines, padded};
use crate::kernel::{ConvGeometry, Isa, Space};

type Spread<'a> = InputGradient<'a, Pair>;

/// Elements of the sums of the first convolution, its bias last, and of the second.
fn sums(first: &Link, second: &PooledConv) -> [usize; 2] {
    [first.g.weight_len() + first.g.filters, second.conv.weight_len()]
}

/// Elements of shared workspace for up to `n` images.
pub fn workspace(isa: Isa, first: &Link, second: &PooledConv, n: usize) -> usize {
    let sums = sums(first, second);
    let parts = most_parts(sums[1], n);
    let partials: usize = sums.iter().map(|len| padded(parts * len)).sum();
    padded(packed_len(first)) + input_gradient::workspace::<Pair>(isa, &second.conv) + partials
}

/// Elements of a worker's room.
pub fn scratch(isa: Isa, first: &Link, second: &PooledConv) -> usize {
    Sizes::of(isa, first, second).len()
}

/// Computes the gradients, as `Front::gradients`; `sizes` are the images and the elements of each.
#[allow(clippy::too_many_arguments, reason = "two convolutions, operands, results and room")]
pub fn gradients(
    isa: Isa,
    [n, in_len]: [usize; 2],
    first: &Link,
    second: &PooledConv,
    by: Operands<'_>,
    dw: [&mut [f32]; 2],
    db: Option<&mut [f32]>,
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    let (packed, workspace) = workspace.split_at_mut(padded(packed_len(first)));
    let (spread, workspace) = workspace.split_at_mut(input_gradient::workspace::<Pair>(isa, &second.conv));
    let packed = aligned(packed, packed_len(first));
    (first.kernel.run.pack)(&first.g, by.weights[0], by.bias, packed);
    let gradient = Gradient {
        isa,
        first,
        second,
        forward: (first.as_link().stage)(&first.g, packed, first.after),
        tiles: Tiles::new(isa, &first.g),
        turned: Turned::new(isa, &second.conv),
        spread: Spread::new(isa, &second.conv, by.weights[1], first.after.activation, spread),
    };
    let [of_first, of_second] = sums(first, second);
    let images = n.div_ceil(most_parts(of_second, n)).max(1);
    let parts = n.div_ceil(images);
    let (seconds, firsts) = workspace.split_at_mut(padded(parts * of_second));
    let [firsts, seconds] = [aligned(firsts, parts * of_first), aligned(seconds, parts * of_second)];
    let sizes = Sizes::of(isa, first, second);
    firsts.par_chunks_mut(of_first).zip(seconds.par_chunks_mut(of_second)).enumerate().for_each(|(part, sums)| {
        sums.0.fill(0.0);
        sums.1.fill(0.0);
        for image in part * images..n.min((part + 1) * images) {
            let x = &by.x[image * in_len..][..in_len];
            let pooled = image * second.out_len()..(image + 1) * second.out_len();
            let winners = (&by.dy[pooled.clone()], &by.index[pooled]);
            scratch.with(sizes.len(), |room| {
                gradient.image(x, winners, sizes.split(room), [&mut *sums.0, &mut *sums.1]);
            });
        }
    });
    let [to_first, to_second] = dw;
    gradient.turned.reduce(seconds, to_second);
    reduce(firsts, of_first, to_first, db);
}

/// Some rows of the second convolution's output, and what they see and are seen by.
struct Band {
    /// The rows.
    rows: std::ops::Range<usize>,
    /// Rows of its input that they see.
    seen: std::ops::Range<usize>,
    /// Rows of its input that no later ones see.
    done: std::ops::Range<usize>,
    /// Rows of its output that see those.
    spread: std::ops::Range<usize>,
}

impl Band {
    /// All of an image.
    fn all(g: &ConvGeometry) -> impl Iterator<Item = Self> {
        let (height, step) = (g.window.out_h, turned::most_rows(g));
        let mut first = 0;
        (0..height).step_by(step).map(move |start| {
            let rows = start..height.min(start + step);
            let end = if rows.end == height { g.window.in_h } else { seen(g, &(rows.end..rows.end + 1)).start };
            let done = first..end.max(first);
            first = done.end;
            let spread = if done.is_empty() { rows.clone() } else { Spread::seen(g, done.start, done.len()) };
            Self { seen: seen(g, &rows), spread: spread.start.min(rows.start)..spread.end.max(rows.end), rows, done }
        })
    }

    /// The last row of the input that has to be there, and one more.
    fn end(&self) -> usize {
        self.seen.end.max(self.done.end)
    }
}

/// Elements that a worker works in.
struct Sizes {
    /// Rows of the first convolution's result, or of its gradient.
    rows: usize,
    /// Rows of the gradient of the second one's output.
    spread: usize,
    /// What a convolution or a gradient takes.
    room: usize,
}

impl Sizes {
    fn of(isa: Isa, first: &Link, second: &PooledConv) -> Self {
        let (g, activation) = (&second.conv, first.after.activation);
        let most = |of: fn(&Band) -> usize| Band::all(g).map(|band| of(&band)).max().unwrap_or(0);
        let rows = (most(|band| band.end() - band.done.start) + SPARE_ROWS).min(g.window.in_h);
        let tiles = Tiles::<Single>::new(isa, &first.g);
        let of_first = |start: usize| {
            let rows = rows.min(first.g.window.out_h - start);
            first.room(&(start..start + rows)).max(tiles.room(start, rows))
        };
        let of_second = |band: Band| {
            let of_done = match band.done.is_empty() {
                true => 0,
                false => Spread::room(g, activation, band.done.start, band.done.len()),
            };
            Turned::room(g, band.rows.start, band.rows.len()).max(of_done)
        };
        let of_first = (0..first.g.window.out_h).map(of_first).max().unwrap_or(0);
        let of_second = Band::all(g).map(of_second).max().unwrap_or(0);
        Self {
            rows: lines(rows * g.window.in_w * g.window.in_c),
            spread: lines(most(|band| band.spread.len()) * g.window.out_w * g.filters),
            room: of_first.max(of_second),
        }
    }

    fn len(&self) -> usize {
        self.rows + self.spread + self.room
    }

    fn split<'a>(&self, all: &'a mut [f32]) -> [&'a mut [f32]; 3] {
        let (rows, all) = all.split_at_mut(self.rows);
        let (spread, room) = all.split_at_mut(self.spread);
        [rows, spread, room]
    }
}

struct Gradient<'a> {
    isa: Isa,
    first: &'a Link,
    second: &'a PooledConv,
    forward: Stage<'a>,
    tiles: Tiles<'a, Single>,
    turned: Turned<'a>,
    spread: Spread<'a>,
}

impl Gradient<'_> {
    /// Adds the share of an image to the sums of both convolutions.
    fn image(
        &self,
        x: &[f32],
        (dy, index): (&[f32], &[u8]),
        [rows, spread, room]: [&mut [f32]; 3],
        [of_first, of_second]: [&mut [f32]; 2],
    ) {
        let g = &self.second.conv;
        let (len, out_row) = (g.window.in_w * g.window.in_c, g.window.out_w * g.filters);
        let (of_weights, of_bias) = of_first.split_at_mut(self.first.g.weight_len());
        let mut lines = Lines { values: rows, len, start: 0, first: 0, end: 0 };
        for band in Band::all(g) {
            lines.extend(band.end(), &self.forward, x, room);
            let dz = &mut spread[..band.spread.len() * out_row];
            max_gradient_rows(self.isa, &self.second.pool, index, dy, band.spread.start, dz);
            let of_rows = &dz[(band.rows.start - band.spread.start) * out_row..][..band.rows.len() * out_row];
            let of_rows = Rows { values: of_rows, first: band.rows.start };
            self.turned.add(lines.rows(band.seen.start, band.seen.end), of_rows, room, of_second);
            if !band.done.is_empty() {
                let dx = (band.done.start - lines.start) * len..(band.done.end - lines.start) * len;
                let dz = Rows { values: dz, first: band.spread.start };
                self.spread.rows(dz, band.done.start, &mut lines.values[dx], room);
            }
            let sums = [&mut *of_weights, &mut *of_bias];
            take(self.isa, &self.tiles, x, &mut lines, band.done.end, room, sums);
        }
    }
}
