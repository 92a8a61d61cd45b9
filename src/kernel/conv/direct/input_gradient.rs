//! The input gradient as direct convolutions of dy with the kernel turned around.
//!
//! With stride 1 it is one convolution. With stride s, input places fall into s phases along each axis: those of one
//! phase meet every s-th tap only, so that each phase is a convolution of stride 1 with its share of the taps, and no
//! multiplication by an inserted zero is done.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use super::super::patch::{Patch, Rows};
use super::super::verify_lengths;
use super::phase::{Axis, Phase, Sweep, band_patch, phases};
use super::{band_rows, rows_in_cache};
use crate::kernel::element::Element;
use crate::kernel::micro::{Block, Clamp, Contraction, Finish, Many, MicroKernel, Panels};
use crate::kernel::scratch::{aligned, lines, padded};
use crate::kernel::{Activation, ConvGeometry, Isa, Scratch, Space};

/// An image of fewer channels leaves most lanes of a register idle.
const FEWEST_CHANNELS: usize = 4;

/// Whether the taps of a phase are evenly spaced, and the panels, here of input channels, filled well enough.
pub fn fits(g: &ConvGeometry) -> bool {
    let is_even = |axis: usize| g.window.stride[axis] == 1 || g.window.dilation[axis] == 1;
    let fewest = if g.groups == 1 { FEWEST_CHANNELS } else { super::FEWEST_FILTERS_OF_A_GROUP };
    is_even(0) && is_even(1) && g.channels_per_group() >= fewest
}

/// Elements of the packed weights of all phases.
pub fn workspace<E: Element>(isa: Isa, g: &ConvGeometry) -> usize {
    padded(packed_len(&Panels::of(isa, g.channels_per_group()), &in_elements::<E>(g)))
}

/// Elements of a band of dy with its padding, none where no pixel is padded, and none of two values made, and of a band
/// of dx.
pub fn scratch<E: Element>(g: &ConvGeometry) -> usize {
    let axes = Axis::both(g);
    let rows = rows_in_cache(row_len(g), g.window.in_h);
    let of_dx = rows * g.window.in_w * g.window.in_c;
    let is_plain = g.window.kernel == [1, 1] && g.window.padding.is_none() && g.window.stride == [1, 1];
    let patch = band_patch(g, &axes, 0, rows);
    // A band that starts at an odd phase may see one row more than the first band does.
    let rows = patch.rows + 1;
    of_dx + if is_plain && E::VALUES == 1 { 0 } else { rows * patch.row_elements::<E>(g.groups) }
}

/// The convolution as the micro-kernel sees it, with elements for filters.
fn in_elements<E: Element>(g: &ConvGeometry) -> ConvGeometry {
    ConvGeometry { filters: g.groups * E::elements(g.filters_per_group()), ..*g }
}

/// Elements of the same, and of what a band sees of dy where that is not in memory.
pub fn scratch_with_dy<E: Element>(g: &ConvGeometry) -> usize {
    let rows = rows_in_cache(row_len(g), g.window.in_h);
    scratch::<E>(g) + lines((band_patch(g, &Axis::both(g), 0, rows).rows + 1) * g.window.out_w * g.filters)
}

/// Where the gradient of an image's outputs comes from.
pub trait Source: Sync {
    /// Elements of the room for so many rows.
    fn room(&self, g: &ConvGeometry, rows: usize) -> usize;

    /// The wanted rows, perhaps with others.
    fn rows<'a>(&'a self, rows: Range<usize>, room: &'a mut [f32]) -> Rows<'a>;
}

/// Memory.
struct Memory<'a>(&'a [f32]);

impl Source for Memory<'_> {
    fn room(&self, _: &ConvGeometry, _: usize) -> usize {
        0
    }

    fn rows<'a>(&'a self, _: Range<usize>, _: &'a mut [f32]) -> Rows<'a> {
        Rows::whole(self.0)
    }
}

/// Computes dx.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run<E: Element + Sync>(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    dy: &[f32],
    w: &[f32],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    verify_lengths(g, n, dx, w, dy);
    let image = |image: usize| Memory(&dy[image * g.out_len()..][..g.out_len()]);
    run_from::<E, _>(isa, g, n, image, w, activation, dx, space);
}

