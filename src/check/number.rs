//! Numbers and sizes as a reader wants them.

use crate::graph::Shape;

/// 1382819 as 1,382,819.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_382_819), "1,382,819");
    }
}
