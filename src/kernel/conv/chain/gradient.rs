//! The gradients of a chain of two convolutions under a max pool whose input needs none: the front of a network.
//!
//! What the first convolution gave is computed again, a few rows at a time, and its gradient takes the place of these rows:
//! neither goes through memory. The second convolution's gradients are sums over the pool's winners, or, where the matrix unit
//! computes them, over all places.

mod unpooled;

use rayon::prelude::*;

use super::{Chain, Link, Stage};
use crate::kernel::chunk::add_rows;
use crate::kernel::conv::direct::weight_gradient::Tiles;
use crate::kernel::conv::patch::{Rows, RowsMut};
use crate::kernel::conv::pooled::open_rows::OpenRows;
use crate::kernel::conv::pooled::spread::SpreadRow;
use crate::kernel::conv::pooled::weight_gradient::{Ahead, ByRow, most_parts};
use crate::kernel::conv::pooled::winner::rows_of;
use crate::kernel::conv::pooled::{Seen, input_gradient, window};
use crate::kernel::conv::{PooledConv, PooledInputGradient};
use crate::kernel::element::Single;
use crate::kernel::micro::Lists;
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Isa, Space};

/// Rows of the first convolution's result beyond those that are at work, so that these are not moved at every step.
const SPARE_ROWS: usize = 8;

/// Filters of the first convolution, at most.
const MOST_FILTERS: usize = 256;

/// How the winners of a row of the pool spread their gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spreading {
    /// A window at a time.
    Windows,
    /// A filter at a time.
    Winners,
    /// With the zeros between them, some rows of the convolution's output at a time.
    Unpooled,
}

/// A chain of two convolutions under a max pool, and how its gradients are computed.
#[derive(Clone, Debug)]
pub struct Front {
    chain: Chain,
    spreading: Spreading,
    isa: Isa,
}

/// What the gradients are computed from.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a> {
    /// The images.
    pub x: &'a [f32],
    /// Weights of both convolutions.
    pub weights: [&'a [f32]; 2],
    /// The first one's bias.
    pub bias: Option<&'a [f32]>,
    /// The gradient of the pooled values, before the second one's activation.
    pub dy: &'a [f32],
    /// The winners' taps.
    pub index: &'a [u8],
}

impl Front {
    /// The gradients of a chain; `None` where it has not two convolutions under a pool, or a kernel, of the second one's
    /// input gradient, that goes by whole rows of the image and not by rows of the pool.
    #[must_use]
    pub fn of(chain: &Chain, second: &PooledInputGradient) -> Option<Self> {
        let spreading = second.run.by_row?;
        let is_front = chain.links.len() == 2
            && chain.pool.is_some()
            && chain.links[0].kernel.is_direct
            && chain.links[0].g.filters <= MOST_FILTERS;
        is_front.then(|| Self { chain: chain.clone(), spreading, isa: second.isa.max(chain.links[0].kernel.isa) })
    }

    /// Its form in words.
    #[must_use]
    pub fn name(&self) -> String {
        let spreading = match self.spreading {
            Spreading::Windows => "windows",
            Spreading::Winners => "winners",
            Spreading::Unpooled => "unpooled-bf16",
        };
        format!("direct > {spreading}-{}", self.isa)
    }

    /// The two convolutions, the second with its pool.
    fn parts(&self) -> (&Link, PooledConv) {
        let Chain { links, pool, .. } = &self.chain;
        let pool = pool.unwrap_or_else(|| unreachable!("a front has a pool"));
        (&links[0], PooledConv { conv: links[1].g, pool })
    }

    /// Multiply-accumulates of an image: those of the first convolution twice, and the sums over winners or all places.
    #[must_use]
    pub fn macs(&self) -> u64 {
        let (first, second) = self.parts();
        let of_second = match self.spreading {
            Spreading::Unpooled => second.conv.macs(),
            Spreading::Windows | Spreading::Winners => second.winner_macs(),
        };
        2 * first.g.macs() + 2 * of_second
    }

