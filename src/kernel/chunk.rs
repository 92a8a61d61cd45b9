//! How a slice is cut for the thread pool: into pieces whose size depends on nothing but the shape.

/// Elements of one piece of pointwise work: small enough for the second-level cache, large enough to be worth a task.
pub(super) const CHUNK: usize = 1 << 15;

/// Rows of one piece of an array whose rows have `c` elements.
pub(super) fn rows_per_chunk(c: usize) -> usize {
    (CHUNK / c.max(1)).max(1)
}

/// Elements of one such piece: whole rows.
pub(super) fn whole_rows(c: usize) -> usize {
    rows_per_chunk(c) * c.max(1)
}
