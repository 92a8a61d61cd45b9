//! `netc train`: from a spec and images to a run folder.

use std::path::{Path, PathBuf};

use super::argument::{batch, rate, threads};
use super::console::Console;
use super::failure::Failure;
use super::job::{Wanted, prepare};
use super::machine::MachineArgs;
use super::number::{bytes, counted, duration, grouped, percent};
use super::watch::Watch;
use super::{Ending, Outcome, health, interrupt, lr, shell, spec};
use crate::base::Source;
use crate::check::Net;
use crate::data::OnBadImage;
use crate::diag::Fault;
use crate::model::Normalization;
use crate::plan::Parts;
use crate::syntax::settings::{Balance, FrontMatter, Loss, Metric, Rate, Schedule, TrainSettings};
use crate::train::{self, Job, RunFolder};

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
    /// Only say what would be trained, in how much memory and how long an epoch would take, by a few measured steps.
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    #[command(flatten)]
    overrides: Overrides,
    /// Threads; the result is the same for any number [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// Take the kernels that `netc plan --tune` measured and wrote into this file; a run that is resumed keeps those it began with.
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    kernels: Option<PathBuf>,
    /// First see whether the network can learn one batch by heart; a few seconds (H702, H703).
    #[arg(long)]
    sanity: bool,
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
    let mut machine = MachineArgs { threads: args.threads, kernels: args.kernels.clone() }.machine(console)?;
    let source = spec::read(&args.spec)?;
    let folder = run_folder(args, &source)?;
    spec::refuse_unread(&source)?;
    let settings = settings(args, &source, &folder)?;
    if args.resume {
        machine.choices = folder.record()?.machine.choices();
    }
    let (on_bad, cache) = (args.on_bad_image.into(), args.cache.as_deref());
    let wanted = Wanted { spec: &args.spec, data: &args.data, on_bad, cache, machine };
    let (mut job, net) = prepare(wanted, source, &settings, console)?;
    if args.dry_run {
        return dry_run(&job, &net, console);
    }
    let stop = interrupt::flag();
    if !lr::find_rate(&mut job, &stop, console)? {
        console.log("stopped before the training began");
        return Ok(Ending::Findings);
    }
    console.log(&found(&job, &net));
    if args.sanity && !is_sane(&job, console)? {
        return Ok(Ending::Findings);
    }
    let mut watch = Watch::new(console, job.settings.epochs);
    let outcome = train::train(&job, folder, &mut watch, &stop)?;
    drop(watch);
    if outcome.interrupted {
        console.log(&format!(
            "stopped after {}; go on with\n  {}",
            counted(outcome.epochs, "epoch"),
            resume(args, &outcome.folder)
        ));
        return Ok(Ending::Findings);
    }
    let health = health::summary(&outcome.findings, console.text_width());
    if outcome.collapsed {
        console.log(&health);
        let folder = shell::word(&outcome.folder);
        console.log(&format!(
            "stopped in epoch {}: what it learnt is gone, or nothing was learnt; see the way out as a change of the spec with\n  \
             netc advise {folder}",
            outcome.epochs.max(outcome.findings.last().map_or(0, |finding| finding.epoch))
        ));
        return Ok(Ending::Findings);
    }
    console.result(&farewell(args, &outcome))?;
    if !health.is_empty() {
        console.result(&format!("  netc advise {}\n\n{health}", shell::word(&outcome.folder)))?;
    }
    Ok(Ending::Done)
}

/// Says what would be trained, and how long it would take.
fn dry_run(job: &Job, net: &Net, console: &mut Console) -> Outcome {
    let pace = train::pace(job)?;
    let steps = job.steps_per_epoch() as f64;
    let (epoch, images) = (pace.step * steps, job.images_per_epoch() as f64);
    console.line(&found(job, net))?;
    console.line(&format!(
        "{:<9} {} an epoch, {} in all, at {} images/s by {}; validation not counted",
        "time",
        duration(epoch),
        duration(epoch * job.settings.epochs as f64),
        grouped((images / epoch) as u64),
        counted(pace.measured, "measured step"),
    ))?;
    Ok(Ending::Done)
}

