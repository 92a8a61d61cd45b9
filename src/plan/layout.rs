//! Where each buffer lies in the arena: buffers that are never live together may share a place.
//!
//! The largest buffer is placed first, each at the lowest offset that no buffer alive at the same time occupies
//! ("greedy by size for offset calculation": Pisarchyk and Lee, "Efficient memory management for deep neural net
//! inference", 2020).

use super::step::{Buffer, Holds};

/// Buffers start at multiples of this many `f32`: a cache line.
const ALIGNMENT: usize = 16;

/// Places all buffers for `part` images at a time of a batch and returns the length of the arena in `f32`.
pub(super) fn place(buffers: &mut [Buffer], part: usize, batch: usize) -> usize {
    let words = |buffer: &Buffer| {
        // What no step touches any more takes no place.
        let is_used = buffer.persistent || buffer.live.0 <= buffer.live.1;
        let images = if buffer.holds == Holds::Batch { batch } else { part };
        if is_used { buffer.words(images).next_multiple_of(ALIGNMENT) } else { 0 }
    };
    let words: Vec<usize> = buffers.iter().map(words).collect();
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&at| (!buffers[at].persistent, std::cmp::Reverse(words[at]), at));
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    let mut end = 0;
    for at in order {
        let offset = lowest_gap(buffers, &words, &placed, at);
        buffers[at].offset = offset;
        end = end.max(offset + words[at]);
        let position = placed.partition_point(|&other| buffers[other].offset <= offset);
        placed.insert(position, at);
    }
    end
}

/// The lowest offset at which buffer `at` meets no placed buffer that lives at the same time; `placed` is sorted by
/// offset.
fn lowest_gap(buffers: &[Buffer], words: &[usize], placed: &[usize], at: usize) -> usize {
    let mut offset = 0;
    for &other in placed.iter().filter(|&&other| live_together(&buffers[at], &buffers[other])) {
        if offset + words[at] <= buffers[other].offset {
            break;
        }
        offset = offset.max(buffers[other].offset + words[other]);
    }
    offset
}

fn live_together(a: &Buffer, b: &Buffer) -> bool {
    a.persistent || b.persistent || (a.live.0 <= b.live.1 && b.live.0 <= a.live.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Element;

    fn buffer(len: usize, first: usize, last: usize) -> Buffer {
        Buffer { len, holds: Holds::Part, element: Element::F32, live: (first, last), persistent: false, offset: 0 }
    }

    #[test]
    fn buffers_of_different_times_share_a_place_and_others_do_not() {
        let mut buffers = vec![buffer(64, 0, 1), buffer(64, 1, 2), buffer(64, 2, 3), buffer(10, 0, 3)];
        let len = place(&mut buffers, 2, 2);
        assert_eq!(len, 128 + 128 + 32);
        assert_eq!(buffers[0].offset, buffers[2].offset);
        assert_ne!(buffers[0].offset, buffers[1].offset);
    }

    #[test]
    fn what_no_step_touches_takes_no_place() {
        assert_eq!(place(&mut [buffer(64, usize::MAX, 0), buffer(16, 0, 1)], 2, 2), 32);
    }

    #[test]
    fn what_persists_shares_with_nobody() {
        let mut buffers = vec![buffer(16, 0, 0), Buffer { persistent: true, ..buffer(16, 5, 5) }];
        assert_eq!(place(&mut buffers, 1, 1), 32);
    }
}
