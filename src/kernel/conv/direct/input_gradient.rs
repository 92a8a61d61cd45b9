//! The input gradient as direct convolutions of dy with the kernel turned around.
//!
//! With stride 1 it is one convolution. With stride s, input places fall into s phases along each axis: those of one
//! phase meet every s-th tap only, so that each phase is a convolution of stride 1 with its share of the taps, and no
//! multiplication by an inserted zero is done.

use rayon::prelude::*;

use super::super::patch::Patch;
use super::super::verify_lengths;
use super::{band_rows, rows_in_cache};
use crate::kernel::micro::{Block, Clamp, Contraction, Finish, MicroKernel, Panels};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{ConvGeometry, Isa, Scratch, Space};

/// Whether the taps of a phase are evenly spaced, and the panels, here of input channels, filled well enough.
pub fn fits(g: &ConvGeometry) -> bool {
    let is_even = |axis: usize| g.window.stride[axis] == 1 || g.window.dilation[axis] == 1;
    is_even(0) && is_even(1) && (g.groups == 1 || g.channels_per_group() >= super::FEWEST_FILTERS_OF_A_GROUP)
}

/// Elements of the packed weights of all phases.
pub fn workspace(isa: Isa, g: &ConvGeometry) -> usize {
    padded(InputGradient::packed_len(&Panels::of(isa, g.channels_per_group()), g))
}

/// Elements of a band of dy with its padding; none where no pixel is padded.
pub fn scratch(g: &ConvGeometry) -> usize {
    let axes = Axis::both(g);
    let rows = rows_in_cache(row_len(g), g.window.in_h);
    let is_in_place = g.window.kernel == [1, 1] && g.window.padding.is_none() && g.window.stride == [1, 1];
    // A band that starts at an odd phase may see one row more than the first band does.
    if is_in_place { 0 } else { band_patch(g, &axes, 0, rows).len() + band_patch(g, &axes, 0, 1).row_len() }
}

/// Computes dx.
pub fn run(isa: Isa, g: &ConvGeometry, n: usize, dy: &[f32], w: &[f32], dx: &mut [f32], space: Space<'_>) {
    verify_lengths(g, n, dx, w, dy);
    if dx.is_empty() {
        return;
    }
    let panels = Panels::of(isa, g.channels_per_group());
    let packed = aligned(space.workspace, InputGradient::packed_len(&panels, g));
    pack(&panels, g, w, packed);
    let gradient =
        InputGradient { micro: MicroKernel::of(isa), g, axes: Axis::both(g), panels, packed, scratch: space.scratch };
    let rows = band_rows([row_len(g), g.window.in_w], g.window.in_h, n);
    let in_row = g.window.in_w * g.window.in_c;
    dx.par_chunks_mut(g.window.in_len()).enumerate().for_each(|(image, dx)| {
        let dy = &dy[image * g.out_len()..][..g.out_len()];
        dx.par_chunks_mut(rows * in_row).enumerate().for_each(|(band, dx)| gradient.band(dy, band * rows, dx));
    });
}

/// Elements that an input row adds to a band.
fn row_len(g: &ConvGeometry) -> usize {
    g.window.in_w * g.window.in_c + g.window.out_w * g.filters / g.window.stride[0]
}

/// How the windows slide along one axis, seen from the input.
#[derive(Clone, Copy)]
struct Axis {
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

/// The input places along an axis that have the same remainder of (place + padding) by the stride.
#[derive(Clone, Copy)]
struct Phase {
    remainder: usize,
    taps: usize,
}

impl Axis {
    fn both(g: &ConvGeometry) -> [Self; 2] {
        let window = &g.window;
        let before = [window.padding.top, window.padding.left];
        std::array::from_fn(|axis| Self {
            kernel: window.kernel[axis],
            stride: window.stride[axis],
            dilation: window.dilation[axis],
            before: before[axis],
        })
    }

