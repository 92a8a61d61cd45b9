//! Kernels chosen by time: every kernel that can do a step of a plan is run in it, and the plan with the fastest is held
//! against the one that the rules give.

mod show;

use std::collections::BTreeMap;

use crate::check::Net;
use crate::cli::kernels::Measured;
use crate::cli::profile::{Effort, profile};
use crate::cli::progress::Bar;
use crate::diag::Fault;
use crate::plan::{APART, Choices, JOINED, Options, Plan, Precision, Task};

/// A kernel stands in for that of the rules if it takes at most so much of its time; what is closer is noise.
const MOST_OF_RULE: f64 = 0.97;

/// The same of a whole plan.
const MOST_OF_PLAN: f64 = 0.99;

/// How often each whole plan is measured, in turn with the others.
const TURNS: usize = 2;

/// What was measured.
#[derive(Debug)]
pub(super) struct Tuning {
    /// Every task of the network, in the order of the plan.
    pub tasks: Vec<Tuned>,
    /// What is chosen besides: chains joined or apart, and the kernels in them.
    others: Vec<(String, String)>,
    /// Times of whole plans: the first is that of the rules.
    pub plans: Vec<Timed>,
    /// Which of them is taken.
    pub taken: usize,
}

/// A task with the times of its kernels.
#[derive(Debug)]
pub(super) struct Tuned {
    /// Its key.
    pub task: String,
    /// The layers that it serves.
    pub layers: Vec<String>,
    /// The kernel of the rules.
    pub by_rule: &'static str,
    /// The kernel that is taken.
    pub kernel: String,
    /// Times of all steps of this task, by the kernel.
    pub milliseconds: BTreeMap<&'static str, f64>,
}

/// A whole plan.
#[derive(Debug)]
pub(super) struct Timed {
    /// How its kernels were chosen.
    pub what: &'static str,
    choices: Choices,
    /// Time of a run.
    pub milliseconds: f64,
}

impl Tuning {
    /// What is kept of it in a file.
    pub fn measured(&self) -> impl Iterator<Item = (String, Measured)> {
        let of_task = |tuned: &Tuned| {
            let milliseconds = tuned.milliseconds.iter().map(|(kernel, time)| ((*kernel).to_owned(), *time)).collect();
            (tuned.task.clone(), Measured { kernel: tuned.kernel.clone(), milliseconds })
        };
        let other = |(task, kernel): &(String, String)| {
            (task.clone(), Measured { kernel: kernel.clone(), milliseconds: BTreeMap::new() })
        };
        self.tasks.iter().map(of_task).chain(self.others.iter().map(other))
    }
}

