//! T201: a window larger than its input, with the way there and the ways out.

use crate::base::Span;
use crate::check::expand::Trial;
use crate::check::input::{LARGEST_SIDE, smallest_side};
use crate::check::subject::Subject;
use crate::check::trace::Frame;
use crate::check::typing::Row;
use crate::check::{edit, trace};
use crate::diag::{Diagnostic, Edit, Fix, code};
use crate::graph::Shape;

/// T201.
pub(super) fn exceeds(subject: &Subject<'_>, row: &Row<'_>, how: WaysOut) -> Diagnostic {
    let shape = subject.typed.shape(row.inputs[0]);
    let repetition = row.instance.trace.in_repetition(subject.source).map_or(String::new(), |text| format!(", {text}"));
    let headline = format!("`{}` does not fit into its input of {shape}{repetition}", row.text());
    let [rows, columns] = reach(row);
    let mut fault = Diagnostic::new(&code::WINDOW_EXCEEDS_INPUT, headline)
        .at(row.instance.site.span(), format!("its window is {rows}×{columns}"));
    fault = fault.note(format!("sizes on the way here: {}", sizes_to(subject, row)));
    if subject.input_assumed {
        fault = fault.note(format!("no input up to {LARGEST_SIDE}×{LARGEST_SIDE} is large enough"));
    }
    if how == WaysOut::Tried {
        fault = with_ways_out(subject, row, fault);
    }
    row.instance.trace.with_blocks(fault)
}

/// Whether the ways out are tried, each by building the network again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum WaysOut {
    /// They are.
    Tried,
    /// They are told with another fault.
    ToldBefore,
}

fn with_ways_out(subject: &Subject<'_>, row: &Row<'_>, mut fault: Diagnostic) -> Diagnostic {
    let mut ways = Vec::new();
    if let Some((way, fix)) = fewer_runs(subject, row) {
        ways.push(way);
        fault.fixes.push(fix);
    }
    for (way, fix) in [larger_input(subject), same_padding(subject, row)].into_iter().flatten() {
        ways.push(way);
        fault.fixes.extend(fix);
    }
    match ways.split_last() {
        Some((last, [])) => fault.help(last.as_str()),
        Some((last, others)) => fault.help(format!("{}, or {last}", others.join(", "))),
        None => fault,
    }
}

/// Rows and columns that the window reaches over.
fn reach(row: &Row<'_>) -> [usize; 2] {
    let bound = &row.instance.bound;
    if !bound.has("dilation") {
        return bound.pair("size");
    }
    let [kernel, dilation] = [bound.pair("kernel"), bound.pair("dilation")];
    std::array::from_fn(|axis| (kernel[axis] - 1) * dilation[axis] + 1)
}

/// The sizes of the maps from the images to a layer: `32 → 30 → 15 → 13`.
fn sizes_to(subject: &Subject<'_>, row: &Row<'_>) -> String {
    let mut sizes = Vec::new();
    let mut value = row.inputs[0].value;
    loop {
        if let Shape::Map { h, w, .. } = subject.typed.graph.shape(value) {
            let size = if h == w { h.to_string() } else { format!("{h}×{w}") };
            if sizes.last() != Some(&size) {
                sizes.push(size);
            }
        }
        match subject.maker(value) {
            Some(maker) => value = maker.inputs[0].value,
            None => break,
        }
    }
    sizes.reverse();
    if sizes.len() > 20 {
        sizes.splice(8..sizes.len() - 8, ["…".to_owned()]);
    }
    sizes.join(" → ")
}

/// The largest count with which all windows fit: of a repeat around the layer, or else of the last one before it.
fn fewer_runs(subject: &Subject<'_>, row: &Row<'_>) -> Option<(String, Fix)> {
    let around = row.instance.trace.0.iter().rev().filter_map(|frame| match frame {
        Frame::Repeat { span, count_span, index, count } => Some((*span, *count_span, *index, *count)),
        Frame::Block { .. } => None,
    });
    let earlier = subject.spec.chain.stages.iter().rev().filter_map(|stage| {
        let count = stage.repeat.filter(|_| stage.span.end <= row.instance.site.call.start)?;
        Some((stage.span, count.span, count.value, count.value))
    });
    around.chain(earlier).find_map(|(span, count_span, end, count)| {
        let fits = |runs: u64| subject.spec.fits(Trial { runs: Some((span, runs)), same: None }, subject.input);
        let runs = largest_below(end, fits)?;
        let is_plain = repeats(row) == 1;
        let text =
            if is_plain { "it".to_owned() } else { format!("`{}`", trace::repeat_text(subject.source, span, count)) };
        let way = format!("repeat {text} at most {} instead of {count}", times(runs));
        Some((way, one_edit(format!("repeat {}", times(runs)), count_span, runs.to_string())))
    })
}

/// How many repeats stand around a layer.
fn repeats(row: &Row<'_>) -> usize {
    row.instance.trace.0.iter().filter(|frame| matches!(frame, Frame::Repeat { count, .. } if *count > 1)).count()
}

fn times(runs: u64) -> String {
    if runs == 1 { "once".to_owned() } else { format!("{runs} times") }
}

/// The largest number from 1 to below `end` for which `fits` holds; it holds for every smaller one too.
fn largest_below(end: u64, fits: impl Fn(u64) -> bool) -> Option<u64> {
    if end < 2 || !fits(1) {
        return None;
    }
    let (mut low, mut high) = (1, end);
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if fits(middle) { low = middle } else { high = middle }
    }
    Some(low)
}

/// The smallest square input with which all windows fit.
fn larger_input(subject: &Subject<'_>) -> Option<(String, Option<Fix>)> {
    let channels = subject.input.channels();
    let side = smallest_side(|side| subject.spec.fits(Trial::default(), Shape::map(side, side, channels)))?;
    let size = format!("{side}x{side}x{channels}");
    let fix = subject.input_span().map(|span| one_edit(format!("write `input: {size}`"), span, size.clone()));
    Some((format!("give an input of at least {side}×{side}"), fix))
}

/// `padding: same` for the layer, or, where that is not enough, for all around it.
fn same_padding(subject: &Subject<'_>, row: &Row<'_>) -> Option<(String, Option<Fix>)> {
    let fits = |same: Span| subject.spec.fits(Trial { runs: None, same: Some(same) }, subject.input);
    let site = &row.instance.site;
    if fits(site.call) {
        let title = format!("write `padding: same` for this `{}`", row.instance.layer().name);
        let edit = edit::set_argument(row.instance, subject.source, "padding", "same");
        return Some((title.clone(), Some(Fix::offered(title, vec![edit]))));
    }
    if let Some(Frame::Repeat { span, .. }) = row.instance.trace.innermost_repeat()
        && fits(*span)
    {
        return Some(("write `padding: same` for every layer of the repeat".to_owned(), None));
    }
    let everywhere = "write `padding: same` for every convolution and pool";
    fits(Span::new(0, usize::MAX)).then(|| (everywhere.to_owned(), None))
}

fn one_edit(title: String, span: Span, text: String) -> Fix {
    Fix::offered(title, vec![Edit { span, text }])
}
