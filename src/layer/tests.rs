//! The table tests itself.

use std::collections::BTreeSet;

use super::*;
use crate::base::{Span, Spanned};
use crate::diag::Diagnostic;
use crate::graph::{Range, Shape};
use crate::syntax::ast::{Arg, Literal};

fn name(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), Span::default())
}

fn arg(argument: Option<&str>, value: Literal) -> Arg {
    let span = Span::default();
    Arg { name: argument.map(name), value: Spanned::new(value, span), span }
}

fn bound(layer: &str, args: &[Arg]) -> (Bound, Vec<Diagnostic>) {
    bind(find(layer).expect("a layer of the table"), &name(layer), args, &Defaults::default())
}

#[test]
fn names_and_aliases_are_unique() {
    let mut seen = BTreeSet::new();
    for layer in LAYERS {
        for name in std::iter::once(&layer.name).chain(layer.aliases) {
            assert!(seen.insert(*name), "{name} stands twice in the table");
        }
        let mut arguments = BTreeSet::new();
        for argument in layer.arguments {
            for name in std::iter::once(&argument.name).chain(argument.aliases) {
                assert!(arguments.insert(*name), "{name} stands twice in {}", layer.name);
            }
        }
    }
}

#[test]
fn everything_is_documented_in_one_line() {
    for layer in LAYERS {
        assert!(!layer.doc.is_empty() && !layer.doc.ends_with('.') && !layer.doc.contains('\n'), "{}", layer.name);
        for argument in layer.arguments {
            assert!(!argument.doc.is_empty() && !argument.doc.ends_with('.'), "{} {}", layer.name, argument.name);
        }
        assert!(layer.shown <= layer.arguments.len(), "{}", layer.name);
    }
}

#[test]
fn every_default_is_a_value_of_its_argument() {
    for layer in LAYERS {
        let bound = Bound::defaults(layer, &Defaults::default());
        for argument in layer.arguments {
            let fits = match (argument.kind, bound.value(argument.name)) {
                (Kind::Count { least, most }, Value::Count(count)) => (least..=most).contains(&(count as u64)),
                (Kind::Pair, Value::Pair(pair)) => pair.iter().all(|&size| size >= 1),
                (Kind::Real(bounds), Value::Real(x)) => bounds.contains(x),
                (kind, value) => matches!(
                    (kind, value),
                    (Kind::Padding | Kind::Border, Value::Padding(_))
                        | (Kind::Flag, Value::Flag(_))
                        | (Kind::Activation, Value::Activation(None))
                ),
            };
            assert!(fits, "the default of {} {}", layer.name, argument.name);
        }
    }
}

#[test]
fn every_layer_emits_operations_on_a_map() {
    for layer in LAYERS.iter().filter(|layer| layer.name != "Dense") {
        let mut builder = Builder::new(Shape::map(8, 8, 32), Range::REAL);
        let x = builder.input();
        let bound = Bound::defaults(layer, &Defaults::default());
        assert!((layer.emit)(&mut builder, &[x, x], &bound).is_ok() || !layer.is_combinator(), "{}", layer.name);
        if !layer.is_combinator() {
            assert!((layer.emit)(&mut builder, &[x], &bound).is_ok(), "{}", layer.name);
        }
    }
}

/// A layer of another framework: its names, its name here, its arguments there and here.
type Names = (&'static [&'static str], &'static str, &'static [(&'static str, &'static str)]);

/// As `keras.layers` of Keras 3 has them.
const KERAS: &[Names] = &[
    (&["Conv2D", "Convolution2D"], "Conv", CONV),
    (&["SeparableConv2D", "SeparableConvolution2D"], "SeparableConv", SEPARABLE),
    (&["DepthwiseConv2D"], "DepthwiseConv", DEPTHWISE),
    (&["Dense"], "Dense", &[("units", "units"), ("use_bias", "bias"), ("activation", "activation")]),
    (&["MaxPooling2D", "MaxPool2D"], "MaxPool", POOL),
    (&["AveragePooling2D", "AvgPool2D"], "AvgPool", POOL),
    (&["AdaptiveAveragePooling2D"], "AdaptiveAvgPool", &[("output_size", "size")]),
    (&["GlobalAveragePooling2D", "GlobalAvgPool2D"], "GlobalAvgPool", &[]),
    (&["GlobalMaxPooling2D", "GlobalMaxPool2D"], "GlobalMaxPool", &[]),
    (&["Flatten"], "Flatten", &[]),
    (&["ZeroPadding2D"], "ZeroPad", &[("padding", "pad")]),
    (&["Identity"], "Identity", &[]),
    (&["BatchNormalization"], "BatchNorm", &[("momentum", "momentum"), ("epsilon", "epsilon")]),
    (&["LayerNormalization"], "LayerNorm", &[("epsilon", "epsilon")]),
    (&["GroupNormalization"], "GroupNorm", &[("groups", "groups"), ("epsilon", "epsilon")]),
    (&["Dropout"], "Dropout", &[("rate", "rate")]),
    (&["SpatialDropout2D"], "SpatialDropout", &[("rate", "rate")]),
    (&["ReLU"], "Relu", &[]),
    (&["LeakyReLU"], "LeakyRelu", &[("negative_slope", "slope"), ("alpha", "slope")]),
    (&["PReLU"], "PRelu", &[]),
    (&["ELU"], "Elu", &[]),
    (&["Softmax"], "Softmax", &[]),
    // Not layers in Keras, but functions that `activation` names.
    (&["Swish"], "Silu", &[]),
    (&["HardSilu"], "HardSwish", &[]),
    (&["Add"], "Add", &[]),
    (&["Multiply"], "Multiply", &[]),
    (&["Concatenate"], "Concat", &[]),
];

