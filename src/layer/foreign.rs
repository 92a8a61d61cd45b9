//! Where other frameworks differ: what netc has other words for, and arguments that mean something else there.

use super::convert::written;
use crate::base::Span;
use crate::diag::{Diagnostic, Edit, Fix, code};
use crate::syntax::ast::{Arg, Literal, Name};

/// Names without `2D` or `2d` behind them, and the way out.
const ADVICE: &[(&str, &str)] = &[
    ("AdaptiveMaxPool", "`GlobalMaxPool` is `AdaptiveMaxPool2d(1)`"),
    ("StochasticDepth", "leave it out: without it the branch always runs, as it does in prediction"),
    ("DropPath", "leave it out: without it the branch always runs, as it does in prediction"),
    ("Input", "the size of the images stands in the front matter: `input: 224x224x3`"),
    ("InputLayer", "the size of the images stands in the front matter: `input: 224x224x3`"),
    ("Rescaling", "the scale of the images stands in the front matter: `data: { normalize: 0..1 }`"),
    ("Activation", "write the activation as a layer: `Relu`, `Sigmoid`, `Softmax`"),
    ("Sequential", "layers are joined by arrows: `Conv -> Relu -> MaxPool`"),
];

/// What to write instead of a layer of another framework.
#[must_use]
pub fn advice(name: &str) -> Option<&'static str> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let plain = name.trim_end_matches("2D").trim_end_matches("2d");
    ADVICE.iter().find(|(foreign, _)| *foreign == plain).map(|&(_, advice)| advice)
}

