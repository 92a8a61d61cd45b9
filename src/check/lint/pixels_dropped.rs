//! T211: rows and columns at the end that no window reads.

use crate::check::number::percent;
use crate::check::subject::Subject;
use crate::check::typing::Trust;
use crate::diag::{Diagnostic, Severity, code};
use crate::kernel::Window;

/// Above this share of the map it is a warning. Nets that are known to be good drop 17 % at one step (11 → 5 in Keras's
/// convolutional MNIST example), and three pools on MNIST's 28 pixels drop 27 % (7 → 3), which a lower bound would flag.
const WARNING: f64 = 0.3;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    // On a size that is only assumed, a rest says nothing.
    if subject.input_assumed {
        return;
    }
    for (row, window) in subject.typed.rows.iter().zip(subject.windows()) {
        let Some(window) = window.filter(|_| row.inputs[0].trust == Trust::Full) else { continue };
        let [rows, columns] = dropped(&window);
        if rows + columns == 0 {
            continue;
        }
        let read = (window.in_h - rows) as f64 * (window.in_w - columns) as f64;
        let share = 1.0 - read / (window.in_h as f64 * window.in_w as f64);
        let name = row.instance.layer().name;
        let headline =
            format!("`{name}` never reads {} of its input of {}×{}", last(rows, columns), window.in_h, window.in_w);
        let mut fault = Diagnostic::new(&code::PIXELS_DROPPED, headline)
            .at(row.instance.site.span(), format!("{} of the map", percent(share)))
            .help(format!("`{name}` with `padding: same` reads them, or choose an input whose sizes divide"));
        if share > WARNING {
            fault.severity = Severity::Warning;
        }
        out.push(subject.told(row, fault));
    }
}

/// Rows and columns behind the last window; padding is no loss. One tap or a gap between windows is T212's.
fn dropped(window: &Window) -> [usize; 2] {
    let after = [window.padding.bottom, window.padding.right];
    let padded = [
        window.in_h + window.padding.top + window.padding.bottom,
        window.in_w + window.padding.left + window.padding.right,
    ];
    let places = [window.out_h, window.out_w];
    std::array::from_fn(|axis| {
        let [kernel, stride] = [window.kernel[axis], window.stride[axis]];
        let reach = (kernel - 1) * window.dilation[axis] + 1;
        let read = (places[axis] - 1) * stride + reach;
        let rest = padded[axis].saturating_sub(read).saturating_sub(after[axis]);
        if stride > kernel { 0 } else { rest }
    })
}

fn last(rows: usize, columns: usize) -> String {
    let of = |count: usize, noun: &str| {
        if count == 1 { format!("the last {noun}") } else { format!("the last {count} {noun}s") }
    };
    match (rows, columns) {
        (rows, 0) => of(rows, "row"),
        (0, columns) => of(columns, "column"),
        (rows, columns) => format!("{} and {}", of(rows, "row"), of(columns, "column")),
    }
}
