//! The shape of one image's tensor.

use std::fmt;

/// The most elements a tensor of one image, or a parameter, may have.
pub const MAX_ELEMENTS: usize = 1 << 31;

/// A feature map or a vector; the batch is never part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Height × width × channels.
    Map {
        /// Rows.
        h: usize,
        /// Columns.
        w: usize,
        /// Channels.
        c: usize,
    },
    /// So many numbers.
    Vector(usize),
}

impl Shape {
    /// The shape H×W×C.
    #[must_use]
    pub fn map(h: usize, w: usize, c: usize) -> Self {
        Self::Map { h, w, c }
    }

    /// Elements, or `None` beyond [`MAX_ELEMENTS`].
    #[must_use]
    pub fn checked_len(self) -> Option<usize> {
        let len = match self {
            Self::Map { h, w, c } => h.checked_mul(w)?.checked_mul(c)?,
            Self::Vector(n) => n,
        };
        (len <= MAX_ELEMENTS).then_some(len)
    }

    /// Elements of a shape that was checked when its value was made.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Map { h, w, c } => h * w * c,
            Self::Vector(n) => n,
        }
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The innermost size: channels of a map, the length of a vector.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Map { c, .. } => c,
            Self::Vector(n) => n,
        }
    }

    /// Places that share the channels: H·W of a map, 1 of a vector.
    #[must_use]
    pub fn pixels(self) -> usize {
        match self {
            Self::Map { h, w, .. } => h * w,
            Self::Vector(_) => 1,
        }
    }

    /// The sizes as a list: three of a map, one of a vector.
    #[must_use]
    pub fn dims(self) -> Vec<usize> {
        match self {
            Self::Map { h, w, c } => vec![h, w, c],
            Self::Vector(n) => vec![n],
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map { h, w, c } => write!(f, "{h}×{w}×{c}"),
            Self::Vector(n) => write!(f, "{n}"),
        }
    }
}
