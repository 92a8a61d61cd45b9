//! Convolutions one behind the other, of which only the last one's result is stored, pooled where a max pool follows.
//!
//! A few rows of each are computed into cache, from the rows of the one before; what the next rows see again stays there.
//! Between two convolutions nothing goes through memory, which on large maps takes longer than computing it.

mod forward;
mod gradient;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

pub use forward::Kept;
pub use gradient::{Front, Operands, Spreading};

use super::direct::{self, depthwise, forward::Forward as Direct};
use super::patch::Rows;
use super::{Bands as _, ConvForward, PooledConv, whole_tiles, winograd};
use crate::kernel::element::{Pair, Single};
use crate::kernel::{After, ConvGeometry, Window};

/// Convolutions, at most.
pub const MOST_LINKS: usize = 3;

/// Bands of an image, at least where it has the rows.
const BANDS: usize = 4;

/// Images of a batch by which it is judged how much is computed twice: each is then several tasks.
const FEW: usize = direct::TASKS / 4;

/// One of the convolutions.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// What it computes.
    pub g: ConvGeometry,
    /// How; one that [`ConvForward::is_link`].
    pub kernel: &'static ConvForward,
    /// Whether it has a bias.
    pub bias: bool,
    /// What becomes of its sums.
    pub after: After,
}

/// What is added to the last convolution's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Nothing.
    Nothing,
    /// The first one's input.
    Input,
    /// What the result's place holds before.
    Result,
}

/// Convolutions, each of the result of the one before, and perhaps a max pool behind the last one.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The convolutions: two or three.
    pub links: Vec<Link>,
    /// What is added to the last one's sums.
    pub added: Added,
    /// The pool.
    pub pool: Option<Window>,
}

/// How a forward kernel computes some rows of an image, as a link of a chain.
#[derive(Debug)]
pub(super) struct AsLink {
    /// Elements of the room that so many rows from the first one on take.
    pub room: fn(&ConvGeometry, usize, usize) -> usize,
    /// Makes it ready: geometry, packed weights, what becomes of the sums.
    pub stage: for<'a> fn(&'a ConvGeometry, &'a [f32], After) -> Stage<'a>,
    /// Rows of a tile of outputs; where it is one, no bit of a row depends on where its band starts.
    pub tile: usize,
}

impl AsLink {
    /// Whether no bit of a row depends on where its band starts.
    pub fn starts_anywhere(&self) -> bool {
        self.tile == 1
    }
}