    /// Elements of shared workspace for up to `n` images.
    #[must_use]
    pub fn workspace(&self, n: usize) -> usize {
        let (first, second) = self.parts();
        if self.spreading == Spreading::Unpooled {
            return unpooled::workspace(self.isa, first, &second, n);
        }
        let [of_first, of_second] = sums(self.isa, first, &second);
        let partials = padded(most_parts(of_second, n) * of_second) + padded(most_parts(of_second, n) * of_first);
        padded(packed_len(first)) + self.spread_len(&second) + partials
    }

    /// Elements of a worker's room.
    #[must_use]
    pub fn scratch(&self) -> usize {
        let (first, second) = self.parts();
        match self.spreading {
            Spreading::Unpooled => unpooled::scratch(self.isa, first, &second),
            Spreading::Windows | Spreading::Winners => Sizes::of(self.isa, first, &second).len(),
        }
    }

    fn spread_len(&self, second: &PooledConv) -> usize {
        match self.spreading {
            Spreading::Windows => window::workspace(self.isa, second),
            Spreading::Winners => input_gradient::workspace(self.isa, second),
            Spreading::Unpooled => unreachable!("rows of the convolution's output have a workspace of their own"),
        }
    }

    /// Computes the gradients of both convolutions' weights and of the first one's bias, summed over `n` images,
    /// overwriting them.
    ///
    /// # Panics
    ///
    /// If an operand has another length than its geometry.
    pub fn gradients(&self, n: usize, by: Operands<'_>, dw: [&mut [f32]; 2], db: Option<&mut [f32]>, space: Space<'_>) {
        let (first, second) = self.parts();
        let (isa, Space { workspace, scratch }) = (self.isa, space);
        assert_eq!(by.x.len(), n * self.chain.in_len(), "the input has another length than its geometry");
        assert_eq!(
            [by.dy.len(), by.index.len()],
            [n * second.out_len(); 2],
            "a winner an element of the pooled gradient"
        );
        if self.spreading == Spreading::Unpooled {
            return unpooled::gradients(
                isa,
                [n, self.chain.in_len()],
                first,
                &second,
                by,
                dw,
                db,
                Space { workspace, scratch },
            );
        }
        let (packed, workspace) = workspace.split_at_mut(padded(packed_len(first)));
        let (spread, workspace) = workspace.split_at_mut(self.spread_len(&second));
        let packed = aligned(packed, packed_len(first));
        (first.kernel.run.pack)(&first.g, by.weights[0], by.bias, packed);
        let (by_window, by_filter);
        let spread: &dyn SpreadRow = match self.spreading {
            Spreading::Windows => {
                by_window = window::Spread::new(isa, &second, by.weights[1], spread);
                &by_window
            }
            Spreading::Winners => {
                by_filter = input_gradient::Spread::new(isa, &second, by.weights[1], spread);
                &by_filter
            }
            Spreading::Unpooled => unreachable!("computed above"),
        };
        let gradient = Gradient {
            isa,
            first,
            second: &second,
            forward: (first.as_link().stage)(&first.g, packed, first.after),
            tiles: Tiles::new(isa, &first.g),
            winners: ByRow::new(isa, &second),
            spread,
        };
        let [of_first, of_second] = sums(isa, first, &second);
        let parts = most_parts(of_second, n);
        let images = n.div_ceil(parts).max(1);
        let parts = n.div_ceil(images);
        let (partials, workspace) = workspace.split_at_mut(padded(parts * of_second));
        let partials = [aligned(workspace, parts * of_first), aligned(partials, parts * of_second)];
        let sizes = Sizes::of(isa, first, &second);
        let [firsts, seconds] = partials;
        firsts.par_chunks_mut(of_first).zip(seconds.par_chunks_mut(of_second)).enumerate().for_each(|(part, sums)| {
            sums.0.fill(0.0);
            sums.1.fill(0.0);
            for image in part * images..n.min((part + 1) * images) {
                let x = &by.x[image * self.chain.in_len()..][..self.chain.in_len()];
                let pooled = image * second.out_len()..(image + 1) * second.out_len();
                let (dy, index) = (&by.dy[pooled.clone()], &by.index[pooled]);
                scratch.with(sizes.len(), |room| {
                    gradient.image(x, dy, index, sizes.split(room), [&mut *sums.0, &mut *sums.1]);
                });
            }
        });
        let (of_first_len, [of_first, of_second]) = (of_first, dw);
        gradient.winners.reduce(seconds, of_second);
        reduce(firsts, of_first_len, of_first, db);
    }
}

