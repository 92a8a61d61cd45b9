//! The reader of the front matter is asked for its keys and choices, and the schema is held to its answers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::schema;
use crate::base::Source;
use crate::diag::Diagnostic;
use crate::syntax::parse;

/// What no key and no choice is called, nor nearly.
const NONSENSE: &str = "qqzzqqzz";

fn faults(front: &str) -> Vec<Diagnostic> {
    parse(&Source::new("test.net", format!("---\n{front}\n---\nFlatten -> Dense\n"))).1
}

/// The words between backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A mapping that the schema knows: the YAML in front of its keys and behind them, and the keys with their schemas.
struct Mapping<'s> {
    before: String,
    after: String,
    keys: Vec<(&'s str, &'s Value)>,
}

/// All mappings but those of layers, whose keys come from the table itself.
fn mappings<'s>(schema: &'s Value, before: &str, after: &str, found: &mut Vec<Mapping<'s>>) {
    for option in schema["anyOf"].as_array().into_iter().flatten() {
        mappings(option, before, after, found);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let name = properties.get("name").and_then(|name| name["const"].as_str());
    let before = name.map_or_else(|| before.to_owned(), |name| format!("{before}name: {name}, "));
    for (key, value) in properties.iter().filter(|(key, _)| *key != "defaults") {
        mappings(value, &format!("{before}{key}: {{ "), &format!(" }}{after}"), found);
    }
    let keys =
        properties.iter().map(|(key, value)| (key.as_str(), value)).filter(|(_, value)| value["const"].is_null());
    found.push(Mapping { before, after: after.to_owned(), keys: keys.collect() });
}

fn all_mappings(schema: &Value) -> Vec<Mapping<'_>> {
    let mut found = Vec::new();
    mappings(schema, "{ ", " }", &mut found);
    assert!(found.len() > 12, "{}", found.len());
    found
}

/// The words that a schema offers for a value.
fn words(schema: &Value) -> BTreeSet<String> {
    let options = schema["anyOf"].as_array().into_iter().flatten().flat_map(words);
    let own = schema["enum"].as_array().into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned));
    own.chain(options).collect()
}

#[test]
fn every_mapping_has_the_keys_of_the_reader_and_no_others() {
    for Mapping { before, after, keys } in all_mappings(&schema()) {
        let front = format!("{before}{NONSENSE}: 1{after}");
        let fault = faults(&front).into_iter().find(|fault| fault.code.id == "S008");
        let fault = fault.unwrap_or_else(|| panic!("an unknown key is taken: {front}"));
        let mut known = quoted(fault.help.as_deref().unwrap_or_default());
        if before.contains("name: ") {
            known.remove("name");
        }
        let keys: BTreeSet<String> = keys.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(keys, known, "{front}");
    }
}

#[test]
fn every_key_has_the_choices_of_the_reader_and_no_others() {
    let mut held = 0;
    for Mapping { before, after, keys } in all_mappings(&schema()) {
        // Codes are not known to the reader.
        for (key, value) in keys.into_iter().filter(|(key, _)| !["allow", "warn", "deny"].contains(key)) {
            let words = words(value);
            if words.is_empty() {
                continue;
            }
            let front = format!("{before}{key}: {NONSENSE}{after}");
            let fault = faults(&front).into_iter().next().unwrap_or_else(|| panic!("taken: {front}"));
            assert_eq!(words, quoted(&fault.label), "{front}");
            for word in words {
                let front = format!("{before}{key}: {word}{after}");
                assert_eq!(faults(&front), [], "{front}");
            }
            held += 1;
        }
    }
    assert!(held >= 10, "{held}");
}

#[test]
fn a_number_outside_of_its_bounds_is_refused_by_both() {
    let mut held = 0;
    for Mapping { before, after, keys } in all_mappings(&schema()) {
        for (key, value) in keys {
            let options = value["anyOf"].as_array().and_then(|options| options.first()).unwrap_or(value);
            let bound = |name: &str| options[name].as_f64();
            let least = bound("exclusiveMinimum").or(bound("minimum").map(|least| least - 1.0));
            let most = bound("exclusiveMaximum").or(bound("maximum").map(|most| most + 1.0));
            for outside in least.into_iter().chain(most) {
                let front = format!("{before}{key}: {outside}{after}");
                assert!(!faults(&front).is_empty(), "taken: {front}");
                held += 1;
            }
            for inside in [bound("minimum"), bound("maximum")].into_iter().flatten() {
                let front = format!("{before}{key}: {inside}{after}");
                assert_eq!(faults(&front), [], "{front}");
            }
        }
    }
    assert!(held > 30, "{held}");
}

#[test]
fn every_key_says_what_it_does() {
    for Mapping { keys, .. } in all_mappings(&schema()) {
        for (key, value) in keys {
            assert!(value["description"].as_str().is_some_and(|doc| !doc.is_empty()), "{key}");
        }
    }
}
