//! The one allocation that a plan runs in, and how a step's operands are borrowed from it.

use std::ops::Range;

use crate::kernel::Memory;

/// The most operands of a step.
pub(super) const MAX_OPERANDS: usize = 10;

/// A stretch of memory that starts at a cache line.
#[derive(Debug)]
pub(super) struct Arena {
    memory: Memory,
}

impl Arena {
    /// So many zeros.
    pub fn new(len: usize) -> Self {
        Self { memory: Memory::zeros(len) }
    }

    /// A stretch to read.
    pub fn read(&self, range: Range<usize>) -> &[f32] {
        &self.memory[range]
    }

    /// A stretch to write.
    pub fn write(&mut self, range: Range<usize>) -> &mut [f32] {
        &mut self.memory[range]
    }

    /// Borrows a step's operands: first `reads` ranges to read, then ranges to write. Two reads may be the same range;
    /// apart from that no ranges overlap.
    ///
    /// # Panics
    ///
    /// Ranges overlap or lie outside: a plan that was laid out wrongly.
    pub fn operands(&mut self, ranges: &[Range<usize>], reads: usize) -> Operands<'_> {
        let mut unique: [Range<usize>; MAX_OPERANDS] = std::array::from_fn(|_| 0..0);
        let mut same_as = [0; MAX_OPERANDS];
        for (at, range) in ranges.iter().enumerate() {
            let earlier = ranges[..at.min(reads)].iter().position(|other| at < reads && other == range);
            same_as[at] = earlier.unwrap_or(at);
            if earlier.is_none() {
                unique[at] = range.clone();
            }
        }
        let slices = self
            .memory
            .get_disjoint_mut(unique)
            .unwrap_or_else(|error| panic!("operands {ranges:?} overlap or lie outside the arena: {error}"));
        let mut operands = Operands { reads: [&[]; MAX_OPERANDS], writes: std::array::from_fn(|_| None) };
        for (at, slice) in slices.into_iter().enumerate().take(ranges.len()) {
            if at < reads {
                operands.reads[at] = slice;
            } else {
                operands.writes[at - reads] = Some(slice);
            }
        }
        for (at, &same) in same_as.iter().enumerate().take(reads) {
            operands.reads[at] = operands.reads[same];
        }
        operands
    }
}

/// A step's operands.
pub(super) struct Operands<'a> {
    reads: [&'a [f32]; MAX_OPERANDS],
    writes: [Option<&'a mut [f32]>; MAX_OPERANDS],
}

impl<'a> Operands<'a> {
    /// The n-th operand that is read.
    pub fn read(&self, at: usize) -> &'a [f32] {
        self.reads[at]
    }

    /// The n-th operand that is written; empty where there is none, or where it was taken before.
    pub fn take(&mut self, at: usize) -> &'a mut [f32] {
        self.writes[at].take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_disjoint_and_a_value_may_be_read_twice() {
        let mut arena = Arena::new(64);
        arena.write(0..16).fill(2.0);
        let mut operands = arena.operands(&[0..16, 0..16, 32..48], 2);
        assert_eq!(operands.read(0), operands.read(1));
        operands.take(0).fill(3.0);
        assert_eq!(arena.read(32..48), [3.0; 16]);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn writing_what_is_read_is_refused() {
        Arena::new(64).operands(&[0..16, 8..24], 1);
    }
}