/// Measures the kernels of the plans that `plan_of` gives.
///
/// # Errors
///
/// As [`profile`].
pub(super) fn tune(
    net: &Net,
    threads: usize,
    options: &Options,
    plan_of: impl Fn(Options) -> Plan,
) -> Result<Tuning, Fault> {
    let with = |choices: &Choices| plan_of(Options { choices: choices.clone(), ..options.clone() });
    let nothing = Choices::default();
    let tasks = tasks(&with(&nothing.with_chains_apart()), net);
    let rounds = tasks.iter().map(|(task, _)| task.kernels.len()).max().unwrap_or(0);
    let bar = Bar::new("measuring");
    let (mut done, most) = (0, rounds + TURNS * WHOLE_PLANS);
    let mut run = |plan: &Plan| {
        let profile = profile(plan, net, threads, &Effort::SHORT);
        done += 1;
        bar.reach(done, most);
        profile
    };
    let mut times: BTreeMap<String, BTreeMap<&'static str, f64>> = BTreeMap::new();
    for round in 0..rounds {
        let in_turn = |(task, _): &(Task, _)| (task.key.clone(), kernel_of(task, round).to_owned());
        let plan = with(&tasks.iter().map(in_turn).collect::<Choices>().with_chains_apart());
        let profile = run(&plan)?;
        let mut of_round: BTreeMap<String, (&'static str, f64)> = BTreeMap::new();
        for (step, time) in plan.steps.iter().zip(&profile.milliseconds) {
            if let Some(task) = plan.task(step) {
                of_round.entry(task.key).or_insert((task.kernel, 0.0)).1 += time;
            }
        }
        for (task, (kernel, time)) in of_round {
            let least = times.entry(task).or_default().entry(kernel).or_insert(f64::INFINITY);
            *least = least.min(time);
        }
    }
    let mut plans = whole_plans(options, &plan_of, &tasks, &times);
    for _ in 0..TURNS {
        for plan in &mut plans {
            plan.milliseconds = plan.milliseconds.min(run(&with(&plan.choices))?.step_milliseconds);
        }
    }
    let by_rule = plans[0].milliseconds;
    let fastest = (0..plans.len()).min_by(|&a, &b| plans[a].milliseconds.total_cmp(&plans[b].milliseconds));
    let taken = fastest.filter(|&at| plans[at].milliseconds <= by_rule * MOST_OF_PLAN).unwrap_or(0);
    let choices = plans[taken].choices.clone();
    let plan = with(&choices);
    let is_listed = |key: &str| tasks.iter().any(|(task, _)| task.key == key);
    let unlisted =
        choices.iter().filter(|(task, _)| !is_listed(task)).map(|(task, name)| (task.to_owned(), name.to_owned()));
    let joined = plan.steps.iter().filter_map(|step| Some((plan.chain_task(step)?, JOINED.to_owned())));
    let others = unlisted.chain(joined).collect();
    let tuned = |(task, layers): (Task, Vec<String>)| Tuned {
        kernel: choices.kernel(&task.key).unwrap_or(task.kernel).to_owned(),
        by_rule: task.kernel,
        layers,
        milliseconds: rounded(times.remove(&task.key).unwrap_or_default()),
        task: task.key,
    };
    Ok(Tuning { tasks: tasks.into_iter().map(tuned).collect(), others, plans, taken })
}

/// Times to the tenth of a microsecond: the rest is noise, and noise to whoever reads a file.
fn rounded(times: BTreeMap<&'static str, f64>) -> BTreeMap<&'static str, f64> {
    times.into_iter().map(|(kernel, time)| (kernel, (time * 1e4).round() / 1e4)).collect()
}

/// Whole plans that are compared, at most.
const WHOLE_PLANS: usize = 4;

/// The kernel that a task is given in a round.
fn kernel_of(task: &Task, round: usize) -> &'static str {
    task.kernels[round % task.kernels.len()]
}

/// The tasks of a plan, each once, with the layers of all of its steps.
fn tasks(plan: &Plan, net: &Net) -> Vec<(Task, Vec<String>)> {
    let mut tasks: Vec<(Task, Vec<String>)> = Vec::new();
    for step in &plan.steps {
        let Some(task) = plan.task(step) else { continue };
        let names = step.layers.iter().map(|layer| net.layers[layer.0].name.clone());
        match tasks.iter_mut().find(|(known, _)| known.key == task.key) {
            Some((_, layers)) => layers.extend(names),
            None => tasks.push((task, names.collect())),
        }
    }
    tasks
}

/// The plans that are compared: by rule; with the fastest kernels outside of chains, in chains those of the rules; for
/// bf16, in chains those that multiply `f32`; and with the fastest everywhere, no chain joined.
fn whole_plans(
    options: &Options,
    plan_of: &impl Fn(Options) -> Plan,
    tasks: &[(Task, Vec<String>)],
    times: &BTreeMap<String, BTreeMap<&'static str, f64>>,
) -> Vec<Timed> {
    let fastest = |task: &Task| {
        let of_rule = times.get(&task.key)?.get(task.kernel)?;
        let (kernel, time) = times.get(&task.key)?.iter().min_by(|a, b| a.1.total_cmp(b.1))?;
        (*time <= of_rule * MOST_OF_RULE).then_some((task.key.clone(), (*kernel).to_owned()))
    };
    let best: BTreeMap<String, String> = tasks.iter().filter_map(|(task, _)| fastest(task)).collect();
    let mut plans = vec![Timed::new("by rule", Choices::default())];
    let mut add = |what, choices: BTreeMap<String, String>| {
        let choices: Choices = choices.into_iter().collect();
        if plans.iter().all(|plan| plan.choices != choices) {
            plans.push(Timed::new(what, choices));
        }
    };
    let outside = |options: &Options, choices: &BTreeMap<String, String>| {
        let plan = plan_of(Options { choices: Choices::default(), ..options.clone() });
        let loose: Vec<String> = plan.steps.iter().filter_map(|step| Some(plan.task(step)?.key)).collect();
        choices
            .iter()
            .filter(|(task, _)| loose.contains(task))
            .map(|(task, name)| (task.clone(), name.clone()))
            .collect()
    };
    add("the fastest kernels", outside(options, &best));
    if options.precision == Precision::Bf16 {
        let of_f32 = plan_of(Options { precision: Precision::F32, choices: Choices::default(), ..options.clone() });
        add("the fastest kernels, chains of f32", with_chains_of(&of_f32, options, &best));
    }
    add("the fastest kernels, no chains", apart(options, plan_of, best));
    plans
}

/// The choices, with the kernels of another plan's chains in their place.
fn with_chains_of(other: &Plan, options: &Options, best: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut choices = best.clone();
    for (task, kernel) in other.steps.iter().flat_map(|step| other.link_tasks(step, options)) {
        choices.insert(task, kernel.to_owned());
    }
    choices
}

/// The choices, with every chain that they would make kept apart.
fn apart(
    options: &Options,
    plan_of: &impl Fn(Options) -> Plan,
    mut choices: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    loop {
        let plan = plan_of(Options { choices: choices.clone().into_iter().collect(), ..options.clone() });
        let before = choices.len();
        choices.extend(plan.steps.iter().filter_map(|step| Some((plan.chain_task(step)?, APART.to_owned()))));
        if choices.len() == before {
            return choices;
        }
    }
}

impl Timed {
    fn new(what: &'static str, choices: Choices) -> Self {
        Self { what, choices, milliseconds: f64::INFINITY }
    }
}
