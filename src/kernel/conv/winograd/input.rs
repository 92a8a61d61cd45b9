//! Tiles of inputs, transformed.

use crate::kernel::Window;
use crate::kernel::conv::Rows;
use crate::kernel::micro::Transform;

/// Where the tiles of a convolution's inputs lie.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub transform: Transform,
    pub window: &'a Window,
    /// Channels in whole registers.
    pub channels: usize,
}

impl Inputs<'_> {
    /// The tile of the outputs from `row` and `column` on: where it lies, or copied to `edge` with zeros around it; its
    /// products go to `to`, `plane` apart, those of the next register of channels `apart` from these.
    pub fn tile(
        &self,
        x: Rows<'_>,
        [row, column]: [usize; 2],
        edge: &mut [f32],
        to: &mut [f32],
        plane: usize,
        apart: usize,
    ) {
        let (window, tile) = (self.window, self.transform.tile());
        let (channels, in_row) = (window.in_c, window.in_w * window.in_c);
        let held = x.values.len() / in_row;
        let top = row as isize - (window.padding.top + x.first) as isize;
        let left = column as isize - window.padding.left as isize;
        let is_inside = |start: isize, len: usize| start >= 0 && start.unsigned_abs() + tile.input() <= len;
        if is_inside(top, held) && is_inside(left, window.in_w) && channels == self.channels {
            let d = &x.values[top.unsigned_abs() * in_row + left.unsigned_abs() * channels..];
            return self.transform.input(channels, d, in_row, channels, to, plane, apart);
        }
        let edge = &mut edge[..tile.products() * self.channels];
        edge.fill(0.0);
        for (at, to) in edge.chunks_exact_mut(self.channels).enumerate() {
            let [row, column] = [top + (at / tile.input()) as isize, left + (at % tile.input()) as isize];
            let inside = |at: isize, len: usize| usize::try_from(at).ok().filter(|&at| at < len);
            if let (Some(row), Some(column)) = (inside(row, held), inside(column, window.in_w)) {
                to[..channels].copy_from_slice(&x.values[row * in_row + column * channels..][..channels]);
            }
        }
        self.transform.input(self.channels, edge, tile.input() * self.channels, self.channels, to, plane, apart);
    }
}