const CONV: &[(&str, &str)] = &[
    ("filters", "filters"),
    ("kernel_size", "kernel"),
    ("strides", "stride"),
    ("padding", "padding"),
    ("dilation_rate", "dilation"),
    ("groups", "groups"),
    ("use_bias", "bias"),
    ("activation", "activation"),
];
const SEPARABLE: &[(&str, &str)] = &[
    ("filters", "filters"),
    ("kernel_size", "kernel"),
    ("strides", "stride"),
    ("padding", "padding"),
    ("dilation_rate", "dilation"),
    ("depth_multiplier", "multiplier"),
    ("use_bias", "bias"),
    ("activation", "activation"),
];
const DEPTHWISE: &[(&str, &str)] = &[
    ("kernel_size", "kernel"),
    ("strides", "stride"),
    ("padding", "padding"),
    ("dilation_rate", "dilation"),
    ("depth_multiplier", "multiplier"),
    ("use_bias", "bias"),
    ("activation", "activation"),
];
const POOL: &[(&str, &str)] = &[("pool_size", "size"), ("strides", "stride"), ("padding", "padding")];

/// As `torch.nn` of PyTorch 2 has them.
const PYTORCH: &[Names] = &[
    (&["Conv2d", "LazyConv2d"], "Conv", TORCH_CONV),
    (&["Linear", "LazyLinear"], "Dense", &[("out_features", "units"), ("bias", "bias")]),
    (&["MaxPool2d", "AvgPool2d"], "MaxPool", TORCH_POOL),
    (&["AdaptiveAvgPool2d"], "AdaptiveAvgPool", &[("output_size", "size")]),
    (&["Flatten"], "Flatten", &[]),
    (&["ZeroPad2d"], "ZeroPad", &[("padding", "pad")]),
    (&["Identity"], "Identity", &[]),
    (&["BatchNorm2d", "BatchNorm1d"], "BatchNorm", &[("eps", "epsilon")]),
    (&["LayerNorm"], "LayerNorm", &[("eps", "epsilon")]),
    (&["GroupNorm"], "GroupNorm", &[("num_groups", "groups"), ("eps", "epsilon")]),
    (&["Dropout"], "Dropout", &[("p", "rate")]),
    (&["Dropout2d"], "SpatialDropout", &[("p", "rate")]),
    (&["ReLU"], "Relu", &[]),
    (&["ReLU6"], "Relu6", &[]),
    (&["LeakyReLU"], "LeakyRelu", &[("negative_slope", "slope")]),
    (&["PReLU"], "PRelu", &[]),
    (&["ELU"], "Elu", &[]),
    (&["SELU"], "Selu", &[]),
    (&["GELU"], "Gelu", &[]),
    (&["SiLU"], "Silu", &[]),
    (&["Mish"], "Mish", &[]),
    (&["Hardswish"], "HardSwish", &[]),
    (&["Hardsigmoid"], "HardSigmoid", &[]),
    (&["Sigmoid"], "Sigmoid", &[]),
    (&["Tanh"], "Tanh", &[]),
    (&["Softplus"], "Softplus", &[]),
    (&["Softmax", "Softmax2d"], "Softmax", &[]),
    (&["LogSoftmax"], "LogSoftmax", &[]),
];

const TORCH_CONV: &[(&str, &str)] = &[
    ("out_channels", "filters"),
    ("kernel_size", "kernel"),
    ("stride", "stride"),
    ("padding", "padding"),
    ("dilation", "dilation"),
    ("groups", "groups"),
    ("bias", "bias"),
];
const TORCH_POOL: &[(&str, &str)] =
    &[("kernel_size", "size"), ("stride", "stride"), ("padding", "padding"), ("ceil_mode", "ceil")];

#[test]
fn layers_and_arguments_answer_to_their_names_in_keras_and_pytorch() {
    for (prefix, names) in [("layers.", KERAS), ("nn.", PYTORCH)] {
        for (names, layer, arguments) in names {
            for name in *names {
                let found = find(&format!("{prefix}{name}")).unwrap_or_else(|| panic!("{name} is no layer"));
                let wanted = if *name == "AvgPool2d" { "AvgPool" } else { layer };
                assert_eq!((found.name, find(name)), (wanted, Some(found)), "{name}");
                for (there, here) in *arguments {
                    let found = found.argument(there).map(|at| found.arguments[at].name);
                    assert_eq!(found, Some(*here), "{there} of {name}");
                }
            }
        }
    }
}

