//! Where other frameworks differ: layers that this version of netc does not have, and arguments in another order.

use crate::base::Span;
use crate::diag::{Diagnostic, Edit, Fix, code};
use crate::syntax::ast::{Arg, Name};

/// Names without `2D` or `2d` behind them, and the way out.
const ADVICE: &[(&str, &str)] = &[
    ("SeparableConv", "`DepthwiseConv -> Conv(64, kernel: 1x1)` is a separable convolution with 64 filters"),
    ("AdaptiveAvgPool", "`GlobalAvgPool` is `AdaptiveAvgPool(1)`"),
    ("LayerNorm", "`BatchNorm` is the normalisation of this version"),
    ("LayerNormalization", "`BatchNorm` is the normalisation of this version"),
    ("GroupNorm", "`BatchNorm` is the normalisation of this version"),
    ("GroupNormalization", "`BatchNorm` is the normalisation of this version"),
    ("SpatialDropout", "`Dropout` is the dropout of this version"),
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

/// N107: PyTorch gives the input's channels first, which a `.net` file never says; netc would take them for filters.
pub(super) fn input_size_given(layer: &str, name: &Name, args: &[Arg]) -> Option<Diagnostic> {
    let plain = name.value.rsplit('.').next()?;
    let [first, second, ..] = args else { return None };
    let by_place = first.name.is_none() && second.name.is_none();
    if !by_place || !["Conv2d", "Linear"].contains(&plain) {
        return None;
    }
    let headline =
        format!("`{plain}` starts with the size of its input, as in PyTorch; netc knows it from the layer before");
    let mut fault = Diagnostic::new(&code::TOO_MANY_ARGUMENTS, headline)
        .at(first.span, "not given in netc")
        .help(format!("write `{layer}`, which starts with the size of the output"));
    let edits = vec![
        Edit { span: name.span, text: layer.to_owned() },
        Edit { span: Span::new(first.span.start, second.span.start), text: String::new() },
    ];
    // Whoever thinks in Keras meant filters and a kernel.
    fault.fixes.push(Fix::offered(format!("write `{layer}` without the size of the input"), edits));
    Some(fault)
}
