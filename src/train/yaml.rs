//! A JSON value as YAML to read: maps as blocks, lists in brackets, strings in double quotes.

use std::fmt::Write as _;

use serde_json::Value;

/// The YAML text of a map; JSON's scalars and flow lists are YAML's too.
pub(super) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    write_block(&mut text, value, 0);
    text
}

fn write_block(text: &mut String, value: &Value, depth: usize) {
    let Value::Object(map) = value else {
        _ = writeln!(text, "{value}");
        return;
    };
    for (key, value) in map {
        _ = write!(text, "{:indent$}{key}:", "", indent = 2 * depth);
        if value.is_object() {
            text.push('\n');
            write_block(text, value, depth + 1);
        } else {
            _ = writeln!(text, " {}", scalar(value));
        }
    }
}

/// YAML 1.1 takes `1e-8` for a string; with a point it is a number everywhere.
fn scalar(value: &Value) -> String {
    let text = value.to_string();
    match (value, text.split_once('e')) {
        (Value::Number(_), Some((digits, exponent))) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_nest_by_indentation_and_names_stay_strings() {
        let value =
            json!({ "seed": 7, "data": { "path": "a: b", "classes": ["no", "é"] }, "rate": 1e-4, "epsilon": 1e-8 });
        let expected = "seed: 7\ndata:\n  path: \"a: b\"\n  classes: [\"no\",\"é\"]\nrate: 0.0001\nepsilon: 1.0e-8\n";
        assert_eq!(to_yaml(&value), expected);
    }
}
