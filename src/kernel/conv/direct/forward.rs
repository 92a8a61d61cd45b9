//! The forward direct convolution: tiles of pixels of one output row × a panel of filters.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use super::super::patch::{Patch, Rows};
use super::super::{Bands, ConvBands, Weights, verify_maps, verify_weights};
use super::{FEWEST_TASKS, band_patch, band_rows, columns, row_len, rows_in_cache};
use crate::kernel::element::Element;
use crate::kernel::micro::{Block, Clamp, Contraction, Finish, Many, MicroKernel, Panel, Panels};
use crate::kernel::piece::{self, Cut, Place};
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Scratch, Window};

/// Elements of the packed weights, biases among them.
pub fn packed<E: Element>(isa: Isa, g: &ConvGeometry) -> usize {
    Packed::of(isa, &in_elements::<E>(g)).len()
}

/// Packs the weights.
pub fn pack<E: Element>(isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
    verify_weights(g, w, bias);
    let packed = Packed::of(isa, &in_elements::<E>(g));
    packed.fill::<E>(isa, g, w, bias, &mut to[..packed.len()]);
}

/// Elements of a band with its padding, none where no pixel is padded, and none of two values made, and of its sums where a
/// task has some of the filters.
pub fn scratch<E: Element>(g: &ConvGeometry) -> usize {
    let rows = rows_in_cache(row_len(g), g.window.out_h);
    let patch = band_patch(g, 0, rows);
    let is_in_place = E::VALUES == 1 && g.window.padding.is_none() && patch.is_in_place();
    // More images never make fewer bands of all together.
    let is_cut = g.window.out_h.div_ceil(band_rows([row_len(g), g.window.out_w], g.window.out_h, 1)) < FEWEST_TASKS;
    let sums = if is_cut { padded(rows * g.window.out_w * columns(g, FEWEST_TASKS - 1)) } else { 0 };
    sums + if is_in_place { 0 } else { rows_len::<E>(&patch, g) }
}

fn rows_len<E: Element>(patch: &Patch, g: &ConvGeometry) -> usize {
    patch.rows * patch.row_elements::<E>(g.groups)
}

/// The convolution as the micro-kernel sees it, with elements for channels.
fn in_elements<E: Element>(g: &ConvGeometry) -> ConvGeometry {
    let in_c = g.groups * E::elements(g.channels_per_group());
    ConvGeometry { window: Window { in_c, ..g.window }, ..*g }
}

/// Computes y.
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run<E: Element + Sync>(
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
    if y.is_empty() {
        return;
    }
    let forward = Forward::<E>::new(isa, g, w, after);
    let rows = band_rows([row_len(g), g.window.out_w], g.window.out_h, n);
    let columns = columns(g, n * g.window.out_h.div_ceil(rows));
    if columns < g.filters {
        return forward.by_columns([n, rows, columns], x, y, scratch);
    }
    let out_row = g.window.out_w * g.filters;
    y.par_chunks_mut(g.out_len()).enumerate().for_each(|(image, y)| {
        let x = Rows::whole(&x[image * g.window.in_len()..][..g.window.in_len()]);
        y.par_chunks_mut(rows * out_row).enumerate().for_each(|(band, y)| {
            let len = Forward::<E>::room(isa, g, band * rows, y.len() / out_row);
            scratch.with(len, |room| forward.band(x, band * rows, y, room));
        });
    });
}

/// Weights in panels, each led by its bias: [group][panel][1 + taps·channels][lanes], zeros where a panel is not full.
#[derive(Clone, Copy)]
struct Packed {
    panels: Panels,
    groups: usize,
    depth: usize,
}

impl Packed {
    fn of(isa: Isa, g: &ConvGeometry) -> Self {
        let depth = g.window.taps() * g.channels_per_group();
        Self { panels: Panels::of(isa, g.filters_per_group()), groups: g.groups, depth }
    }

    fn panel_len(&self) -> usize {
        (1 + self.depth) * self.panels.full()
    }

    fn len(&self) -> usize {
        self.groups * self.panels.count() * self.panel_len()
    }

