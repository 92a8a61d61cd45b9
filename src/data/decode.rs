//! An image file as the bytes of the network's input.

use rayon::prelude::*;

use super::picture::{Bad, MAX_SIDE, Picture};
use super::resize::resize;
use super::source::Source;
use crate::diag::{Diagnostic, Result, code};
use crate::syntax::settings::Resize;

/// The network's input, and how images of other sizes are brought to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    height: usize,
    width: usize,
    channels: usize,
    resize: Resize,
}

impl Decoder {
    /// A decoder to `height` × `width` × `channels`.
    ///
    /// # Errors
    /// N105 where images cannot become that: `channels` is neither 1 (grey) nor 3 (RGB), or a side is 0 or more than
    /// 16,384.
    pub fn new(height: usize, width: usize, channels: usize, resize: Resize) -> Result<Self> {
        let sides = 1..=MAX_SIDE;
        let refuse = |message: String| Err(Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, message).fault());
        if channels != 1 && channels != 3 {
            return refuse(format!(
                "images have 1 channel or 3, and the input {height}×{width}×{channels} has {channels}"
            ));
        }
        if !sides.contains(&height) || !sides.contains(&width) {
            return refuse(format!("images have 1 to {MAX_SIDE} pixels a side, and the input is {height}×{width}"));
        }
        Ok(Self { height, width, channels, resize })
    }

    /// Rows, columns and channels of a decoded image.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }

    /// 1 for grey, 3 for RGB.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

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
        let picture = self.fit(source.picture()?).map_err(|bad| source.name(bad))?;
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
