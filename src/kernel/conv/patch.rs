//! A rectangle of an image, with zeros where it reaches beyond the edge.

use crate::kernel::Isa;
use crate::kernel::element::Element;
use crate::kernel::isa::Loops;

/// Which rectangle of an H×W×C image is wanted. Rows and columns may lie outside of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patch {
    /// Rows, columns and channels of the image.
    pub image: [usize; 3],
    /// The first row.
    pub top: isize,
    /// The first column.
    pub left: isize,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

/// Rows of an image; those that are not among them are read as zeros.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    pub values: &'a [f32],
    /// The number of the first of them.
    pub first: usize,
}

impl<'a> Rows<'a> {
    /// All of an image's.
    pub fn whole(values: &'a [f32]) -> Self {
        Self { values, first: 0 }
    }
}

/// The same to write.
pub(super) struct RowsMut<'a> {
    pub values: &'a mut [f32],
    /// The number of the first of them.
    pub first: usize,
}

impl<'a> RowsMut<'a> {
    /// All of an image's.
    pub fn whole(values: &'a mut [f32]) -> Self {
        Self { values, first: 0 }
    }
}

impl Patch {
    /// The rectangle, seen from some of the image's rows.
    pub fn among(self, rows: Rows<'_>) -> Self {
        let [_, width, channels] = self.image;
        let held = rows.values.len() / (width * channels).max(1);
        Self { image: [held, width, channels], top: self.top - rows.first as isize, ..self }
    }

    /// Elements of the rectangle.
    pub fn len(&self) -> usize {
        self.rows * self.row_len()
    }

    /// Elements from one row of the rectangle to the next.
    pub fn row_len(&self) -> usize {
        self.columns * self.image[2]
    }

    /// Whether the rectangle is a run of whole rows of the image.
    pub fn is_in_place(&self) -> bool {
        let [height, width, _] = self.image;
        self.left == 0
            && self.columns == width
            && self.top >= 0
            && self.top.unsigned_abs().checked_add(self.rows).is_some_and(|end| end <= height)
    }

    /// Elements of the room that `read` needs.
    pub fn room(&self) -> usize {
        if self.is_in_place() { 0 } else { self.len() }
    }

    /// The rectangle: a part of the image where it is one, or else a copy in `room`.
    pub fn read<'a>(&self, image: &'a [f32], room: &'a mut [f32]) -> &'a [f32] {
        if self.is_in_place() {
            let start = self.top.unsigned_abs() * self.row_len();
            return &image[start..start + self.len()];
        }
        let room = &mut room[..self.len()];
        self.copy(image, room);
        room
    }

    /// Elements of the rectangle's pixels, each of so many runs of channels that a sum runs over.
    pub fn row_elements<E: Element>(&self, runs: usize) -> usize {
        self.columns * runs * E::elements(self.image[2] / runs)
    }

    /// Elements of the room that `read_elements` needs.
    pub fn room_of_elements<E: Element>(&self, runs: usize) -> usize {
        if E::VALUES == 1 { self.room() } else { self.rows * self.row_elements::<E>(runs) }
    }

