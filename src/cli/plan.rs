//! `netc plan`: the steps that a network becomes, and with `--profile` how long each takes.

use std::path::{Path, PathBuf};

use super::argument::{Format, batch};
use super::console::Console;
use super::kernels::Kernels;
use super::machine::MachineArgs;
use super::number::{bytes, grouped, operations, percent};
use super::profile::{Effort, Profile, profile};
use super::spec::{self, ImageArgs};
use super::table::{Column, ruled};
use super::{Ending, Outcome, shell, tune};
use crate::check::Net;
use crate::graph::{Inference, Training};
use crate::plan::{Buffer, Holds, Options, Parts, Plan, Step};
use crate::syntax::settings::TrainSettings;
use crate::train::Machine;

/// Arguments of `netc plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc plan specs/digits.net\n  netc plan specs/origin.net --infer --batch 1\n  \
    netc plan specs/digits.net --profile --format json\n  netc plan specs/digits.net --tune kernels.json")]
pub(super) struct Args {
    /// The spec, or `-` for stdin.
    spec: PathBuf,
    /// Images a step [default: 32].
    #[arg(long, value_name = "N", default_value = "32", hide_default_value = true, value_parser = batch)]
    batch: usize,
    /// Plan the forward pass alone instead of a training step.
    #[arg(long)]
    infer: bool,
    /// Run the plan on random images and weights, and show the time of each step, and how fast multiply-adds alone are.
    #[arg(long)]
    profile: bool,
    /// Time every kernel that can do each convolution, show the times, and write the fastest into this file, for `--kernels`;
    /// what the file holds of other shapes and processors stays.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "kernels"])]
    tune: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `netc plan`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let Machine { threads, isa, choices } = args.machine.machine(console)?;
    let spec = args.images.load(&args.spec, console)?;
    let train = &spec.tree.front.train;
    let options = Options { batch: args.batch, isa, precision: train.precision, recompute: train.recompute, choices };
    let plan_of = |options| plan_of(&spec.net, train, args.infer, options);
    if let Some(file) = &args.tune {
        return tune(args, file, &spec.net, threads, &options, plan_of, console);
    }
    let plan = plan_of(options);
    let profile = if args.profile { Some(profile(&plan, &spec.net, threads, &Effort::FULL)?) } else { None };
    let shown = Shown { plan: &plan, net: &spec.net, threads, profile: profile.as_ref() };
    match args.format {
        Format::Text => {
            console.result(&shown.text())?;
            if let Some(assumed) = spec::assumptions(&spec.net) {
                console.line(&assumed)?;
            }
        }
        Format::Json => console.json(&shown.json())?,
    }
    Ok(Ending::Done)
}

/// Measures kernels, writes the fastest into a file, and shows what was found.
fn tune(
    args: &Args,
    file: &Path,
    net: &Net,
    threads: usize,
    options: &Options,
    plan_of: impl Fn(Options) -> Plan,
    console: &mut Console,
) -> Outcome {
    // What cannot be added to is told before anything is measured.
    let mut kernels = Kernels::read_if_there(file)?;
    let tuning = tune::tune(net, threads, options, plan_of)?;
    kernels.add(options.isa, tuning.measured());
    kernels.write(file)?;
    match args.format {
        Format::Text => {
            console.result(&tuning.text())?;
            console.line(&format!("written to {}; take them with `--kernels {0}`", shell::word(file)))?;
        }
        Format::Json => console.json(&tuning.json())?,
    }
    Ok(Ending::Done)
}

fn plan_of(net: &Net, settings: &TrainSettings, infer: bool, options: Options) -> Plan {
    if infer {
        Plan::inference(&Inference::of(&net.graph), options)
    } else {
        Plan::training(&Training::of(&net.graph), settings.optimizer, options)
    }
}

/// A plan with all that is shown of it.
struct Shown<'a> {
    plan: &'a Plan,
    net: &'a Net,
    threads: usize,
    profile: Option<&'a Profile>,
}

/// The plan as scripts read it.
#[derive(serde::Serialize)]
struct PlanJson {
    train: bool,
    precision: &'static str,
    batch: usize,
    images_at_a_time: usize,
    threads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    images_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_gflops: Option<f64>,
    planned_peak_bytes: u64,
    steps: Vec<StepJson>,
}

#[derive(serde::Serialize)]
struct StepJson {
    name: String,
    kernel: String,
    layers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gflops: Option<f64>,
    bytes: u64,
}

