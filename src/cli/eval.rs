//! `netc eval`: how good a model is on images whose classes are known.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::argument::Format;
use super::console::Console;
use super::machine::MachineArgs;
use super::number::{counted, grouped, percent};
use super::progress::Bar;
use super::table::{Column, ruled};
use super::{Ending, Outcome, model};
use crate::data::OnBadImage;
use crate::model::Model;
use crate::train::{Evaluation, RunFolder, evaluate, evaluation_images};

/// Images that are evaluated at a time.
const BATCH: usize = 64;
/// A larger confusion matrix is told by its worst confusions.
const MAX_MATRIX: usize = 20;
/// How many of the worst confusions are shown.
const WORST: usize = 10;

/// Arguments of `netc eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc eval runs/digits-1 specs/digits.tar.gz\n  \
    netc eval runs/digits-1/last.safetensors photos/ --format json\n\n\
    Where DATA has a validation folder, its images are taken, else all.")]
pub(super) struct Args {
    /// A run folder, or a model file that netc wrote.
    model: PathBuf,
    /// The images, in class folders.
    data: PathBuf,
    #[command(flatten)]
    machine: MachineArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `netc eval`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let (model, mut predictor) = model::load(&args.model, BATCH, &args.machine.machine(console)?)?;
    let bar = Bar::new("reading");
    let images = evaluation_images(&args.data, &model, OnBadImage::Skip, &|done, total| bar.reach(done, total));
    drop(bar);
    let (images, found) = images?;
    console.log_tightly(&found);
    if let Some(trained) = trained_on(args, &model, images.len()) {
        let (trained, all) = (grouped(trained as u64), grouped(images.len() as u64));
        console.log(&format!("{trained} of these {all} images were trained on: the scores flatter the model"));
    }
    let bar = Bar::new("evaluating");
    let evaluation = evaluate(&mut predictor, &model, &Arc::clone(&images), &mut |done, total| {
        bar.reach(done, total);
        ControlFlow::Continue(())
    });
    drop(bar);
    let Some(evaluation) = evaluation? else { return Ok(Ending::Findings) };
    match args.format {
        Format::Json => console.json(&evaluation)?,
        Format::Text => console.result(&text(&evaluation, images.len()))?,
    }
    Ok(Ending::Done)
}

/// How many of the images the model was trained on, where its run folder shows that they are the run's own.
fn trained_on(args: &Args, model: &Model, images: usize) -> Option<usize> {
    let record = RunFolder::find(Some(&args.model), Path::new(""), &model.spec).ok()?.record().ok()?.data;
    let same = |one: &Path, other: &Path| Some(one.canonicalize().ok()? == other.canonicalize().ok()?);
    let is_own = same(Path::new(&record.path), &args.data)? && record.train_images + record.validation_images == images;
    is_own.then_some(record.train_images)
}

fn text(evaluation: &Evaluation, images: usize) -> String {
    let top =
        evaluation.top_k.iter().filter(|(k, _)| **k > 1).map(|(k, share)| format!("  top-{k} {}", percent(*share)));
    let top: String = top.collect();
    let headline = format!(
        "accuracy {}{top}  loss {:.4}  on {}",
        percent(evaluation.accuracy),
        evaluation.loss,
        counted(images, "image")
    );
    let confusion = if evaluation.classes.len() <= MAX_MATRIX { matrix(evaluation) } else { worst(evaluation) };
    format!("{headline}\n\n{}\n{confusion}", per_class(evaluation))
}

fn per_class(evaluation: &Evaluation) -> String {
    let columns = [
        Column::Left("Class"),
        Column::Right("Precision"),
        Column::Right("Recall"),
        Column::Right("F1"),
        Column::Right("Images"),
    ];
    let rows = evaluation.per_class.iter().map(|score| {
        vec![
            score.class.clone(),
            percent(score.precision),
            percent(score.recall),
            percent(score.f1),
            grouped(score.support),
        ]
    });
    ruled(&columns, rows.collect())
}

/// Rows are what the images show, columns what they were taken for; a dot for none.
fn matrix(evaluation: &Evaluation) -> String {
    let mut columns = vec![Column::Left("Is ↓  taken for →")];
    columns.extend(evaluation.classes.iter().map(|class| Column::Right(class)));
    let cell = |count: &u64| if *count == 0 { "·".to_owned() } else { grouped(*count) };
    let rows = evaluation
        .classes
        .iter()
        .zip(&evaluation.confusion)
        .map(|(class, counts)| std::iter::once(class.clone()).chain(counts.iter().map(cell)).collect());
    ruled(&columns, rows.collect())
}

/// The most frequent confusions, for more classes than a matrix can show.
fn worst(evaluation: &Evaluation) -> String {
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (is, counts) in evaluation.confusion.iter().enumerate() {
        pairs.extend(
            counts.iter().enumerate().filter(|(taken, _)| *taken != is).map(|(taken, &count)| (count, is, taken)),
        );
    }
    pairs.retain(|(count, ..)| *count > 0);
    pairs.sort_by_key(|&(count, is, taken)| (std::cmp::Reverse(count), is, taken));
    let row = |&(count, is, taken): &(u64, usize, usize)| {
        vec![evaluation.classes[is].clone(), evaluation.classes[taken].clone(), grouped(count)]
    };
    ruled(
        &[Column::Left("Is"), Column::Left("Taken for"), Column::Right("Images")],
        pairs.iter().take(WORST).map(row).collect(),
    )
}
