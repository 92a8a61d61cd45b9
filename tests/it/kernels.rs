//! The choice of kernels: every kernel that can do a step gives the same numbers, and what was measured is kept and taken.

use netc::check::{Facts, check};
use netc::exec::reference::evaluate;
use netc::exec::{Rate, Session};
use netc::graph::{Graph, Inference, Training};
use netc::kernel::Isa;
use netc::plan::{APART, Choices, Options, Plan, Precision, Task, Work};
use netc::syntax::parse;

use crate::gradient::{IMAGES, SHOWS_GRADIENTS, assert_close, assert_trains, feed, fill};
use crate::program::{Folder, netc, text};

/// Convolutions of every kind that there is a choice for: first, under pools that overlap or not, strided, of one pixel, by
/// groups, depthwise.
const LAYERS: &str = "Conv(20) -> Relu -> Conv(24, padding: same) -> Relu -> MaxPool(3) -> Conv(16) -> Relu \
    -> MaxPool(3, stride: 2) -> Conv(32, stride: 2, padding: same) -> DepthwiseConv(padding: same) -> Conv(20, kernel: 1x1) \
    -> Conv(20, groups: 2, padding: same)";

fn graph(layers: &str) -> Graph {
    let text = format!("---\ninput: 40x41x3\nclasses: 3\n---\n{layers} -> Flatten -> Dense -> Softmax\n");
    let source = netc::base::Source::new("kernels.net", text);
    let (file, _) = parse(&source);
    check(&source, &file, &Facts::default()).net.expect("it checks").graph
}

fn options() -> Options {
    Options::plain(IMAGES + 1, Isa::detect())
}

/// The plans in which every kernel of every task has its turn.
fn in_turn(options: &Options, plan_of: impl Fn(Options) -> Plan) -> Vec<Plan> {
    let with = |choices: Choices| plan_of(Options { choices, ..options.clone() });
    let plan = with(Choices::default().with_chains_apart());
    let tasks: Vec<Task> = plan.steps.iter().filter_map(|step| plan.task(step)).collect();
    let rounds = tasks.iter().map(|task| task.kernels.len()).max().unwrap_or(0);
    let choices = |round: usize| {
        let chosen = tasks.iter().map(|task| (task.key.clone(), task.kernels[round % task.kernels.len()].to_owned()));
        chosen.collect::<Choices>().with_chains_apart()
    };
    (0..rounds).map(|round| with(choices(round))).collect()
}

#[test]
fn every_kernel_that_can_do_a_step_of_a_training_gives_the_losses_and_gradients_of_the_reference() {
    let training = Training::of(&graph(LAYERS));
    let feed = feed(&training.graph, training.graph.shape(training.logits).len());
    let values = evaluate(&training.graph, &feed);
    let plans = in_turn(&options(), |options| Plan::training(&training, SHOWS_GRADIENTS, options));
    assert!(plans.len() >= 4, "only {} rounds", plans.len());
    for (round, plan) in plans.into_iter().enumerate() {
        assert_trains(plan, &training, &feed, &values, &format!("round {round}"));
    }
}

#[test]
fn every_kernel_that_can_do_a_step_of_a_prediction_gives_the_logits_of_the_reference() {
    let inference = Inference::of(&graph(LAYERS));
    let feed = feed(&inference.graph, 3);
    let values = evaluate(&inference.graph, &feed);
    for (round, plan) in in_turn(&options(), |options| Plan::inference(&inference, options)).into_iter().enumerate() {
        let mut session = Session::new(plan, 2).expect("two threads");
        fill(&mut session, &feed);
        session.run(IMAGES, &Rate::default());
        let name = format!("round {round}");
        assert_close(&name, session.logits(IMAGES).iter().copied(), &values[inference.logits.0]);
    }
}

#[test]
fn a_chosen_kernel_is_taken_for_its_task_and_for_no_other() {
    let training = Training::of(&graph(LAYERS));
    let plan_of = |choices| Plan::training(&training, SHOWS_GRADIENTS, Options { choices, ..options() });
    let by_rule = plan_of(Choices::default());
    let tasks = |plan: &Plan| plan.steps.iter().filter_map(|step| plan.task(step)).collect::<Vec<Task>>();
    for task in tasks(&by_rule) {
        for kernel in &task.kernels {
            let plan = plan_of([(task.key.clone(), (*kernel).to_owned())].into_iter().collect());
            for (now, before) in tasks(&plan).into_iter().zip(tasks(&by_rule)) {
                let expected = if before.key == task.key { kernel } else { before.kernel };
                assert_eq!((now.key, now.kernel), (before.key, expected));
            }
        }
    }
}

#[test]
fn what_is_chosen_but_cannot_be_had_is_left_to_the_rules() {
    let training = Training::of(&graph(LAYERS));
    let plan_of = |choices| Plan::training(&training, SHOWS_GRADIENTS, Options { choices, ..options() });
    let kernels = |plan: &Plan| plan.steps.iter().map(netc::plan::Step::kernel).collect::<Vec<String>>();
    let by_rule = plan_of(Choices::default());
    let tasks = by_rule.steps.iter().filter_map(|step| by_rule.task(step));
    // Winograd's transforms are of 3×3 windows; the other name is nobody's.
    let wrong = tasks.flat_map(|task| {
        let is_winograd = task.kernels.iter().any(|kernel| kernel.starts_with("winograd-avx512"));
        let name = if is_winograd { "direct-of-old" } else { "winograd-avx512" };
        [(task.key, name.to_owned())]
    });
    assert_eq!(kernels(&plan_of(wrong.collect())), kernels(&by_rule));
}