impl Shown<'_> {
    fn json(&self) -> PlanJson {
        let steps = self.plan.steps.iter().enumerate().map(|(at, step)| StepJson {
            name: step.title(),
            kernel: step.kernel(),
            layers: self.layers(step),
            ms: self.profile.map(|profile| profile.milliseconds[at]),
            gflops: self.profile.map(|profile| self.gflops(step, profile.milliseconds[at])),
            bytes: self.plan.cost(step, self.batch()).bytes,
        });
        PlanJson {
            train: self.plan.is_training(),
            precision: self.plan.options.precision.name(),
            batch: self.batch(),
            images_at_a_time: self.plan.parts.images,
            threads: self.threads,
            images_per_second: self.profile.map(|profile| profile.images_per_second(self.batch())),
            step_ms: self.profile.map(|profile| profile.step_milliseconds),
            peak_gflops: self.profile.map(|profile| profile.peak),
            planned_peak_bytes: self.plan.peak_bytes(self.threads),
            steps: steps.collect(),
        }
    }

    fn text(&self) -> String {
        let mut columns = vec![
            Column::Right("#"),
            Column::Left("Step"),
            Column::Name("Kernel"),
            Column::Left("Layers"),
            Column::Right("Writes"),
            Column::Right("at byte"),
            Column::Right("FLOP"),
        ];
        if self.profile.is_some() {
            columns.extend([Column::Right("ms"), Column::Right("GFLOP/s"), Column::Right("Share")]);
        }
        let rows = self.plan.steps.iter().enumerate().map(|(at, step)| self.row(at, step)).collect();
        format!("{}\n{}", ruled(&columns, rows), self.totals())
    }

    fn row(&self, at: usize, step: &Step) -> Vec<String> {
        let flops = self.plan.cost(step, self.batch()).flops;
        let written = step.writes.first().map(|&buffer| self.plan.buffer(buffer));
        let mut row = vec![
            (at + 1).to_string(),
            step.title(),
            step.kernel(),
            self.layers(step).join(" "),
            written.map_or_else(String::new, |buffer| bytes(4 * buffer.words(self.images_of(buffer)) as u64)),
            written.map_or_else(String::new, |buffer| grouped(4 * buffer.offset as u64)),
            if flops > 0 { operations(flops) } else { String::new() },
        ];
        if let Some(profile) = self.profile {
            let time = profile.milliseconds[at];
            let gflops = self.gflops(step, time);
            row.push(format!("{time:.3}"));
            row.push(if flops > 0 { format!("{gflops:.1}") } else { String::new() });
            row.push(percent(time / profile.step_milliseconds));
        }
        row
    }

    /// Arithmetic, memory and, where it was measured, speed of the whole plan.
    fn totals(&self) -> String {
        let flops: u64 = self.plan.steps.iter().map(|step| self.plan.cost(step, self.batch()).flops).sum();
        let what = if self.plan.is_training() { "training step" } else { "forward pass" };
        let Parts { images, apart } = &self.plan.parts;
        let stretches: Vec<String> =
            apart.iter().map(|steps| format!("{} to {}", steps.start + 1, steps.end)).collect();
        let at_a_time = match &stretches[..] {
            [] => String::new(),
            stretches => format!(", {images} at a time in steps {}", stretches.join(" and ")),
        };
        let mut text = format!(
            "{what} of {} images{at_a_time}, {}: {}FLOP, {} at the peak with {} threads\n",
            self.batch(),
            self.plan.options.kernels(),
            operations(flops),
            bytes(self.plan.peak_bytes(self.threads)),
            self.threads,
        );
        if let Some(profile) = self.profile {
            let gflops = flops as f64 / profile.step_milliseconds / 1e6;
            text.push_str(&format!(
                "{:.2} ms a step, {:.1} GFLOP/s, {:.0} images/s (median of {} runs); multiply-adds alone: {:.1} GFLOP/s\n",
                profile.step_milliseconds,
                gflops,
                profile.images_per_second(self.batch()),
                profile.runs,
                profile.peak,
            ));
        }
        text
    }

    /// Images that a buffer is for.
    fn images_of(&self, buffer: &Buffer) -> usize {
        if buffer.holds == Holds::Part { self.plan.parts.images } else { self.batch() }
    }

    fn batch(&self) -> usize {
        self.plan.options.batch
    }

    fn layers(&self, step: &Step) -> Vec<String> {
        step.layers.iter().map(|layer| self.net.layers[layer.0].name.clone()).collect()
    }

    fn gflops(&self, step: &Step, milliseconds: f64) -> f64 {
        self.plan.cost(step, self.batch()).flops as f64 / milliseconds.max(1e-6) / 1e6
    }
}
