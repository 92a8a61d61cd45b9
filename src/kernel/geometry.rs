//! Windows that slide over a map: the one formula of their output size, checked.

use std::fmt;

/// Zeros (or, for a maximum, minus infinities) around a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// The same `rows` above and below and the same `columns` left and right.
    #[must_use]
    pub fn symmetric(rows: usize, columns: usize) -> Self {
        Self { top: rows, bottom: rows, left: columns, right: columns }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A window that slides over an H×W×C map: a convolution's or a pool's geometry, an image at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Rows of the map.
    pub in_h: usize,
    /// Columns of the map.
    pub in_w: usize,
    /// Channels of the map.
    pub in_c: usize,
    /// Rows and columns of the window.
    pub kernel: [usize; 2],
    /// Rows and columns from one window to the next.
    pub stride: [usize; 2],
    /// Rows and columns from one tap to the next.
    pub dilation: [usize; 2],
    /// What surrounds the map.
    pub padding: Padding,
    /// Rows of the output.
    pub out_h: usize,
    /// Columns of the output.
    pub out_w: usize,
}

/// How many windows of `kernel` taps fit along one axis; `None` where none does.
///
/// Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016. With `ceil`, a last window
/// that starts inside the map or its leading padding counts even though it reaches beyond the end (PyTorch's
/// `ceil_mode`).
#[must_use]
pub fn windows_along(
    len: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
    ceil: bool,
) -> Option<usize> {
    let reach = kernel.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
    let room = len.checked_add(before)?.checked_add(after)?.checked_sub(reach)?;
    let whole = room.checked_div(stride)? + 1;
    let starts_inside = whole.checked_mul(stride)? < len.checked_add(before)?;
    Some(if ceil && !room.is_multiple_of(stride) && starts_inside { whole + 1 } else { whole })
}

/// Keras's `same`: the padding before and after an axis for which the output has ⌈len / stride⌉ places. The odd one
/// goes after.
#[must_use]
pub fn same_padding(len: usize, kernel: usize, stride: usize, dilation: usize) -> (usize, usize) {
    let reach = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
    let last_start = len.div_ceil(stride.max(1)).saturating_sub(1).saturating_mul(stride);
    let total = last_start.saturating_add(reach).saturating_sub(len);
    (total / 2, total - total / 2)
}

impl Window {
    /// Elements of one input image.
    #[must_use]
    pub fn in_len(&self) -> usize {
        self.in_h * self.in_w * self.in_c
    }

    /// Whether tap `tap` of the window at `place` along an axis (0 for rows, 1 for columns) lies on the map, not in its
    /// padding.
    #[must_use]
    pub fn sees(&self, axis: usize, place: usize, tap: usize) -> bool {
        let (len, before) = [(self.in_h, self.padding.top), (self.in_w, self.padding.left)][axis];
        let at = place * self.stride[axis] + tap * self.dilation[axis];
        before <= at && at < before + len
    }

    /// Whether some window lies wholly in the padding.
    #[must_use]
    pub fn sees_nothing_somewhere(&self) -> bool {
        let blind = |axis: usize, places: usize| {
            (0..places).any(|place| !(0..self.kernel[axis]).any(|tap| self.sees(axis, place, tap)))
        };
        blind(0, self.out_h) || blind(1, self.out_w)
    }

    /// Places of the output, without channels.
    #[must_use]
    pub fn out_pixels(&self) -> usize {
        self.out_h * self.out_w
    }

    /// Taps of the window.
    #[must_use]
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}

/// A convolution, an image at a time. Filters of group g see the g-th share of the input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvGeometry {
    /// How the kernel slides.
    pub window: Window,
    /// Output channels.
    pub filters: usize,
    /// Groups; divides both the input channels and the filters.
    pub groups: usize,
}

impl ConvGeometry {
    /// Input channels that one filter sees.
    #[must_use]
    pub fn channels_per_group(&self) -> usize {
        self.window.in_c / self.groups
    }

