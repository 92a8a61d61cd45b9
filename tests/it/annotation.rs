//! What `netc check` says to machines: SARIF, GitHub's annotations, and a watch that goes on.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Folder, command, netc, text};

#[test]
fn the_sarif_log_of_all_fixtures_has_what_the_standard_requires() {
    let log = netc(["check", "--format", "sarif", "tests/fixtures/check"]).ended(1).json();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "netc");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() > 40, "{ids:?}");
    assert!(rules.iter().all(|rule| !rule["help"]["text"].as_str().unwrap().is_empty()));
    let mut prints = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        assert_result(result, &ids);
        assert!(
            prints.insert(result["partialFingerprints"]["netc/v1"].as_str().unwrap()),
            "a fingerprint twice: {result}"
        );
    }
    assert!(prints.len() > 60);
}

fn assert_result(result: &Value, ids: &[&str]) {
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(result["ruleId"], ids[index]);
    assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
    assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    let place = &result["locations"][0]["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("tests/fixtures/check/"), "{uri} is not relative");
    for fix in result["fixes"].as_array().into_iter().flatten() {
        assert!(!fix["description"]["text"].as_str().unwrap().is_empty());
        for replacement in fix["artifactChanges"][0]["replacements"].as_array().unwrap() {
            assert!(replacement["deletedRegion"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
}

#[test]
fn githubs_annotations_are_a_line_a_finding() {
    let run = netc(["check", "--format", "github", "tests/fixtures/check/origin-verbatim.net"]).ended(1);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.stdout);
    let start =
        "::error file=tests/fixtures/check/origin-verbatim.net,line=1,endLine=1,col=15,endColumn=16,title=S002 ";
    assert!(lines[0].starts_with(start), "{}", lines[0]);
    assert!(netc(["check", "--format", "github", "specs/digits.net"]).ended(0).stdout.is_empty());
}

/// Reads lines until one holds `part`.
fn read_until(lines: &mut impl Iterator<Item = std::io::Result<String>>, part: &str) {
    let start = Instant::now();
    for line in lines {
        if line.unwrap().contains(part) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "`{part}` did not come");
    }
    panic!("the watch ended before `{part}` came");
}

#[test]
fn a_watch_checks_again_when_a_spec_changes_goes_or_comes() {
    let folder = Folder::new();
    let spec = folder.file("a.net", b"Covn -> Flatten -> Dense -> Softmax\n");
    let mut command = command(["check", "--watch", text(folder.path())]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    read_until(&mut lines, "a.net: 1 error");
    folder.file("a.net", b"Conv -> Relu -> Flatten -> Dense -> Softmax\n");
    read_until(&mut lines, "a.net: no findings");
    std::fs::rename(&spec, folder.join("b.net")).unwrap();
    read_until(&mut lines, "b.net: no findings");
    std::fs::remove_file(folder.join("b.net")).unwrap();
    folder.file("c.net", b"Covn -> Flatten -> Dense -> Softmax\n");
    read_until(&mut lines, "c.net: 1 error");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_watch_of_stdin_is_wrong_usage() {
    netc(["check", "--watch", "-"]).ended(2);
    netc(["check", "--watch", "--fix", "specs"]).ended(2);
}
