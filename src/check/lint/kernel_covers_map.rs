//! P403: a convolution over the whole map, with windows behind it that find a single place.

use crate::check::subject::Subject;
use crate::diag::{Diagnostic, code};
use crate::kernel::Window;

pub(super) fn check(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let windows = subject.windows();
    let later = |from: usize| {
        let behind = subject.typed.rows.iter().zip(&windows).skip(from + 1);
        behind.filter_map(|(row, window)| Some((row, window.as_ref()?))).find(|(_, window)| window.taps() > 1)
    };
    for (row, window) in subject.typed.rows.iter().zip(&windows) {
        let Some(window) = window.as_ref().filter(|window| row.is_weighted() && covers(window)) else { continue };
        let Some((next, _)) = later(row.index).filter(|(_, next)| (next.in_h, next.in_w) == (1, 1)) else { continue };
        let name = row.instance.layer().name;
        let headline = format!("the kernel of `{name}` covers its whole map of {}×{}", window.in_h, window.in_w);
        let fault = Diagnostic::new(&code::KERNEL_COVERS_MAP, headline)
            .at(row.instance.site.span(), "leaves a map of 1×1")
            .label(next.instance.site.span(), "has a window, and a single place to put it")
            .help(format!("give `{name}` a smaller kernel or `padding: same`, or pool less before it"));
        out.push(subject.told(row, fault));
    }
}

fn covers(window: &Window) -> bool {
    let whole = window.kernel[0] >= window.in_h && window.kernel[1] >= window.in_w;
    whole && window.padding.is_none() && window.in_h * window.in_w > 1
}