    /// Filters of one group.
    #[must_use]
    pub fn filters_per_group(&self) -> usize {
        self.filters / self.groups
    }

    /// Elements of the H×W×I×O kernel.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.window.taps() * self.channels_per_group() * self.filters
    }

    /// Elements of one output image.
    #[must_use]
    pub fn out_len(&self) -> usize {
        self.window.out_pixels() * self.filters
    }

    /// Multiply-accumulates of one image.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.window.out_pixels() as u64 * self.weight_len() as u64
    }
}

/// How a window slides, where that is not one place at a time over the map alone: `3x3, stride 2x2, padding 0 1 0 1`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Padding { top, bottom, left, right } = self.padding;
        write!(f, "{}x{}", self.kernel[0], self.kernel[1])?;
        for (what, [rows, columns]) in [("stride", self.stride), ("dilation", self.dilation)] {
            if [rows, columns] != [1, 1] {
                write!(f, ", {what} {rows}x{columns}")?;
            }
        }
        if self.padding.is_none() { Ok(()) } else { write!(f, ", padding {top} {bottom} {left} {right}") }
    }
}

/// `56x56x64 to 28x28x128 by 3x3, stride 2x2, padding 1 1 1 1`.
impl fmt::Display for ConvGeometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Window { in_h, in_w, in_c, out_h, out_w, .. } = self.window;
        write!(f, "{in_h}x{in_w}x{in_c} to {out_h}x{out_w}x{} by {}", self.filters, self.window)?;
        if self.groups == 1 { Ok(()) } else { write!(f, ", {} groups", self.groups) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_sizes_come_out() {
        assert_eq!(windows_along(256, 3, 1, 1, 0, 0, false), Some(254));
        assert_eq!(windows_along(252, 3, 3, 1, 0, 0, false), Some(84));
        assert_eq!(windows_along(2, 3, 1, 1, 0, 0, false), None);
        assert_eq!(windows_along(2, 3, 1, 1, 1, 0, false), Some(1));
    }

    #[test]
    fn ceil_counts_a_last_window_only_where_it_starts_inside() {
        assert_eq!(windows_along(5, 2, 2, 1, 0, 0, true), Some(3));
        assert_eq!(windows_along(4, 2, 2, 1, 0, 0, true), Some(2));
        assert_eq!(windows_along(3, 1, 3, 1, 0, 0, true), Some(1));
    }

    #[test]
    fn same_puts_the_odd_pixel_after() {
        assert_eq!(same_padding(15, 3, 2, 1), (1, 1));
        assert_eq!(same_padding(16, 3, 2, 1), (0, 1));
        assert_eq!(same_padding(16, 4, 1, 1), (1, 2));
    }

    #[test]
    fn a_convolution_is_told_by_its_sizes_and_by_what_is_unusual_of_it() {
        let plain = Window {
            in_h: 9,
            in_w: 8,
            in_c: 4,
            kernel: [3, 3],
            stride: [1, 1],
            dilation: [1, 1],
            padding: Padding::default(),
            out_h: 7,
            out_w: 6,
        };
        let text = |window, groups| ConvGeometry { window, filters: 16, groups }.to_string();
        assert_eq!(text(plain, 1), "9x8x4 to 7x6x16 by 3x3");
        let padding = Padding { top: 0, bottom: 1, left: 0, right: 2 };
        let unusual = Window { stride: [2, 1], dilation: [1, 2], padding, ..plain };
        assert_eq!(text(unusual, 4), "9x8x4 to 7x6x16 by 3x3, stride 2x1, dilation 1x2, padding 0 1 0 2, 4 groups");
    }

    #[test]
    fn sizes_that_overflow_are_no_size() {
        assert_eq!(windows_along(usize::MAX, 3, 1, 1, 1, 0, false), None);
        assert_eq!(windows_along(8, usize::MAX, 1, 2, 0, 0, false), None);
        assert_eq!(windows_along(8, 0, 1, 1, 0, 0, false), None);
        assert_eq!(windows_along(8, 3, 0, 1, 0, 0, false), None);
    }
}