    fn fill<E: Element>(&self, isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
        let (channels, full) = (g.channels_per_group(), self.panels.full());
        to.par_chunks_mut(self.panel_len()).enumerate().for_each(|(index, to)| {
            let (group, panel) = (index / self.panels.count(), self.panels.at(index % self.panels.count()));
            let filters = group * g.filters_per_group() + panel.start..;
            let (row, to) = to.split_at_mut(full);
            row.fill(0.0);
            if let Some(bias) = bias {
                row[..panel.width].copy_from_slice(&bias[filters.clone()][..panel.width]);
            }
            let taps = w.chunks_exact(channels * g.filters).zip(to.chunks_exact_mut(E::elements(channels) * full));
            taps.for_each(|(w, to)| E::pack(isa, &w[filters.clone()], [channels, panel.width], g.filters, to, full));
        });
    }
}

/// A convolution whose weights are packed, ready for any band of any image.
pub struct Forward<'a, E> {
    isa: Isa,
    micro: MicroKernel,
    /// Of x as it is.
    of_x: ConvGeometry,
    /// With elements for channels.
    g: ConvGeometry,
    packed: Packed,
    panels: &'a [f32],
    residual: bool,
    activation: Activation,
    element: PhantomData<E>,
}

impl<'a, E: Element + Sync> ConvBands<'a> for Forward<'a, E> {
    const IS_DIRECT: bool = true;

    fn can(g: &ConvGeometry) -> bool {
        super::fits::<E>(g)
    }

    fn fits(g: &ConvGeometry, _: Weights) -> bool {
        super::fits::<E>(g)
    }

    fn packed(isa: Isa, g: &ConvGeometry) -> usize {
        packed::<E>(isa, g)
    }

    fn pack(isa: Isa, g: &ConvGeometry, w: &[f32], bias: Option<&[f32]>, to: &mut [f32]) {
        pack::<E>(isa, g, w, bias, to);
    }

    fn of_filters(isa: Isa, g: &ConvGeometry, filters: Range<usize>, packed: &'a [f32], after: After) -> Self {
        let of_x = ConvGeometry { filters: filters.len(), ..*g };
        let g = in_elements::<E>(&of_x);
        let order = Packed::of(isa, &g);
        let panels = &packed[filters.start / order.panels.full() * order.panel_len()..][..order.len()];
        let After { residual, activation } = after;
        Self { isa, micro: E::micro(isa), of_x, g, packed: order, panels, residual, activation, element: PhantomData }
    }
}

impl<E: Element + Sync> Bands for Forward<'_, E> {
    fn room(_: Isa, g: &ConvGeometry, first: usize, rows: usize) -> usize {
        if rows == 0 { 0 } else { band_patch(g, first, rows).room_of_elements::<E>(g.groups) }
    }

    fn band(&self, x: Rows<'_>, first: usize, y: &mut [f32], room: &mut [f32]) {
        let rows = y.len() / (self.g.window.out_w * self.g.filters);
        let patch = band_patch(&self.of_x, first, rows).among(x);
        let x = patch.read_elements::<E>(self.isa, self.g.groups, x.values, room);
        let panels = 0..self.g.groups * self.packed.panels.count();
        self.rows(patch.row_elements::<E>(self.g.groups), x, panels, self.g.filters, y);
        if Clamp::of(self.activation).is_none() {
            self.activation.map_block(self.isa, y);
        }
    }
}

