//! What the log says, and that it says what the standard asks for.

use serde_json::{Value, json};

use super::*;
use crate::diag::code;

fn log(files: &[(&Source, &[Diagnostic])]) -> Value {
    serde_json::to_value(sarif(files, Path::new("/project"))).unwrap()
}

fn wrong_arrow() -> Diagnostic {
    Diagnostic::new(&code::WRONG_ARROW, "`-` does not join layers")
        .at(Span::new(8, 9), "expected `->`")
        .label(Span::new(0, 2), "far away")
        .help("write it so")
        .safe_fix("write `->`", Span::new(8, 9), "->")
}

#[test]
fn a_finding_has_its_rule_its_place_its_fix_and_a_fingerprint() {
    let source = Source::new("./my specs/é.net", "é\nConv - Relu");
    let log = log(&[(&source, &[wrong_arrow()])]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!((&rule["id"], &rule["name"]), (&json!("S002"), &json!("wrong-arrow")));
    assert!(rule["help"]["markdown"].as_str().unwrap().contains("```"));
    let result = &run["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["ruleIndex"], &result["level"]),
        (&json!("S002"), &json!(0), &json!("error"))
    );
    assert_eq!(result["message"]["text"], "`-` does not join layers\nwrite it so");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "my%20specs/%C3%A9.net");
    let region = json!({
        "startLine": 2, "startColumn": 6, "endLine": 2, "endColumn": 7, "byteOffset": 8, "byteLength": 1
    });
    assert_eq!(place["region"], region);
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "far away");
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement, &json!({ "deletedRegion": region, "insertedContent": { "text": "->" } }));
    assert_eq!(result["partialFingerprints"]["netc/v1"].as_str().unwrap().len(), 18);
}

#[test]
fn a_fingerprint_moves_with_its_line_and_tells_twins_apart() {
    let print = |text: &str, at: &[usize]| -> Vec<String> {
        let found: Vec<_> =
            at.iter().map(|&at| Diagnostic::new(&code::WRONG_ARROW, "x").at(Span::new(at, at + 1), "")).collect();
        let log = log(&[(&Source::new("a.net", text), &found)]);
        let results = log["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"]["netc/v1"].as_str().unwrap().to_owned()).collect()
    };
    let first = print("Conv - Relu - Dense", &[5, 12]);
    assert_ne!(first[0], first[1]);
    assert_eq!(print("# new\n  Conv - Relu - Dense", &[13, 20]), first);
    assert_ne!(print("Conv - Selu", &[5])[0], first[0]);
}

#[test]
fn rules_are_those_that_occur_sorted_and_told_by_their_index() {
    let source = Source::new("a.net", "x");
    let found = [code::WRONG_ARROW.id, code::UNUSED_BLOCK.id, code::SKIPPED_FILES.id].map(|id| code::find(id).unwrap());
    let found = found.map(|code| Diagnostic::new(code, "x").on("/data/a b.png"));
    let log = log(&[(&source, &found[..1]), (&source, &found)]);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["D615", "N112", "S002"]);
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(result["level"], rules[index]["defaultConfiguration"]["level"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place, &json!({ "artifactLocation": { "uri": "file:///data/a%20b.png" } }));
    }
    let inside = Diagnostic::new(&code::SKIPPED_FILES, "x").on("/project/a.png");
    let place = &self::log(&[(&source, &[inside])])["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place, &json!({ "artifactLocation": { "uri": "a.png" } }));
    assert_eq!(self::log(&[])["runs"][0]["results"], json!([]));
}
