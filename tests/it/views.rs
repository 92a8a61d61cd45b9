//! `netc diff` and the ways in which `netc summary` shows a network.

use crate::program::{Folder, command, finish, netc, netc_reading, text};

const FRONT: &str = "---\ninput: 32x32x3\nclasses: 3\n---\n";

#[test]
fn diff_names_what_the_origins_second_network_lacks() {
    let run = netc(["diff", "specs/origin-a.net", "specs/origin-b.net"]).ended(1);
    insta::assert_snapshot!(run.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn diff_as_json_adds_up_to_the_difference_in_parameters() {
    let diff = netc(["diff", "specs/origin-a.net", "specs/origin-b.net", "--format", "json"]).ended(1).json();
    assert_eq!((diff["equivalent"].as_bool(), diff["same_network"].as_bool()), (Some(false), Some(false)));
    assert_eq!([0, 1].map(|at| diff["specs"][at]["params"].as_i64()), [Some(1_382_819), Some(6_582_755)]);
    assert_eq!([0, 1].map(|at| diff["specs"][at]["activations"].as_str()), [Some("arguments"), Some("layers")]);
    let differences = diff["differences"].as_array().unwrap();
    let changes: Vec<&str> = differences.iter().map(|one| one["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["removed", "changed", "removed", "changed"]);
    let params: i64 = differences.iter().map(|one| one["params"].as_i64().unwrap()).sum();
    assert_eq!(params, 6_582_755 - 1_382_819);
    let reads = &differences[1]["layers"][0];
    assert_eq!([0, 1].map(|at| reads[at]["reads"][0].as_u64()), [Some(10_368), Some(51_200)]);
}

#[test]
fn diff_of_two_ways_to_write_a_network_says_equivalent() {
    let folder = Folder::new();
    let one = format!("{FRONT}[Conv([8, 16], activation: relu) -> MaxPool] * 2 -> Flatten -> Dense -> Softmax\n");
    let other = "---\ninput: 32x32x3\nclasses: 3\nname: other\ntrain: { epochs: 10, learning_rate: 1e-3 }\n---\n\
                 let block(f) = Conv(f) -> Relu -> MaxPool\nblock(8) -> block(16) -> Flatten -> Dense(3) -> Softmax\n";
    let [one, other] =
        [("one.net", one.as_str()), ("other.net", other)].map(|(name, spec)| folder.file(name, spec.as_bytes()));
    let run = netc(["diff", text(&one), text(&other)]).ended(0);
    assert!(run.stdout.contains("are equivalent: the same 9 layers"), "{}", run.stdout);
    assert!(run.stdout.contains("makes no difference"), "{}", run.stdout);
}

#[test]
fn diff_of_settings_alone_shows_resolved_values() {
    let folder = Folder::new();
    let spec =
        |train: &str| format!("---\ninput: 32x32x3\nclasses: 3\ntrain: {train}\n---\nFlatten -> Dense -> Softmax\n");
    let one = folder.file("one.net", spec("{ epochs: 5 }").as_bytes());
    let other = folder.file("other.net", spec("{ epochs: 5, optimizer: sgd }").as_bytes());
    let run = netc(["diff", text(&one), text(&other)]).ended(1);
    assert!(run.stdout.contains("same network with other settings"), "{}", run.stdout);
    assert!(run.stdout.contains("train.learning_rate  1e-3 → 1e-2"), "{}", run.stdout);
    assert!(!run.stdout.contains("epochs"), "{}", run.stdout);
}

#[test]
fn diff_that_cannot_compare_is_trouble_not_a_difference() {
    let run = netc_reading(["diff", "specs/origin-a.net", "-"], "Conv -> Relu -> Flaten -> Dense -> Softmax");
    assert!(run.ended(2).stderr.contains("[N101]"));
    netc(["diff", "specs/origin-a.net", "specs/none.net"]).failed(2, "S014");
}

#[test]
fn a_folded_summary_shows_a_repeat_once_with_what_its_runs_give() {
    let run = netc(["summary", "specs/origin.net", "--fold"]).ended(0);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_summary_on_a_narrow_terminal_drops_columns_and_wraps_nothing() {
    for (width, dropped) in [(100, ""), (80, "MACs"), (60, "MACs, Sees, Run"), (48, "MACs, Sees, Run, Layer,")] {
        let mut command = command(["summary", "specs/origin.net"]);
        command.env("COLUMNS", width.to_string());
        let shown = finish(command).ended(0).stdout;
        assert!(shown.lines().all(|line| line.chars().count() <= width), "{shown}");
        assert!(shown.contains("254×254×64") && shown.contains("3,211,392"), "{shown}");
        assert_eq!(shown.lines().skip(3).take_while(|line| !line.is_empty()).count(), 22, "{shown}");
        assert_eq!(shown.contains("left out to fit"), !dropped.is_empty(), "{shown}");
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(dropped), "{width} {dropped}: {shown}");
    }
}

#[test]
fn the_memory_of_a_training_is_the_peak_of_its_plan() {
    let arguments = ["--batch", "16", "--threads", "2", "--format", "json"];
    let [summary, plan] = ["summary", "plan"].map(|name| {
        netc([name, "specs/digits.net"].iter().chain(&arguments)).ended(0).json()["planned_peak_bytes"].as_u64()
    });
    assert!(summary > Some(10_000));
    assert_eq!(summary, plan);
}

#[test]
fn a_picture_is_written_whole_in_the_language_of_its_file_name() {
    let folder = Folder::new();
    for (name, start) in [("net.svg", "<svg "), ("net.dot", "digraph \"digits\""), ("net.mmd", "flowchart TB")] {
        let out = folder.join(name);
        netc(["graph", "specs/digits.net", "-o", text(&out)]).ended(0);
        assert!(std::fs::read_to_string(out).unwrap().starts_with(start), "{name}");
    }
    let run = netc(["graph", "specs/digits.net", "-o", text(&folder.join("net.png"))]).ended(2);
    assert!(run.stderr.contains(".svg, .dot and .mmd"), "{}", run.stderr);
    assert!(!folder.join("net.png").exists());
    netc(["graph", "specs/digits.net", "-o", text(&folder.join("none/net.svg"))]).failed(2, "M805");
}

#[test]
fn pictures_go_to_stdout_where_the_language_is_said() {
    let folded = netc(["graph", "specs/origin.net", "--format", "svg"]).ended(0).stdout;
    let unfolded = netc(["graph", "specs/origin.net", "--format", "svg", "--unfold"]).ended(0).stdout;
    assert!(folded.contains(">×3</text>") && !unfolded.contains(">×3</text>"));
    assert_eq!(unfolded.matches("class=\"conv\"").count(), 6);
    netc(["graph", "specs/origin.net"]).ended(2);
}

#[test]
fn a_first_spec_fits_its_images_checks_in_silence_and_trains() {
    let folder = Folder::new();
    let spec = folder.join("first.net");
    let run = netc(["new", "specs/digits.tar.gz", "-o", text(&spec)]).ended(0);
    assert!(run.stdout.contains("an input of 8×8×1"), "{}", run.stdout);
    let written = std::fs::read_to_string(&spec).unwrap();
    let check = netc(["check", text(&spec), "--deny", "warnings"]).ended(0);
    assert!(check.stdout.contains("no findings"), "{}", check.stdout);
    netc(["fmt", "--check", text(&spec)]).ended(0);
    let out = folder.join("run");
    netc(["train", text(&spec), "specs/digits.tar.gz", "--epochs", "1", "--out", text(&out)]).ended(0);
    netc(["new", "-o", text(&spec)]).failed(2, "M811");
    assert_eq!(std::fs::read_to_string(&spec).unwrap(), written, "a spec is never written over");
}

#[test]
fn a_first_spec_for_images_that_are_not_known_goes_to_stdout() {
    let spec = netc(["new", "-o", "-"]).ended(0).stdout;
    netc_reading(["check", "-"], &spec).ended(0);
    netc(["new", "specs/none", "-o", "-"]).failed(2, "D620");
}