/// Faults of arguments that mean something else under the name that another framework has for the layer.
const DIFFERENCES: &[fn(&Foreign<'_>) -> Option<Diagnostic>] =
    &[input_size_given, whole_map_normalised, momentum_from_the_other_end, borders_in_another_order];

/// A layer written under some name.
struct Foreign<'a> {
    /// Its name in netc.
    layer: &'static str,
    /// The name without Python's module.
    plain: &'a str,
    name: &'a Name,
    args: &'a [Arg],
}

/// What would be misread if the arguments were taken as netc's; `None` for a layer under its own name.
pub(super) fn misread(layer: &'static str, name: &Name, args: &[Arg]) -> Option<Diagnostic> {
    let plain = name.value.rsplit('.').next()?;
    let foreign = Foreign { layer, plain, name, args };
    DIFFERENCES.iter().find_map(|difference| difference(&foreign))
}

/// PyTorch's layers that are told the size of their input: at this place, if they have at least so many arguments.
const SIZED: &[(&str, usize, usize)] = &[
    ("Conv2d", 0, 2),
    ("Linear", 0, 2),
    ("BatchNorm2d", 0, 1),
    ("BatchNorm1d", 0, 1),
    ("LayerNorm", 0, 1),
    ("GroupNorm", 1, 2),
];

/// N107: PyTorch gives the input's channels, which a `.net` file never says; netc would take them for something else.
fn input_size_given(foreign: &Foreign<'_>) -> Option<Diagnostic> {
    let Foreign { layer, plain, name, args } = *foreign;
    let &(_, at, least) = SIZED.iter().find(|(sized, ..)| *sized == plain)?;
    let by_place = args.iter().take_while(|arg| arg.name.is_none()).count();
    let size = args.get(at).filter(|size| by_place >= least && matches!(size.value.value, Literal::Integer(_)))?;
    // What is left must not look as if it started with a size again.
    let rest = if by_place > least { layer } else { plain };
    let headline =
        format!("`{plain}` is told the size of its input, as in PyTorch; netc knows it from the layer before");
    let help = format!("write `{rest}` without the size of the input");
    let mut fault =
        Diagnostic::new(&code::TOO_MANY_ARGUMENTS, headline).at(size.span, "not given in netc").help(help.clone());
    let has_other_order = layer == "BatchNorm" && by_place > least;
    if has_other_order {
        return Some(fault.note("PyTorch's epsilon comes before its momentum: give both by name"));
    }
    let cut = match (at.checked_sub(1), args.get(at + 1)) {
        (_, Some(next)) => Span::new(size.span.start, next.span.start),
        (Some(before), None) => Span::new(args[before].span.end, size.span.end),
        (None, None) => size.span,
    };
    let edits = vec![Edit { span: name.span, text: rest.to_owned() }, Edit { span: cut, text: String::new() }];
    // Whoever thinks in Keras meant filters and a kernel.
    fault.fixes.push(Fix::offered(help, edits));
    Some(fault)
}

/// N104: PyTorch's layer normalisation of C×H×W takes the whole map at once, netc's the channels of each pixel.
fn whole_map_normalised(foreign: &Foreign<'_>) -> Option<Diagnostic> {
    let first = foreign.args.first().filter(|first| matches!(first.value.value, Literal::Tuple(_)))?;
    if foreign.layer != "LayerNorm" {
        return None;
    }
    let headline =
        "`LayerNorm` normalises the channels of each pixel, but sizes of a whole map are given, as in PyTorch";
    let fault = Diagnostic::new(&code::WRONG_ARGUMENT_TYPE, headline)
        .at(first.span, "channels, height, width")
        .help("write `GroupNorm(1)`, which normalises the whole map with one factor a channel");
    let call = Span::new(foreign.name.span.start, foreign.args.last()?.span.end);
    Some(fault.fix("write `GroupNorm(1)`", call, "GroupNorm(1"))
}

/// N104: PyTorch's momentum is the share of the running statistics that a batch replaces, netc's and Keras's the share
/// that stays.
fn momentum_from_the_other_end(foreign: &Foreign<'_>) -> Option<Diagnostic> {
    let Foreign { layer, plain, name, args } = *foreign;
    let momentum = args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| name.value == "momentum"))?;
    let (Literal::Real(share) | Literal::Percent(share)) = momentum.value.value else { return None };
    if layer != "BatchNorm" || !plain.ends_with('d') {
        return None;
    }
    let kept = ((1.0 - share) * 1e6).round() / 1e6;
    let headline =
        format!("`momentum` of `{plain}` is the share that a batch replaces; netc wants the share that stays");
    let mut fault = Diagnostic::new(&code::WRONG_ARGUMENT_TYPE, headline)
        .at(momentum.value.span, "PyTorch's meaning")
        .help(format!("write `{layer}(momentum: {kept})`"));
    let number = Edit { span: momentum.value.span, text: kept.to_string() };
    let edits = vec![Edit { span: name.span, text: layer.to_owned() }, number];
    fault.fixes.push(Fix::safe(format!("write `{layer}` with `{kept}`"), edits));
    Some(fault)
}

/// N104: PyTorch gives the columns around a map before the rows.
fn borders_in_another_order(foreign: &Foreign<'_>) -> Option<Diagnostic> {
    let Foreign { layer, plain, name, args: [border] } = *foreign else { return None };
    let Literal::Tuple(items) = &border.value.value else { return None };
    let [left, right, top, bottom] = items.as_slice() else { return None };
    let same = [left, right].map(|item| &item.value) == [top, bottom].map(|item| &item.value);
    if plain != "ZeroPad2d" || same {
        return None;
    }
    let turned = format!("({})", [top, bottom, left, right].map(|item| written(&item.value)).join(", "));
    let headline = format!("`{plain}` gives left and right first, as in PyTorch; netc wants top and bottom first");
    let mut fault = Diagnostic::new(&code::WRONG_ARGUMENT_TYPE, headline)
        .at(border.value.span, "(left, right, top, bottom)")
        .help(format!("write `{layer}({turned})`, which is (top, bottom, left, right)"));
    let edits =
        vec![Edit { span: name.span, text: layer.to_owned() }, Edit { span: border.value.span, text: turned.clone() }];
    fault.fixes.push(Fix::safe(format!("write `{layer}({turned})`"), edits));
    Some(fault)
}
