//! `netc train`: from a spec and images to a run folder.

use std::path::{Path, PathBuf};

use super::argument::{batch, rate, threads};
use super::console::Console;
use super::failure::Failure;
use super::machine::MachineArgs;
use super::number::{bytes, counted, grouped, percent};
use super::progress::Bar;
use super::watch::Watch;
use super::{Ending, Outcome, interrupt, shell, spec};
use crate::base::Source;
use crate::check::Net;
use crate::data::OnBadImage;
use crate::diag::Fault;
use crate::graph::Training;
use crate::model::Normalization;
use crate::plan::{Options, Plan};
use crate::syntax::settings::{FrontMatter, Rate, Schedule, TrainSettings};
use crate::train::{self, Job, Machine, RunFolder, Setup};

/// Where runs go whose folder is not named.
const RUNS: &str = "runs";

/// Arguments of `netc train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc train specs/digits.net specs/digits.tar.gz\n  \
    netc train leaves.net photos/ --out runs/first --epochs 30 --lr 1e-4\n  \
    netc train leaves.net photos/ --out runs/first --epochs 60 --resume\n\n\
    DATA is a folder of class folders, a folder with train/ and val/ of class folders, or a .tar, .tar.gz or .zip of \
    either, a .npz with x and y, a .csv of path,label, or the folder of MNIST's IDX files.\nCtrl-C finishes the step and saves the run.")]
pub(super) struct Args {
    /// The spec, or `-` for stdin.
    spec: PathBuf,
    /// The images.
    data: PathBuf,
    /// The run folder [default: runs/<spec>-<n>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the run in --out, or with the latest of this spec, by the settings it was started with; only --epochs
    /// and --threads can change.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    overrides: Overrides,
    /// Threads; the result is the same for any number [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// What happens to an image that cannot be read.
    #[arg(long, value_enum, default_value_t)]
    on_bad_image: OnBad,
    /// Keep the decoded images in this folder: the next run starts from them, and so does every epoch of a set that is
    /// larger than the memory.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Settings of the spec that the command line changes.
#[derive(Debug, clap::Args)]
struct Overrides {
    /// Passes over the images, instead of the spec's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Learning rate, instead of the spec's.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lr: Option<f64>,
    /// Images a step, instead of the spec's.
    #[arg(long, value_name = "N", value_parser = batch)]
    batch_size: Option<usize>,
    /// Seed of everything random, instead of the spec's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum OnBad {
    /// It is named and left out.
    #[default]
    Skip,
    /// It ends the run before it begins.
    Stop,
}

impl From<OnBad> for OnBadImage {
    fn from(on_bad: OnBad) -> Self {
        match on_bad {
            OnBad::Skip => Self::Skip,
            OnBad::Stop => Self::Stop,
        }
    }
}

impl Overrides {
    /// Changes the settings of a spec; a value that comes from here has no place in the text.
    fn apply(&self, front: &mut FrontMatter) {
        for (key, given) in [
            ("train.epochs", self.epochs.is_some()),
            ("train.batch_size", self.batch_size.is_some()),
            ("train.seed", self.seed.is_some()),
            ("train.learning_rate", self.lr.is_some()),
        ] {
            if given {
                front.places.forget(key);
            }
        }
        let settings = &mut front.train;
        settings.epochs = self.epochs.map_or(settings.epochs, |epochs| epochs as usize);
        settings.batch_size = self.batch_size.unwrap_or(settings.batch_size);
        settings.seed = self.seed.unwrap_or(settings.seed);
        if let Some(rate) = self.lr {
            settings.learning_rate = Some(Rate::Fixed(rate));
        }
    }
}

/// Runs `netc train`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let machine = MachineArgs { threads: args.threads }.machine()?;
    let source = spec::read(&args.spec)?;
    let folder = run_folder(args, &source)?;
    spec::refuse_unread(&source)?;
    refuse_unsupported(args, &source)?;
    let job = prepare(args, source, &folder, machine, console)?;
    let mut watch = Watch::new(console, job.settings.epochs);
    let outcome = train::train(&job, folder, &mut watch, &interrupt::flag())?;
    drop(watch);
    if outcome.interrupted {
        console.log(&format!(
            "stopped after {}; go on with\n  {}",
            counted(outcome.epochs, "epoch"),
            resume(args, &outcome.folder)
        ));
        return Ok(Ending::Findings);
    }
    console.result(&farewell(args, &outcome))?;
    Ok(Ending::Done)
}

/// Refuses settings that the training would not act on.
fn refuse_unsupported(args: &Args, source: &Source) -> Result<(), Failure> {
    let mut front = spec::front_matter(source);
    args.overrides.apply(&mut front);
    let faults = train::unsupported(&front);
    if faults.is_empty() { Ok(()) } else { Err(Failure::Findings(faults, Some(Box::new(source.clone())))) }
}

