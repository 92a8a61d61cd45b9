//! `netc train`, `netc eval` and `netc predict` from images on disk to predictions.

use std::path::Path;

use crate::program::{Folder, Run, command, digit, finish, netc, shared_data, text, truncated_jpeg};

const SPEC: &str = "specs/digits.net";
const DATA: &str = "specs/digits.tar.gz";

fn train(out: &Path, more: &[&str]) -> Run {
    netc(["train", SPEC, DATA, "--out", text(out)].iter().chain(more))
}

/// The last line of a run's metrics.
fn last_metrics(run: &Path) -> serde_json::Value {
    let lines = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    serde_json::from_str(lines.lines().last().unwrap()).unwrap()
}

#[test]
fn the_digits_are_learnt_evaluated_and_predicted() {
    let folder = Folder::new();
    let run = folder.join("digits");
    let said = train(&run, &[]).ended(0);
    assert!(said.stdout.contains("netc eval") && said.stdout.contains("netc predict"), "{}", said.stdout);
    assert!(said.stderr.contains("1,797 images") && said.stderr.contains("10 classes"), "{}", said.stderr);
    let metrics = last_metrics(&run);
    assert!(metrics["val_accuracy"].as_f64() >= Some(0.97), "{metrics}");
    for name in ["spec.net", "run.yaml", "metrics.jsonl", "log.txt", "best.safetensors", "last.safetensors"] {
        assert!(run.join(name).is_file(), "{name} is missing");
    }

    let eval = netc(["eval", text(&run), DATA, "--format", "json"]).ended(0).json();
    assert!(eval["accuracy"].as_f64() >= Some(0.97), "{eval}");
    assert_eq!(eval["classes"].as_array().unwrap().len(), 10);
    let confusion = eval["confusion"].as_array().unwrap();
    let counted: u64 = confusion.iter().flat_map(|row| row.as_array().unwrap()).map(|n| n.as_u64().unwrap()).sum();
    let support: u64 = eval["per_class"].as_array().unwrap().iter().map(|row| row["support"].as_u64().unwrap()).sum();
    assert_eq!(counted, support);

    predictions(&folder, &run);
}

/// The loss of the last epoch's validation is that of the model file on the same images, to the last digits; numbers of
/// the other precision would differ in the third.
#[test]
fn a_model_answers_in_the_precision_that_its_spec_trained_with() {
    let folder = Folder::new();
    for (part, shift) in [("train", 0), ("val", 90)] {
        for class in 0..3_u32 {
            let pixel = |x, y| image::Luma([((x * 41 * (class + 1) + y * (23 + shift) + shift) % 251) as u8]);
            let mut bytes = std::io::Cursor::new(Vec::new());
            image::GrayImage::from_fn(8, 8, pixel).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
            folder.file(format!("data/{part}/{class}/image.png"), &bytes.into_inner());
        }
    }
    let layers = "Conv(16) -> Relu -> Flatten -> Dense(32) -> Relu -> Dense -> Softmax\n";
    let mut losses = Vec::new();
    for precision in ["bf16", "f32"] {
        let front = format!("---\ntrain: {{ precision: {precision}, epochs: 2 }}\n---\n");
        let spec = folder.file(format!("{precision}.net"), (front + layers).as_bytes());
        let (data, run) = (folder.join("data"), folder.join(format!("run-{precision}")));
        let said = netc(["train", text(&spec), text(&data), "--out", text(&run)]).ended(0);
        assert_eq!(said.stderr.contains("kernels of bf16"), precision == "bf16", "{}", said.stderr);
        let model = run.join("last.safetensors");
        let eval = netc(["eval", text(&model), text(&data), "--format", "json"]).ended(0).json();
        let of_eval = eval["loss"].as_f64().unwrap();
        let of_training = last_metrics(&run)["val_loss"].as_f64().unwrap();
        assert!((of_eval - of_training).abs() < 1e-6, "{precision}: {of_eval}, {of_training}");
        losses.push(of_eval);
    }
    assert!((losses[0] - losses[1]).abs() > 1e-5, "{losses:?}");
}