    /// The rectangle as elements of the micro-kernel's operands, each pixel in so many runs of channels.
    pub fn read_elements<'a, E: Element>(
        &self,
        isa: Isa,
        runs: usize,
        image: &'a [f32],
        room: &'a mut [f32],
    ) -> &'a [f32] {
        if E::VALUES == 1 {
            return self.read(image, room);
        }
        let row_len = self.row_elements::<E>(runs);
        let room = &mut room[..self.rows * row_len];
        let pixel = row_len / self.columns.max(1);
        let (before, _, count) = self.columns_inside();
        for (row, to) in room.chunks_exact_mut(row_len.max(1)).enumerate() {
            let Some(from) = self.row_inside(self.top + row as isize, image) else {
                to.fill(0.0);
                continue;
            };
            let (zeros, rest) = to.split_at_mut(before * pixel);
            let (inside, after) = rest.split_at_mut(count * pixel);
            zeros.fill(0.0);
            E::along(isa, self.image[2] / runs, from, inside);
            after.fill(0.0);
        }
        room
    }

    /// The rectangle with elements that hold the values of a place and, where they hold two, of the place `step` columns
    /// further on, zero beyond the end of the row.
    pub fn read_columns<'a, E: Element>(
        &self,
        isa: Isa,
        step: usize,
        image: &'a [f32],
        room: &'a mut [f32],
    ) -> &'a [f32] {
        if E::VALUES == 1 {
            return self.read(image, room);
        }
        let (channels, row_len) = (self.image[2], self.row_len());
        let room = &mut room[..self.len()];
        let (before, _, count) = self.columns_inside();
        for (row, to) in room.chunks_exact_mut(row_len.max(1)).enumerate() {
            let Some(from) = self.row_inside(self.top + row as isize, image) else {
                to.fill(0.0);
                continue;
            };
            // Places left of the image, the further ones of which lie in it.
            let early = before.min(step);
            let further = from.get((step - early) * channels..).unwrap_or_default();
            let further = &further[..further.len().min(early * channels)];
            let (zeros, rest) = to.split_at_mut((before - early) * channels);
            let (left, rest) = rest.split_at_mut(early * channels);
            let (inside, after) = rest.split_at_mut(count * channels);
            zeros.fill(0.0);
            E::across(isa, &[], further, left);
            E::across(isa, from, from.get(step * channels..).unwrap_or_default(), inside);
            after.fill(0.0);
        }
        room
    }

    /// Elements of the room that `read_columns` needs.
    pub fn room_of_columns<E: Element>(&self) -> usize {
        if E::VALUES == 1 { self.room() } else { self.len() }
    }

    /// What the rectangle holds of a row of the image; `None` where the row lies outside.
    fn row_inside<'a>(&self, row: isize, image: &'a [f32]) -> Option<&'a [f32]> {
        let [height, width, channels] = self.image;
        let row = usize::try_from(row).ok().filter(|&row| row < height)?;
        let (_, first, count) = self.columns_inside();
        Some(&image[(row * width + first) * channels..][..count * channels])
    }

    /// Copies the rectangle.
    pub fn copy(&self, image: &[f32], to: &mut [f32]) {
        for (row, to) in to.chunks_exact_mut(self.row_len().max(1)).enumerate() {
            self.copy_row(self.top + row as isize, image, to);
        }
    }

    /// Copies the rectangle, `pixel` channels of it after the other: each such slice lies `apart` elements from the last one,
    /// [row][column][channel], with zeros for channels that there are not.
    pub fn copy_slices(&self, isa: Isa, image: &[f32], pixel: usize, apart: usize, to: &mut [f32]) {
        let (channels, (before, _, count)) = (self.image[2], self.columns_inside());
        let row_len = self.columns * pixel;
        for row in 0..self.rows {
            let Some(from) = self.row_inside(self.top + row as isize, image) else {
                to.chunks_mut(apart).for_each(|slice| slice[row * row_len..][..row_len].fill(0.0));
                continue;
            };
            for slice in to.chunks_mut(apart) {
                let (zeros, rest) = slice[row * row_len..][..row_len].split_at_mut(before * pixel);
                zeros.fill(0.0);
                rest[count * pixel..].fill(0.0);
            }
            let to = &mut to[row * row_len + before * pixel..];
            match pixel {
                16 => isa.vectorise(Slices::<16> { from, channels, to, apart }),
                8 => isa.vectorise(Slices::<8> { from, channels, to, apart }),
                4 => isa.vectorise(Slices::<4> { from, channels, to, apart }),
                _ => {
                    assert!(pixel >= channels, "slices of {pixel} channels");
                    for (to, from) in to.chunks_exact_mut(pixel).zip(from.chunks_exact(channels)) {
                        to[..channels].copy_from_slice(from);
                        to[channels..].fill(0.0);
                    }
                }
            }
        }
    }

    /// Columns of the rectangle before the image's first one, the first of the image's columns that it holds, and how
    /// many it holds.
    pub fn columns_inside(&self) -> (usize, usize, usize) {
        let width = self.image[1];
        let before = self.left.min(0).unsigned_abs().min(self.columns);
        let first = self.left.max(0).unsigned_abs().min(width);
        (before, first, (self.columns - before).min(width - first))
    }

    fn copy_row(&self, row: isize, image: &[f32], to: &mut [f32]) {
        let Some(from) = self.row_inside(row, image) else { return to.fill(0.0) };
        let (zeros, rest) = to.split_at_mut(self.columns_inside().0 * self.image[2]);
        let (inside, after) = rest.split_at_mut(from.len());
        zeros.fill(0.0);
        inside.copy_from_slice(from);
        after.fill(0.0);
    }
}

/// Some pixels, of which `N` channels go to `to`, the next `N` to `apart` elements further on, and so on.
struct Slices<'a, const N: usize> {
    from: &'a [f32],
    channels: usize,
    to: &'a mut [f32],
    apart: usize,
}

impl<const N: usize> Loops for Slices<'_, N> {
    #[inline(always)]
    fn run(self) {
        for (at, pixel) in self.from.chunks_exact(self.channels).enumerate() {
            for (slice, values) in pixel.chunks(N).enumerate() {
                let to = &mut self.to[slice * self.apart + at * N..][..N];
                if values.len() == N {
                    to.copy_from_slice(&values[..N]);
                } else {
                    let (to, zeros) = to.split_at_mut(values.len());
                    to.copy_from_slice(values);
                    zeros.fill(0.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_zero() {
        let image: Vec<f32> = (1..=6).map(|value| value as f32).collect();
        let patch = Patch { image: [2, 3, 1], top: -1, left: -1, rows: 3, columns: 5 };
        let mut room = vec![f32::NAN; patch.len()];
        let expected = [0., 0., 0., 0., 0., 0., 1., 2., 3., 0., 0., 4., 5., 6., 0.];
        assert_eq!(patch.read(&image, &mut room), expected);
    }

    #[test]
    fn a_negative_padding_crops() {
        let image: Vec<f32> = (1..=6).map(|value| value as f32).collect();
        let patch = Patch { image: [2, 3, 1], top: 1, left: 1, rows: 2, columns: 1 };
        assert_eq!(patch.read(&image, &mut [9.0; 2]), [5., 0.]);
        let beyond = Patch { image: [2, 3, 1], top: 0, left: 4, rows: 1, columns: 2 };
        assert_eq!(beyond.read(&image, &mut [9.0; 2]), [0., 0.]);
    }

    #[test]
    fn whole_rows_are_read_in_place() {
        let image = [1., 2., 3., 4.];
        let patch = Patch { image: [2, 2, 1], top: 1, left: 0, rows: 1, columns: 2 };
        assert_eq!(patch.read(&image, &mut []), [3., 4.]);
    }
}