fn run_folder(args: &Args, source: &Source) -> Result<RunFolder, Fault> {
    let (out, runs) = (args.out.as_deref(), Path::new(RUNS));
    if args.resume { RunFolder::find(out, runs, source) } else { RunFolder::plan(out, runs, source) }
}

/// Reads the images and checks the network for them; says what was found.
fn prepare(
    args: &Args,
    source: Source,
    folder: &RunFolder,
    machine: Machine,
    console: &Console,
) -> Result<Job, Failure> {
    let mut settings = spec::front_matter(&source);
    if args.resume {
        settings.train = folder.record()?.train.settings();
    }
    args.overrides.apply(&mut settings);
    let dataset = spec::open_data(&args.data, &source, &settings, console)?.cached_in(args.cache.clone());
    let checked = spec::check_with(source, &spec::facts(&dataset), |front| *front = settings.clone());
    let spec::Runnable { source, net, .. } = checked.runnable(console)?;
    let setup =
        Setup { spec: &source, graph: net.graph.clone(), data: &settings.data, train: settings.train.clone(), machine };
    let bar = Bar::new("decoding");
    let outcome = Job::prepare(setup, dataset, args.on_bad_image.into(), &|done, total| bar.reach(done, total));
    drop(bar);
    let (job, bad) = outcome?;
    console.log_tightly(&bad);
    console.log(&found(&job, &net));
    Ok(job)
}

/// What a run starts from, in a few lines.
fn found(job: &Job, net: &Net) -> String {
    let (trained, held) = (job.data.train_images, job.data.validation_images);
    let images = counted(trained + held, "image");
    let split = match held {
        0 => "all to train on".to_owned(),
        held => {
            let (trained, held) = (grouped(trained as u64), grouped(held as u64));
            format!("{trained} to train on, {held} to validate ({})", job.data.validation)
        }
    };
    let settings = &job.settings;
    let options = Options { batch: job.batch(), isa: job.machine.isa };
    let peak = Plan::training(&Training::of(&job.graph), settings.optimizer, options).peak_bytes(job.machine.threads);
    [
        ("images", format!("{images} in {}: {split}", counted(job.classes.len(), "class"))),
        ("input", format!("{}, {}", net.input, normalisation(&job.normalizer))),
        (
            "network",
            format!("{} parameters in {}", grouped(net.graph.trained_params()), counted(net.layers.len(), "layer")),
        ),
        (
            "training",
            format!(
                "{} of {} in batches of {}, {} at {:e}{}",
                counted(settings.epochs, "epoch"),
                counted(job.steps_per_epoch(), "step"),
                job.batch(),
                settings.optimizer.name(),
                settings.peak_rate(),
                schedule(settings),
            ),
        ),
        (
            "machine",
            format!(
                "{}, {} kernels, {} for the plan",
                counted(job.machine.threads, "thread"),
                job.machine.isa,
                bytes(peak)
            ),
        ),
    ]
    .map(|(what, words)| format!("{what:<9} {words}"))
    .join("\n")
}

fn schedule(settings: &TrainSettings) -> String {
    let after = match settings.schedule {
        Schedule::Constant => "",
        Schedule::Cosine => ", down a cosine",
        Schedule::Step { .. } => ", falling in steps",
        Schedule::Plateau { .. } => ", falling on plateaus",
        Schedule::OneCycle { .. } => ", up and down in one cycle",
    };
    match settings.warmup_epochs {
        epochs if epochs > 0.0 => format!("{after}, after a warm-up of {epochs} epochs"),
        _ => after.to_owned(),
    }
}

fn normalisation(normalizer: &Normalization) -> String {
    let list = |values: &[f32]| values.iter().map(|value| format!("{value:.1}")).collect::<Vec<_>>().join(" ");
    format!("(byte − {}) / {}", list(&normalizer.mean), list(&normalizer.deviation))
}

/// The result, where it is, and what to do with it.
fn farewell(args: &Args, outcome: &train::Outcome) -> String {
    let folder = shell::word(&outcome.folder);
    let best = match &outcome.best {
        Some((epoch, tally)) if tally.images > 0 => format!(
            "best accuracy {} on {}, in epoch {epoch} of {}",
            percent(tally.accuracy()),
            counted(tally.images as usize, "validation image"),
            outcome.epochs
        ),
        _ => format!("{} done, without validation images", counted(outcome.epochs, "epoch")),
    };
    format!(
        "{best}\nrun folder {folder}\n\nnext:\n  netc eval {folder} {}\n  netc predict {folder} IMAGE.png\n",
        shell::word(&args.data)
    )
}

/// The command that goes on with a run.
fn resume(args: &Args, folder: &Path) -> String {
    let paths = [&args.spec, &args.data].map(|path| shell::word(path)).join(" ");
    format!("netc train {paths} --out {} --resume", shell::word(folder))
}
