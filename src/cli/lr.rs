//! `netc lr`: the learning-rate range test, with its curve.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::argument::{Format, batch};
use super::console::Console;
use super::failure::Failure;
use super::job::{Wanted, prepare};
use super::machine::MachineArgs;
use super::number::counted;
use super::progress::Bar;
use super::{Ending, Outcome, interrupt, shell, spec};
use crate::data::OnBadImage;
use crate::draw::Curve;
use crate::model::write_file;
use crate::syntax::settings::Rate;
use crate::train::{Job, RangePoint, RangeTest, Trial};

/// Columns of the curve in a terminal.
const COLUMNS: usize = 72;

/// Arguments of `netc lr`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc lr specs/digits.net specs/digits.tar.gz\n  \
    netc lr leaves.net photos/ -o leaves-lr.svg --format json\n\n\
    `learning_rate: auto` in a spec lets `netc train` run this test first and train with what it finds.")]
pub(super) struct Args {
    /// The spec, or `-` for stdin.
    spec: PathBuf,
    /// The images.
    data: PathBuf,
    /// Where the curve is drawn, as SVG [default: <spec>-lr.svg, here].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Images a step, instead of the spec's.
    #[arg(long, value_name = "N", value_parser = batch)]
    batch_size: Option<usize>,
    /// Seed of everything random, instead of the spec's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    machine: MachineArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The test as scripts read it.
#[derive(serde::Serialize)]
struct Report {
    suggestion: f64,
    points: Vec<Point>,
    trials: Vec<Tried>,
}

/// A short training at one rate as scripts read it.
#[derive(serde::Serialize)]
struct Tried {
    learning_rate: f64,
    steps: usize,
    /// Null where it was not finite.
    loss: Option<f64>,
}

/// A step of the test as scripts read it.
#[derive(serde::Serialize)]
struct Point {
    learning_rate: f64,
    loss: f64,
    smoothed: f64,
}

/// Runs `netc lr`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let machine = args.machine.machine(console)?;
    let source = spec::read(&args.spec)?;
    spec::refuse_unread(&source)?;
    let mut settings = spec::front_matter(&source);
    settings.train.batch_size = args.batch_size.unwrap_or(settings.train.batch_size);
    settings.train.seed = args.seed.unwrap_or(settings.train.seed);
    let name = if spec::is_stdin(&args.spec) { "spec".into() } else { stem(&args.spec) };
    let (spec, data) = (args.spec.as_path(), args.data.as_path());
    let wanted = Wanted { spec, data, on_bad: OnBadImage::Skip, cache: None, machine };
    let (job, _) = prepare(wanted, source, &settings, console)?;
    let Some(test) = test(&job, &interrupt::flag())? else {
        console.log("stopped before the test was done");
        return Ok(Ending::Findings);
    };
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-lr.svg")));
    let points: Vec<(f64, f64)> = test.points.iter().map(|point| (point.rate, point.smoothed)).collect();
    let title = format!("learning-rate range test of {name}");
    let curve = Curve {
        title: &title,
        y_name: "smoothed loss",
        x_name: "learning rate",
        points: &points,
        mark: test.suggestion,
    };
    write_file(&path, curve.svg().as_bytes())?;
    if args.format == Format::Text {
        console.line(curve.text(COLUMNS).trim_end())?;
    }
    let rate = test.rate()?;
    match args.format {
        Format::Json => console.json(&report(rate, &test))?,
        Format::Text => console.line(&said(args, rate, &test, &path))?,
    }
    Ok(Ending::Done)
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or("spec".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn point(point: &RangePoint) -> Point {
    Point { learning_rate: point.rate, loss: point.loss, smoothed: point.smoothed }
}

fn report(rate: f64, test: &RangeTest) -> Report {
    let tried = |trial: &Trial| Tried {
        learning_rate: trial.rate,
        steps: test.trial_steps,
        loss: Some(trial.loss).filter(|loss| loss.is_finite()),
    };
    Report {
        suggestion: rate,
        points: test.points.iter().map(point).collect(),
        trials: test.trials.iter().map(tried).collect(),
    }
}

/// What the trials came to, in a line.
fn tried(test: &RangeTest) -> String {
    let loss = |loss: f64| if loss.is_finite() { format!("{loss:.3}") } else { "runs away".to_owned() };
    let trials: Vec<String> =
        test.trials.iter().map(|trial| format!("{:.1e} {}", trial.rate, loss(trial.loss))).collect();
    format!("loss after {} at each rate: {}", counted(test.trial_steps, "step"), trials.join(", "))
}

fn said(args: &Args, rate: f64, test: &RangeTest, path: &Path) -> String {
    let [spec, data] = [&args.spec, &args.data].map(|path| shell::word(path));
    format!(
        "\n{}\nlearning_rate: {rate:e}, where the loss falls fastest\ncurve in {}\n\nnext:\n  \
         netc train {spec} {data} --lr {rate:e}",
        tried(test),
        shell::word(path)
    )
}

/// The range test with a bar; none where Ctrl-C ends it.
fn test(job: &Job, stop: &AtomicBool) -> Result<Option<RangeTest>, Failure> {
    let bar = Bar::new("range test");
    let test = RangeTest::run(job, |done, total| {
        bar.reach(done, total);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(test)
}

/// Replaces `learning_rate: auto` by what the range test finds; whether the job can go on.
pub(super) fn find_rate(job: &mut Job, stop: &AtomicBool, console: &Console) -> Result<bool, Failure> {
    if job.settings.learning_rate != Some(Rate::Auto) {
        return Ok(true);
    }
    let Some(test) = test(job, stop)? else { return Ok(false) };
    let rate = test.rate()?;
    console.log(&format!(
        "learning_rate: auto is {rate:e}, where the loss falls fastest: a range test of {}, {} of {}",
        counted(test.points.len(), "step"),
        counted(test.trials.len(), "trial"),
        counted(test.trial_steps, "step")
    ));
    job.settings.learning_rate = Some(Rate::Fixed(rate));
    Ok(true)
}
