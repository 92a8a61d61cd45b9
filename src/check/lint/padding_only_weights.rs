//! P404: weights of a kernel that never meet a pixel.

use crate::check::number::{described, grouped};
use crate::check::subject::Subject;
use crate::diag::{Diagnostic, Severity, code};
use crate::kernel::Window;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for (row, convolutions) in subject.typed.rows.iter().zip(subject.convolutions()) {
        for geometry in convolutions {
            let window = geometry.window;
            let (taps, seen) = (window.taps(), seen(&window, 0) * seen(&window, 1));
            if seen == taps {
                continue;
            }
            let weights = (taps - seen) * geometry.channels_per_group() * geometry.filters;
            let map = described(subject.typed.shape(row.inputs[0]));
            let headline = format!("{} of the {taps} places of this kernel never meet a pixel of {map}", taps - seen);
            let mut fault = Diagnostic::new(&code::PADDING_ONLY_WEIGHTS, headline)
                .at(row.instance.site.span(), format!("{} weights always meet padding", grouped(weights as u64)))
                .help(help(&window));
            if 2 * seen > taps {
                fault.severity = Severity::Note;
            }
            out.push(subject.told(row, fault));
        }
    }
}

/// Taps along an axis that lie on the map in some window.
fn seen(window: &Window, axis: usize) -> usize {
    let places = [window.out_h, window.out_w][axis];
    (0..window.kernel[axis]).filter(|&tap| (0..places).any(|place| window.sees(axis, place, tap))).count()
}

fn help(window: &Window) -> String {
    let [rows, columns] = [window.in_h, window.in_w].map(|size| (2 * size - 1).max(1));
    let [rows, columns] = [rows.min(window.kernel[0]), columns.min(window.kernel[1])];
    format!("write `kernel: {rows}x{columns}`, or pool less before it")
}
