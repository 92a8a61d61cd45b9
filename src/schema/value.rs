//! The pieces that a schema is made of.

use serde_json::{Map, Value, json};

/// Which numbers a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
    /// 0 and above.
    FromZero,
    /// Above 0.
    Above,
    /// From 0 to below 1.
    BelowOne,
    /// From 0 to 1.
    UpToOne,
    /// Above 0 and below 1.
    Inside,
    /// From 0 to this.
    UpTo(f64),
}

/// A value of a JSON type.
pub(super) fn any(doc: &str, kind: &str) -> Value {
    described(doc, json!({ "type": kind }))
}

/// Text.
pub(super) fn text(doc: &str) -> Value {
    any(doc, "string")
}

/// `true` or `false`.
pub(super) fn flag(doc: &str) -> Value {
    any(doc, "boolean")
}

/// A whole number from `least` on.
pub(super) fn whole(doc: &str, least: u64) -> Value {
    described(doc, json!({ "type": "integer", "minimum": least }))
}

/// A number.
pub(super) fn number(doc: &str, bounds: Bounds) -> Value {
    let bounds = match bounds {
        Bounds::FromZero => json!({ "minimum": 0 }),
        Bounds::Above => json!({ "exclusiveMinimum": 0 }),
        Bounds::BelowOne => json!({ "minimum": 0, "exclusiveMaximum": 1 }),
        Bounds::UpToOne => json!({ "minimum": 0, "maximum": 1 }),
        Bounds::Inside => json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
        Bounds::UpTo(most) => json!({ "minimum": 0, "maximum": most }),
    };
    joined(any(doc, "number"), bounds)
}

/// A number, or a percentage.
pub(super) fn share(doc: &str, bounds: Bounds) -> Value {
    either(doc, &[number("", bounds), json!({ "type": "string", "pattern": r"^\s*[0-9.]+\s*%\s*$" })])
}

/// One of these words.
pub(super) fn choice(doc: &str, words: &[&str]) -> Value {
    described(doc, json!({ "enum": words }))
}

/// One of these.
pub(super) fn either(doc: &str, options: &[Value]) -> Value {
    described(doc, json!({ "anyOf": options }))
}

/// A list of these.
pub(super) fn list(doc: &str, item: &Value) -> Value {
    described(doc, json!({ "type": "array", "items": item }))
}

/// Keys with their values, and no others. One that has nothing behind its colon has no keys.
pub(super) fn object(doc: &str, properties: Vec<(&str, Value)>) -> Value {
    let properties: Map<String, Value> = properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    described(doc, json!({ "type": ["object", "null"], "properties": properties, "additionalProperties": false }))
}

/// An object of this `name` with its own constants.
pub(super) fn named(name: &str, mut constants: Vec<(&str, Value)>) -> Value {
    constants.insert(0, ("name", json!({ "const": name })));
    let mut named = object("", constants);
    named["type"] = json!("object");
    named["required"] = json!(["name"]);
    named
}

/// The value that a key has where it is left out.
pub(super) fn with_default(value: Value, default: impl Into<Value>) -> Value {
    joined(value, json!({ "default": default.into() }))
}

fn described(doc: &str, value: Value) -> Value {
    if doc.is_empty() { value } else { joined(json!({ "description": doc }), value) }
}

fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}
