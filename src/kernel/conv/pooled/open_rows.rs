//! Rows of dx in cache, while rows of the pool add to them.

use super::super::patch::{Patch, RowsMut};
use crate::kernel::{Activation, Isa};

/// The rows of dx that rows of the pool still add to, in cache. A row that no later one reaches goes to dx.
pub(in super::super) struct OpenRows<'a> {
    isa: Isa,
    activation: Activation,
    /// What of the image lies in the room.
    patch: Option<Patch>,
    /// The first row of dx that is not written yet.
    next: usize,
    room: &'a mut [f32],
}

impl<'a> OpenRows<'a> {
    /// None yet, with room for those of any row of the pool.
    pub fn new(isa: Isa, activation: Activation, room: &'a mut [f32]) -> Self {
        Self { isa, activation, patch: None, next: 0, room }
    }

    /// The room of a patch, `len` elements with what whole registers touch beyond it; it holds what was added already.
    /// The patches of an image start ever further down.
    pub fn open(&mut self, patch: &Patch, len: usize, dx: &mut RowsMut<'_>) -> &mut [f32] {
        let row = patch.row_len();
        let kept = match self.patch {
            None => 0,
            Some(before) => {
                let done = before.rows.min((patch.top - before.top).unsigned_abs());
                self.write(&before, done, dx);
                self.room.copy_within(done * row..before.len(), 0);
                before.len() - done * row
            }
        };
        let held = kept.max(patch.len());
        self.room[kept..len.max(held)].fill(0.0);
        self.patch = Some(Patch { rows: held / row.max(1), ..*patch });
        &mut self.room[..len.max(held)]
    }

    /// The first row that is not written yet.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Writes what is left, up to the last row that `dx` has.
    pub fn close(&mut self, dx: &mut RowsMut<'_>) {
        if let Some(patch) = self.patch.take() {
            self.write(&patch, patch.rows, dx);
            let [height, width, channels] = patch.image;
            let end = dx.first + dx.values.len() / (width * channels).max(1);
            self.write_zeros(height.min(end), patch.image, dx);
        }
    }

    /// Writes the first `count` rows of the room, and zeros to the rows before them that nothing was added to.
    fn write(&mut self, patch: &Patch, count: usize, dx: &mut RowsMut<'_>) {
        let [height, width, channels] = patch.image;
        let (before, first, columns) = patch.columns_inside();
        for at in 0..count {
            let Some(row) = usize::try_from(patch.top + at as isize).ok().filter(|&row| row < height) else { continue };
            self.write_zeros(row, patch.image, dx);
            let inside = &self.room[at * patch.row_len()..][before * channels..][..columns * channels];
            let to = &mut dx.values[(row - dx.first) * width * channels..][..width * channels];
            to[..first * channels].fill(0.0);
            let (to, after) = to[first * channels..].split_at_mut(columns * channels);
            self.activation.chain_with(self.isa, inside, to);
            after.fill(0.0);
            self.next = row + 1;
        }
    }

    /// Zeros up to `row`.
    fn write_zeros(&mut self, row: usize, [_, width, channels]: [usize; 3], dx: &mut RowsMut<'_>) {
        if self.next < row {
            let place = |row: usize| (row - dx.first) * width * channels;
            dx.values[place(self.next)..place(row)].fill(0.0);
            self.next = row;
        }
    }
}