#[test]
fn a_chain_is_kept_apart_where_that_is_chosen() {
    let inference = Inference::of(&graph("Conv(20) -> Relu -> Conv(24) -> Relu -> MaxPool(3)"));
    let plan_of = |choices| Plan::inference(&inference, Options { choices, ..options() });
    let is_chain = |plan: &Plan| plan.steps.iter().any(|step| matches!(step.work, Work::ConvChain(_)));
    let joined = plan_of(Choices::default());
    assert!(is_chain(&joined));
    let key = joined.steps.iter().find_map(|step| joined.chain_task(step)).expect("the chain has a task");
    let apart = plan_of([(key, APART.to_owned())].into_iter().collect());
    assert!(!is_chain(&apart));
    assert_eq!(apart.options.choices.used_by(std::slice::from_ref(&apart)), apart.options.choices);
}

#[test]
fn a_choice_is_of_one_precision() {
    let training = Training::of(&graph(LAYERS));
    let key = |precision| {
        let plan = Plan::training(&training, SHOWS_GRADIENTS, Options { precision, ..options() });
        plan.steps.iter().find_map(|step| plan.task(step)).expect("there is a convolution").key
    };
    let [single, pairs] = [Precision::F32, Precision::Bf16].map(key);
    assert_eq!(pairs, single + ", bf16");
}

/// Measures the digits' kernels into a file of a folder.
fn tuned(folder: &Folder) -> std::path::PathBuf {
    let file = folder.join("kernels.json");
    let run = netc(["plan", "specs/digits.net", "--tune", text(&file)]).ended(0);
    assert!(run.stdout.contains("by rule") && run.stdout.contains("taken"), "{}", run.stdout);
    file
}

#[test]
fn measured_kernels_are_written_to_a_file_that_a_plan_takes() {
    let folder = Folder::new();
    let file = tuned(&folder);
    let mut kernels: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let processors = kernels["processors"].as_object_mut().unwrap();
    assert_eq!(processors.len(), 1);
    let tasks = processors.values_mut().next().unwrap().as_object_mut().unwrap();
    let of_conv2 = "conv 4x4x16 to 4x4x32 by 3x3, padding 1 1 1 1";
    assert!(tasks[of_conv2]["milliseconds"]["im2col"].as_f64() > Some(0.0), "{tasks:?}");
    // Whatever was the fastest: what the file says is taken.
    tasks[of_conv2]["kernel"] = "im2col".into();
    std::fs::write(&file, kernels.to_string()).unwrap();
    let plan = netc(["plan", "specs/digits.net", "--kernels", text(&file), "--format", "json"]).ended(0).json();
    let steps = plan["steps"].as_array().unwrap();
    let conv2 =
        steps.iter().find(|step| step["layers"][0] == "conv2" && step["name"] == "conv+bias").expect("it is there");
    assert_eq!(conv2["kernel"], "im2col");

    // More is added to what is there.
    netc(["plan", "specs/digits.net", "--infer", "--tune", text(&file)]).ended(0);
    let both = std::fs::read_to_string(&file).unwrap();
    assert!(both.contains(of_conv2) && both.contains("conv, weights packed once 4x4x16"), "{both}");
}

#[test]
fn a_run_notes_its_kernels_and_keeps_them_when_it_is_resumed() {
    let folder = Folder::new();
    let file = tuned(&folder);
    let run = folder.join("run");
    let arguments = ["train", "specs/digits.net", "specs/digits.tar.gz", "--out", text(&run), "--epochs"];
    netc(arguments.iter().chain(&["1", "--kernels", text(&file)])).ended(0);
    let noted = std::fs::read_to_string(run.join("run.yaml")).unwrap();
    let kernels = noted.split("  kernels:\n").nth(1).expect("the kernels are noted");
    assert!(kernels.contains("    weight gradient 4x4x16 to 4x4x32 by 3x3, padding 1 1 1 1: "), "{noted}");
    netc(arguments.iter().chain(&["2", "--resume"])).ended(0);
    let resumed = std::fs::read_to_string(run.join("run.yaml")).unwrap();
    assert_eq!(resumed.split("  kernels:\n").nth(1), Some(kernels));
    let both = netc(arguments.iter().chain(&["3", "--resume", "--kernels", text(&file)])).ended(2);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
}

#[test]
fn a_file_of_kernels_that_is_not_one_is_named_and_one_of_another_machine_is_told() {
    let folder = Folder::new();
    netc(["plan", "specs/digits.net", "--kernels", text(&folder.join("none.json"))]).failed(2, "M812");
    let odd = folder.file("odd.json", b"{}");
    netc(["plan", "specs/digits.net", "--kernels", text(&odd)]).failed(2, "M812");
    netc(["plan", "specs/digits.net", "--tune", text(&odd)]).failed(2, "M812");
    assert_eq!(std::fs::read(&odd).unwrap(), b"{}", "what is no file of kernels is left as it is");
    let other = folder.file("other.json", br#"{ "netc": "0.1.0", "processors": { "another": {} } }"#);
    let run = netc(["plan", "specs/digits.net", "--kernels", text(&other)]).ended(0);
    assert!(run.stderr.contains("has nothing of this machine"), "{}", run.stderr);
}