/// Computes dx from the gradient that each image's source gives.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run_from<E: Element + Sync, From: Source>(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    source: impl Fn(usize) -> From + Sync,
    w: &[f32],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    if dx.is_empty() {
        return;
    }
    let gradient = InputGradient::<E>::new(isa, g, w, activation, workspace);
    let rows = band_rows([row_len(g), g.window.in_w], g.window.in_h, n);
    let in_row = g.window.in_w * g.window.in_c;
    dx.par_chunks_mut(g.window.in_len()).enumerate().for_each(|(image, dx)| {
        let dy = source(image);
        dx.par_chunks_mut(rows * in_row)
            .enumerate()
            .for_each(|(band, dx)| gradient.band(&dy, band * rows, dx, scratch));
    });
}

/// Elements that an input row adds to a band.
pub fn row_len(g: &ConvGeometry) -> usize {
    g.window.in_w * g.window.in_c + g.window.out_w * g.filters / g.window.stride[0]
}

/// Elements of one phase's packed weights for one panel, of a convolution with elements for filters.
fn panel_len(panels: &Panels, g: &ConvGeometry, [row, column]: [Phase; 2]) -> usize {
    row.taps * column.taps * g.filters_per_group() * panels.full()
}

fn packed_len(panels: &Panels, g: &ConvGeometry) -> usize {
    phases(g).map(|phase| g.groups * panels.count() * panel_len(panels, g, phase)).sum()
}

/// Weights in panels of input channels: [phase][group][panel][taps, turned around][elements of filters][lanes].
fn pack<E: Element>(isa: Isa, panels: &Panels, g: &ConvGeometry, w: &[f32], mut to: &mut [f32]) {
    let [down, across] = Axis::both(g);
    let elements = E::elements(g.filters_per_group());
    for phase in phases(g) {
        let panel_len = panel_len(panels, &in_elements::<E>(g), phase);
        let (of_phase, rest) = to.split_at_mut(g.groups * panels.count() * panel_len);
        to = rest;
        let taps = |index: usize| {
            let row = down.tap(phase[0], index / phase[1].taps);
            row * g.window.kernel[1] + across.tap(phase[1], index % phase[1].taps)
        };
        of_phase.par_chunks_mut(panel_len.max(1)).enumerate().for_each(|(index, to)| {
            for (tap, to) in to.chunks_exact_mut(elements * panels.full()).enumerate() {
                pack_tap::<E>(isa, panels, g, index, taps(tap), w, to);
            }
        });
    }
}

/// Elements of filters that are packed together, so that what is written in strides stays in the first-level cache.
const FILTERS: usize = 64;

/// Turns one tap's weights of a panel around, so that input channels lie in a run.
fn pack_tap<E: Element>(
    isa: Isa,
    panels: &Panels,
    g: &ConvGeometry,
    index: usize,
    tap: usize,
    w: &[f32],
    to: &mut [f32],
) {
    let (group, panel) = (index / panels.count(), panels.at(index % panels.count()));
    let filters = g.filters_per_group();
    let first = (tap * g.channels_per_group() + panel.start) * g.filters + group * filters;
    let block = FILTERS * E::VALUES;
    to.fill(0.0);
    for (index, to) in to.chunks_mut(FILTERS * panels.full()).enumerate() {
        let depth = block.min(filters - index * block);
        let w = &w[first + index * block..];
        E::pack_transposed(isa, w, [depth, panel.width], g.filters, to, panels.full());
    }
}

/// An input gradient whose weights are packed, ready for any band of any image.
pub struct InputGradient<'a, E> {
    isa: Isa,
    micro: MicroKernel,
    /// Of dy as it is.
    of_dy: &'a ConvGeometry,
    /// With elements for filters.
    g: ConvGeometry,
    axes: [Axis; 2],
    panels: Panels,
    packed: &'a [f32],
    activation: Activation,
    element: PhantomData<E>,
}

impl<'a, E: Element> InputGradient<'a, E> {
    /// Packs the weights into the workspace.
    pub fn new(isa: Isa, g: &'a ConvGeometry, w: &[f32], activation: Activation, workspace: &'a mut [f32]) -> Self {
        let panels = Panels::of(isa, g.channels_per_group());
        let (of_dy, in_elements) = (g, in_elements::<E>(g));
        let packed = aligned(workspace, packed_len(&panels, &in_elements));
        pack::<E>(isa, &panels, g, w, packed);
        let (micro, axes, element) = (E::micro(isa), Axis::both(g), PhantomData);
        Self { isa, micro, of_dy, g: in_elements, axes, panels, packed, activation, element }
    }

