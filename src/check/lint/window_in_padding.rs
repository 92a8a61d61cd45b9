//! N105: a pool with windows in which there is nothing but padding.

use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::layer::Family;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for (row, window) in subject.typed.rows.iter().zip(subject.windows()) {
        let is_pool = row.instance.layer().family == Family::Pool;
        let Some(window) = window.filter(|window| is_pool && window.sees_nothing_somewhere()) else { continue };
        let name = row.instance.layer().name;
        let span = row.instance.bound.given("padding").map_or(row.instance.site.span(), |given| given.value);
        let most = window.kernel.iter().min().map_or(0, |kernel| kernel / 2);
        let headline = format!("the padding of `{name}` is as large as its window: some windows see no pixel");
        let fault = Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, headline)
            .at(span, "a window lies wholly in it")
            .help(format!("write `padding: {most}` at most, or use a larger window"));
        out.push(subject.told(row, fault));
    }
}
