//! An image file as the bytes of the network's input.

use rayon::prelude::*;

use super::option::Resize;
use super::picture::{Bad, Picture};
use super::resize::resize;
use super::source::Source;
use crate::diag::{Diagnostic, Result, code};

/// The network's input, and how images of other sizes are brought to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// 1 for grey, 3 for RGB; images are converted to it.
    pub channels: usize,
    /// How an image of another size is fitted.
    pub resize: Resize,
}

impl Decoder {
    /// Bytes of one decoded image: height × width × channels.
    #[must_use]
    pub fn image_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// The image as H×W×C bytes, upright.
    ///
    /// # Errors
    /// D601 where the file is no image or a damaged one, D602 where it ends too early, D617 where it is too large.
    pub fn decode(&self, source: &Source) -> Result<Vec<u8>> {
        let file = source.read()?;
        let picture = Picture::decode(&file).and_then(|picture| self.fit(picture)).map_err(|bad| name(source, bad))?;
        Ok(picture.bytes)
    }

    /// Many images, decoded on the thread pool, in the order of their sources.
    #[must_use]
    pub fn decode_all(&self, sources: &[Source]) -> Vec<Result<Vec<u8>>> {
        sources.par_iter().map(|source| self.decode(source)).collect()
    }

    fn fit(&self, picture: Picture) -> Result<Picture, Bad> {
        // Grey is made before resizing and colour after it, so that the filter has the least to do.
        let picture = if self.channels == 1 { picture.with_channels(1) } else { picture };
        Ok(resize(picture, self.height, self.width, self.resize)?.with_channels(self.channels))
    }
}

/// The fault of a file that gives no picture.
fn name(source: &Source, bad: Bad) -> Box<Diagnostic> {
    let (code, message) = match bad {
        Bad::Unreadable(reason) => (&code::UNREADABLE_IMAGE, reason),
        Bad::Truncated(reason) => (&code::TRUNCATED_IMAGE, reason),
        Bad::TooLarge(reason) => (&code::IMAGE_TOO_LARGE, reason),
    };
    Diagnostic::new(code, message).on(source.place()).fault()
}
