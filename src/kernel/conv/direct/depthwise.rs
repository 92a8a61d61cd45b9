//! Direct depthwise convolution, a filter a channel: the micro-kernel with channels on both sides.
//!
//! Nothing is summed over channels, so a block's columns are channels, its rows pixels (for the weight gradient, taps),
//! and the contraction runs over taps (pixels). Strips of channels are as wide as the widest instruction set fills.

use rayon::prelude::*;

use super::super::patch::Rows;
use super::super::{Bands, sum_partials, verify_lengths, verify_maps};
use super::cut::{Band, Cut};
use super::input_gradient::row_len as gradient_row_len;
use super::phase::{Axis, Phase, Sweep, band_patch as gradient_patch, phases};
use super::{band_patch, band_rows, row_len};
use crate::kernel::micro::{Block, Clamp, Contraction, Finish, MicroKernel, Panel, Panels};
use crate::kernel::pool::Axis as MapAxis;
use crate::kernel::{Activation, After, ConvGeometry, Isa, Scratch, Space};

/// Channels that every instruction set can cut into whole registers.
const LANES: usize = 4;

/// Whether every channel has its own filter, and the channels fill whole registers.
pub fn fits(g: &ConvGeometry) -> bool {
    g.groups > 1 && g.groups == g.window.in_c && g.filters == g.groups && g.groups.is_multiple_of(LANES)
}

/// Whether, besides, the taps of a phase are evenly spaced.
pub fn fits_input_gradient(g: &ConvGeometry) -> bool {
    fits(g) && (0..2).all(|axis| g.window.stride[axis] == 1 || g.window.dilation[axis] == 1)
}

/// Elements of the partial sums.
pub fn partials(g: &ConvGeometry, n: usize) -> usize {
    Cut::most_parts(g, n) * g.weight_len()
}

/// Cuts channels into strips of whole registers, the widest first.
fn for_each_strip(isa: Isa, channels: usize, mut f: impl FnMut(&MicroKernel, Panel)) {
    let mut start = 0;
    for isa in Isa::ALL.into_iter().rev().filter(|&narrower| narrower <= isa) {
        let micro = MicroKernel::of(isa);
        let whole = (channels - start) / micro.read_width(1) * micro.read_width(1);
        for panel in Panels::of(isa, whole).iter() {
            f(&micro, Panel { start: start + panel.start, width: panel.width });
        }
        start += whole;
    }
}

/// Computes y.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn forward(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    x: &[f32],
    w: &[f32],
    after: After,
    y: &mut [f32],
    scratch: &Scratch,
) {
    verify_maps(g, n, x, y);
    let forward = Forward { isa, g, packed: w, after };
    let rows = band_rows([row_len(g), g.window.out_w], g.window.out_h, n);
    let out_row = g.window.out_w * g.filters;
    y.par_chunks_mut(g.out_len()).enumerate().for_each(|(image, y)| {
        let x = Rows::whole(&x[image * g.window.in_len()..][..g.window.in_len()]);
        y.par_chunks_mut(rows * out_row).enumerate().for_each(|(band, y)| {
            let len = Forward::room(isa, g, band * rows, y.len() / out_row);
            scratch.with(len, |room| forward.band(x, band * rows, y, room));
        });
    });
}

/// A convolution with its weights and, behind them, its bias, ready for any band of any image.
pub struct Forward<'a> {
    /// What it runs with.
    pub isa: Isa,
    /// What it computes.
    pub g: &'a ConvGeometry,
    /// Weights and bias as they are.
    pub packed: &'a [f32],
    /// What becomes of its sums.
    pub after: After,
}

impl Bands for Forward<'_> {
    fn room(_: Isa, g: &ConvGeometry, first: usize, rows: usize) -> usize {
        if rows == 0 || is_read_in_place(g) { 0 } else { band_patch(g, first, rows).room() }
    }

    fn band(&self, x: Rows<'_>, first: usize, y: &mut [f32], room: &mut [f32]) {
        let g = self.g;
        if is_read_in_place(g) {
            return forward_in_place(self.isa, g, x, first, self.packed, self.after, y);
        }
        let patch = band_patch(g, first, y.len() / (g.window.out_w * g.filters)).among(x);
        let x = patch.read(x.values, room);
        forward_band(self.isa, g, x, patch.row_len(), self.packed, self.after, y);
    }
}

/// Output columns, at least, of rows that are read where they lie: those of fewer are sooner copied with their padding than their
/// edges are computed apart.
const WIDE: usize = 24;

