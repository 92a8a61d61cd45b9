//! P407: batch statistics of numbers that dropout has spread.

use super::dropout_survival::rate;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for row in subject.typed.rows.iter().filter(|row| row.instance.layer().name == "BatchNorm") {
        let passed = |row: &crate::check::typing::Row<'_>| {
            matches!(row.instance.layer().family, Family::Passing | Family::Pool | Family::Activation)
        };
        let drops = |row: &crate::check::typing::Row<'_>| rate(row).is_some_and(|rate| rate > 0.0);
        let Some(dropout) = subject.behind(row.inputs[0].value, drops, passed) else { continue };
        let share = rate(dropout).unwrap_or(0.0);
        let fault = Diagnostic::new(
            &code::DROPOUT_BEFORE_BATCHNORM,
            format!("`BatchNorm` measures numbers that `{}` has spread", dropout.text()),
        )
        .at(row.instance.site.span(), "measures while training, and uses it without dropout")
        .label(
            dropout.instance.site.span(),
            format!("makes the mean square {:.1} times as large, in training only", 1.0 / (1.0 - share)),
        )
        .help("move the dropout behind the last `BatchNorm`, before the last `Dense`");
        out.push(subject.told(row, fault));
    }
}
