//! `netc predict`: the classes of image files.

use std::path::PathBuf;

use super::console::Console;
use super::machine::MachineArgs;
use super::number::percent;
use super::progress::Bar;
use super::{Ending, Outcome, model};
use crate::train::{Prediction, predict};

/// Images that are predicted at a time.
const BATCH: usize = 64;
/// Columns of the bar that shows a probability of 1.
const BAR_WIDTH: usize = 24;

/// Arguments of `netc predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc predict runs/digits-1 seven.png\n  \
    netc predict runs/leaves-3 photos/*.jpg --top 3\n  netc predict model.safetensors *.png --format csv > classes.csv")]
pub(super) struct Args {
    /// A run folder, or a model file that netc wrote.
    model: PathBuf,
    /// The images.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How many classes are shown for an image, the most probable first.
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    #[command(flatten)]
    machine: MachineArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts: every class with its probability.
    Json,
    /// For tables: a row for each class shown.
    Csv,
}

/// Runs `netc predict`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let machine = args.machine.machine(console)?;
    let (model, mut predictor) = model::load(&args.model, BATCH.min(args.files.len()), &machine)?;
    let bar = Bar::new("predicting");
    let predictions = predict(&mut predictor, &model, &args.files, &mut |done, total| bar.reach(done, total));
    drop(bar);
    let top = usize::from(args.top);
    match args.format {
        Format::Json => console.json(&predictions)?,
        Format::Text => {
            let width = predictions.iter().map(|one| file(one).chars().count()).max().unwrap_or(0);
            for prediction in &predictions {
                console.result(&text(prediction, top, width))?;
            }
        }
        Format::Csv => {
            console.line("file,rank,class,confidence,error")?;
            for prediction in &predictions {
                console.result(&csv(prediction, top))?;
            }
        }
    }
    let all_read = predictions.iter().all(|one| matches!(one, Prediction::Class { .. }));
    Ok(if all_read { Ending::Done } else { Ending::Findings })
}

fn file(prediction: &Prediction) -> &str {
    match prediction {
        Prediction::Class { file, .. } | Prediction::Unreadable { file, .. } => file,
    }
}

/// The most probable classes; the first of equals first.
fn ranked(probabilities: &[(String, f32)], top: usize) -> Vec<&(String, f32)> {
    let mut ranked: Vec<&(String, f32)> = probabilities.iter().collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
    ranked.truncate(top);
    ranked
}

fn text(prediction: &Prediction, top: usize, width: usize) -> String {
    match prediction {
        Prediction::Unreadable { file, error } => format!("{file:<width$}  not readable: {error}\n"),
        Prediction::Class { file, probabilities, .. } => {
            let names = probabilities.iter().map(|(class, _)| class.chars().count()).max().unwrap_or(0);
            let mut lines = String::new();
            for (rank, (class, probability)) in ranked(probabilities, top).into_iter().enumerate() {
                let file = if rank == 0 { file } else { "" };
                let bar = "█".repeat((probability * BAR_WIDTH as f32).round() as usize);
                let line = format!("{file:<width$}  {class:<names$}  {:>7}  {bar}", percent(f64::from(*probability)));
                lines.push_str(line.trim_end());
                lines.push('\n');
            }
            lines
        }
    }
}

fn csv(prediction: &Prediction, top: usize) -> String {
    match prediction {
        Prediction::Unreadable { file, error } => format!("{},,,,{}\n", field(file), field(error)),
        Prediction::Class { file, probabilities, .. } => {
            let row = |(rank, (class, probability)): (usize, &(String, f32))| {
                format!("{},{},{},{probability},\n", field(file), rank + 1, field(class))
            };
            ranked(probabilities, top).into_iter().enumerate().map(row).collect()
        }
    }
}

/// A field of a CSV file, quoted where RFC 4180 wants it.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_commas_and_quotes_are_quoted() {
        assert_eq!(field("a.png"), "a.png");
        assert_eq!(field("a, \"b\".png"), "\"a, \"\"b\"\".png\"");
    }

    #[test]
    fn the_most_probable_classes_come_first() {
        let probabilities = [("cat", 0.2), ("dog", 0.7), ("owl", 0.1)].map(|(class, p)| (class.to_owned(), p));
        let classes: Vec<&str> = ranked(&probabilities, 2).into_iter().map(|(class, _)| class.as_str()).collect();
        assert_eq!(classes, ["dog", "cat"]);
    }
}
