//! From what an author says of a window to its geometry on a given map.

use super::{Axis, Shape, TypeFault};
use crate::kernel::geometry::{Padding, Window, same_padding, windows_along};

/// How a map is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaddingRule {
    /// Not at all.
    Valid,
    /// So that the output has ⌈size / stride⌉ places, Keras's meaning.
    Same,
    /// By so much.
    Explicit(Padding),
}

/// A window before it meets its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRule {
    /// Rows and columns.
    pub kernel: [usize; 2],
    /// From one window to the next.
    pub stride: [usize; 2],
    /// From one tap to the next.
    pub dilation: [usize; 2],
    /// How the map is padded.
    pub padding: PaddingRule,
    /// Whether a last window that reaches beyond the end counts.
    pub ceil: bool,
}

impl WindowRule {
    /// The window on `shape`.
    ///
    /// # Errors
    ///
    /// `shape` is no map, or the window is larger than the padded map.
    pub fn place(&self, shape: Shape) -> Result<Window, TypeFault> {
        let Shape::Map { h, w, c } = shape else { return Err(TypeFault::NeedsMap(shape)) };
        let [(top, bottom), (left, right)] = [self.padding_along(0, h), self.padding_along(1, w)];
        Ok(Window {
            in_h: h,
            in_w: w,
            in_c: c,
            kernel: self.kernel,
            stride: self.stride,
            dilation: self.dilation,
            padding: Padding { top, bottom, left, right },
            out_h: self.places_along(0, h, top, bottom)?,
            out_w: self.places_along(1, w, left, right)?,
        })
    }

    fn padding_along(&self, axis: usize, size: usize) -> (usize, usize) {
        match self.padding {
            PaddingRule::Valid => (0, 0),
            PaddingRule::Same => same_padding(size, self.kernel[axis], self.stride[axis], self.dilation[axis]),
            PaddingRule::Explicit(padding) if axis == 0 => (padding.top, padding.bottom),
            PaddingRule::Explicit(padding) => (padding.left, padding.right),
        }
    }

    fn places_along(&self, axis: usize, size: usize, before: usize, after: usize) -> Result<usize, TypeFault> {
        let [kernel, stride, dilation] = [self.kernel[axis], self.stride[axis], self.dilation[axis]];
        windows_along(size, kernel, stride, dilation, before, after, self.ceil).ok_or_else(|| {
            let axis = if axis == 0 { Axis::Height } else { Axis::Width };
            let reach = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
            let padded = size.saturating_add(before).saturating_add(after);
            TypeFault::WindowExceedsInput { axis, reach, size, padded }
        })
    }
}