/// A convolution that is ready to compute bands of rows.
pub(super) enum Stage<'a> {
    Direct(Direct<'a, Single>),
    Pairs(Direct<'a, Pair>),
    Depthwise(depthwise::Forward<'a>),
    Winograd(winograd::Forward<'a, 4>),
    WideWinograd(winograd::Forward<'a, 6>),
}

impl Stage<'_> {
    fn band(&self, x: Rows<'_>, first: usize, y: &mut [f32], room: &mut [f32]) {
        match self {
            Self::Direct(conv) => conv.band(x, first, y, room),
            Self::Pairs(conv) => conv.band(x, first, y, room),
            Self::Depthwise(conv) => conv.band(x, first, y, room),
            Self::Winograd(conv) => conv.band(x, first, y, room),
            Self::WideWinograd(conv) => conv.band(x, first, y, room),
        }
    }
}

impl Link {
    /// Elements of a row of its result.
    fn row_len(&self) -> usize {
        self.g.window.out_w * self.g.filters
    }

    fn as_link(&self) -> &'static AsLink {
        self.kernel.run.link.as_ref().unwrap_or_else(|| unreachable!("{} is no link of a chain", self.kernel.name))
    }

    /// Elements of the room that some rows of its result take.
    fn room(&self, rows: &Range<usize>) -> usize {
        (self.as_link().room)(&self.g, rows.start, rows.len())
    }
}

/// The rows of a convolution's input that some rows of its output see.
fn seen(g: &ConvGeometry, rows: &Range<usize>) -> Range<usize> {
    if rows.is_empty() {
        return 0..0;
    }
    let w = &g.window;
    let reach = (w.kernel[0] - 1) * w.dilation[0] + 1;
    let start = (rows.start * w.stride[0]).saturating_sub(w.padding.top).min(w.in_h);
    let end = ((rows.end - 1) * w.stride[0] + reach).saturating_sub(w.padding.top).clamp(start, w.in_h);
    start..end
}

impl Chain {
    /// Whether the kernels and sizes allow it: each result is the next one's input, and all but the last may start at any row.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let is_link = |link: &Link| link.kernel.run.link.is_some();
        let (Some(last), true) = (self.links.last(), (2..=MOST_LINKS).contains(&self.links.len())) else {
            return false;
        };
        let before = &self.links[..self.links.len() - 1];
        self.links.iter().all(is_link)
            && before.iter().all(|link| link.as_link().starts_anywhere() && !link.after.residual)
            && self.links.windows(2).all(|two| two[0].g.out_len() == two[1].g.window.in_len())
            && (self.added == Added::Nothing) != last.after.residual
            && self.pool.is_none_or(|pool| pool.taps() <= super::pooled::MOST_TAPS && self.added == Added::Nothing)
            && (self.added != Added::Input || self.in_len() == last.g.out_len())
    }

    fn last(&self) -> &Link {
        &self.links[self.links.len() - 1]
    }

    /// Elements of an image.
    #[must_use]
    pub fn in_len(&self) -> usize {
        self.links[0].g.window.in_len()
    }

    /// Rows of the result, and elements of each.
    fn out(&self) -> [usize; 2] {
        match self.pool {
            Some(pool) => [pool.out_h, pool.out_w * pool.in_c],
            None => [self.last().g.window.out_h, self.last().row_len()],
        }
    }

    /// Elements of an image's result.
    #[must_use]
    pub fn out_len(&self) -> usize {
        self.out().iter().product()
    }

    /// Multiply-accumulates of an image.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.links.iter().map(|link| link.g.macs()).sum()
    }

    /// The share of its multiplications that are done again in batches of a few images, because two tasks see the same rows.
    #[must_use]
    pub fn again(&self) -> f64 {
        let ([height, _], task) = (self.out(), self.task_rows(FEW));
        let macs = |first: usize| -> f64 {
            let rows = self.rows(first..height.min(first + task));
            let of_link = |(link, rows): (&Link, &Range<usize>)| {
                link.g.macs() as f64 * rows.len() as f64 / link.g.window.out_h.max(1) as f64
            };
            self.links.iter().zip(&rows).map(of_link).sum()
        };
        (0..height).step_by(task).map(macs).sum::<f64>() / self.macs().max(1) as f64 - 1.0
    }

    /// For each convolution the rows of its result that are needed for some rows of the chain's.
    fn rows(&self, rows: Range<usize>) -> [Range<usize>; MOST_LINKS] {
        let mut all: [Range<usize>; MOST_LINKS] = std::array::from_fn(|_| 0..0);
        let last = self.links.len() - 1;
        all[last] = match self.pool {
            Some(pool) => PooledConv { conv: self.last().g, pool }.conv_rows(rows.start, rows.len()),
            None => rows,
        };
        for at in (0..last).rev() {
            all[at] = seen(&self.links[at + 1].g, &all[at + 1]);
        }
        all
    }

    /// Rows of a band: those whose operands stay in the second-level cache, and few enough that a single image has work for
    /// several threads. It depends on the shapes alone, and starts where tiles of a convolution do, as bits depend on that.
    fn band_rows(&self) -> usize {
        let ([height, _], unit) = (self.out(), self.unit());
        let elements =
            |count: usize| self.rows(0..count).iter().zip(&self.links).map(|(r, l)| r.len() * l.row_len()).sum();
        let fits = |count: &usize| direct::is_in_cache(elements(*count));
        let most = (1..=height.max(1)).take_while(fits).last().unwrap_or(1);
        let fair = height.div_ceil(BANDS).next_multiple_of(unit);
        if most >= unit { (most - most % unit).min(fair) } else { most }
    }

    /// Rows of the result of which the last convolution's are whole tiles, where it has tiles.
    fn unit(&self) -> usize {
        whole_tiles(self.last().as_link().tile, self.pool.map_or(1, |pool| pool.stride[0]))
    }

    /// Rows of the chain's result that a task computes, of `n` images: all of one where there are many.
    fn task_rows(&self, n: usize) -> usize {
        let [height, _] = self.out();
        let bands = height.div_ceil(self.band_rows()).max(1);
        let parts = direct::TASKS.div_ceil(n.max(1)).min(bands);
        bands.div_ceil(parts) * self.band_rows()
    }

    /// Tasks of one of `n` images.
    fn parts(&self, n: usize) -> usize {
        self.out()[0].div_ceil(self.task_rows(n)).max(1)
    }
}

/// Its convolutions, one behind the other.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links: Vec<String> = self.links.iter().map(|link| link.g.to_string()).collect();
        f.write_str(&links.join(" > "))?;
        match self.pool {
            Some(pool) => write!(f, ", max pool {pool} to {}x{}", pool.out_h, pool.out_w),
            None => Ok(()),
        }
    }
}

impl ConvForward {
    /// Whether it can compute a chain's convolution.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.run.link.is_some()
    }
}
