//! What the counts, hashes and headers of the images say about a training before it starts.
//!
//! Each check takes plain facts and gives diagnostics; none reads a file.

mod copy;
mod count;
mod look;
mod near;

pub use copy::{check_conflicts, check_duplicates, check_leak};
pub use count::{check_balance, check_class_count, check_classes, check_empty, check_few, check_validation};
pub use look::{check_channels, check_extensions, check_upscaled};
pub use near::{Seen, check_blank, check_near, check_near_leak};

/// How many examples a message names.
const NAMED: usize = 3;

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Made-up samples for the tests of the checks.
#[cfg(test)]
mod made_up {
    use super::super::{Facts, Sample, Source};

    /// So many samples of each class.
    pub fn samples(counts: &[usize]) -> Vec<Sample> {
        let of = |class: usize| {
            let source = Source::File(format!("{class}.png").into());
            Sample { class, key: format!("{class}/x.png").into(), source }
        };
        counts.iter().enumerate().flat_map(|(class, &count)| vec![of(class); count]).collect()
    }

    /// Facts that differ in their hashes only.
    pub fn facts(hashes: &[u8]) -> Vec<Facts> {
        hashes.iter().map(|&byte| Facts { len: 1, hash: [byte; 32], shape: None, disguised: false }).collect()
    }
}
