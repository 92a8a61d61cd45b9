//! `netc check` over every spec of `fixtures/check`: what a user sees, and which code a fixture is for.
//!
//! A fixture is named after the code that it gives, `near-` and the code that it just does not give, or `good-` where it
//! gives neither an error nor a warning.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use netc::diag::code::CODES;
use serde_json::Value;

use crate::program::{Folder, command, finish, netc, netc_reading, text};

/// Codes that no fixture can show: they are about a file that is too large or cannot be read, or come from a training.
const WITHOUT_FIXTURE: &[&str] = &["S005", "S014", "S015", "P411", "O508"];

/// Codes that are about the number of images: their fixtures are checked for the shipped digits.
const WITH_DATA: &[&str] = &["O503", "O504"];

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

/// The code that a fixture is about: `T201` of `T201-window.net` and of `near-T201-window.net`.
fn subject(path: &Path) -> &str {
    stem(path).trim_start_matches("near-").split('-').next().unwrap()
}

/// The arguments that check a fixture, and the images with it where its code needs them.
fn arguments<'a>(path: &'a Path, format: &'a str) -> Vec<&'a str> {
    let data: &[&str] = if WITH_DATA.contains(&subject(path)) { &["--data", "specs/digits.tar.gz"] } else { &[] };
    [&["check", "--format", format, text(path)], data].concat()
}

/// A spec's findings.
fn diagnostics(path: &Path) -> Vec<Value> {
    let report = netc(arguments(path, "json")).json();
    report["files"][0]["diagnostics"].as_array().unwrap().clone()
}

/// Codes and severities of a spec's findings.
fn findings(path: &Path) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    diagnostics(path).iter().map(|one| (text(&one["code"]), text(&one["severity"]))).collect()
}

#[test]
fn what_check_says_of_every_fixture() {
    insta::glob!("../..", "tests/fixtures/check/*", |path| {
        let path = Path::new("tests/fixtures/check").join(path.file_name().unwrap());
        // What is silent of one code has nothing to show.
        if stem(&path).starts_with("near-") {
            return;
        }
        let run = netc(arguments(&path, "text"));
        insta::assert_snapshot!(format!("exit code {}\n\n{}", run.code.unwrap(), run.stdout));
        assert_eq!(run.stderr, "", "{}", path.display());
    });
}

#[test]
fn a_fixture_gives_the_code_that_it_is_named_after_and_a_near_miss_does_not() {
    for path in fixtures() {
        let (name, code) = (stem(&path), subject(&path));
        let found = findings(&path);
        let gives = found.iter().any(|(found, _)| found == code);
        match name.split('-').next().unwrap() {
            "good" => assert!(found.iter().all(|(_, severity)| severity == "note"), "{name}: {found:?}"),
            "near" => assert!(!gives, "{name}: {found:?}"),
            "origin" => {}
            _ => assert!(gives, "{name}: {found:?}"),
        }
    }
}

#[test]
fn every_code_of_a_spec_has_a_fixture_that_gives_it_and_one_that_just_does_not() {
    let paths = fixtures();
    let (near, giving): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| stem(path).starts_with("near-"));
    for (shown, what) in [(giving, "gives"), (near, "is a near miss of")] {
        let shown: BTreeSet<&str> = shown.into_iter().map(|path| subject(path)).collect();
        let missing: Vec<&str> = CODES
            .iter()
            .filter(|code| code.id.starts_with(['S', 'N', 'T', 'A', 'P', 'O']))
            .map(|code| code.id)
            .filter(|id| !WITHOUT_FIXTURE.contains(id) && !shown.contains(id))
            .collect();
        assert!(missing.is_empty(), "no fixture {what} {missing:?}");
    }
}

#[test]
fn every_finding_has_a_way_out() {
    for path in fixtures() {
        for one in diagnostics(&path) {
            let has = |key: &str| one[key].as_str().is_some_and(|text| !text.is_empty());
            let fixes = one["fixes"].as_array().is_some_and(|fixes| !fixes.is_empty());
            assert!(has("help") || fixes, "{}: {one}", path.display());
        }
    }
}

#[test]
fn a_fixture_that_no_test_reads_is_a_fault() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (folder, extension) in [("check", "net"), ("parity", "safetensors"), ("published", "json")] {
        for path in std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let read = path.extension().is_some_and(|found| found == extension);
            assert!(read, "{} is read by no test", path.display());
        }
    }
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    folders.sort();
    assert_eq!(folders, ["check", "parity", "published"], "a folder of fixtures that no test reads");
}