/// Elements of the packed weights of the first convolution.
fn packed_len(first: &Link) -> usize {
    (first.kernel.run.packed)(&first.g)
}

/// Elements of the sums of the first convolution, its bias last, and of the second.
fn sums(isa: Isa, first: &Link, second: &PooledConv) -> [usize; 2] {
    [first.g.weight_len() + first.g.filters, ByRow::new(isa, second).len()]
}

/// dw and, behind it, db = Σ of the partial sums of `len` elements, in their order.
fn reduce(partials: &[f32], len: usize, dw: &mut [f32], db: Option<&mut [f32]>) {
    let sum = |place: usize| partials.iter().skip(place).step_by(len).map(|&sum| f64::from(sum)).sum::<f64>() as f32;
    let weights = dw.len();
    dw.iter_mut().enumerate().for_each(|(at, dw)| *dw = sum(at));
    db.into_iter().flatten().enumerate().for_each(|(at, db)| *db = sum(weights + at));
}

/// Elements that a worker works in.
struct Sizes {
    /// Rows of the first convolution's result, or of its gradient.
    rows: usize,
    /// Those that rows of the pool add to.
    open: usize,
    /// What a row of the pool sees.
    seen: usize,
    /// What the first convolution, or its weights' gradient, takes.
    room: usize,
}

/// The same as room.
struct Room<'a> {
    rows: &'a mut [f32],
    open: &'a mut [f32],
    seen: &'a mut [f32],
    room: &'a mut [f32],
}

impl Sizes {
    fn of(isa: Isa, first: &Link, second: &PooledConv) -> Self {
        let rows = Lines::most_rows(second);
        let tiles = Tiles::<Single>::new(isa, &first.g);
        let starts = || 0..first.g.window.out_h;
        let room = |start: usize| {
            let rows = rows.min(first.g.window.out_h - start);
            first.room(&(start..start + rows)).max(tiles.room(start, rows))
        };
        // What lies at an edge is copied with zeros around it.
        let room = starts().map(room).max().unwrap_or(0);
        let row_len = second.conv.window.in_w * second.conv.window.in_c;
        Self { rows: rows * row_len, open: Seen::most_room(isa, second), seen: ByRow::new(isa, second).room(), room }
    }

    fn len(&self) -> usize {
        padded(self.rows) + padded(self.open) + self.seen + self.room
    }

    fn split<'a>(&self, all: &'a mut [f32]) -> Room<'a> {
        let (rows, all) = all.split_at_mut(padded(self.rows));
        let (open, all) = all.split_at_mut(padded(self.open));
        let (seen, room) = all.split_at_mut(self.seen);
        Room { rows: aligned(rows, self.rows), open: aligned(open, self.open), seen, room }
    }
}

/// Consecutive rows of the first convolution's result, of which the first ones hold its gradient in the end.
struct Lines<'a> {
    values: &'a mut [f32],
    len: usize,
    /// The row at the start of the values, the first one that is still of use, and one beyond the last.
    start: usize,
    first: usize,
    end: usize,
}

