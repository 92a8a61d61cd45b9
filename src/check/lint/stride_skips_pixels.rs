//! T212: windows with gaps between them.

use crate::check::number::percent;
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for (row, window) in subject.typed.rows.iter().zip(subject.windows()) {
        let Some(window) = window else { continue };
        let [kernel, stride] = [window.kernel, window.stride];
        // A strided 1×1 kernel brings a branch to the size of the one beside it.
        if kernel == [1, 1] || (0..2).all(|axis| stride[axis] <= kernel[axis]) {
            continue;
        }
        let share: f64 = (0..2).map(|axis| (kernel[axis] as f64 / stride[axis] as f64).min(1.0)).product();
        let name = row.instance.layer().name;
        let headline =
            format!("`{name}` moves by {}×{} but its window is {}×{}", stride[0], stride[1], kernel[0], kernel[1]);
        let fault = Diagnostic::new(&code::STRIDE_SKIPS_PIXELS, headline)
            .at(row.instance.site.span(), format!("{} of the pixels are never read", percent(1.0 - share)))
            .help(format!("use a stride of at most {}x{}, or a larger window", kernel[0], kernel[1]));
        out.push(subject.told(row, fault));
    }
}
