//! The input gradient of a convolution under a max pool: the gradient of its output, spread from the winners of a few
//! rows into cache, goes through the dense form at once. Where a pool's windows are small this is less work than sums
//! over the winners, whose every term is a product of its own.

use rayon::prelude::*;

use super::{Forward, OUTPUT, pack_in, rows_of_band, scratch as tiles, turned, weight};
use crate::kernel::conv::direct::TASKS;
use crate::kernel::conv::pooled::MOST_TAPS;
use crate::kernel::conv::{Bands, ConvBands, PooledConv, Rows};
use crate::kernel::pool::max_gradient_rows;
use crate::kernel::scratch::{aligned, padded};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Space};

/// Places a winner, at most: where it is one of more, sums over the winners are less work.
const PLACES: usize = 6;

/// Whether the input gradient can be computed.
pub fn can(g: &PooledConv) -> bool {
    g.pool.taps() <= MOST_TAPS && super::can_input_gradient(&g.conv)
}

/// Whether it can, and by rule is worth it.
pub fn fits(g: &PooledConv) -> bool {
    can(g) && g.pool.stride[0] * g.pool.stride[1] <= PLACES && super::fits_input_gradient(&g.conv)
}

/// Elements of the transformed weights.
pub fn workspace(isa: Isa, g: &PooledConv) -> usize {
    super::input_gradient_workspace(isa, &g.conv)
}

/// Elements of a block of tiles, of a band of dx and of what it sees of dz, the gradient of the convolution's output.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    let turned = turned(&g.conv);
    let rows = rows_of_band::<OUTPUT>(&turned);
    padded(seen_rows(rows) * row_len(&turned))
        + tiles::<OUTPUT>(isa, &turned)
        + rows * turned.window.out_w * turned.filters
}

/// Rows of dz that `rows` rows of dx see.
fn seen_rows(rows: usize) -> usize {
    rows + 2
}

/// Elements of a row of dz.
fn row_len(turned: &ConvGeometry) -> usize {
    turned.window.in_w * turned.window.in_c
}

/// Computes dx (n×H×W×I).
#[allow(clippy::too_many_arguments, reason = "the signature of the table, and the instruction set")]
pub fn run(
    isa: Isa,
    g: &PooledConv,
    n: usize,
    dy: &[f32],
    w: &[f32],
    index: &[u8],
    activation: Activation,
    dx: &mut [f32],
    space: Space<'_>,
) {
    let Space { workspace, scratch } = space;
    assert_eq!(dy.len(), n * g.out_len(), "the pooled gradient has another length than its geometry");
    assert_eq!(index.len(), dy.len(), "the winners' places are as many as the pooled values");
    let turned = turned(&g.conv);
    let window = &turned.window;
    assert_eq!(dx.len(), n * turned.out_len(), "the input's gradient has another length than its geometry");
    pack_in::<OUTPUT>(weight::Order::Turned, isa, &turned, w, None, workspace);
    let forward = Forward::<OUTPUT>::new(isa, &turned, workspace, After::default());
    let fair = (window.out_h * n).div_ceil(TASKS).max(OUTPUT);
    let rows = rows_of_band::<OUTPUT>(&turned).min(fair.next_multiple_of(OUTPUT));
    let out_row = window.out_w * turned.filters;
    let images = dx.par_chunks_mut(turned.out_len()).zip(dy.par_chunks(g.out_len()).zip(index.par_chunks(g.out_len())));
    images.for_each(|(dx, (dy, index))| {
        dx.par_chunks_mut(rows * out_row).enumerate().for_each(|(band, dx)| {
            let first = band * rows;
            let start = first.saturating_sub(window.padding.top).min(window.in_h);
            let end =
                (first + seen_rows(dx.len() / out_row)).saturating_sub(window.padding.top).clamp(start, window.in_h);
            let dz_len = (end - start) * row_len(&turned);
            let room = padded(dz_len) + forward.sizes.room() + activation.chain_room(dx.len());
            scratch.with(room, |room| {
                let (dz, room) = room.split_at_mut(padded(dz_len));
                let dz = aligned(dz, dz_len);
                max_gradient_rows(isa, &g.pool, index, dy, start, dz);
                let (room, of_dx) = room.split_at_mut(forward.sizes.room());
                activation.chain(isa, of_dx, dx, |dx| {
                    forward.band(Rows { values: dz, first: start }, first, dx, room);
                });
            });
        });
    });
}
