//! O507: numbers that are normalised once more than they should be.

use super::{at_setting_to_be, removal};
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, code};
use crate::layer::Family;
use crate::syntax::settings::Normalize;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    if let Normalize::MeanStd { mean, std } = &subject.file.front.data.normalize.value
        && is_in_bytes(&subject.file.front.data.normalize.value)
    {
        out.push(in_bytes(subject, mean, std));
    }
    for row in subject.typed.rows.iter().filter(|row| row.instance.layer().name == "BatchNorm") {
        let is_norm = |row: &Row<'_>| row.instance.layer().name == "BatchNorm";
        let passed =
            |row: &Row<'_>| row.instance.layer().family == Family::Passing && row.instance.layer().name != "ZeroPad";
        let Some(first) = subject.behind(row.inputs[0].value, is_norm, passed) else { continue };
        let mut fault = Diagnostic::new(&code::NORMALISED_TWICE, "`BatchNorm` of what `BatchNorm` gives")
            .at(row.instance.site.span(), "undoes the scale and shift of the first")
            .label(first.instance.site.span(), "normalised already")
            .help("remove one of the two");
        fault.fixes.extend(removal(row));
        out.push(subject.told(row, fault));
    }
}

/// Whether means or deviations are given in bytes. Those of byte / 255 lie in 0..1, and no deviation is above a half.
pub(super) fn is_in_bytes(normalize: &Normalize) -> bool {
    match normalize {
        Normalize::MeanStd { mean, std } => {
            mean.iter().any(|mean| !(0.0..=1.0).contains(mean)) && std.iter().any(|std| *std > 1.0)
        }
        _ => false,
    }
}

fn in_bytes(subject: &Subject<'_>, mean: &[f64], std: &[f64]) -> Diagnostic {
    let list =
        |values: &[f64]| values.iter().map(|value| format!("{:.3}", value / 255.0)).collect::<Vec<_>>().join(", ");
    let right = format!("{{ mean: [{}], std: [{}] }}", list(mean), list(std));
    let range = subject.spec.range;
    let headline =
        format!("`mean` and `std` are in bytes, but byte / 255 is what they are applied to: the input is in {range}");
    let fault = Diagnostic::new(&code::NORMALISED_TWICE, headline)
        .note("bytes are divided by 255 first, so that means lie from 0 to 1 and deviations below 0.5")
        .help(format!("write `normalize: {right}`, or `standardize`"));
    at_setting_to_be(subject, fault, "data.normalize", "divided by 255 and by these", &right)
}