impl Lines<'_> {
    /// Rows that are of use at a time, at most, and some to spare.
    fn most_rows(second: &PooledConv) -> usize {
        let height = second.conv.window.in_h;
        let ends = |row: usize| {
            let patch = Seen::of(second, row).patch;
            [patch.top, patch.top + patch.rows as isize].map(|row| row.clamp(0, height as isize).unsigned_abs())
        };
        let (mut most, mut first) = (1, 0);
        for row in 0..second.pool.out_h {
            let [top, end] = ends(row);
            most = most.max(end.saturating_sub(first));
            first = top;
        }
        (most + SPARE_ROWS).min(height)
    }

    /// Computes the rows up to `end`.
    fn extend(&mut self, end: usize, forward: &Stage<'_>, x: &[f32], room: &mut [f32]) {
        if end <= self.end {
            return;
        }
        if (end - self.start) * self.len > self.values.len() {
            self.values.copy_within((self.first - self.start) * self.len..(self.end - self.start) * self.len, 0);
            self.start = self.first;
        }
        let new = (self.end - self.start) * self.len..(end - self.start) * self.len;
        forward.band(Rows::whole(x), self.end, &mut self.values[new], room);
        self.end = end;
    }

    /// The rows from `first` on up to `end`.
    fn rows(&self, first: usize, end: usize) -> Rows<'_> {
        Rows { values: &self.values[(first - self.start) * self.len..(end - self.start) * self.len], first }
    }

    fn rows_mut(&mut self) -> RowsMut<'_> {
        RowsMut { values: &mut self.values[..(self.end - self.start) * self.len], first: self.start }
    }
}

struct Gradient<'a> {
    isa: Isa,
    first: &'a Link,
    second: &'a PooledConv,
    forward: Stage<'a>,
    tiles: Tiles<'a, Single>,
    winners: ByRow<'a>,
    spread: &'a dyn SpreadRow,
}

impl Gradient<'_> {
    /// Adds the share of an image to the sums of both convolutions.
    #[allow(clippy::needless_pass_by_value, reason = "the room is lent for an image")]
    fn image(&self, x: &[f32], dy: &[f32], index: &[u8], room: Room<'_>, [of_first, of_second]: [&mut [f32]; 2]) {
        let (second, mut lists) = (self.second, Lists::new());
        let len = second.conv.window.in_w * second.conv.window.in_c;
        let mut lines = Lines { values: room.rows, len, start: 0, first: 0, end: 0 };
        let (of_weights, of_bias) = of_first.split_at_mut(self.first.g.weight_len());
        let mut open = OpenRows::new(self.isa, self.first.after.activation, room.open);
        room.seen.fill(0.0);
        for (seen, row) in rows_of(second, dy, index) {
            let end =
                (seen.patch.top + seen.patch.rows as isize).clamp(0, second.conv.window.in_h as isize).unsigned_abs();
            lines.extend(end, &self.forward, x, room.room);
            let rows = lines.rows(lines.first, lines.end);
            self.winners.row(&seen, row, rows, room.seen, &mut lists, &mut Ahead::nothing(), of_second);
            let spread = open.open(&seen.patch, seen.len(self.isa, second), &mut lines.rows_mut());
            self.spread.row(&seen, row, &mut lists, spread);
            take(self.isa, &self.tiles, x, &mut lines, open.next(), room.room, [&mut *of_weights, &mut *of_bias]);
        }
        open.close(&mut lines.rows_mut());
        take(self.isa, &self.tiles, x, &mut lines, open.next(), room.room, [&mut *of_weights, &mut *of_bias]);
    }
}

/// Adds the share of the rows before `end`, which hold the gradient, to the sums of the first convolution.
fn take(
    isa: Isa,
    tiles: &Tiles<'_, Single>,
    x: &[f32],
    lines: &mut Lines<'_>,
    end: usize,
    room: &mut [f32],
    [of_weights, of_bias]: [&mut [f32]; 2],
) {
    if end <= lines.first {
        return;
    }
    let rows = lines.rows(lines.first, end);
    tiles.add(Rows::whole(x), rows, room, 0, of_weights);
    // Some rows first: a sum that runs over all places of all images would lose digits.
    let mut sum = [0.0; MOST_FILTERS];
    let sum = &mut sum[..of_bias.len()];
    add_rows(isa, rows.values, sum);
    of_bias.iter_mut().zip(sum).for_each(|(total, sum)| *total += *sum);
    lines.first = end;
}