/// Whether rows are read where they lie, though windows reach into the padding.
fn is_read_in_place(g: &ConvGeometry) -> bool {
    g.window.out_w >= WIDE && !g.window.padding.is_none()
}

/// The same without a copy: of windows that reach into the padding only the taps inside the map are summed, so that columns at
/// the edges are computed apart.
fn forward_in_place(
    isa: Isa,
    g: &ConvGeometry,
    x: Rows<'_>,
    first: usize,
    packed: &[f32],
    after: After,
    y: &mut [f32],
) {
    let (window, channels) = (&g.window, g.filters);
    let (w, bias) = packed.split_at(g.weight_len());
    let (down, across) = (MapAxis::rows(window), MapAxis::columns(window));
    let is_whole = |column: &usize| across.taps(*column).len() == window.kernel[1];
    let inner = (0..window.out_w).find(is_whole).unwrap_or(window.out_w);
    let inner = inner..(inner..window.out_w).rev().find(is_whole).map_or(inner, |last| last + 1);
    let edges = (0..inner.start).chain(inner.end..window.out_w).map(|column| column..column + 1);
    let (in_row, out_row) = (window.in_w * channels, window.out_w * channels);
    let clamp = Clamp::of(after.activation);
    for_each_strip(isa, channels, |micro, Panel { start, width }| {
        let bias = Some(&bias[start..]);
        let finish = Finish::Store { bias, residual: after.residual, clamp: clamp.unwrap_or(Clamp::NONE) };
        for (row, y) in y.chunks_exact_mut(out_row).enumerate() {
            let rows = down.taps(first + row);
            let top = if rows.is_empty() { x.first } else { down.place(first + row, rows.start) };
            let x = &x.values[(top - x.first) * in_row..];
            for columns in edges.clone().chain([inner.clone()]).filter(|columns| !columns.is_empty()) {
                let taps = across.taps(columns.start);
                let by = Contraction {
                    extent: [1, rows.len(), taps.len()],
                    a: [0, window.dilation[0] * in_row, window.dilation[1] * channels],
                    b: [0, window.kernel[1] * channels, channels],
                };
                let left = if taps.is_empty() { 0 } else { across.place(columns.start, taps.start) };
                let from = (left * channels + start).min(x.len());
                let of_taps = (rows.start * window.kernel[1] + taps.start) * channels + start;
                let (a_lane, height) = (window.stride[1] * channels, columns.len());
                let block = Block { height, width, a_lane, c_lane: channels };
                let y = &mut y[columns.start * channels + start..];
                micro.run_elementwise(&by, block, &x[from..], w.get(of_taps..).unwrap_or_default(), finish, y);
            }
        }
    });
    if clamp.is_none() {
        after.activation.map_block(isa, y);
    }
}

fn forward_band(isa: Isa, g: &ConvGeometry, x: &[f32], x_row: usize, packed: &[f32], after: After, y: &mut [f32]) {
    let (window, channels) = (&g.window, g.filters);
    let (w, bias) = packed.split_at(g.weight_len());
    let [height, width] = window.kernel;
    let by = Contraction {
        extent: [1, height, width],
        a: [0, window.dilation[0] * x_row, window.dilation[1] * channels],
        b: [0, width * channels, channels],
    };
    let clamp = Clamp::of(after.activation);
    for_each_strip(isa, channels, |micro, Panel { start, width }| {
        let bias = Some(&bias[start..]);
        let finish = Finish::Store { bias, residual: after.residual, clamp: clamp.unwrap_or(Clamp::NONE) };
        let block = Block { height: window.out_w, width, a_lane: window.stride[1] * channels, c_lane: channels };
        for (row, y) in y.chunks_exact_mut(window.out_w * channels).enumerate() {
            let x = &x[row * window.stride[0] * x_row + start..];
            micro.run_elementwise(&by, block, x, &w[start..], finish, &mut y[start..]);
        }
    });
    if clamp.is_none() {
        after.activation.map_block(isa, y);
    }
}

