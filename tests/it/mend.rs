//! `netc check --fix` and `--diff`: what is written, what is only shown, and with which exit code.

use std::path::Path;

use crate::program::{Folder, content, netc, netc_reading, text};

const ORIGIN: &str =
    "[Conv -> Relu -Conv -> Relu -> MAxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax\n";
const MENDED: &str =
    "[Conv -> Relu -> Conv -> Relu -> MaxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax\n";

#[test]
fn the_origins_line_becomes_a_valid_spec() {
    let folder = Folder::new();
    let spec = folder.file("origin.net", ORIGIN.as_bytes());
    let found = netc(["check", text(&spec)]).ended(1).stdout;
    assert!(found.ends_with("origin.net: 2 errors; `--fix` mends 2\n"), "{found}");
    let said = netc(["check", "--fix", text(&spec)]).ended(0).stdout;
    let name = text(&spec);
    assert!(said.starts_with(&format!("{name}:1: fixed S002, write `->`\n{name}:1: fixed N101, write `MaxPool`\n")));
    assert!(said.ends_with("2 findings fixed, 0 remain\n"), "{said}");
    assert_eq!(content(&spec), MENDED);
    let again = netc(["check", "--fix", text(&spec)]).ended(0).stdout;
    assert!(again.ends_with("0 findings fixed, 0 remain\n"), "{again}");
    assert_eq!(content(&spec), MENDED);
}

#[test]
fn a_diff_shows_the_change_and_makes_none() {
    let folder = Folder::new();
    let spec = folder.file("origin.net", ORIGIN.as_bytes());
    let run = netc(["check", "--diff", text(&spec)]).ended(1);
    let name = text(&spec);
    assert_eq!(run.stdout, format!("--- {name}\n+++ {name}\n@@ -1 +1 @@\n-{ORIGIN}+{MENDED}"));
    assert_eq!(run.stderr, "2 findings would be fixed, 0 remain\n");
    assert_eq!(content(&spec), ORIGIN);
    let clean = folder.file("clean.net", MENDED.as_bytes());
    let run = netc(["check", "--diff", text(&clean)]).ended(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "0 findings would be fixed, 0 remain\n"));
}

#[test]
fn stdin_is_mended_to_stdout_and_all_else_is_said_on_stderr() {
    let run = netc_reading(["check", "--fix", "-"], ORIGIN).ended(0);
    assert_eq!(run.stdout, MENDED);
    assert!(run.stderr.ends_with("2 findings fixed, 0 remain\n"), "{}", run.stderr);
    netc_reading(["check", "--fix", "--format", "json", "-"], ORIGIN).ended(2);
}

#[test]
fn what_the_author_has_to_choose_is_left_and_counted() {
    let folder = Folder::new();
    let text_before = "---\ninput: 32x32x3\nclasses: 3\n---\nCovn(32) -> Relu -> Dense(3) -> Softmax\n";
    let spec = folder.file("a.net", text_before.as_bytes());
    let said = netc(["check", "--fix", text(&spec)]).ended(1).stdout;
    assert!(said.contains("fix: insert `Flatten`") && said.contains("fix: insert `GlobalAvgPool`"), "{said}");
    assert!(said.ends_with("1 finding fixed, 1 remains\n"), "{said}");
    assert_eq!(content(&spec), text_before.replace("Covn", "Conv"));
    let report = netc(["check", "--fix", "--format", "json", text(&spec)]).ended(1).json();
    assert_eq!((report["fixed"].as_u64(), report["errors"].as_u64()), (Some(0), Some(1)));
    let applicability = &report["files"][0]["diagnostics"][0]["fixes"][0]["applicability"];
    assert_eq!(applicability.as_str(), Some("offered"));
}

#[test]
fn a_spec_that_would_still_not_be_read_is_left_whole() {
    let folder = Folder::new();
    let before = "Conv => Relu -> [Flatten -> Dense -> Softmax\n";
    let spec = folder.file("a.net", before.as_bytes());
    let said = netc(["check", "--fix", text(&spec)]).ended(1).stdout;
    assert!(said.contains("nothing is fixed while a part of it cannot be read"), "{said}");
    assert!(said.ends_with("0 findings fixed, 2 remain\n"), "{said}");
    assert_eq!(content(&spec), before);
}

#[test]
fn every_fixture_is_mended_to_the_same_and_never_to_worse() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    for path in std::fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()) {
        folder.file(path.file_name().unwrap(), &std::fs::read(&path).unwrap());
    }
    let errors = |report: &serde_json::Value| report["errors"].as_u64().unwrap();
    let before = netc(["check", "--format", "json", text(folder.path())]).ended(1).json();
    let first = netc(["check", "--fix", "--format", "json", text(folder.path())]).ended(1).json();
    assert!(first["fixed"].as_u64().unwrap() > 10, "{}", first["fixed"]);
    assert!(errors(&first) < errors(&before));
    let second = netc(["check", "--fix", "--format", "json", text(folder.path())]).ended(1).json();
    assert_eq!((second["fixed"].as_u64(), &second["files"]), (Some(0), &first["files"]));
}

#[cfg(unix)]
#[test]
fn a_spec_that_cannot_be_written_keeps_its_findings() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let spec = folder.file("origin.net", ORIGIN.as_bytes());
    std::fs::set_permissions(&spec, PermissionsExt::from_mode(0o444)).unwrap();
    let said = netc(["check", "--fix", text(&spec)]).ended(2).stdout;
    assert!(said.contains("M805") && said.contains("S002") && said.contains("N101"), "{said}");
    assert!(said.ends_with("0 findings fixed, 3 remain\n"), "{said}");
    assert_eq!(content(&spec), ORIGIN);
}

#[test]
fn thousands_of_mistakes_are_mended_and_shown_in_time() {
    let folder = Folder::new();
    let slips = format!("{}Flatten -> Dense -> Softmax\n", "Covn(8, padding: same) => ".repeat(2000));
    let stubborn = format!("{}Flatten -> Dense -> Softmax\n", "Felu -> ".repeat(3000));
    for (text_before, left, fixed) in [(slips, 0, 4000), (stubborn, 3000, 0)] {
        let spec = folder.file("a.net", text_before.as_bytes());
        let start = std::time::Instant::now();
        let shown = netc(["check", text(&spec)]).ended(1).stdout;
        assert!(shown.contains("more findings\n"), "all are drawn");
        let report = netc(["check", "--fix", "--format", "json", text(&spec)]).json();
        assert_eq!((report["errors"].as_u64(), report["fixed"].as_u64()), (Some(left), Some(fixed)));
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