#[test]
fn an_alias_is_a_name_that_some_framework_has() {
    let known: BTreeSet<&str> = KERAS.iter().chain(PYTORCH).flat_map(|(names, ..)| *names).copied().collect();
    for layer in LAYERS {
        for alias in layer.aliases {
            assert!(known.contains(alias), "{alias} of {}", layer.name);
        }
    }
}

#[test]
fn the_case_of_a_name_counts() {
    assert!(find("conv").is_none());
    assert_eq!(suggest("conv").map(|layer| layer.name), Some("Conv"));
    assert_eq!(suggest("MAxPool").map(|layer| layer.name), Some("MaxPool"));
}

#[test]
fn words_of_activations_are_snake_case() {
    let words: Vec<String> = activations().map(Layer::word).collect();
    assert!(
        ["relu", "leaky_relu", "prelu", "hard_swish", "log_softmax"].iter().all(|w| words.contains(&(*w).to_owned()))
    );
    // The words of `keras.activations` that are activations here.
    for (word, layer) in [
        ("elu", "Elu"),
        ("gelu", "Gelu"),
        ("hard_sigmoid", "HardSigmoid"),
        ("hard_silu", "HardSwish"),
        ("hard_swish", "HardSwish"),
        ("leaky_relu", "LeakyRelu"),
        ("log_softmax", "LogSoftmax"),
        ("mish", "Mish"),
        ("relu", "Relu"),
        ("relu6", "Relu6"),
        ("selu", "Selu"),
        ("sigmoid", "Sigmoid"),
        ("silu", "Silu"),
        ("softmax", "Softmax"),
        ("softplus", "Softplus"),
        ("swish", "Silu"),
        ("tanh", "Tanh"),
    ] {
        assert_eq!(find_activation(word).map(|layer| layer.name), Some(layer), "{word}");
    }
    assert!(find_activation("Swish").is_none() && find_activation("re_lu").is_none());
    let (conv, faults) = bound("Conv", &[arg(Some("activation"), Literal::Word("linear".to_owned()))]);
    assert!(faults.is_empty() && conv.activation().is_none());
}

#[test]
fn arguments_bind_by_position_by_name_and_by_alias() {
    let (conv, faults) = bound(
        "Conv",
        &[
            arg(None, Literal::Integer(64)),
            arg(Some("kernel_size"), Literal::Tuple(vec![Spanned::new(Literal::Integer(5), Span::default()); 2])),
            arg(Some("strides"), Literal::Integer(2)),
            arg(Some("padding"), Literal::Word("same".to_owned())),
        ],
    );
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(conv.summary(), "64, 5x5, stride: 2x2, padding: same");
}

#[test]
fn the_stride_of_a_pool_follows_its_size() {
    let (pool, _) = bound("MaxPool", &[arg(None, Literal::Integer(3))]);
    assert_eq!(pool.pair("stride"), [3, 3]);
    let (pool, _) = bound("MaxPool", &[arg(None, Literal::Integer(3)), arg(None, Literal::Integer(2))]);
    assert_eq!(pool.pair("stride"), [2, 2]);
    assert_eq!(pool.summary(), "3x3, stride: 2x2");
}

#[test]
fn each_wrong_argument_has_its_own_code() {
    let word = |text: &str| Literal::Word(text.to_owned());
    for (layer, args, code) in [
        ("Conv", vec![arg(Some("kernal"), Literal::Integer(3))], "N102"),
        ("Conv", vec![arg(None, word("many"))], "N104"),
        ("Conv", vec![arg(None, Literal::Real(1.5))], "N104"),
        ("Conv", vec![arg(None, Literal::Integer(0))], "N105"),
        ("Conv", vec![arg(Some("stride"), Literal::Integer(0))], "N105"),
        ("Dropout", vec![arg(None, Literal::Real(1.0))], "N105"),
        ("Dropout", vec![arg(None, Literal::Percent(-0.1))], "N105"),
        ("Conv", vec![arg(None, Literal::Integer(8)), arg(Some("filters"), Literal::Integer(8))], "N106"),
        ("Relu", vec![arg(None, Literal::Integer(1))], "N107"),
    ] {
        let (_, faults) = bound(layer, &args);
        let codes: Vec<&str> = faults.iter().map(|fault| fault.code.id).collect();
        assert_eq!(codes, [code], "{layer} {args:?}");
    }
}

#[test]
fn a_quoted_word_and_a_misspelled_one_get_the_right_word_as_a_fix() {
    for wrong in [Literal::Text("same".to_owned()), Literal::Word("SAME".to_owned()), Literal::Word("smae".to_owned())]
    {
        let (_, faults) = bound("Conv", &[arg(Some("padding"), wrong)]);
        assert_eq!(faults[0].fixes[0].edits[0].text, "same");
    }
}