fn predictions(folder: &Folder, run: &Path) {
    let image = folder.file("seven.png", &digit("/7/"));
    let broken = folder.file("broken.jpg", b"\xff\xd8\xff\xe0 this is no image");
    let json = netc(["predict", text(run), text(&image), "--format", "json"]).ended(0).json();
    assert_eq!((json[0]["file"].as_str(), json[0]["class"].as_str()), (image.to_str(), Some("7")));
    let sum: f64 = json[0]["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    // The others are predicted before the exit code says that one was not.
    let run_of_both = netc(["predict", text(run), text(&broken), text(&image), "--format", "json"]).ended(1);
    let both = run_of_both.json();
    assert!(both[0]["error"].is_string() && both[1]["class"] == "7", "{both}");
    let csv = netc(["predict", text(run), text(&image), "--format", "csv", "--top", "2"]).ended(0).stdout;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let shown = netc(["predict", text(run), text(&image)]).ended(0).stdout;
    assert!(shown.contains("seven.png") && shown.contains('%'), "{shown}");
}

/// A disk that takes no file above 8 KiB: writing more fails as it does where there is no room left.
#[cfg(unix)]
fn on_a_full_disk(command: &std::process::Command) -> Run {
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"]).arg(command.get_program());
    limited.args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    finish(limited)
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_costs_a_run_nothing_that_was_saved() {
    let folder = Folder::new();
    let [run, whole] = ["run", "whole"].map(|name| folder.join(name));
    let constant = std::fs::read_to_string(SPEC).unwrap().replace("schedule: cosine", "schedule: constant");
    let spec = folder.file("digits.net", constant.as_bytes());
    let arguments = |out: &Path, epochs: &str, more: &[&str]| {
        let fixed = ["train", text(&spec), DATA, "--out", text(out), "--epochs", epochs];
        command(fixed.iter().chain(more))
    };
    finish(arguments(&whole, "2", &[])).ended(0);
    finish(arguments(&run, "1", &[])).ended(0);
    let names = ["best.safetensors", "last.safetensors", "metrics.jsonl"];
    let files = || names.map(|name| std::fs::read(run.join(name)).unwrap());
    let before = files();
    on_a_full_disk(&arguments(&run, "2", &["--resume"])).failed(2, "M805");
    assert!(files() == before, "a file that was whole has changed");
    let left: Vec<_> = std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let known = ["spec.net", "run.yaml", "log.txt", "findings.json", "state"].iter().chain(&names);
    assert_eq!(left.len(), known.count(), "something half written was left: {left:?}");
    finish(arguments(&run, "2", &["--resume"])).ended(0);
    assert!(files()[1] == std::fs::read(whole.join("last.safetensors")).unwrap(), "the resumed run differs");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads_and_after_a_resumption() {
    let folder = Folder::new();
    let [one, two, resumed, other] = ["one", "two", "resumed", "other"].map(|name| folder.join(name));
    // The shipped spec's cosine would end with the first sitting.
    let constant = std::fs::read_to_string(SPEC).unwrap().replace("schedule: cosine", "schedule: constant");
    let spec = folder.file("digits.net", constant.as_bytes());
    let train = |out: &Path, more: &[&str]| netc(["train", text(&spec), DATA, "--out", text(out)].iter().chain(more));
    train(&one, &["--epochs", "2", "--threads", "1"]).ended(0);
    train(&two, &["--epochs", "2", "--threads", "2"]).ended(0);
    train(&resumed, &["--epochs", "1", "--threads", "2"]).ended(0);
    train(&resumed, &["--epochs", "2", "--threads", "1", "--resume"]).ended(0);
    train(&other, &["--epochs", "2", "--threads", "2", "--seed", "1"]).ended(0);
    let model = |run: &Path| std::fs::read(run.join("last.safetensors")).unwrap();
    assert!(model(&one) == model(&two), "one and two threads differ");
    assert!(model(&one) == model(&resumed), "a resumed run differs");
    assert!(model(&one) != model(&other), "the seed has no effect");
}

#[test]
fn a_run_folder_that_is_there_is_not_overwritten() {
    let folder = Folder::new();
    folder.file("mine/thesis.txt", b"precious");
    train(&folder.join("mine"), &[]).failed(2, "M804");
    assert_eq!(std::fs::read(folder.join("mine/thesis.txt")).unwrap(), b"precious");
}

#[test]
fn nothing_to_resume_is_said() {
    let folder = Folder::new();
    train(&folder.join("nothing"), &["--resume"]).failed(2, "M808");
}

#[test]
fn a_run_folder_that_cannot_be_written_is_said() {
    let folder = Folder::new();
    folder.file("file", b"");
    train(&folder.join("file/run"), &["--epochs", "1"]).failed(2, "M805");
}

#[test]
fn data_that_cannot_be_trained_on_is_named_with_a_way_out() {
    let folder = Folder::new();
    let image = digit("/7/");
    std::fs::create_dir(folder.join("empty")).unwrap();
    folder.file("one-class/cat/1.png", &image);
    folder.file("no-images/cat/readme.txt", b"none");
    folder.file("no-images/dog/readme.txt", b"none");
    folder.file("a-file.png", &image);
    for (name, code, fault) in
        [("not-there", 2, "D620"), ("empty", 1, "D613"), ("one-class", 1, "D613"), ("a-file.png", 2, "D621")]
    {
        let run = netc(["train", SPEC, text(&folder.join(name)), "--out", text(&folder.join("run"))]);
        run.failed(code, fault);
        assert!(!folder.join("run").exists(), "{name} left a run folder behind");
    }
}

#[test]
fn bad_images_are_named_and_left_out_or_stop_the_run() {
    let folder = Folder::new();
    let image = digit("/7/");
    for class in 0..10 {
        for copy in 0..4 {
            folder.file(format!("data/{class}/{copy}.png"), &image);
        }
    }
    folder.file("data/3/truncated.jpg", &truncated_jpeg());
    folder.file("data/4/empty.png", b"");
    let data = folder.join("data");
    let run = |out: &str, more: &[&str]| {
        let out = folder.join(out);
        let fixed = ["train", SPEC, text(&data), "--out", text(&out), "--epochs", "1"];
        netc(fixed.iter().chain(more))
    };
    let skipped = run("skipped", &[]).ended(0);
    assert!(skipped.stderr.contains("truncated.jpg") && skipped.stderr.contains("empty.png"), "{}", skipped.stderr);
    run("stopped", &["--on-bad-image", "stop"]).ended(1);
}

#[test]
fn a_run_from_decoded_images_is_the_run_that_decodes() {
    let folder = Folder::new();
    let cache = folder.join("cache");
    let runs = [
        &["--epochs", "2"][..],
        &["--epochs", "2", "--cache", text(&cache)],
        &["--epochs", "2", "--cache", text(&cache)],
    ];
    let models: Vec<Vec<u8>> = runs
        .iter()
        .enumerate()
        .map(|(at, more)| {
            let run = folder.join(format!("run-{at}"));
            train(&run, more).ended(0);
            std::fs::read(run.join("last.safetensors")).unwrap()
        })
        .collect();
    assert!(models.iter().all(|model| *model == models[0]));
    // One file for the images to train on, one for those to validate with, and nothing unfinished.
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 2);
    train(&folder.join("run"), &["--cache", SPEC]).failed(2, "M805");
}

#[test]
fn a_model_that_is_none_is_refused() {
    let folder = Folder::new();
    let file = folder.file("model.safetensors", b"not a model");
    netc(["eval", text(&file), DATA]).failed(2, "M801");
    netc(["predict", text(&file), "seven.png"]).failed(2, "M801");
    netc(["predict", text(&folder.join("nothing")), "seven.png"]).failed(2, "M801");
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_the_run_goes_on_to_the_same_bytes() {
    let folder = Folder::new();
    let (whole, halted) = (folder.join("whole"), folder.join("halted"));
    train(&whole, &["--epochs", "4"]).ended(0);
    let mut start = command(["train", SPEC, DATA, "--epochs", "4", "--out", text(&halted)]);
    start.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = start.spawn().unwrap();
    while !halted.join("metrics.jsonl").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // The run may have come to its end before the signal came.
    if output.status.code() != Some(0) {
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("--resume"), "{said}");
        train(&halted, &["--epochs", "4", "--resume"]).ended(0);
    }
    let model = |run: &Path| std::fs::read(run.join("last.safetensors")).unwrap();
    assert!(model(&whole) == model(&halted), "an interrupted run differs");
}

#[test]
fn larger_images_of_the_shared_set_are_learnt() {
    let Some(data) = shared_data("mnist_small.tar.gz") else { return };
    let folder = Folder::new();
    let spec = "---\ninput: 28x28x1\ntrain: { epochs: 2 }\n---\n\
        [Conv([8, 16]) -> Relu -> MaxPool] * 2 -> Flatten -> Dense -> Softmax\n";
    let spec = folder.file("mnist.net", spec.as_bytes());
    let out = folder.join("run");
    finish(command(["train", text(&spec), text(&data), "--out", text(&out)])).ended(0);
    let metrics = last_metrics(&out);
    assert!(metrics["val_accuracy"].as_f64() >= Some(0.9), "{metrics}");
}

/// Their scores would go into a softmax that the spec does not ask for.
#[test]
fn several_sigmoids_are_refused_where_the_lint_is_silenced() {
    let folder = Folder::new();
    let text_of = "---\ninput: 8x8x1\nlint: { allow: [A306] }\n---\nFlatten -> Dense(10) -> Sigmoid\n";
    let spec = folder.file("sigmoids.net", text_of.as_bytes());
    for command in ["train", "lr"] {
        let run = netc([command, text(&spec), DATA]).failed(1, "S015");
        assert!(run.stderr.contains("10 sigmoids") && run.stderr.contains("`Softmax`"), "{}", run.stderr);
    }
}

#[test]
fn a_training_says_before_it_starts_what_its_settings_will_not_do() {
    let folder = Folder::new();
    let run = train(&folder.join("run"), &["--epochs", "1", "--lr", "0.5"]).ended(0);
    let (warned, began) = (run.stderr.find("O503"), run.stderr.find("1,797 images"));
    assert!(warned.is_some() && warned < began, "{}", run.stderr);
    assert!(run.stderr.contains("one epoch on") && run.stderr.contains("O501"), "{}", run.stderr);
}

#[test]
fn a_range_test_suggests_a_rate_draws_its_curve_and_auto_trains_with_it() {
    let folder = Folder::new();
    let curve = folder.join("curve.svg");
    let json = netc(["lr", SPEC, DATA, "-o", text(&curve), "--format", "json"]).ended(0).json();
    let suggestion = json["suggestion"].as_f64().unwrap();
    assert!((1e-4..=1e-1).contains(&suggestion), "{json}");
    assert!(json["points"].as_array().unwrap().len() > 50);
    assert!(std::fs::read_to_string(&curve).unwrap().starts_with("<svg"));
    let said = netc(["lr", SPEC, DATA, "-o", text(&curve)]).ended(0).stdout;
    assert!(said.contains(&format!("--lr {suggestion:e}")) && said.contains("smoothed loss"), "{said}");

    let own = std::fs::read_to_string(SPEC).unwrap();
    let rate = own.lines().find_map(|line| Some(line.split_once("learning_rate: ")?.1)).unwrap_or_default();
    let rate = rate.split([',', ' ', '}']).next().unwrap();
    let auto = match rate {
        "" => own.replacen("train:", "train:\n  learning_rate: auto", 1),
        rate => own.replacen(&format!("learning_rate: {rate}"), "learning_rate: auto", 1),
    };
    let spec = folder.file("digits.net", auto.as_bytes());
    let out = folder.join("run");
    let run = |more: &[&str]| netc(["train", text(&spec), DATA, "--out", text(&out)].iter().chain(more)).ended(0);
    let first = run(&["--epochs", "1"]);
    assert!(first.stderr.contains(&format!("learning_rate: auto is {suggestion:e}")), "{}", first.stderr);
    let record: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("state/run.json")).unwrap()).unwrap();
    assert_eq!(record["train"]["learning_rate"].as_f64(), Some(suggestion));
    let second = run(&["--epochs", "2", "--resume"]);
    assert!(!second.stderr.contains("auto is"), "{}", second.stderr);
}

