//! Arguments, help, exit codes and streams of the built program.

use std::process::Stdio;

use crate::program::{command, finish, netc, netc_reading};

const COMMANDS: &[&str] =
    &["check", "fmt", "summary", "plan", "data", "train", "advise", "eval", "predict", "explain", "completions", "man"];

#[test]
fn the_help_of_every_command_shows_an_example() {
    for name in COMMANDS {
        let run = netc([name, "--help"]).ended(0);
        assert!(run.stdout.contains("Example"), "{}", run.stdout);
        assert!(run.stdout.contains(&format!("  netc {name} ")), "{}", run.stdout);
    }
}

#[test]
fn the_list_of_commands_is_complete() {
    let help = netc(["--help"]).ended(0).stdout;
    for name in COMMANDS {
        assert!(help.contains(&format!("\n  {name} ")), "{name} is missing:\n{help}");
    }
}

#[test]
fn the_readme_lists_every_command() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    for name in COMMANDS {
        assert!(
            [format!("| `netc {name} "), format!(", `netc {name}`")].iter().any(|row| readme.contains(row)),
            "the README does not list {name}"
        );
    }
}

#[test]
fn the_readme_lists_every_layer() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let start = readme.find("\nLayers: ").expect("a list of layers");
    let list = readme[start..].split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = list.split(|letter: char| !letter.is_alphanumeric()).collect();
    for layer in netc::layer::LAYERS {
        assert!(words.contains(&layer.name), "the README does not list {}", layer.name);
    }
}

#[test]
fn wrong_usage_is_exit_code_2_on_stderr() {
    for arguments in [
        vec!["chekc", "specs"],
        vec!["check"],
        vec!["check", "specs", "--format", "xml"],
        vec!["summary", "specs/digits.net", "--input", "8x8"],
        vec!["plan", "specs/digits.net", "--batch", "0"],
        vec!["train", "specs/digits.net"],
        vec!["train", "specs/digits.net", "specs/digits.tar.gz", "--lr", "-1"],
        vec!["explain"],
    ] {
        let run = netc(&arguments).ended(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_unknown_instruction_set_is_wrong_usage() {
    let mut command = command(["plan", "specs/digits.net"]);
    command.env("NETC_ISA", "mmx");
    let run = finish(command).ended(2);
    assert!(run.stderr.contains("`mmx`") && run.stderr.contains("portable"), "{}", run.stderr);
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = netc(["completions", shell]).ended(0).stdout;
        assert!(COMMANDS.iter().all(|name| script.contains(name)), "{shell}");
    }
    let page = netc(["man"]).ended(0).stdout;
    assert!(COMMANDS.iter().all(|name| page.contains(&format!("netc\\-{name}(1)"))), "{page}");
    let page = netc(["man", "train"]).ended(0).stdout;
    assert!(page.contains(".TH netc-train 1") && page.contains("netc train specs/digits.net"), "{page}");
    let run = netc(["man", "trian"]).ended(2);
    assert!(run.stderr.contains("did you mean `netc man train`?"), "{}", run.stderr);
}

#[test]
fn an_unknown_code_is_named_with_the_nearest() {
    let run = netc(["explain", "dense-on-feature-mpa"]).failed(2, "M810");
    assert!(run.stderr.contains("dense-on-feature-map"), "{}", run.stderr);
}

#[test]
fn every_code_has_a_page() {
    for code in netc::diag::code::CODES {
        let page = netc(["explain", code.id]).ended(0).stdout;
        assert!(page.starts_with(&format!("{} {}", code.id, code.slug)), "{page}");
        assert!(page.contains("What it means") && page.contains("Why"), "{page}");
        assert!(page.contains("The way out") || page.contains("Right"), "{page}");
        assert_eq!(netc(["explain", &code.slug.to_uppercase()]).ended(0).stdout, page);
    }
    let table = netc(["explain", "--all"]).ended(0).stdout;
    assert_eq!(table.lines().count(), netc::diag::code::CODES.len() + 2);
}

#[test]
fn the_same_page_is_printed_for_a_number_and_a_name() {
    insta::assert_snapshot!(netc(["explain", "A304"]).ended(0).stdout);
}

#[test]
fn results_are_plain_text_where_no_terminal_shows_them() {
    let run = netc(["check", "tests/fixtures/check/origin-verbatim.net"]).ended(1);
    assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut command = command(["explain", "--all"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_the_output_is_named() {
    let mut command = command(["explain", "--all"]);
    command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    finish(command).failed(2, "M805");
}

#[test]
fn a_spec_that_is_not_there_or_a_folder_is_named_by_every_command() {
    for arguments in [
        vec!["summary", "nowhere.net"],
        vec!["plan", "nowhere.net"],
        vec!["train", "nowhere.net", "specs/digits.tar.gz"],
        vec!["summary", "specs"],
    ] {
        netc(&arguments).failed(2, "S014");
    }
}

#[test]
fn a_spec_with_errors_is_not_planned_and_its_errors_are_shown() {
    for name in ["summary", "plan"] {
        let run = netc_reading([name, "-"], "Conv -> Covn -> Flatten -> Dense\n").failed(1, "N101");
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
}
