//! Padding, cropping and concatenation.

use super::Real;
use crate::kernel::Padding;

/// For every place of `n` padded maps in order, the place in the `h`×`w`×`c` maps, or `None` in the padding.
fn inner_places(n: usize, [h, w, c]: [usize; 3], padding: Padding) -> impl Iterator<Item = Option<usize>> {
    let rows = padding.top + h + padding.bottom;
    let columns = padding.left + w + padding.right;
    (0..n * rows * columns * c).map(move |at| {
        let (image, row, column) = (at / (rows * columns * c), at / (columns * c) % rows, at / c % columns);
        let row = row.checked_sub(padding.top).filter(|row| *row < h)?;
        let column = column.checked_sub(padding.left).filter(|column| *column < w)?;
        Some(((image * h + row) * w + column) * c + at % c)
    })
}

/// Maps of `h`×`w`×`c` with zeros around them.
#[must_use]
pub fn pad<T: Real>(n: usize, hwc: [usize; 3], padding: Padding, x: &[T]) -> Vec<T> {
    inner_places(n, hwc, padding).map(|inner| inner.map_or(T::ZERO, |at| x[at])).collect()
}

/// The inner maps of `h`×`w`×`c` again: the gradient of [`pad`].
#[must_use]
pub fn crop<T: Real>(n: usize, hwc: [usize; 3], padding: Padding, dy: &[T]) -> Vec<T> {
    inner_places(n, hwc, padding).zip(dy).filter(|(inner, _)| inner.is_some()).map(|(_, dy)| *dy).collect()
}

/// Rows of several branches side by side: `parts` are (channels, rows × channels).
#[must_use]
pub fn concat<T: Real>(rows: usize, parts: &[(usize, &[T])]) -> Vec<T> {
    (0..rows).flat_map(|row| parts.iter().flat_map(move |(c, x)| x[row * c..(row + 1) * c].iter().copied())).collect()
}

/// Channels `offset`..`offset` + `c` of rows of `c_total`: the gradient of [`concat()`] by one branch.
#[must_use]
pub fn concat_slice<T: Real>(c_total: usize, offset: usize, c: usize, dy: &[T]) -> Vec<T> {
    dy.chunks(c_total).flat_map(|row| row[offset..offset + c].iter().copied()).collect()
}
