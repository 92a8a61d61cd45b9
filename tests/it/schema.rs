//! `netc schema`, held against the front matter of specs by a reader of schemas of its own.

use std::path::Path;

use regex_lite::Regex;
use serde_json::{Value, json};

use crate::program::netc;

fn schema() -> Value {
    netc(["schema"]).ended(0).json()
}

/// The front matter of a spec.
fn front(text: &str) -> Value {
    let yaml = text.split("---\n").nth(1).unwrap_or_default();
    serde_yaml::from_str(yaml).unwrap()
}

/// Whether a value is what the schema wants, for the keywords that the schema uses; any other keyword is a panic.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    schema.as_object().unwrap().iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" | "default" => true,
        "$ref" => fits(root, root.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
        "type" => match wanted {
            Value::Array(kinds) => kinds.iter().any(|kind| is_kind(kind, value)),
            kind => is_kind(kind, value),
        },
        "const" => value == wanted,
        "enum" => wanted.as_array().unwrap().contains(value),
        "anyOf" => wanted.as_array().unwrap().iter().any(|option| fits(root, option, value)),
        "minimum" => value.as_f64().is_none_or(|x| x >= wanted.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|x| x <= wanted.as_f64().unwrap()),
        "exclusiveMinimum" => value.as_f64().is_none_or(|x| x > wanted.as_f64().unwrap()),
        "exclusiveMaximum" => value.as_f64().is_none_or(|x| x < wanted.as_f64().unwrap()),
        "pattern" => value.as_str().is_none_or(|text| Regex::new(wanted.as_str().unwrap()).unwrap().is_match(text)),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
        "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap()),
        "uniqueItems" => {
            value.as_array().is_none_or(|items| (1..items.len()).all(|at| !items[..at].contains(&items[at])))
        }
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| fits(root, wanted, item))),
        "required" => value
            .as_object()
            .is_none_or(|map| wanted.as_array().unwrap().iter().all(|key| map.contains_key(key.as_str().unwrap()))),
        "properties" => value.as_object().is_none_or(|map| {
            map.iter().all(|(key, value)| wanted.get(key).is_none_or(|schema| fits(root, schema, value)))
        }),
        "additionalProperties" => {
            assert_eq!(*wanted, json!(false));
            value.as_object().is_none_or(|map| map.keys().all(|key| schema["properties"].get(key).is_some()))
        }
        other => panic!("the schema uses `{other}`"),
    })
}

fn is_kind(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other}"),
    }
}

#[test]
fn the_front_matter_of_every_good_spec_fits_the_schema() {
    let schema = schema();
    let mut held = 0;
    for folder in ["specs", "tests/fixtures/check"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_good =
                path.starts_with(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs")) || name.starts_with("good-");
            if !is_good || path.extension().is_none_or(|extension| extension != "net") {
                continue;
            }
            let front = front(&std::fs::read_to_string(&path).unwrap());
            assert!(fits(&schema, &schema, &front), "{}: {front}", path.display());
            held += 1;
        }
    }
    assert!(held > 8, "{held}");
}

#[test]
fn every_setting_of_the_language_fits_the_schema() {
    let schema = schema();
    let whole = "name: leaves\ninput: 256x128x3\nclasses: [healthy, 7, true]\ndefaults:\n  Conv: { kernel: 5x5, padding: same, activation: relu }\n\
        \x20 MaxPool2D: { pool_size: 3x3 }\ndata: { resize: crop, normalize: -1..1, validation: 10%, augment: { flip: both, rotate: 10, shift: 10% } }\n\
        train:\n  optimizer: { name: sgd, momentum: 0.9, nesterov: true }\n  learning_rate: 1e-2\n\
        \x20 schedule: { name: cosine, warmup: 1.5 }\n  weight_decay: 1e-4\n  epochs: 3\n\
        expect: { params: 1382819, output: 3 }\nlint: { allow: [T211], deny: rectified-logits }";
    assert!(fits(&schema, &schema, &front(&format!("---\n{whole}\n---\n"))));
}

#[test]
fn what_the_reader_refuses_does_not_fit_the_schema() {
    let schema = schema();
    for wrong in [
        "inptu: 8x8x1",
        "input: 8x8",
        "input: 0x8x1",
        "classes: 1",
        "classes: [a, a]",
        "train: { epochs: 0 }",
        "train: { epochs: 1.5 }",
        "train: { optimizer: { name: adam, momentum: 0.9 } }",
        "train: { optimizer: adamm }",
        "train: { schedule: { warmup: 1 } }",
        "data: { normalize: { mean: [0.5] } }",
        "data: { augment: { flip: sideways } }",
        "defaults: { Conv: { kernels: 3x3 } }",
        "defaults: { Conv: { kernel: big } }",
        "defaults: { Konv: { kernel: 3x3 } }",
        "lint: { allow: [Z999] }",
        "expect: { params: many }",
    ] {
        assert!(!fits(&schema, &schema, &front(&format!("---\n{wrong}\n---\n"))), "{wrong}");
    }
}
