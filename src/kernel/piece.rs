//! A result cut for tasks by its rows and by its columns: where weights belong to columns, they are then read by one task
//! for the rows of several images.

use std::ops::Range;

use ndarray::{ArrayViewMut3, Axis};

/// A part of a result: layers × rows × columns, the columns of a row in a run.
pub(super) type Piece<'a> = ArrayViewMut3<'a, f32>;

/// How the rows and the columns of a result are cut. Its layers are not.
pub(super) struct Cut<F> {
    /// Runs of rows, and where each starts.
    pub runs: usize,
    pub start: F,
    /// Columns of a piece, the last of which may have fewer.
    pub columns: usize,
}

/// Which piece it is: its run of rows, and its columns.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub run: usize,
    pub columns: Range<usize>,
}

impl<F: Fn(usize) -> usize + Sync> Cut<F> {
    /// Calls `each` with every piece of a result of so many layers, rows and columns, at once where there are threads.
    ///
    /// # Panics
    ///
    /// If the result has another length.
    pub fn for_each(&self, size: [usize; 3], result: &mut [f32], each: &(impl Fn(Place, Piece<'_>) + Sync)) {
        let whole =
            Piece::from_shape(size, result).unwrap_or_else(|error| panic!("the result is not {size:?}: {error}"));
        self.split(whole, 0..self.runs, 0..size[2], each);
    }

    fn split(
        &self,
        piece: Piece<'_>,
        runs: Range<usize>,
        columns: Range<usize>,
        each: &(impl Fn(Place, Piece<'_>) + Sync),
    ) {
        if columns.len() > self.columns {
            let middle = columns.len().div_ceil(self.columns) / 2 * self.columns;
            let (left, right) = piece.split_at(Axis(2), middle);
            let middle = columns.start + middle;
            rayon::join(
                || self.split(left, runs.clone(), columns.start..middle, each),
                || self.split(right, runs.clone(), middle..columns.end, each),
            );
        } else if runs.len() > 1 {
            let middle = runs.start + runs.len() / 2;
            let (above, below) = piece.split_at(Axis(1), (self.start)(middle) - (self.start)(runs.start));
            rayon::join(
                || self.split(above, runs.start..middle, columns.clone(), each),
                || self.split(below, middle..runs.end, columns.clone(), each),
            );
        } else if !runs.is_empty() && !columns.is_empty() {
            each(Place { run: runs.start, columns }, piece);
        }
    }
}

/// A row of a layer of a piece.
pub(super) fn row<'a>(piece: &'a mut Piece<'_>, layer: usize, at: usize) -> &'a mut [f32] {
    let layer = piece.index_axis_mut(Axis(0), layer);
    layer.index_axis_move(Axis(0), at).into_slice().unwrap_or_else(|| unreachable!("columns lie in a run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_belongs_to_one_piece() {
        let mut result = vec![0; 2 * 7 * 10].into_iter().map(|zero: u8| f32::from(zero)).collect::<Vec<_>>();
        let cut = Cut { runs: 3, start: |at: usize| [0, 3, 5][at], columns: 4 };
        cut.for_each([2, 7, 10], &mut result, &|place: Place, mut piece| {
            assert_eq!(piece.dim(), (2, [3, 2, 2][place.run], place.columns.len()));
            for (layer, at) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let mark = place.run * 100 + place.columns.start * 10 + layer;
                row(&mut piece, layer, at).iter_mut().for_each(|element| *element += mark as f32);
            }
        });
        for (at, element) in result.into_iter().enumerate() {
            let (layer, row, column) = (at / 70, at / 10 % 7, at % 10);
            let mark = [0, 0, 0, 1, 1, 2, 2][row] * 100 + column / 4 * 40 + layer;
            assert_eq!(element as usize, if row == 2 { 0 } else { mark });
        }
    }
}
