//! `defaults:`, from the table of layers.

use serde_json::{Map, Value, json};

use super::value::{choice, either, flag, object};
use crate::layer::{Argument, Kind, LAYERS, Layer, activations};

/// Every layer by each of its names, a reference to what it takes.
pub(super) fn defaults() -> Value {
    let names = LAYERS.iter().flat_map(|layer| names(layer).map(|name| (name, json!({ "$ref": reference(layer) }))));
    object("What arguments of layers are where a layer does not say", names.collect())
}

/// What each layer takes, once.
pub(super) fn definitions() -> Value {
    let definition = |layer: &&Layer| {
        let arguments = layer.arguments.iter().flat_map(|argument| {
            let names = std::iter::once(argument.name).chain(argument.aliases.iter().copied());
            names.map(|name| (name, value(argument)))
        });
        (layer.name.to_owned(), object(layer.doc, arguments.collect()))
    };
    Value::Object(LAYERS.iter().map(definition).collect::<Map<_, _>>())
}

fn names(layer: &'static Layer) -> impl Iterator<Item = &'static str> {
    std::iter::once(layer.name).chain(layer.aliases.iter().copied())
}

fn reference(layer: &Layer) -> String {
    format!("#/$defs/{}", layer.name)
}

fn value(argument: &Argument) -> Value {
    let doc = argument.doc;
    let places = json!({ "type": "string", "pattern": r"^\s*([0-9]+(x[0-9]+)?|\([0-9, ]+\))\s*$" });
    let number = |least| json!({ "type": "integer", "minimum": least });
    match argument.kind {
        Kind::Count { least, most } => {
            json!({ "description": doc, "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Pair => either(doc, &[number(1), places]),
        Kind::Padding => either(doc, &[choice("", &["valid", "same"]), number(0), places]),
        Kind::Border => either(doc, &[number(0), places]),
        Kind::Real(bounds) => {
            let least = if bounds.lo_in { "minimum" } else { "exclusiveMinimum" };
            let mut real = json!({ "type": "number", least: bounds.lo });
            if bounds.hi.is_finite() {
                real["exclusiveMaximum"] = json!(bounds.hi);
            }
            either(doc, &[real, json!({ "type": "string", "pattern": r"^\s*[0-9.]+\s*%\s*$" })])
        }
        Kind::Flag => flag(doc),
        Kind::Activation => {
            let words = activations().flat_map(|layer| {
                std::iter::once(layer.word()).chain(layer.aliases.iter().map(|alias| alias.to_lowercase()))
            });
            let words: Vec<String> = std::iter::once("none".to_owned()).chain(words).collect();
            choice(doc, &words.iter().map(String::as_str).collect::<Vec<_>>())
        }
    }
}
