//! Register-tiled direct convolution: no im2col matrix, each operand read where it lies.
//!
//! With channels innermost, the taps of one kernel row and the channels of one pixel lie in a run, so the micro-kernel
//! contracts over a whole kernel row in one loop. Weights are packed once a call into panels of two registers of
//! channels. Where a window reaches into the padding, the rows of a band are copied with zeros around them.

mod cut;
pub(super) mod depthwise;
pub(super) mod forward;
pub(super) mod input_gradient;
mod phase;
pub(super) mod turned;
pub(super) mod weight_gradient;

use super::patch::Patch;
use crate::kernel::ConvGeometry;
use crate::kernel::element::Element;
use crate::kernel::micro::WIDEST_PANEL;

/// Groups of few filters would leave most lanes of a register idle.
const FEWEST_FILTERS_OF_A_GROUP: usize = 8;

/// Whether the panels are filled well enough, and a pixel's channels fill elements.
pub(super) fn fits<E: Element>(g: &ConvGeometry) -> bool {
    let are_filled = g.groups == 1 || g.filters_per_group() >= FEWEST_FILTERS_OF_A_GROUP;
    are_filled && (E::VALUES == 1 || g.window.in_c / g.groups >= FEWEST_CHANNELS_OF_PAIRS)
}

/// Fewer channels of a pixel are multiplied sooner than brought into pairs.
const FEWEST_CHANNELS_OF_PAIRS: usize = 8;

/// Elements of a band's rows, in and out, that stay in the second-level cache beside the weights' panel.
const BAND: usize = 160 << 10;

/// Tasks that a call is cut into, at least, so that no worker is idle for long.
pub(super) const TASKS: usize = 16;

/// Pixels of a band, at least, so that a panel of weights is not fetched for a tile or two.
const PIXELS: usize = 48;

/// Output rows of a band whose operands stay in cache, given the elements that each row adds.
pub(super) fn rows_in_cache(row_len: usize, rows: usize) -> usize {
    (BAND / row_len.max(1)).clamp(1, rows.max(1))
}

/// Whether so many elements of rows stay in the second-level cache beside the weights' panel.
pub(super) fn is_in_cache(elements: usize) -> bool {
    elements <= BAND
}

/// Rows of a band: what stays in cache, and fewer where there are few images. `row` is its elements and its pixels.
pub(super) fn band_rows(row: [usize; 2], rows: usize, images: usize) -> usize {
    let fair = (rows * images).div_ceil(TASKS).max(PIXELS.div_ceil(row[1].max(1)));
    rows_in_cache(row[0], rows).min(fair)
}

/// Filters of a task where there are so many bands: all, or, where these alone leave threads idle, whole panels of every
/// instruction set, so that each task reads its share of the weights.
pub(super) fn columns(g: &ConvGeometry, bands: usize) -> usize {
    let pieces = if g.groups == 1 { FEWEST_TASKS.div_ceil(bands.max(1)) } else { 1 };
    g.filters.div_ceil(pieces).next_multiple_of(WIDEST_PANEL).min(g.filters)
}

/// Tasks of a call, at least, where filters can be cut.
pub(super) const FEWEST_TASKS: usize = 8;

/// Elements that an output row adds to a band.
pub(super) fn row_len(g: &ConvGeometry) -> usize {
    g.window.stride[0] * g.window.in_w * g.window.in_c + g.window.out_w * g.filters
}

/// What the output rows from `first` on see.
pub(super) fn band_patch(g: &ConvGeometry, first: usize, rows: usize) -> Patch {
    let window = &g.window;
    let along = |axis: usize, places: usize| {
        (places - 1) * window.stride[axis] + (window.kernel[axis] - 1) * window.dilation[axis] + 1
    };
    let padding = window.padding;
    // A last column that no window reaches would only make a copy of what can be read in place.
    let columns = if padding.left + padding.right == 0 { window.in_w } else { along(1, window.out_w) };
    Patch {
        image: [window.in_h, window.in_w, window.in_c],
        top: (first * window.stride[0]) as isize - padding.top as isize,
        left: -(padding.left as isize),
        rows: along(0, rows),
        columns,
    }
}
