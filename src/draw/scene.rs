//! A picture with every part in its place, in pixels from the upper left corner.

use super::figure::{Cell, Tint};

/// The picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    /// What it is a picture of.
    pub title: String,
    /// Columns.
    pub width: i32,
    /// Rows.
    pub height: i32,
    /// Repeats and blocks, those around others first.
    pub frames: Vec<Frame>,
    /// Arrows and lines.
    pub edges: Vec<Edge>,
    /// Layers.
    pub boxes: Vec<LayerBox>,
    /// Shapes on edges, and the caption.
    pub labels: Vec<Label>,
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    /// Left side.
    pub x: i32,
    /// Upper side.
    pub y: i32,
    /// Columns.
    pub width: i32,
    /// Rows.
    pub height: i32,
}

/// The frame of a repeat or block.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Where it is.
    pub rect: Rect,
    /// The block's name, at the left; empty for a repeat alone.
    pub name: String,
    /// `×3`, at the right; empty where it runs once.
    pub times: String,
}

/// A layer.
#[derive(Clone, Debug)]
pub(super) struct LayerBox {
    /// Where it is.
    pub rect: Rect,
    /// Where its text starts.
    pub align: Align,
    /// What it says.
    pub cell: Cell,
}

/// Where the text of a box starts, if it has one line and no number at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// At the left.
    Left,
    /// So that it stands in the middle.
    Middle,
}

/// A line along these points, its corners round.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    /// From its start to its end; all pieces are upright or level.
    pub points: Vec<[i32; 2]>,
    /// Whether it ends in an arrow.
    pub arrow: bool,
    /// How round its corners are.
    pub radius: i32,
}

/// A small text that starts at a place.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// Start of its base line.
    pub at: [i32; 2],
    /// What it says.
    pub text: String,
}

impl Rect {
    /// Right side.
    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    /// Lower side.
    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }
}

impl Tint {
    /// All of them, in the order of the legend.
    pub(super) const ALL: [Self; 8] =
        [Self::End, Self::Conv, Self::Dense, Self::Pool, Self::Norm, Self::Activation, Self::Passing, Self::Join];

    /// Its name in style sheets.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::End => "terminal",
            Self::Conv => "conv",
            Self::Dense => "dense",
            Self::Pool => "pool",
            Self::Norm => "norm",
            Self::Activation => "activation",
            Self::Passing => "passing",
            Self::Join => "join",
        }
    }

    /// The colour of its boxes and of their outlines; black text is readable on the first.
    pub(super) fn colours(self) -> [&'static str; 2] {
        match self {
            Self::End => ["#f6f7f9", "#7d8590"],
            Self::Conv => ["#cfe1fb", "#4f83cc"],
            Self::Dense => ["#e1d7fa", "#8465c9"],
            Self::Pool => ["#fddfc4", "#d07a2d"],
            Self::Norm => ["#cfeeda", "#43976a"],
            Self::Activation => ["#fcf0b4", "#b8922a"],
            Self::Passing => ["#e4e7eb", "#8a929c"],
            Self::Join => ["#fad4e1", "#c4577f"],
        }
    }
}
