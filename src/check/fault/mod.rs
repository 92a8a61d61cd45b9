//! Words the typing rules that do not hold.

mod branch;
mod rank;
mod size;
mod window;

use super::subject::Subject;
use super::typing::Clash;
use crate::diag::Diagnostic;
use crate::graph::TypeFault;

/// The fault with its place, its cause and its way out.
pub(super) fn word(subject: &Subject<'_>, clash: &Clash) -> Diagnostic {
    let row = &subject.typed.rows[clash.row];
    match clash.fault {
        TypeFault::WindowExceedsInput { .. } => window::exceeds(subject, row),
        TypeFault::NeedsVector(shape) => rank::dense_on_map(subject, row, shape),
        TypeFault::NeedsMap(shape) => rank::window_on_vector(subject, row, shape),
        TypeFault::Mismatch(..) if row.instance.layer().name == "Concat" => branch::concat(subject, row),
        TypeFault::Mismatch(a, b) => branch::mismatch(subject, row, a, b),
        TypeFault::Groups { groups, channels, filters } => size::groups(subject, row, groups, channels, filters),
        TypeFault::Overflow => size::overflow(subject, row),
    }
}
