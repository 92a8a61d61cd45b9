//! The input gradient of a convolution under a max pool, a row of the pool at a time: what the winners of a row spread is
//! added to rows of dx that are kept in cache until no later row of the pool reaches them.

use rayon::prelude::*;

use super::open_rows::OpenRows;
use super::winner::{PoolRow, rows_of};
use super::{PooledConv, Seen};
use crate::kernel::conv::patch::RowsMut;
use crate::kernel::micro::Lists;
use crate::kernel::{Activation, Isa, Scratch};

/// Weights in the order in which winners spread their gradients by them.
pub trait SpreadRow: Sync {
    /// Adds what one row of the pool spreads to a room that holds what the row sees.
    fn row(&self, seen: &Seen, row: PoolRow<'_>, lists: &mut Lists, room: &mut [f32]);
}

/// The gradient of the pooled values of all images, and the taps of the winners that it goes to.
#[derive(Clone, Copy)]
pub struct Winners<'a> {
    pub dy: &'a [f32],
    pub index: &'a [u8],
}

/// Elements of the rows of dx that a row of the pool adds to.
pub fn scratch(isa: Isa, g: &PooledConv) -> usize {
    Seen::most_room(isa, g)
}

/// Computes dx (n×H×W×I), an image a task.
pub fn over_images(
    isa: Isa,
    g: &PooledConv,
    Winners { dy, index }: Winners<'_>,
    spread: &impl SpreadRow,
    activation: Activation,
    dx: &mut [f32],
    scratch: &Scratch,
) {
    let images = dx.par_chunks_mut(g.conv.window.in_len()).zip(dy.par_chunks(g.out_len()));
    images.zip(index.par_chunks(g.out_len())).for_each(|((dx, dy), index)| {
        let (mut lists, mut dx) = (Lists::new(), RowsMut::whole(dx));
        scratch.with(self::scratch(isa, g), |room| {
            let mut rows = OpenRows::new(isa, activation, room);
            for (seen, row) in rows_of(g, dy, index) {
                let room = rows.open(&seen.patch, seen.len(isa, g), &mut dx);
                spread.row(&seen, row, &mut lists, room);
            }
            rows.close(&mut dx);
        });
    });
}