#[test]
fn the_readme_shows_what_check_says() {
    let folder = Folder::new();
    let line = std::fs::read("tests/fixtures/check/origin-verbatim.net").unwrap();
    folder.file("origin.net", &line);
    let mut command = command(["check", "origin.net"]);
    command.current_dir(folder.path());
    let said = finish(command).ended(1).stdout;
    let readme = std::fs::read_to_string("README.md").unwrap();
    let shown = format!("$ netc check origin.net\n{said}```");
    assert!(readme.contains(&shown), "the README shows something else than\n{said}");
}

#[test]
fn the_origins_line_has_two_errors_each_with_the_fix() {
    let report = netc(["check", "--format", "json", "tests/fixtures/check/origin-verbatim.net"]).ended(1).json();
    assert_eq!((report["errors"].as_u64(), report["warnings"].as_u64()), (Some(2), Some(0)));
    let source = "[Conv -> Relu -Conv -> Relu -> MAxPool] * 3 -> Flatten -> [Dense -> Relu] * 2 -> Dense -> Softmax";
    let diagnostics = report["files"][0]["diagnostics"].as_array().unwrap();
    let errors: Vec<&Value> = diagnostics.iter().filter(|one| one["severity"] == "error").collect();
    for (error, (code, column, wrong, right)) in
        errors.iter().zip([("S002", 15, "-", "->"), ("N101", 32, "MAxPool", "MaxPool")])
    {
        assert_eq!((error["code"].as_str(), error["span"]["line"].as_u64()), (Some(code), Some(1)));
        assert_eq!(error["span"]["column"].as_u64(), Some(column), "{error}");
        let edit = &error["fixes"][0]["edits"][0];
        let [start, end] = ["start", "end"].map(|end| usize::try_from(edit[end].as_u64().unwrap()).unwrap());
        let mended = edit["text"].as_str().unwrap();
        assert_eq!((source[start..end].trim(), mended.trim()), (wrong, right));
    }
}

#[test]
fn both_fixes_applied_give_a_spec_without_errors() {
    let source = std::fs::read_to_string("tests/fixtures/check/origin-verbatim.net").unwrap();
    let report = netc(["check", "--format", "json", "tests/fixtures/check/origin-verbatim.net"]).json();
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for diagnostic in report["files"][0]["diagnostics"].as_array().unwrap() {
        for edit in diagnostic["fixes"][0]["edits"].as_array().into_iter().flatten() {
            let at = |end: &str| usize::try_from(edit[end].as_u64().unwrap()).unwrap();
            edits.push((at("start"), at("end"), edit["text"].as_str().unwrap().to_owned()));
        }
    }
    edits.sort();
    let mut mended = source;
    for (start, end, text) in edits.into_iter().rev() {
        mended.replace_range(start..end, &text);
    }
    netc_reading(["check", "-"], &mended).ended(0);
}

#[test]
fn every_shipped_spec_is_clean() {
    let report = netc(["check", "--deny", "warnings", "--format", "json", "specs"]).ended(0).json();
    assert!(report["files"].as_array().unwrap().len() >= 4, "{report}");
    assert_eq!((report["errors"].as_u64(), report["warnings"].as_u64()), (Some(0), Some(0)));
}

#[test]
fn the_parameter_count_of_the_printed_summary_is_held() {
    netc(["check", "specs/origin-a.net", "--expect-params", "1382819"]).ended(0);
    let run = netc(["check", "specs/origin.net", "--expect-params", "1382819"]).ended(1);
    assert!(run.stdout.contains("T210") && run.stdout.contains("1,382,819"), "{}", run.stdout);
}

#[test]
fn denied_warnings_fail_and_others_do_not() {
    let path = "tests/fixtures/check/A305-squashed-logits.net";
    netc(["check", path]).ended(0);
    netc(["check", path, "--deny", "warnings"]).ended(1);
}

#[test]
fn concise_is_a_line_a_finding() {
    let run = netc(["check", "--format", "concise", "tests/fixtures/check/origin-verbatim.net"]).ended(1);
    assert!(run.stdout.starts_with("tests/fixtures/check/origin-verbatim.net:1:"), "{}", run.stdout);
    assert_eq!(run.stdout.lines().filter(|line| line.contains("error[")).count(), 2, "{}", run.stdout);
}

#[test]
fn a_spec_without_input_is_checked_at_a_size_that_is_said() {
    let run = netc_reading(["check", "-"], "Conv -> Relu -> MaxPool -> Flatten -> Dense -> Softmax\n").ended(0);
    assert!(run.stdout.contains("224×224×3") && run.stdout.contains("smallest"), "{}", run.stdout);
}

