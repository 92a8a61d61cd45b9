//! What a row of tiles sees of some channels of an image, with zeros around it: copied once, since tiles overlap and reach over the edge.

use std::ops::Range;

use super::{INPUT, OUTPUT};
use crate::kernel::isa::Loops;
use crate::kernel::{Isa, Window};

/// Where strips lie: as many channels of each pixel, whether or not all are wanted.
#[derive(Clone, Copy)]
pub(super) struct Strip<'a> {
    pub isa: Isa,
    pub window: &'a Window,
    /// Elements from one pixel to the next.
    pub pixel: usize,
}

impl Strip<'_> {
    /// Pixels of a row.
    fn columns(&self) -> usize {
        self.window.out_w.next_multiple_of(OUTPUT) + INPUT - OUTPUT
    }

    /// Elements of a row.
    pub fn row(&self) -> usize {
        self.columns() * self.pixel
    }

    /// Elements.
    pub fn len(&self) -> usize {
        INPUT * self.row()
    }

    /// Copies what the tiles whose outputs start at row `first` of the image `x` see of `channels`, zeros where there is
    /// nothing.
    pub fn read(&self, x: &[f32], first: usize, channels: Range<usize>, to: &mut [f32]) {
        let (window, depth) = (self.window, channels.len());
        let (before, in_row) = (window.padding.left.min(self.columns()), window.in_w * window.in_c);
        let there = channels.start..channels.end.min(window.in_c);
        for (row, to) in to[..self.len()].chunks_exact_mut(self.row()).enumerate() {
            let row = (first + row).checked_sub(window.padding.top).filter(|&row| row < window.in_h);
            let (Some(row), false) = (row, there.is_empty()) else {
                to.fill(0.0);
                continue;
            };
            let (zeros, rest) = to.split_at_mut(before * self.pixel);
            let (inside, after) = rest.split_at_mut(window.in_w.min(self.columns() - before) * self.pixel);
            zeros.fill(0.0);
            after.fill(0.0);
            let from = &x[row * in_row..][..in_row];
            self.isa.vectorise(Pixels {
                from,
                channels: window.in_c,
                there: there.clone(),
                to: inside,
                pixel: self.pixel,
            });
            if there.len() < depth {
                inside.chunks_exact_mut(self.pixel).for_each(|pixel| pixel[there.len()..depth].fill(0.0));
            }
        }
    }
}

/// Some channels of some pixels.
struct Pixels<'a> {
    from: &'a [f32],
    channels: usize,
    there: Range<usize>,
    to: &'a mut [f32],
    pixel: usize,
}

/// Channels that are copied at a time.
const RUN: usize = 16;

impl Loops for Pixels<'_> {
    #[inline(always)]
    fn run(self) {
        for (from, to) in self.from.chunks_exact(self.channels).zip(self.to.chunks_exact_mut(self.pixel)) {
            for (from, to) in from[self.there.clone()].chunks(RUN).zip(to.chunks_mut(RUN)) {
                if from.len() == RUN && to.len() == RUN {
                    to.copy_from_slice(&from[..RUN]);
                } else {
                    to[..from.len()].copy_from_slice(from);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Padding;

    #[test]
    fn a_strip_holds_what_its_tiles_see_and_zeros_around_it() {
        let padding = Padding { top: 1, bottom: 1, left: 2, right: 0 };
        let window = Window {
            in_h: 3,
            in_w: 3,
            in_c: 3,
            kernel: [3; 2],
            stride: [1; 2],
            dilation: [1; 2],
            padding,
            out_h: 3,
            out_w: 3,
        };
        let x: Vec<f32> = (1..=27).map(|value| value as f32).collect();
        let strip = Strip { isa: Isa::Portable, window: &window, pixel: 4 };
        let mut to = vec![f32::NAN; strip.len()];
        strip.read(&x, 0, 1..4, &mut to);
        for (at, pixel) in to.chunks_exact(4).enumerate() {
            let (row, column) = ((at / 6).checked_sub(1).filter(|row| *row < 3), (at % 6).checked_sub(2));
            let expected = match (row, column.filter(|column| *column < 3)) {
                (Some(row), Some(column)) => {
                    let first = (row * 3 + column) as f32 * 3.0 + 1.0;
                    [first + 1.0, first + 2.0, 0.0]
                }
                _ => [0.0; 3],
            };
            assert_eq!(pixel[..3], expected, "at {at}");
        }
    }
}
