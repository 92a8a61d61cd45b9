//! A rectangle of an image, with zeros where it reaches beyond the edge.

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

impl Patch {
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

    /// Copies the rectangle.
    pub fn copy(&self, image: &[f32], to: &mut [f32]) {
        for (row, to) in to.chunks_exact_mut(self.row_len().max(1)).enumerate() {
            self.copy_row(self.top + row as isize, image, to);
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
        let [height, width, channels] = self.image;
        let Some(row) = usize::try_from(row).ok().filter(|&row| row < height) else {
            return to.fill(0.0);
        };
        let (before, first, count) = self.columns_inside();
        let (zeros, rest) = to.split_at_mut(before * channels);
        let (inside, after) = rest.split_at_mut(count * channels);
        zeros.fill(0.0);
        inside.copy_from_slice(&image[(row * width + first) * channels..][..count * channels]);
        after.fill(0.0);
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