#[test]
fn specs_from_stdin_files_and_folders_are_checked_together_and_a_missing_one_is_named() {
    let folder = Folder::new();
    let good = "---\ninput: 8x8x1\nclasses: 2\n---\nFlatten -> Dense(2) -> Softmax\n";
    let first = folder.file("a.net", good.as_bytes());
    folder.file("deeper/b.net", good.as_bytes());
    folder.file(".hidden/c.net", b"nonsense");
    folder.file("notes.txt", b"nonsense");
    let report = netc(["check", "--format", "json", text(folder.path())]).ended(0).json();
    assert_eq!(report["files"].as_array().unwrap().len(), 2, "{report}");
    let missing = folder.join("missing.net");
    let run = netc(["check", text(&missing), text(&first)]).ended(2);
    assert!(run.stdout.contains("S014") && run.stdout.contains("a.net: no findings"), "{}", run.stdout);
}

#[test]
fn hostile_specs_are_refused_at_once() {
    let nested = format!("{}Conv{}", "[".repeat(10_000), "]".repeat(10_000));
    let huge = "# nothing\n".repeat(200_000);
    for (spec, code) in [
        (nested.as_str(), "S004"),
        ("[[[Conv]*1000]*1000]*1000 -> Flatten -> Dense", "N113"),
        ("Flatten -> Dense(4294967295) -> Dense", "T208"),
        ("Conv(99999999999999999999999999)", "S006"),
        (huge.as_str(), "S005"),
        ("Conv -> \u{0}\u{1b}[31m -> Dense", "S001"),
        ("", "S011"),
    ] {
        let start = std::time::Instant::now();
        let run = netc_reading(["check", "-"], spec).ended(1);
        assert!(start.elapsed().as_secs() < 5, "{code} took {:?}", start.elapsed());
        assert!(run.stdout.contains(code), "{code}:\n{}", run.stdout);
        assert!(!run.stdout.contains('\u{1b}'), "a control character of the spec reached the terminal");
    }
}

#[test]
fn the_first_loss_that_is_predicted_is_near_the_one_that_is_measured() {
    use netc::base::{Random, Source};
    use netc::check::{Facts, check};
    use netc::exec::reference::{Feed, evaluate};
    use netc::graph::Training;
    const IMAGES: usize = 4;
    for blocks in [12, 16] {
        let branch = "Conv(8, padding: same) -> Relu -> Conv(8, padding: same)";
        let body = format!(
            "Conv(8, padding: same) -> Relu -> [Residual[{branch}]] * {blocks} -> Flatten -> Dense(3) -> Softmax"
        );
        let source = Source::new("deep.net", format!("---\ninput: 8x8x3\nclasses: 3\n---\n{body}\n"));
        let (file, _) = netc::syntax::parse(&source);
        let checked = check(&source, &file, &Facts::default());
        let found = checked.diagnostics.iter().find(|one| one.code.id == "P410").expect("P410");
        let predicted = found.message.split_once("about ").and_then(|(_, rest)| rest.split(',').next());
        let predicted: f64 = predicted.unwrap().parse().unwrap();

        let training = Training::of(&checked.net.unwrap().graph);
        let random = Random::named(1, "images");
        let images = (0..IMAGES * 192).map(|at| f64::from(random.normal(at as u64))).collect();
        let measured: f64 = (0..4)
            .map(|seed| {
                let weights = netc::model::initialise(&training.graph, seed);
                let params = weights.into_iter().map(|values| values.into_iter().map(f64::from).collect()).collect();
                let labels = (0..IMAGES).map(|at| (at % 3) as u32).collect();
                let feed = Feed { images: Vec::clone(&images), labels, params, seed: 0, ..Feed::default() };
                evaluate(&training.graph, &feed)[training.losses.0].iter().sum::<f64>() / IMAGES as f64 / 4.0
            })
            .sum();
        let times = predicted / measured;
        assert!((0.25..4.0).contains(&times), "{blocks} blocks: {predicted} predicted, {measured} measured");
    }
}

#[test]
fn the_levels_of_a_spec_hold_for_what_is_found_in_its_images() {
    let found = |lint: &str| {
        let spec = format!("---\ninput: 8x8x1\nclasses: 10\nlint: {lint}\n---\nFlatten -> Dense(10) -> Softmax\n");
        let report = netc_reading(["check", "-", "--data", "specs/digits.tar.gz", "--format", "json"], &spec).json();
        let diagnostics = report["files"][0]["diagnostics"].as_array().unwrap().clone();
        diagnostics.iter().find(|one| one["code"] == "D615").map(|one| one["severity"].as_str().unwrap().to_owned())
    };
    assert_eq!(found("{}").as_deref(), Some("note"));
    assert_eq!(found("{ warn: [skipped-files] }").as_deref(), Some("warning"));
    assert_eq!(found("{ deny: [D615] }").as_deref(), Some("error"));
    assert_eq!(found("{ allow: [D615] }"), None);
}
