//! The phases of a strided convolution, seen from its input: which places see which taps, and where they meet dy.
//!
//! Along an axis, place i meets tap k of the kernel at the place (i + padding − k·dilation)/stride of dy, where that is
//! whole. So places with the same remainder of (i + padding) by the stride, a phase, see the same taps.

use super::super::patch::Patch;
use crate::kernel::ConvGeometry;

/// How the windows slide along one axis, seen from the input.
#[derive(Clone, Copy)]
pub struct Axis {
    kernel: usize,
    pub stride: usize,
    dilation: usize,
    before: usize,
}

/// The input places along an axis that have the same remainder of (place + padding) by the stride.
#[derive(Clone, Copy)]
pub struct Phase {
    pub remainder: usize,
    pub taps: usize,
}

impl Axis {
    pub fn both(g: &ConvGeometry) -> [Self; 2] {
        let window = &g.window;
        let before = [window.padding.top, window.padding.left];
        std::array::from_fn(|axis| Self {
            kernel: window.kernel[axis],
            stride: window.stride[axis],
            dilation: window.dilation[axis],
            before: before[axis],
        })
    }

    pub fn phases(self) -> impl Iterator<Item = Phase> {
        let taps = move |remainder: usize| match self.stride {
            1 => self.kernel,
            stride => self.kernel.saturating_sub(remainder).div_ceil(stride),
        };
        (0..self.stride).map(move |remainder| Phase { remainder, taps: taps(remainder) })
    }

    /// The place of dy that the first tap of an input place is met at.
    pub fn meets(self, place: usize) -> usize {
        (place + self.before) / self.stride
    }

    /// Places of dy between two taps of a phase.
    pub fn step(self) -> usize {
        if self.stride == 1 { self.dilation } else { 1 }
    }

    /// Places of dy between the first and the last tap of a phase.
    pub fn reach(self, taps: usize) -> usize {
        taps.saturating_sub(1) * self.step()
    }

    /// The first place of dy that any of the input places from `first` on sees.
    fn start(self, first: usize) -> isize {
        self.meets(first) as isize - self.reach(self.phases().map(|phase| phase.taps).max().unwrap_or(0)) as isize
    }

    /// The first input place of a phase at or after `from`.
    pub fn first_of(self, phase: Phase, from: usize) -> usize {
        from + (phase.remainder + self.stride - (from + self.before) % self.stride) % self.stride
    }

    /// The first place of dy that an input place of a phase sees, counted from `start`.
    pub fn first_seen(self, phase: Phase, place: usize, start: isize) -> usize {
        (self.meets(place) as isize - self.reach(phase.taps) as isize - start) as usize
    }

    /// The kernel's tap that a phase meets at its `index`-th place of dy.
    pub fn tap(self, phase: Phase, index: usize) -> usize {
        phase.remainder + (phase.taps - 1 - index) * self.stride
    }
}

/// What the input rows from `first` on see of dy.
pub fn band_patch(g: &ConvGeometry, axes: &[Axis; 2], first: usize, rows: usize) -> Patch {
    let (top, left) = (axes[0].start(first), axes[1].start(0));
    let count = |start: isize, last: usize| (last as isize - start) as usize + 1;
    Patch {
        image: [g.window.out_h, g.window.out_w, g.filters],
        top,
        left,
        rows: count(top, axes[0].meets(first + rows - 1)),
        columns: count(left, axes[1].meets(g.window.in_w - 1)),
    }
}

pub fn phases(g: &ConvGeometry) -> impl Iterator<Item = [Phase; 2]> {
    let [down, across] = Axis::both(g);
    down.phases().flat_map(move |row| across.phases().map(move |column| [row, column]))
}

/// The input places of one phase in a band.
pub struct Sweep<'a> {
    g: &'a ConvGeometry,
    phase: [Phase; 2],
    patch: &'a Patch,
    first: usize,
    rows: usize,
    column: usize,
    /// Places of a row; none where the phase has none.
    pub pixels: usize,
}

impl<'a> Sweep<'a> {
    /// The places of a band of dx of `len` elements, whose first row is `first`.
    pub fn of(g: &'a ConvGeometry, phase: [Phase; 2], patch: &'a Patch, first: usize, len: usize) -> Self {
        let in_w = g.window.in_w;
        let column = Axis::both(g)[1].first_of(phase[1], 0);
        let (rows, pixels) = (len / (in_w * g.window.in_c), in_w.saturating_sub(column).div_ceil(g.window.stride[1]));
        // Where the pixels of all rows lie in one run, they are cut into tiles as one row.
        let is_one_run = g.window.stride == [1, 1] && patch.columns == in_w;
        let (rows, pixels) = if is_one_run { (1, rows * pixels) } else { (rows, pixels) };
        Self { g, phase, patch, first, rows, column, pixels }
    }

    /// For each row, the first pixel that it sees of the patch and its own first pixel in the band: ever as far apart.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (usize, usize)> {
        let [down, across] = Axis::both(self.g);
        let left = across.first_seen(self.phase[1], self.column, self.patch.left);
        let rows = if self.pixels == 0 { 0 } else { self.first + self.rows };
        (down.first_of(self.phase[0], self.first)..rows).step_by(down.stride).map(move |row| {
            let top = down.first_seen(self.phase[0], row, self.patch.top);
            (top * self.patch.columns + left, (row - self.first) * self.g.window.in_w + self.column)
        })
    }
}
