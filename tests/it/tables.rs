//! `netc summary` and `netc plan` of the shipped specs that are trained in the tests or small enough to be read.

use serde_json::Value;

use crate::program::{Folder, command, finish, netc, netc_reading, text};

#[test]
fn the_summary_of_small_specs() {
    insta::glob!("../..", "specs/{digits,lenet-5,origin*}.net", |path| {
        let path = format!("specs/{}", path.file_name().unwrap().to_str().unwrap());
        insta::assert_snapshot!(netc(["summary", &path]).ended(0).stdout);
    });
}

#[test]
fn the_plan_of_small_specs_on_plain_kernels() {
    insta::glob!("../..", "specs/{digits,lenet-5,origin*}.net", |path| {
        let path = format!("specs/{}", path.file_name().unwrap().to_str().unwrap());
        let plan = |arguments: &[&str]| {
            let mut command = command(["plan", &path, "--threads", "2"].iter().chain(arguments));
            command.env("NETC_ISA", "portable");
            finish(command).ended(0).stdout
        };
        insta::assert_snapshot!(format!("training\n\n{}\ninference\n\n{}", plan(&[]), plan(&["--infer"])));
    });
}

#[test]
fn the_origins_tables_have_the_parameters_that_were_printed() {
    for (path, params) in [("specs/origin-a.net", 1_382_819), ("specs/origin-b.net", 6_582_755)] {
        let summary = netc(["summary", path, "--format", "json"]).ended(0).json();
        assert_eq!(summary["trainable_params"].as_u64(), Some(params));
        assert_eq!(summary["total_params"].as_u64(), Some(params));
    }
}

#[test]
fn summary_as_json_has_the_promised_shape() {
    let summary = netc(["summary", "specs/digits.net", "--format", "json"]).ended(0).json();
    assert_eq!(keys(&summary), ["input", "layers", "total_params", "trainable_params", "macs"]);
    assert_eq!(summary["input"], serde_json::json!([8, 8, 1]));
    let layer = &summary["layers"][0];
    assert_eq!(keys(layer), ["index", "name", "kind", "output", "range", "params", "macs", "receptive_field"]);
    let sum = |key: &str| -> u64 {
        summary["layers"].as_array().unwrap().iter().map(|layer| layer[key].as_u64().unwrap()).sum()
    };
    assert_eq!(summary["macs"].as_u64(), Some(sum("macs")));
    assert_eq!(summary["total_params"].as_u64(), Some(sum("params")));
    assert!(summary["total_params"].as_u64() > summary["trainable_params"].as_u64(), "running statistics count");
}

#[test]
fn an_activation_given_as_an_argument_is_the_same_network_as_one_written_as_a_layer() {
    let front = "---\ninput: 32x32x3\nclasses: 3\n---\n";
    let argument = format!("{front}Conv(8, activation: relu) -> Flatten -> Dense(3) -> Softmax\n");
    let layer = format!("{front}Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax\n");
    for arguments in [["summary", "-"], ["plan", "-"]] {
        let [one, other] = [&argument, &layer].map(|spec| netc_reading(arguments, spec).ended(0).stdout);
        assert_eq!(one, other);
    }
}

#[test]
fn markdown_is_a_table_with_every_layer() {
    let table = netc(["summary", "specs/origin-a.net", "--format", "markdown"]).ended(0).stdout;
    assert_eq!(table.lines().filter(|line| line.starts_with('|')).count(), 24, "{table}");
}

#[test]
fn plan_as_json_has_the_promised_shape_with_times_where_they_are_asked_for() {
    let plan = netc(["plan", "specs/digits.net", "--format", "json"]).ended(0).json();
    assert_eq!(
        keys(&plan),
        ["train", "precision", "batch", "images_at_a_time", "threads", "planned_peak_bytes", "steps"]
    );
    assert_eq!(keys(&plan["steps"][0]), ["name", "kernel", "layers", "bytes"]);
    let arguments =
        ["plan", "specs/digits.net", "--infer", "--batch", "4", "--threads", "1", "--profile", "--format", "json"];
    let plan = netc(arguments).ended(0).json();
    let all = [
        "train",
        "precision",
        "batch",
        "images_at_a_time",
        "threads",
        "images_per_second",
        "step_ms",
        "peak_gflops",
        "planned_peak_bytes",
        "steps",
    ];
    assert_eq!(keys(&plan), all);
    assert_eq!(keys(&plan["steps"][0]), ["name", "kernel", "layers", "ms", "gflops", "bytes"]);
    assert_eq!((plan["train"].as_bool(), plan["batch"].as_u64()), (Some(false), Some(4)));
    assert!(plan["images_per_second"].as_f64() > Some(0.0));
    assert!(plan["peak_gflops"].as_f64() > Some(0.0));
    let training = netc(["plan", "specs/digits.net", "--profile"]).ended(0).stdout;
    assert!(training.contains("images/s (median of"), "{training}");
}

