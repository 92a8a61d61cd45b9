//! A training that is killed at any moment: nothing is damaged, and it goes on to the bytes that it would have come to.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use netc::model::Container;

use crate::program::{Folder, Run, command, content, finish, text};

/// Everything that a run keeps from step to step: running statistics, an average of the weights, a checkpoint to go back
/// to, augmented images, dropout.
const SPEC: &str = "---
input: 8x8x1
data: { augment: { shift: 10% } }
train: { epochs: 5, ema: 0.9, on_collapse: recover, schedule: plateau }
---
[Conv([8, 16], padding: same) -> BatchNorm -> Relu -> MaxPool] * 2 -> Flatten -> Dropout(20%) -> Dense(10) -> Softmax
";

struct Course {
    folder: Folder,
    spec: PathBuf,
    whole: PathBuf,
    /// How long a run takes.
    time: Duration,
}

impl Course {
    fn new() -> Self {
        let folder = Folder::new();
        let spec = folder.file("digits.net", SPEC.as_bytes());
        let whole = folder.join("whole");
        let mut course = Self { folder, spec, whole, time: Duration::ZERO };
        let start = Instant::now();
        course.run(&course.whole, &[]).ended(0);
        course.time = start.elapsed();
        course
    }

    fn arguments<'a>(&'a self, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments =
            vec!["train", text(&self.spec), "specs/digits.tar.gz", "--threads", "1", "--out", text(out)];
        arguments.extend(more);
        arguments
    }

    fn run(&self, out: &Path, more: &[&str]) -> Run {
        finish(command(self.arguments(out, more)))
    }

    /// Starts, or goes on with, the run in `out` and kills it after `time`; whether it had not ended by then.
    fn kill_after(&self, time: Duration, out: &Path, more: &[&str]) -> bool {
        let mut command = command(self.arguments(out, more));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(time);
        let is_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        is_running
    }

    /// Kills a run after this share of its time, and once more as it goes on; then lets it come to its end, and holds what
    /// it comes to against the run that was left alone. Whether it was killed before its end.
    #[track_caller]
    fn goes_on_after_kills_at(&self, first: f64, second: f64, name: &str) -> bool {
        let out = self.folder.join(name);
        let was_killed = self.kill_after(self.time.mul_f64(first), &out, &[]);
        assert_whole(&out);
        let has_run = out.join("state/run.json").exists();
        let more: &[&str] = if has_run { &["--resume"] } else { &[] };
        self.kill_after(self.time.mul_f64(second), &out, more);
        assert_whole(&out);
        let more: &[&str] = if out.join("state/run.json").exists() { &["--resume"] } else { &[] };
        self.run(&out, more).ended(0);
        assert_whole(&out);
        for file in ["best.safetensors", "last.safetensors", "findings.json", "spec.net", "run.yaml"] {
            assert!(
                std::fs::read(out.join(file)).unwrap() == std::fs::read(self.whole.join(file)).unwrap(),
                "{name}: {file}"
            );
        }
        assert_eq!(names(&out), names(&self.whole));
        assert_eq!(losses(&out), losses(&self.whole));
        was_killed
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries(folder.to_owned())
        .chain(entries(folder.join("state")))
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every finished file of a run can be read.
#[track_caller]
fn assert_whole(out: &Path) {
    for name in names(out).iter().filter(|name| !name.starts_with(".netc-unfinished-")) {
        let path = [out.join(name), out.join("state").join(name)].into_iter().find(|path| path.exists()).unwrap();
        if name.ends_with(".safetensors") {
            Container::decode(&std::fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        } else if name.ends_with(".json") {
            let value: Result<serde_json::Value, _> = serde_json::from_str(&content(&path));
            value.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    losses(out);
}

/// The losses of the finished epochs, to the bit; the times beside them differ from run to run.
#[track_caller]
fn losses(out: &Path) -> Vec<String> {
    let lines = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap_or_default();
    let losses = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        format!("{} {} {} {}", line["epoch"], line["train_loss"], line["val_loss"], line["learning_rate"])
    };
    lines.lines().map(losses).collect()
}

#[test]
fn a_killed_run_is_whole_and_goes_on_to_the_same_bytes() {
    let course = Course::new();
    for (at, [first, second]) in [[0.4, 0.3], [0.7, 0.1], [0.9, 0.5]].into_iter().enumerate() {
        course.goes_on_after_kills_at(first, second, &format!("run{at}"));
    }
}

/// Two kills a run at moments that a seed draws, over the whole of its time.
#[test]
#[ignore = "minutes"]
fn fifty_runs_killed_at_any_moment_go_on_to_the_same_bytes() {
    let course = Course::new();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let random = netc::base::Random::new(seed, 0);
    let mut killed = 0;
    for at in 0..50 {
        let [first, second] = [2 * at, 2 * at + 1].map(|draw| f64::from(random.unit(draw)));
        killed += u32::from(course.goes_on_after_kills_at(first, second, &format!("run{at}")));
    }
    assert!(killed > 25, "{killed} of 50 runs were killed before their end, with seed {seed}");
}