#[test]
fn a_dry_run_says_what_would_happen_and_leaves_nothing() {
    let folder = Folder::new();
    let out = folder.join("run");
    let said = train(&out, &["--dry-run"]).ended(0).stdout;
    for words in ["1,797 images", "images/s", "an epoch", "for the plan"] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!out.exists());
}

#[test]
fn settings_that_go_beyond_the_usual_are_said_recorded_and_resumed() {
    let folder = Folder::new();
    let first = folder.join("first");
    train(&first, &["--epochs", "2"]).ended(0);
    let own = std::fs::read_to_string(SPEC).unwrap();
    let body = own.rsplit("---").next().unwrap();
    let front = "---\ninput: 8x8x1\ndata: { balance: class_weights }\ntrain:\n  label_smoothing: 0.05\n  clip_norm: 1\n  ema: 0.99\n  \
        schedule: one_cycle\n  early_stopping: { patience: 9 }\n  epochs: 2\ninit_from: first\nfreeze: [conv*]\n---";
    let spec = folder.file("tuned.net", format!("{front}{body}").as_bytes());
    let out = folder.join("run");
    let said = netc(["train", text(&spec), DATA, "--out", text(&out)]).ended(0).stderr;
    for words in [
        "class weights",
        "smoothed by 0.05",
        "norm of 1",
        "average of the weights",
        "frozen: conv*",
        "tensors start from",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    let recorded = std::fs::read_to_string(out.join("run.yaml")).unwrap();
    for words in
        ["class_weights", "label_smoothing: 0.05", "clip_norm: 1", "ema: 0.99", "one_cycle", "patience: 9", "conv*"]
    {
        assert!(recorded.contains(words), "{words} is not in {recorded}");
    }
    netc(["train", text(&spec), DATA, "--out", text(&out), "--epochs", "3", "--resume"]).ended(0);
    assert_eq!(last_metrics(&out)["epoch"], 3);
    let misspelt = folder.file("misspelt.net", format!("{front}{body}").replace("conv*", "kohn*").as_bytes());
    let refused = netc(["train", text(&misspelt), DATA, "--out", text(&folder.join("no"))]).failed(1, "N105");
    assert!(refused.stderr.contains("kohn*") && refused.stderr.contains("conv"), "{}", refused.stderr);
}

/// More threads than the machine has tell what was asked for from what is there.
#[cfg(target_os = "linux")]
#[test]
fn no_more_threads_read_images_than_were_asked_for() {
    let folder = Folder::new();
    let threads = std::thread::available_parallelism().unwrap().get() + 1;
    let out = folder.join("run");
    let mut child = command(["train", SPEC, DATA, "--threads", &threads.to_string(), "--out", text(&out)])
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !out.join("metrics.jsonl").exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let reading = names.filter(|name| name.starts_with("netc-files-")).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(reading, threads);
}
