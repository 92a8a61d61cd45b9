//! T204 and T205: branches that do not fit together, and the projection that makes them fit.

use crate::base::Span;
use crate::check::number::described;
use crate::check::subject::Subject;
use crate::check::typing::Row;
use crate::diag::{Diagnostic, Edit, Fix, code};
use crate::graph::Shape;

/// T204.
pub(super) fn mismatch(subject: &Subject<'_>, row: &Row<'_>, a: Shape, b: Shape) -> Diagnostic {
    let name = &row.instance.site.name.value;
    let (first, second) = clashing(subject, row);
    let headline = format!("the branches of `{name}` differ: {a} and {b}");
    let mut fault = labelled(
        subject,
        row,
        [first, second],
        Diagnostic::new(&code::BRANCH_SHAPE_MISMATCH, headline).at(row.instance.site.name.span, "joins them"),
    );
    fault = match projection(subject, row, [first, second]) {
        Some((at, layers)) => projected(row, at, &layers, fault),
        None => fault.help(keep_sizes(subject.typed.shape(row.inputs[first]), subject.typed.shape(row.inputs[second]))),
    };
    subject.told(row, fault)
}

/// T205.
pub(super) fn concat(subject: &Subject<'_>, row: &Row<'_>) -> Diagnostic {
    let shapes: Vec<Shape> = row.inputs.iter().map(|input| subject.typed.shape(*input)).collect();
    let other = (1..shapes.len()).find(|&at| !same_size(shapes[0], shapes[at])).unwrap_or(1);
    let headline = format!("`Concat` joins maps of one height and width, got {} and {}", shapes[0], shapes[other]);
    let fault = Diagnostic::new(&code::CONCAT_SIZE_MISMATCH, headline).at(row.instance.site.name.span, "joins them");
    let fault = labelled(subject, row, [0, other], fault).help(keep_sizes(shapes[0], shapes[other]));
    subject.told(row, fault)
}

fn same_size(a: Shape, b: Shape) -> bool {
    match (a, b) {
        (Shape::Map { h, w, .. }, Shape::Map { h: h2, w: w2, .. }) => (h, w) == (h2, w2),
        (Shape::Vector(_), Shape::Vector(_)) => true,
        _ => false,
    }
}

/// The first two branches that do not fit; one number a channel fits every map of as many channels in a product.
fn clashing(subject: &Subject<'_>, row: &Row<'_>) -> (usize, usize) {
    let shape = |at: usize| subject.typed.shape(row.inputs[at]);
    let gates = row.instance.layer().name == "Multiply";
    let fits =
        |a: Shape, b: Shape| a == b || gates && a.channels() == b.channels() && (a.pixels() == 1 || b.pixels() == 1);
    let second = (1..row.inputs.len()).find(|&at| !fits(shape(0), shape(at)));
    (0, second.unwrap_or(row.inputs.len() - 1))
}

/// Says at each of the two branches what it gives, and which layer gives it.
fn labelled(subject: &Subject<'_>, row: &Row<'_>, branches: [usize; 2], mut fault: Diagnostic) -> Diagnostic {
    for at in branches {
        let (Some(input), Some(branch)) = (row.inputs.get(at), row.branches.get(at)) else { continue };
        let shape = subject.typed.shape(*input);
        let maker = subject.maker(input.value).filter(|maker| within(maker.instance.site.call, branch.span));
        fault = match maker {
            Some(maker) => fault.label(maker.instance.site.span(), format!("gives {shape}")),
            None if Some(branch.span) == fault.span() => {
                fault.label = format!("adds what goes in, {shape}");
                fault
            }
            None => fault.label(branch.span, format!("passes on {shape}")),
        };
    }
    fault
}

fn within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Which of two branches a layer at its end brings to the other's shape, and the layer.
fn projection(subject: &Subject<'_>, row: &Row<'_>, branches: [usize; 2]) -> Option<(usize, String)> {
    let shape = |at: usize| subject.typed.shape(row.inputs[at]);
    let passes_on = |at: usize| {
        row.branches.get(at).is_some_and(|branch| {
            subject.maker(row.inputs[at].value).is_none_or(|maker| !within(maker.instance.site.call, branch.span))
        })
    };
    let [first, second] = branches;
    // What goes past the others is the branch to project; else the second is as good as the first.
    let order = if passes_on(first) { [(first, second), (second, first)] } else { [(second, first), (first, second)] };
    order.into_iter().find_map(|(from, to)| Some((from, layer_between(shape(from), shape(to))?)))
}

/// `Conv(64, kernel: 1x1, stride: 2)`: the layer from one shape to another.
fn layer_between(from: Shape, to: Shape) -> Option<String> {
    match (from, to) {
        (Shape::Vector(_), Shape::Vector(n)) => Some(format!("Dense({n})")),
        (Shape::Map { c, .. }, Shape::Vector(n)) if c == n => Some("GlobalAvgPool".to_owned()),
        (Shape::Map { h, w, .. }, Shape::Map { h: h2, w: w2, c }) => {
            let strides = [stride_between(h, h2)?, stride_between(w, w2)?];
            Some(match strides {
                [1, 1] => format!("Conv({c}, kernel: 1x1)"),
                [rows, columns] if rows == columns => format!("Conv({c}, kernel: 1x1, stride: {rows})"),
                [rows, columns] => format!("Conv({c}, kernel: 1x1, stride: {rows}x{columns})"),
            })
        }
        _ => None,
    }
}

/// The stride with which every so many of `from` places give `to`.
fn stride_between(from: usize, to: usize) -> Option<usize> {
    let stride = from.div_ceil(to.max(1)).max(1);
    (from.div_ceil(stride) == to).then_some(stride)
}

/// Adds the projection as a help, and as a fix where it would change no other use of a block.
fn projected(row: &Row<'_>, at: usize, layers: &str, fault: Diagnostic) -> Diagnostic {
    let mut fault = projected_everywhere(row, at, layers, fault);
    if row.instance.trace.is_in_block() {
        fault.fixes.clear();
    }
    fault
}

fn projected_everywhere(row: &Row<'_>, at: usize, layers: &str, fault: Diagnostic) -> Diagnostic {
    let site = &row.instance.site;
    let Some(branch) = row.branches.get(at) else { return fault };
    let title = format!("project by `{layers}`");
    if branch.items.is_empty() {
        let close = site.call.end - 1;
        let edits = vec![
            Edit { span: site.name.span, text: "Add".to_owned() },
            Edit { span: Span::at(close), text: format!(" | {layers}") },
        ];
        let mut fault = fault.help(format!("project what goes past: `Add[… | {layers}]` instead of `Residual[…]`"));
        fault.fixes.push(Fix::offered(title, edits));
        return fault;
    }
    let identity = matches!(
        branch.items.as_slice(),
        [crate::check::expand::Item::Layer(instance)] if instance.layer().name == "Identity"
    );
    if identity {
        fault.help(format!("write `{layers}` instead of `Identity`")).fix(title, branch.span, layers)
    } else {
        fault.help(format!("end that branch in `{layers}`")).fix(
            title,
            Span::at(branch.span.end),
            format!(" -> {layers}"),
        )
    }
}

fn keep_sizes(a: Shape, b: Shape) -> String {
    match (a, b) {
        (Shape::Map { .. }, Shape::Map { .. }) => {
            "write `padding: same` and equal strides in both branches, so that they keep one height and width"
                .to_owned()
        }
        _ => format!("both branches have to end in the same kind of shape, not {} and {}", described(a), described(b)),
    }
}