/// Computes dx.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn input_gradient(
    isa: Isa,
    g: &ConvGeometry,
    n: usize,
    dy: &[f32],
    w: &[f32],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    verify_lengths(g, n, dx, w, dy);
    let turned = &mut workspace[..g.weight_len()];
    turn(g, w, turned);
    let (turned, axes) = (&*turned, Axis::both(g));
    let rows = band_rows([gradient_row_len(g), g.window.in_w], g.window.in_h, n);
    let in_row = g.window.in_w * g.window.in_c;
    dx.par_chunks_mut(g.window.in_len()).enumerate().for_each(|(image, dx)| {
        let dy = &dy[image * g.out_len()..][..g.out_len()];
        dx.par_chunks_mut(rows * in_row).enumerate().for_each(|(band, dx)| {
            let patch = gradient_patch(g, &axes, band * rows, dx.len() / in_row);
            scratch.with(patch.room() + activation.chain_room(dx.len()), |room| {
                let (of_dy, of_dx) = room.split_at_mut(patch.room());
                let (dy, mut weights) = (patch.read(dy, of_dy), turned);
                activation.chain(isa, of_dx, dx, |dx| {
                    for phase in phases(g) {
                        let sweep = Sweep::of(g, phase, &patch, band * rows, dx.len());
                        let (of_phase, rest) = weights.split_at(phase[0].taps * phase[1].taps * g.filters);
                        weights = rest;
                        input_gradient_of_phase(isa, g, phase, &sweep, patch.row_len(), dy, of_phase, dx);
                    }
                });
            });
        });
    });
}

/// The kernel turned around, phase by phase.
fn turn(g: &ConvGeometry, w: &[f32], to: &mut [f32]) {
    let [down, across] = Axis::both(g);
    let mut to = to.chunks_exact_mut(g.filters);
    for [row, column] in phases(g) {
        for index in 0..row.taps * column.taps {
            let tap = down.tap(row, index / column.taps) * g.window.kernel[1] + across.tap(column, index % column.taps);
            if let Some(to) = to.next() {
                to.copy_from_slice(&w[tap * g.filters..][..g.filters]);
            }
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "operands, where they lie, and the result")]
fn input_gradient_of_phase(
    isa: Isa,
    g: &ConvGeometry,
    [row, column]: [Phase; 2],
    sweep: &Sweep<'_>,
    dy_row: usize,
    dy: &[f32],
    w: &[f32],
    dx: &mut [f32],
) {
    let (channels, [down, across]) = (g.filters, Axis::both(g));
    let by = Contraction {
        extent: [1, row.taps, column.taps],
        a: [0, down.step() * dy_row, across.step() * channels],
        b: [0, column.taps * channels, channels],
    };
    let finish = Finish::Store { bias: None, residual: false, clamp: Clamp::NONE };
    for_each_strip(isa, channels, |micro, Panel { start, width }| {
        let block = Block { height: sweep.pixels, width, a_lane: channels, c_lane: g.window.stride[1] * channels };
        // A phase without taps has no weights, and its gradient is zero.
        for (from, to) in sweep.rows() {
            let (dy, dx) = (&dy[from * channels + start..], &mut dx[to * channels + start..]);
            micro.run_elementwise(&by, block, dy, w.get(start..).unwrap_or_default(), finish, dx);
        }
    });
}

/// Computes dw.
pub fn weight_gradient(isa: Isa, g: &ConvGeometry, n: usize, x: &[f32], dy: &[f32], dw: &mut [f32], space: Space<'_>) {
    let Space { workspace, scratch } = space;
    verify_lengths(g, n, x, dw, dy);
    let cut = Cut::of(g, n);
    let partials = &mut workspace[..cut.parts * g.weight_len()];
    partials.par_chunks_mut(g.weight_len()).enumerate().for_each(|(part, dw)| {
        dw.fill(0.0);
        for band in cut.bands(part) {
            let band = Band::at(g, band);
            let patch = band.patch(g);
            scratch.with(patch.room(), |room| {
                add_band(isa, g, &band, patch.read(band.x(g, x), room), patch.row_len(), band.dy(g, dy), dw);
            });
        }
    });
    sum_partials(partials, dw);
}

fn add_band(isa: Isa, g: &ConvGeometry, band: &Band, x: &[f32], x_row: usize, dy: &[f32], dw: &mut [f32]) {
    let (window, channels) = (&g.window, g.filters);
    let by = Contraction {
        extent: [1, band.rows, window.out_w],
        a: [0, window.stride[0] * x_row, window.stride[1] * channels],
        b: [0, window.out_w * channels, channels],
    };
    for_each_strip(isa, channels, |micro, Panel { start, width }| {
        let block = Block { height: window.kernel[1], width, a_lane: window.dilation[1] * channels, c_lane: channels };
        for (down, dw) in dw.chunks_exact_mut(window.kernel[1] * channels).enumerate() {
            let x = &x[down * window.dilation[0] * x_row + start..];
            micro.run_elementwise(&by, block, x, &dy[start..], Finish::Add, &mut dw[start..]);
        }
    });
}
