//! Numbers and sizes as a reader wants them.

pub(super) use crate::base::grouped;
use crate::graph::Shape;

/// A share as percent: whole from 10 % on, with one decimal below.
pub(super) fn percent(share: f64) -> String {
    if share >= 0.0995 { format!("{:.0} %", share * 100.0) } else { format!("{:.1} %", share * 100.0) }
}

/// "a vector of 128" or "a map of 8×8×64".
pub(super) fn described(shape: Shape) -> String {
    match shape {
        Shape::Map { .. } => format!("a map of {shape}"),
        Shape::Vector(_) => format!("a vector of {shape}"),
    }
}

/// "one unit", "3 units".
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("one {noun}") } else { format!("{} {noun}s", grouped(count as u64)) }
}
