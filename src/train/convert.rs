//! From a network's input to what brings images to it.

use crate::data::Decoder;
use crate::diag::Result;
use crate::graph::{Graph, Shape};
use crate::syntax::settings::Resize;

/// Height, width and channels of a network's images.
pub(super) fn input_of(graph: &Graph) -> [usize; 3] {
    match graph.shape(graph.input) {
        Shape::Map { h, w, c } => [h, w, c],
        Shape::Vector(len) => [1, 1, len],
    }
}

/// What brings images to an input.
///
/// # Errors
/// N105 where no image can become that.
pub(super) fn decoder(input: [usize; 3], resize: Resize) -> Result<Decoder> {
    let [height, width, channels] = input;
    Decoder::new(height, width, channels, resize)
}
