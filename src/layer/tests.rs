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
        let mut builder = Builder::new(Shape::map(8, 8, 4), Range::REAL);
        let x = builder.input();
        let bound = Bound::defaults(layer, &Defaults::default());
        assert!((layer.emit)(&mut builder, &[x, x], &bound).is_ok() || !layer.is_combinator(), "{}", layer.name);
        if !layer.is_combinator() {
            assert!((layer.emit)(&mut builder, &[x], &bound).is_ok(), "{}", layer.name);
        }
    }
}

#[test]
fn python_names_find_their_layer() {
    for (alias, layer) in [
        ("Conv2D", "Conv"),
        ("nn.Conv2d", "Conv"),
        ("layers.MaxPooling2D", "MaxPool"),
        ("nn.ReLU", "Relu"),
        ("BatchNormalization", "BatchNorm"),
        ("Linear", "Dense"),
    ] {
        assert_eq!(find(alias).map(|found| found.name), Some(layer), "{alias}");
    }
    assert!(find("conv").is_none(), "case counts");
    assert_eq!(suggest("conv").map(|layer| layer.name), Some("Conv"));
    assert_eq!(suggest("MAxPool").map(|layer| layer.name), Some("MaxPool"));
}

#[test]
fn words_of_activations_are_snake_case() {
    let words: Vec<String> = activations().map(Layer::word).collect();
    assert!(
        ["relu", "leaky_relu", "prelu", "hard_swish", "log_softmax"].iter().all(|w| words.contains(&(*w).to_owned()))
    );
    assert_eq!(find_activation("swish").map(|layer| layer.name), Some("Silu"));
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
