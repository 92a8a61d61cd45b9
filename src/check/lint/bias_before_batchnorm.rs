//! P408: a bias that the normalisation behind it takes away again.

use crate::check::edit;
use crate::check::number::grouped;
use crate::check::subject::Subject;
use crate::check::trace::{Frame, Trace};
use crate::diag::{Diagnostic, Fix, code};

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let readers = subject.readers();
    for norm in subject.typed.rows.iter().filter(|row| row.instance.layer().name == "BatchNorm") {
        let input = norm.inputs[0].value;
        let Some(row) = subject.maker(input).filter(|row| row.is_weighted() && readers[input.0] == 1) else { continue };
        if !(row.instance.bound.has("bias") && row.instance.bound.flag("bias")) {
            continue;
        }
        let name = row.instance.layer().name;
        let units = grouped(subject.typed.shape(row.output).channels() as u64);
        let mut fault =
            Diagnostic::new(&code::BIAS_BEFORE_BATCHNORM, format!("the bias of `{name}` is taken away by `BatchNorm`"))
                .at(row.instance.site.span(), format!("{units} biases without effect"))
                .label(norm.instance.site.span(), "subtracts the mean, and adds a shift of its own")
                .help(format!("write `{name}(…, bias: false)`"));
        if blocks(&row.instance.trace) == blocks(&norm.instance.trace) {
            let edit = edit::set_argument(row.instance, subject.source, "bias", "false");
            fault.fixes.push(Fix::offered("write `bias: false`", vec![edit]));
        }
        out.push(subject.told(row, fault));
    }
}

/// The blocks that a layer stands in: where they are the same, the two layers always stand together.
fn blocks(trace: &Trace) -> Vec<&Frame> {
    trace.0.iter().filter(|frame| matches!(frame, Frame::Block { .. })).collect()
}