    fn phases(self) -> impl Iterator<Item = Phase> {
        let taps = move |remainder: usize| match self.stride {
            1 => self.kernel,
            stride => self.kernel.saturating_sub(remainder).div_ceil(stride),
        };
        (0..self.stride).map(move |remainder| Phase { remainder, taps: taps(remainder) })
    }

    /// The place of dy that the first tap of an input place is met at.
    fn meets(self, place: usize) -> usize {
        (place + self.before) / self.stride
    }

    /// Places of dy between two taps of a phase.
    fn step(self) -> usize {
        if self.stride == 1 { self.dilation } else { 1 }
    }

    /// Places of dy between the first and the last tap of a phase.
    fn reach(self, taps: usize) -> usize {
        taps.saturating_sub(1) * self.step()
    }

    /// The first place of dy that any of the input places from `first` on sees.
    fn start(self, first: usize) -> isize {
        self.meets(first) as isize - self.reach(self.phases().map(|phase| phase.taps).max().unwrap_or(0)) as isize
    }

    /// The first input place of a phase at or after `from`.
    fn first_of(self, phase: Phase, from: usize) -> usize {
        from + (phase.remainder + self.stride - (from + self.before) % self.stride) % self.stride
    }

    /// The first place of dy that an input place of a phase sees, counted from `start`.
    fn first_seen(self, phase: Phase, place: usize, start: isize) -> usize {
        (self.meets(place) as isize - self.reach(phase.taps) as isize - start) as usize
    }

    /// The kernel's tap that a phase meets at its `index`-th place of dy.
    fn tap(self, phase: Phase, index: usize) -> usize {
        phase.remainder + (phase.taps - 1 - index) * self.stride
    }
}

/// What the input rows from `first` on see of dy.
fn band_patch(g: &ConvGeometry, axes: &[Axis; 2], first: usize, rows: usize) -> Patch {
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

fn phases(g: &ConvGeometry) -> impl Iterator<Item = [Phase; 2]> {
    let [down, across] = Axis::both(g);
    down.phases().flat_map(move |row| across.phases().map(move |column| [row, column]))
}

/// Elements of one phase's packed weights for one panel.
fn panel_len(panels: &Panels, g: &ConvGeometry, [row, column]: [Phase; 2]) -> usize {
    row.taps * column.taps * g.filters_per_group() * panels.full()
}

/// Weights in panels of input channels: [phase][group][panel][taps, turned around][filters][lanes].
fn pack(panels: &Panels, g: &ConvGeometry, w: &[f32], mut to: &mut [f32]) {
    let [down, across] = Axis::both(g);
    for phase in phases(g) {
        let panel_len = panel_len(panels, g, phase);
        let (of_phase, rest) = to.split_at_mut(g.groups * panels.count() * panel_len);
        to = rest;
        let taps = |index: usize| {
            let row = down.tap(phase[0], index / phase[1].taps);
            row * g.window.kernel[1] + across.tap(phase[1], index % phase[1].taps)
        };
        of_phase.par_chunks_mut(panel_len.max(1)).enumerate().for_each(|(index, to)| {
            for (tap, to) in to.chunks_exact_mut(g.filters_per_group() * panels.full()).enumerate() {
                pack_tap(panels, g, index, taps(tap), w, to);
            }
        });
    }
}

/// Turns one tap's weights of a panel around, so that input channels lie in a run.
fn pack_tap(panels: &Panels, g: &ConvGeometry, index: usize, tap: usize, w: &[f32], to: &mut [f32]) {
    let (group, panel) = (index / panels.count(), panels.at(index % panels.count()));
    let filters = g.filters_per_group();
    to.fill(0.0);
    for channel in 0..panel.width {
        let row = tap * g.channels_per_group() + panel.start + channel;
        let w = &w[row * g.filters + group * filters..][..filters];
        for (to, w) in to.chunks_exact_mut(panels.full()).zip(w) {
            to[channel] = *w;
        }
    }
}

struct InputGradient<'a> {
    micro: MicroKernel,
    g: &'a ConvGeometry,
    axes: [Axis; 2],
    panels: Panels,
    packed: &'a [f32],
    scratch: &'a Scratch,
}

impl InputGradient<'_> {
    fn packed_len(panels: &Panels, g: &ConvGeometry) -> usize {
        phases(g).map(|phase| g.groups * panels.count() * panel_len(panels, g, phase)).sum()
    }

