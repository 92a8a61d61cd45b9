//! One axis of a sliding window: which taps are inside the map, and which windows cover a place.

use std::ops::Range;

use crate::kernel::Window;

/// Rows or columns of a [`Window`].
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Axis {
    len: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
    out: usize,
}

impl Axis {
    pub(in crate::kernel) fn rows(w: &Window) -> Self {
        Self {
            len: w.in_h,
            kernel: w.kernel[0],
            stride: w.stride[0],
            dilation: w.dilation[0],
            before: w.padding.top,
            after: w.padding.bottom,
            out: w.out_h,
        }
    }

    pub(in crate::kernel) fn columns(w: &Window) -> Self {
        Self {
            len: w.in_w,
            kernel: w.kernel[1],
            stride: w.stride[1],
            dilation: w.dilation[1],
            before: w.padding.left,
            after: w.padding.right,
            out: w.out_w,
        }
    }

    /// The taps of window `o` that lie at padded places below `end`, from the first one on.
    fn taps_below(&self, o: usize, end: usize) -> usize {
        end.saturating_sub(o * self.stride).div_ceil(self.dilation).min(self.kernel)
    }

    /// The taps of window `o` that lie inside the map.
    pub(in crate::kernel) fn taps(&self, o: usize) -> Range<usize> {
        let first = self.before.saturating_sub(o * self.stride).div_ceil(self.dilation).min(self.kernel);
        first..self.taps_below(o, self.before + self.len).max(first)
    }

    /// How many taps of window `o` lie inside the padded map.
    pub(in crate::kernel) fn padded_taps(&self, o: usize) -> usize {
        self.taps_below(o, self.before + self.len + self.after)
    }

    /// The place in the map under `tap` of window `o`, one of [`Axis::taps`].
    pub(in crate::kernel) fn place(&self, o: usize, tap: usize) -> usize {
        o * self.stride + tap * self.dilation - self.before
    }

    /// The first place in the map that window `o` looks at.
    pub(in crate::kernel) fn first_place(&self, o: usize) -> usize {
        let taps = self.taps(o);
        if taps.is_empty() { 0 } else { self.place(o, taps.start) }
    }

    /// One beyond the last place in the map that window `o` looks at; 0 where there is none.
    pub(in crate::kernel) fn end_place(&self, o: usize) -> usize {
        let taps = self.taps(o);
        if taps.is_empty() { 0 } else { self.place(o, taps.end - 1) + 1 }
    }

    /// The windows over `place`, in order, each with its tap there.
    pub(in crate::kernel) fn windows(&self, place: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.kernel).rev().filter_map(move |tap| {
            let start = (place + self.before).checked_sub(tap * self.dilation)?;
            (start.is_multiple_of(self.stride) && start / self.stride < self.out).then_some((start / self.stride, tap))
        })
    }
}