#[test]
fn a_plan_of_bf16_rounds_what_is_multiplied_in_full_and_names_the_instruction_set() {
    let spec = |precision: &str| {
        let front = format!("---\ninput: 24x24x3\nclasses: 3\ntrain: {{ precision: {precision} }}\n---\n");
        front
            + "Conv(16) -> Relu -> MaxPool -> DepthwiseConv -> Conv(8, 1x1) -> Conv(32) -> Flatten -> Dense(3) -> Softmax\n"
    };
    let folder = Folder::new();
    for isa in ["portable", "avx2", "avx512", "avx512-bf16", "amx"] {
        let plan = |precision: &str, arguments: &[&str]| {
            let file = folder.file(precision, spec(precision).as_bytes());
            let mut command = command(["plan", text(&file)].iter().chain(arguments));
            command.env("NETC_ISA", isa);
            finish(command)
        };
        let run = plan("bf16", &["--format", "json"]);
        if run.code == Some(2) {
            assert!(run.stderr.contains("this machine has at most"), "{}", run.stderr);
            continue;
        }
        let json = run.json();
        assert_eq!(json["precision"], "bf16");
        for step in json["steps"].as_array().unwrap() {
            let (name, kernel) = (step["name"].as_str().unwrap(), step["kernel"].as_str().unwrap());
            // Three channels are multiplied sooner than rounded; so are sums over the winners, transforms, and each by each.
            let in_full = ["conv2", "conv3", "dense1"].iter().any(|layer| step["layers"][0] == *layer);
            assert!(kernel.is_empty() || in_full == kernel.contains("bf16"), "{name} on {isa} by {kernel}");
        }
        assert!(plan("bf16", &[]).stdout.contains(&format!("{isa} kernels of bf16")));
        assert!(!plan("f32", &[]).stdout.contains("bf16"));
    }
}

/// Beyond its plan a process takes itself, its threads' stacks, and a batch of images on their way in.
#[cfg(target_os = "linux")]
#[test]
fn a_process_peaks_within_a_tenth_of_what_its_plan_says() {
    let folder = Folder::new();
    let layers = "[Conv(32, 1x1) -> Relu] * 3 -> GlobalAvgPool -> Dense(3) -> Softmax\n";
    let spec = folder.file("wide.net", format!("---\ninput: 64x64x3\nclasses: 3\n---\n{layers}").as_bytes());
    let mut command = command(["plan", text(&spec), "--batch", "128", "--profile", "--format", "json"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = kilobytes.map_or(peak, |kilobytes| kilobytes.trim().parse().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let json: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    let planned = json["planned_peak_bytes"].as_f64().unwrap();
    let measured = 1024.0 * f64::from(peak);
    assert!(measured > planned && measured < 1.1 * planned, "{planned} bytes are planned, {measured} are taken");
}

#[test]
fn a_plan_that_does_not_fit_in_memory_is_refused_before_anything_is_allocated() {
    let run = netc(["plan", "specs/origin.net", "--batch", "65536", "--profile"]).failed(1, "P411");
    assert!(run.stderr.contains("--batch"), "{}", run.stderr);
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn what_follows_a_batch_normalisation_rides_on_its_store() {
    let spec = "---\ninput: 32x32x3\nclasses: 3\n---\nConv(8) -> BatchNorm -> Relu \
                -> Residual[Conv(8, padding: same) -> BatchNorm] -> Relu \
                -> Add[Conv(8, 1x1) -> BatchNorm | Conv(8, 1x1) -> BatchNorm] \
                -> Conv(8) -> BatchNorm -> MaxPool -> Flatten -> Dense -> Softmax\n";
    let plan = netc_reading(["plan", "-", "--format", "json"], spec).ended(0).json();
    let names = plan["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap());
    let norms: Vec<&str> =
        names.clone().filter(|name| name.starts_with("batch norm") && !name.contains("grad")).collect();
    assert_eq!(
        norms,
        ["batch norm+relu", "batch norm+add+relu", "batch norm", "batch norm+add", "batch norm"],
        "{plan}"
    );
    assert!(names.clone().all(|name| name != "relu" && name != "copy"), "{plan}");
}
