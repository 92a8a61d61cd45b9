//! What is in a data set, as a table with bars, and what was found in it.

use std::io;

use super::super::console::Console;
use super::super::number::{counted, grouped, percent};
use super::super::printable::printable;
use super::super::table::{Column, ruled};
use crate::data::{Examination, Facts, Sizes};
use crate::diag::Diagnostic;

/// Cells of the longest bar.
const BAR: usize = 24;
/// So many findings of a code are shown in full; the rest is counted.
const SHOWN_OF_A_CODE: usize = 3;

/// Images a class with a bar each, and what sizes and channels they have.
pub(super) fn counts(examination: &Examination) -> String {
    let counts = per_class(examination);
    let has_validation = examination.validation.is_some();
    let most = counts.iter().map(|[train, held]| train + held).max().unwrap_or(0);
    let total: usize = counts.iter().flatten().sum();
    let unreadable = unreadable_per_class(examination);
    let has_unreadable = unreadable.iter().any(|count| *count > 0);
    let mut columns = vec![Column::Left("Class"), Column::Right("Images")];
    if has_validation {
        columns.extend([Column::Right("Train"), Column::Right("Validation")]);
    }
    if has_unreadable {
        columns.push(Column::Right("Unreadable"));
    }
    columns.extend([Column::Right("Share"), Column::Left("")]);
    let row = |((class, [train, held]), unreadable): ((&String, &[usize; 2]), &usize)| {
        let images = train + held;
        let mut row = vec![printable(class).into_owned(), grouped(images as u64)];
        if has_validation {
            row.extend([grouped(*train as u64), grouped(*held as u64)]);
        }
        if has_unreadable {
            row.push(grouped(*unreadable as u64));
        }
        row.extend([percent(images as f64 / total.max(1) as f64), bar(images, most)]);
        row
    };
    let table = ruled(&columns, examination.classes.iter().zip(&counts).zip(&unreadable).map(row).collect());
    let shapes: String = shapes(&facts(examination)).iter().map(|(of, what)| format!("{of:<9} {what}\n")).collect();
    format!("{table}\n{}\n{shapes}", images(examination))
}

/// Images of each class, to train on and to validate with.
pub(super) fn per_class(examination: &Examination) -> Vec<[usize; 2]> {
    let mut counts = vec![[0, 0]; examination.classes.len()];
    examination.train.samples.iter().for_each(|sample| counts[sample.class][0] += 1);
    let held = examination.validation.iter().flat_map(|role| &role.samples);
    held.for_each(|sample| counts[sample.class][1] += 1);
    counts
}

/// Files of each class that give no picture.
pub(super) fn unreadable_per_class(examination: &Examination) -> Vec<usize> {
    let mut counts = vec![0; examination.classes.len()];
    let roles = [Some(&examination.train), examination.validation.as_ref()].into_iter().flatten();
    let files = roles.flat_map(|role| role.samples.iter().zip(&role.looks));
    files.filter(|(_, look)| look.is_none()).for_each(|(sample, _)| counts[sample.class] += 1);
    counts
}

/// `80 images, 17 of which cannot be read`.
pub(super) fn images(examination: &Examination) -> String {
    let total = per_class(examination).iter().flatten().sum();
    match total - readable(examination) {
        0 => counted(total, "image"),
        bad => format!("{}, {} of which cannot be read", counted(total, "image"), grouped(bad as u64)),
    }
}

/// How many images give a picture.
pub(super) fn readable(examination: &Examination) -> usize {
    let held = examination.validation.iter().flat_map(|role| &role.looks);
    examination.train.looks.iter().chain(held).flatten().count()
}

/// Of all files, those to train on first.
pub(super) fn facts(examination: &Examination) -> Vec<Facts> {
    let held = examination.validation.iter().flat_map(|role| &role.facts);
    examination.train.facts.iter().chain(held).copied().collect()
}

/// A bar as long as its part of the most, in eighths of a cell; what is not nothing is seen.
fn bar(count: usize, most: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (count * BAR * 8).checked_div(most).unwrap_or(0).max(usize::from(count > 0));
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// What the images are like: of what, and how that is.
pub(super) fn shapes(facts: &[Facts]) -> Vec<(&'static str, String)> {
    let Some(sizes) = Sizes::of(facts) else { return vec![("sizes", "of no image".to_owned())] };
    let size = |[height, width]: [usize; 2]| format!("{height}×{width}");
    let sides = if sizes.min == sizes.max {
        format!("all {}", size(sizes.min))
    } else {
        format!("{} to {}, the median {}", size(sizes.min), size(sizes.max), size(sizes.median))
    };
    let channels = match (sizes.grey, sizes.colour) {
        (_, 0) => "grey".to_owned(),
        (0, _) => "in colour".to_owned(),
        (grey, colour) => format!("{} grey, {} in colour", grouped(grey as u64), grouped(colour as u64)),
    };
    let bytes: u64 = facts.iter().map(|facts| facts.len).sum();
    vec![("sizes", sides), ("channels", channels), ("on disk", super::super::number::bytes(bytes))]
}

/// The findings, the worst first, and how many more of a code there are.
pub(super) fn findings(found: &[Diagnostic], console: &mut Console) -> io::Result<()> {
    let mut rest: Vec<&Diagnostic> = found.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (same, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.code == first.code);
        let shown: Vec<Diagnostic> = same.iter().take(SHOWN_OF_A_CODE).map(|one| (*one).clone()).collect();
        console.findings(&shown, None)?;
        if let more @ 1.. = same.len() - shown.len() {
            let id = first.code.id;
            console.line(&format!(
                "  and {more} more of {id}; `--format json` lists all, `netc explain {id}` says why\n"
            ))?;
        }
        rest = others;
    }
    if found.is_empty() {
        console.line("nothing is wrong with these images")?;
    }
    Ok(())
}
