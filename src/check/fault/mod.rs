//! Words the typing rules that do not hold.

mod branch;
mod rank;
mod size;
mod window;

use super::subject::Subject;
use super::typing::Clash;
use crate::diag::Diagnostic;
use crate::graph::TypeFault;
use window::WaysOut;

/// For so many windows that are too large the ways out are tried; to try them for all could take hours.
const TRIED: usize = 4;

/// The faults with their places, their causes and their ways out.
pub(super) fn word_all(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut windows = 0;
    let worded = subject.typed.clashes.iter().map(|clash| {
        windows += usize::from(matches!(clash.fault, TypeFault::WindowExceedsInput { .. }));
        word(subject, clash, if windows <= TRIED { WaysOut::Tried } else { WaysOut::ToldBefore })
    });
    worded.collect()
}

fn word(subject: &Subject<'_>, clash: &Clash, ways_out: WaysOut) -> Diagnostic {
    let row = &subject.typed.rows[clash.row];
    match clash.fault {
        TypeFault::WindowExceedsInput { .. } => window::exceeds(subject, row, ways_out),
        TypeFault::NeedsVector(shape) => rank::dense_on_map(subject, row, shape),
        TypeFault::NeedsMap(shape) => rank::window_on_vector(subject, row, shape),
        TypeFault::Mismatch(..) if row.instance.layer().name == "Concat" => branch::concat(subject, row),
        TypeFault::Mismatch(a, b) => branch::mismatch(subject, row, a, b),
        TypeFault::Groups { groups, channels, filters } => size::groups(subject, row, groups, channels, filters),
        TypeFault::NormalisesOneNumber(shape) => size::one_number(subject, row, shape),
        TypeFault::Overflow => size::overflow(subject, row),
    }
}
