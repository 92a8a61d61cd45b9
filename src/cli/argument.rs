//! Kinds of arguments that several commands take.

use std::str::FromStr;

/// Result as text for people, or as JSON for scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
}

/// Height, width and channels of an input, written `32x32x3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InputSize(pub [usize; 3]);

impl FromStr for InputSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Option<Vec<usize>> = text.split(['x', 'X', '×']).map(|part| part.parse().ok()).collect();
        match sizes.as_deref() {
            Some(&[h, w, c]) if h > 0 && w > 0 && c > 0 => Ok(Self([h, w, c])),
            _ => Err("expected height, width and channels such as 32x32x3".to_owned()),
        }
    }
}

/// A number of threads.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    in_range(text, 1..=1024)
}

/// A number of images a step.
pub(super) fn batch(text: &str) -> Result<usize, String> {
    in_range(text, 1..=65_536)
}

fn in_range(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("expected a whole number from {} to {}", range.start(), range.end())),
    }
}

/// A learning rate.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && f64::is_finite(rate) => Ok(rate),
        _ => Err("expected a number above 0, such as 1e-4".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_has_three_sizes_above_zero() {
        assert_eq!("256x128x3".parse(), Ok(InputSize([256, 128, 3])));
        for wrong in ["256x256", "0x8x1", "axbxc", "8x8x1x1", "", "-8x8x1"] {
            assert!(wrong.parse::<InputSize>().is_err(), "{wrong}");
        }
    }
}