impl<E: Element + Sync> Forward<'_, E> {
    /// All images, cut into tasks of some rows and some filters. A task's sums lie in a room of their own until they are
    /// finished.
    fn by_columns(&self, [n, rows, columns]: [usize; 3], x: &[f32], y: &mut [f32], scratch: &Scratch) {
        let (g, full) = (&self.g, self.packed.panels.full());
        let Window { out_h, out_w, .. } = g.window;
        let bands = out_h.div_ceil(rows);
        let first_row = |band: usize| band / bands * out_h + band % bands * rows;
        let cut = Cut { runs: n * bands, start: |band| first_row(band) * out_w, columns };
        cut.for_each([1, n * out_h * out_w, g.filters], y, &|Place { run, columns }, mut y| {
            let (image, first) = (run / bands, run % bands * rows);
            let rows = rows.min(out_h - first);
            let patch = band_patch(&self.of_x, first, rows);
            let (of_patch, width) = (patch.room_of_elements::<E>(g.groups), columns.len());
            scratch.with(of_patch + padded(rows * out_w * width), |room| {
                let (of_patch, sums) = room.split_at_mut(of_patch);
                let sums = aligned(sums, rows * out_w * width);
                let of_image = self.of_x.window.in_len();
                let x = patch.read_elements::<E>(self.isa, g.groups, &x[image * of_image..][..of_image], of_patch);
                if self.residual {
                    for (pixel, sums) in sums.chunks_exact_mut(width).enumerate() {
                        sums.copy_from_slice(piece::row(&mut y, 0, pixel));
                    }
                }
                let panels = columns.start / full..columns.end.div_ceil(full);
                self.rows(patch.row_elements::<E>(g.groups), x, panels, width, sums);
                if Clamp::of(self.activation).is_none() {
                    self.activation.map_block(self.isa, sums);
                }
                for (pixel, sums) in sums.chunks_exact(width).enumerate() {
                    piece::row(&mut y, 0, pixel).copy_from_slice(sums);
                }
            });
        });
    }

    /// Some panels of filters for all rows of a band; a pixel of `y` has `pixel` of them.
    fn rows(&self, in_row: usize, x: &[f32], panels: Range<usize>, pixel: usize, y: &mut [f32]) {
        let (g, by, len) = (&self.g, self.contraction(in_row), self.packed.panel_len());
        let filters = |index: usize| {
            let group = index / self.packed.panels.count();
            (group, self.packed.panels.at(index % self.packed.panels.count()))
        };
        let start = |(group, panel): (usize, Panel)| group * g.filters_per_group() + panel.start;
        let first = start(filters(panels.start));
        for index in panels {
            let (group, panel) = filters(index);
            let (x, y) = (&x[group * g.channels_per_group()..], &mut y[start((group, panel)) - first..]);
            self.panel(&by, in_row, panel, &self.panels[index * len..][..len], x, pixel, y);
        }
    }

    /// Where the pixels of all rows lie in one run, they are cut into tiles as one row.
    #[allow(clippy::too_many_arguments, reason = "a panel, what it is multiplied with, and where it goes")]
    fn panel(
        &self,
        by: &Contraction,
        in_row: usize,
        panel: Panel,
        packed: &[f32],
        x: &[f32],
        pixel: usize,
        y: &mut [f32],
    ) {
        let window = &self.g.window;
        let (bias, weights) = packed.split_at(self.packed.panels.full());
        let clamp = Clamp::of(self.activation).unwrap_or(Clamp::NONE);
        let finish = Finish::Store { bias: Some(bias), residual: self.residual, clamp };
        let a_lane = window.stride[1] * window.in_c;
        let out_row = window.out_w * pixel;
        let rows = y.len().div_ceil(out_row);
        let is_one_run = window.stride[0] * in_row == window.out_w * a_lane;
        let (rows, height) = if is_one_run { (1, rows * window.out_w) } else { (rows, window.out_w) };
        let block = Block { height, width: panel.width, a_lane, c_lane: pixel };
        let many = Many { count: rows, apart: [window.stride[0] * in_row, 0, out_row] };
        self.micro.run_each(many, by, block, x, weights, finish, y);
    }

    /// Over the kernel's rows, and over a row's taps and channels, in one run where nothing lies between them.
    fn contraction(&self, in_row: usize) -> Contraction {
        let (window, full) = (&self.g.window, self.packed.panels.full());
        let [height, width] = window.kernel;
        let channels = self.g.channels_per_group();
        let down = window.dilation[0] * in_row;
        if self.g.groups == 1 && window.dilation[1] == 1 {
            let run = width * channels;
            return Contraction { extent: [height, 1, run], a: [down, 0, 1], b: [run * full, 0, full] };
        }
        Contraction {
            extent: [height, width, channels],
            a: [down, window.dilation[1] * window.in_c, 1],
            b: [width * channels * full, channels * full, full],
        }
    }
}