    /// Computes the input rows from `first` on into `dx`, which holds them.
    fn band(&self, dy: &[f32], first: usize, dx: &mut [f32]) {
        let rows = dx.len() / (self.g.window.in_w * self.g.window.in_c);
        let patch = band_patch(self.g, &self.axes, first, rows);
        let room = if patch.is_in_place() { 0 } else { patch.len() };
        self.scratch.with(room, |room| {
            let dy = patch.read(dy, room);
            let mut packed = self.packed;
            for phase in phases(self.g) {
                let len = self.g.groups * self.panels.count() * panel_len(&self.panels, self.g, phase);
                let (of_phase, rest) = packed.split_at(len);
                packed = rest;
                self.phase(phase, &patch, of_phase, first, dy, dx);
            }
        });
    }

    /// Computes the band's input places of one phase, a row of them at a time.
    fn phase(&self, phase: [Phase; 2], patch: &Patch, packed: &[f32], first: usize, dy: &[f32], dx: &mut [f32]) {
        let (g, [down, across]) = (self.g, self.axes);
        let [in_w, in_c] = [g.window.in_w, g.window.in_c];
        let column = across.first_of(phase[1], 0);
        let rows = dx.len() / (in_w * in_c);
        let pixels = in_w.saturating_sub(column).div_ceil(across.stride);
        // Where the pixels of all rows lie in one run, they are cut into tiles as one row.
        let is_one_run = g.window.stride == [1, 1] && patch.columns == in_w;
        let (rows, height) = if is_one_run { (1, rows * pixels) } else { (rows, pixels) };
        let by = self.contraction(phase, patch.row_len());
        let left = across.first_seen(phase[1], column, patch.left);
        let finish = Finish::Store { bias: None, clamp: Clamp::NONE };
        for index in 0..g.groups * self.panels.count() {
            let (group, panel) = (index / self.panels.count(), self.panels.at(index % self.panels.count()));
            let panel_len = panel_len(&self.panels, g, phase);
            let weights = &packed[index * panel_len..][..panel_len];
            let block = Block { height, width: panel.width, a_lane: g.filters, c_lane: across.stride * in_c };
            for row in (down.first_of(phase[0], first)..first + rows).step_by(down.stride) {
                let pixel = down.first_seen(phase[0], row, patch.top) * patch.columns + left;
                let dy = &dy[pixel * g.filters + group * g.filters_per_group()..];
                let channel = group * g.channels_per_group() + panel.start;
                let start = ((row - first) * in_w + column) * in_c + channel;
                if height > 0 {
                    self.micro.run(&by, block, dy, weights, finish, &mut dx[start..]);
                }
            }
        }
    }

    /// Over a phase's rows of taps, and over a row's taps and filters, in one run where nothing lies between them.
    fn contraction(&self, [row, column]: [Phase; 2], row_len: usize) -> Contraction {
        let (g, full) = (self.g, self.panels.full());
        let filters = g.filters_per_group();
        let [down, across] = [self.axes[0].step() * row_len, self.axes[1].step() * g.filters];
        let run = column.taps * filters;
        if g.groups == 1 && self.axes[1].step() == 1 {
            return Contraction { extent: [row.taps, 1, run], a: [down, 0, 1], b: [run * full, 0, full] };
        }
        Contraction {
            extent: [row.taps, column.taps, filters],
            a: [down, across, 1],
            b: [run * full, filters * full, full],
        }
    }
}