    /// The rows of dy that some input rows see.
    pub fn seen(g: &ConvGeometry, first: usize, rows: usize) -> Range<usize> {
        let patch = band_patch(g, &Axis::both(g), first, rows);
        let place = |row: isize| row.clamp(0, g.window.out_h as isize).unsigned_abs();
        place(patch.top)..place(patch.top + patch.rows as isize)
    }

    /// Elements of the room that so many input rows take.
    pub fn room(g: &ConvGeometry, activation: Activation, first: usize, rows: usize) -> usize {
        let patch = band_patch(g, &Axis::both(g), first, rows);
        let of_dx = activation.chain_room(rows * g.window.in_w * g.window.in_c);
        // What is in memory is read in place, if it lies there as it is wanted.
        patch.room_of_elements::<E>(g.groups) + of_dx
    }

    /// Computes the input rows from `first` on into `dx`, which holds them.
    fn band(&self, source: &impl Source, first: usize, dx: &mut [f32], scratch: &Scratch) {
        let rows = dx.len() / (self.g.window.in_w * self.g.window.in_c);
        let seen = Self::seen(self.of_dy, first, rows);
        let source_room = lines(source.room(self.of_dy, seen.len()));
        scratch.with(source_room + Self::room(self.of_dy, self.activation, first, rows), |room| {
            let (of_source, room) = room.split_at_mut(source_room);
            self.rows(source.rows(seen, of_source), first, dx, room);
        });
    }

    /// The same from rows of dy that are at hand.
    pub fn rows(&self, dy: Rows<'_>, first: usize, dx: &mut [f32], room: &mut [f32]) {
        let rows = dx.len() / (self.g.window.in_w * self.g.window.in_c);
        let patch = band_patch(self.of_dy, &self.axes, first, rows);
        let (of_dy, of_dx) = room.split_at_mut(patch.room_of_elements::<E>(self.g.groups));
        let dy = patch.among(dy).read_elements::<E>(self.isa, self.g.groups, dy.values, of_dy);
        self.activation.chain(self.isa, of_dx, dx, |dx| {
            let mut packed = self.packed;
            for phase in phases(&self.g) {
                let len = self.g.groups * self.panels.count() * panel_len(&self.panels, &self.g, phase);
                let (of_phase, rest) = packed.split_at(len);
                packed = rest;
                self.phase(phase, &patch, of_phase, first, dy, dx);
            }
        });
    }

    /// Computes the band's input places of one phase.
    fn phase(&self, phase: [Phase; 2], patch: &Patch, packed: &[f32], first: usize, dy: &[f32], dx: &mut [f32]) {
        let (g, in_c) = (&self.g, self.g.window.in_c);
        let by = self.contraction(phase, patch.row_elements::<E>(g.groups));
        let finish = Finish::Store { bias: None, residual: false, clamp: Clamp::NONE };
        let panel_len = panel_len(&self.panels, g, phase);
        let sweep = Sweep::of(g, phase, patch, first, dx.len());
        for index in 0..g.groups * self.panels.count() {
            let (group, panel) = (index / self.panels.count(), self.panels.at(index % self.panels.count()));
            let weights = &packed[index * panel_len..][..panel_len];
            let block = Block {
                height: sweep.pixels,
                width: panel.width,
                a_lane: g.filters,
                c_lane: g.window.stride[1] * in_c,
            };
            let channel = group * g.channels_per_group() + panel.start;
            let mut rows = sweep.rows();
            let count = rows.len();
            let Some((from, to)) = rows.next() else { continue };
            let next = rows.next().unwrap_or((from, to));
            let many = Many { count, apart: [(next.0 - from) * g.filters, 0, (next.1 - to) * in_c] };
            let dy = &dy[from * g.filters + group * g.filters_per_group()..];
            self.micro.run_each(many, &by, block, dy, weights, finish, &mut dx[to * in_c + channel..]);
        }
    }

    /// Over a phase's rows of taps, and over a row's taps and filters, in one run where nothing lies between them.
    fn contraction(&self, [row, column]: [Phase; 2], row_len: usize) -> Contraction {
        let (g, full) = (&self.g, self.panels.full());
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
