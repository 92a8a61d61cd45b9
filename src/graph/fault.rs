//! Why an operation cannot take its operands: facts for `check` to word.

use super::Shape;

/// An axis of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Rows.
    Height,
    /// Columns.
    Width,
}

/// A typing rule that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeFault {
    /// A window reaches over more places than the padded map has.
    WindowExceedsInput {
        /// Along which axis.
        axis: Axis,
        /// Places the window reaches over, dilation counted.
        reach: usize,
        /// Places the map has there.
        size: usize,
        /// Places with padding.
        padded: usize,
    },
    /// A feature map is wanted.
    NeedsMap(Shape),
    /// A vector is wanted.
    NeedsVector(Shape),
    /// Two operands that must agree do not.
    Mismatch(Shape, Shape),
    /// Groups divide the channels, or the filters, with a rest.
    Groups {
        /// The groups.
        groups: usize,
        /// Input channels.
        channels: usize,
        /// Filters.
        filters: usize,
    },
    /// Every number would be normalised by itself, which gives 0 whatever it is.
    NormalisesOneNumber(Shape),
    /// A tensor or parameter has more elements than the limit.
    Overflow,
}