/// Whether the network can learn a batch by heart; if not, says so.
fn is_sane(job: &Job, console: &Console) -> Result<bool, Failure> {
    let found = train::sanity(job)?;
    if found.is_empty() {
        console.log("sanity    the network learns a batch by heart, and not one of zeros");
    }
    found.iter().for_each(|finding| console.log(&health::whole(finding, console.text_width())));
    Ok(found.is_empty())
}

fn run_folder(args: &Args, source: &Source) -> Result<RunFolder, Fault> {
    let (out, runs) = (args.out.as_deref(), Path::new(RUNS));
    if args.resume { RunFolder::find(out, runs, source) } else { RunFolder::plan(out, runs, source) }
}

/// The settings to train with: those of the run that goes on, else the spec's.
fn settings(args: &Args, source: &Source, folder: &RunFolder) -> Result<FrontMatter, Fault> {
    let mut settings = spec::front_matter(source);
    if args.resume {
        settings.train = folder.record()?.train.settings();
    }
    args.overrides.apply(&mut settings);
    Ok(settings)
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
    let plan = job.plan();
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
                "{} of {} in batches of {}, {} at {}{}",
                counted(settings.epochs, "epoch"),
                counted(job.steps_per_epoch(), "step"),
                job.batch(),
                settings.optimizer.name(),
                match settings.learning_rate {
                    Some(Rate::Auto) => "the rate that a range test will find".to_owned(),
                    _ => format!("{:e}", settings.peak_rate()),
                },
                schedule(settings),
            ),
        ),
        ("settings", more(job)),
        (
            "machine",
            format!(
                "{}, {}, {} for the plan{}",
                counted(job.machine.threads, "thread"),
                plan.options.kernels(),
                bytes(plan.peak_bytes(job.machine.threads)),
                recomputed(settings.recompute, &plan.parts)
            ),
        ),
    ]
    .into_iter()
    .filter(|(_, words)| !words.is_empty())
    .map(|(what, words)| format!("{what:<9} {words}"))
    .collect::<Vec<_>>()
    .join("\n")
}

/// What `recompute` does to a plan.
fn recomputed(is_wanted: bool, parts: &Parts) -> String {
    match is_wanted {
        false => String::new(),
        true if parts.apart.is_empty() => ", `recompute` finds nothing to save".to_owned(),
        true => format!(", first layers computed anew, {} at a time", counted(parts.images, "image")),
    }
}

/// What goes beyond the usual, and what it means for the numbers that are shown.
fn more(job: &Job) -> String {
    let settings = &job.settings;
    let loss = match settings.loss {
        Some(loss @ (Loss::Focal | Loss::Mse)) => Some(format!("loss {}", loss.name())),
        _ => None,
    };
    let smoothing = Some(settings.label_smoothing).filter(|share| *share > 0.0);
    let weights = job.class_weights().map(|weights| {
        let listed: Vec<String> =
            job.classes.iter().zip(weights).take(8).map(|(class, weight)| format!("{class} {weight:.2}")).collect();
        let rest = if job.classes.len() > 8 { " …" } else { "" };
        format!("class weights {}{rest}", listed.join(", "))
    });
    let oversampled = (job.balance == Balance::Oversample)
        .then(|| format!("small classes are seen again: {} an epoch", counted(job.images_per_epoch(), "image")));
    let changes_loss = loss.is_some() || smoothing.is_some() || weights.is_some();
    let parts = [
        loss,
        smoothing.map(|share| format!("labels smoothed by {share}")),
        weights,
        oversampled,
        settings.clip_norm.map(|norm| format!("gradients clipped to a norm of {norm}")),
        settings
            .ema
            .map(|share| format!("validated and saved is the average of the weights, {share} of it kept a step")),
        settings.early_stopping.map(|stopping| {
            format!("ends {} after the best `{}`", counted(stopping.patience, "epoch"), stopping.metric.name())
        }),
        (!job.freeze.is_empty()).then(|| format!("frozen: {}", job.freeze.join(", "))),
        changes_loss.then(|| "the validation loss is plain cross-entropy".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n          ")
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
            "{} {} on {}, in epoch {epoch} of {}",
            match outcome.watched {
                None | Some(Metric::ValAccuracy) => "best accuracy".to_owned(),
                Some(metric) => format!("best by `{}`: accuracy", metric.name()),
            },
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
