//! The front matter as a JSON schema, for editors that complete and check YAML by one.
//!
//! The reader in `syntax` decides what a key takes; this room says the same in another language. A test asks the reader
//! for its keys and choices, one by one, and holds the schema to them. Layers and codes come from their tables.

mod layer;
mod setting;
#[cfg(test)]
mod tests;
mod value;

use serde_json::{Value, json};

use crate::diag::code::CODES;
use value::{any, choice, either, list, object, share, text, whole};

/// The schema of a front matter (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let mut schema = object(
        "What goes into a network, how it is trained, and what holds of it",
        vec![
            ("name", text("The experiment's name")),
            ("input", size("Height x width x channels: 256x256x3; left out, the data says it")),
            ("classes", classes()),
            ("defaults", layer::defaults()),
            ("data", setting::data()),
            ("train", setting::train()),
            ("expect", expect()),
            ("lint", lint()),
            ("init_from", text("A model file that the weights start from, by name and shape")),
            ("freeze", one_or_many("Names of parameters that stay as they are, `*` for any part of one", &text(""))),
        ],
    );
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Front matter of a .net file");
    schema["$defs"] = layer::definitions();
    schema
}

fn size(doc: &str) -> Value {
    let mut size = text(doc);
    size["pattern"] = json!(r"^\s*0*[1-9][0-9]*\s*x\s*0*[1-9][0-9]*\s*x\s*0*[1-9][0-9]*\s*$");
    size
}

fn classes() -> Value {
    let mut names = list("", &json!({ "type": ["string", "number", "boolean"] }));
    names["minItems"] = json!(2);
    names["uniqueItems"] = json!(true);
    either("The number of classes, or their names in order; left out, the data's folders", &[whole("", 2), names])
}

fn expect() -> Value {
    object(
        "What `netc check` holds the network to",
        vec![("params", whole("Trainable parameters", 0)), ("output", whole("Width of the output", 1))],
    )
}

fn lint() -> Value {
    let codes: Vec<&str> = CODES.iter().flat_map(|code| [code.id, code.slug]).collect();
    let codes = |doc| one_or_many(doc, &choice("", &codes));
    object(
        "Levels of codes",
        vec![
            ("allow", codes("Codes that are silenced")),
            ("warn", codes("Codes that become warnings")),
            ("deny", codes("Codes that become errors")),
        ],
    )
}

fn one_or_many(doc: &str, item: &Value) -> Value {
    either(doc, &[item.clone(), list("", item)])
}

/// A validation set: a share of the images, or a folder's name.
fn validation() -> Value {
    either(
        "What is held back: a share of every class such as 10%, or a folder of the data",
        &[share("", value::Bounds::Inside), any("", "string")],
    )
}
