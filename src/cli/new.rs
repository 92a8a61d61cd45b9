//! `netc new`: a first spec for images, with the reason for every line beside it.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::number::{counted, grouped};
use super::shell::word;
use super::spec::{self, is_stdin};
use super::{Ending, Outcome};
use crate::base::Source;
use crate::check::Facts;
use crate::model::write_new_file;
use crate::starter::{Known, starter};
use crate::syntax::settings::FrontMatter;

/// Arguments of `netc new`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netc new specs/digits.tar.gz -o first.net\n  netc new photos/\n  netc new -o -\n\n\
    A file that is there already is never written over."
)]
pub(super) struct Args {
    /// The images that the spec is for: its sizes, classes and epochs fit them.
    data: Option<PathBuf>,
    /// The file to write, or `-` for stdout.
    #[arg(short, long, value_name = "FILE", default_value = "spec.net")]
    out: PathBuf,
}

/// Runs `netc new`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let known = match &args.data {
        Some(data) => known(data, console)?,
        None => Known::default(),
    };
    let text = starter(&known);
    if is_stdin(&args.out) {
        console.result(&text)?;
        return Ok(Ending::Done);
    }
    write_new_file(&args.out, text.as_bytes())?;
    console.result(&told(&args.out, args.data.as_deref(), &known, text))?;
    Ok(Ending::Done)
}

fn known(data: &Path, console: &Console) -> Result<Known, super::Failure> {
    let nothing = Source::new("", "");
    let dataset = spec::open_data(data, &nothing, &FrontMatter::default(), console)?;
    Ok(Known {
        input: dataset.input,
        images: Some(dataset.train.len()),
        has_validation: dataset.has_own_validation,
        classes: Some(dataset.classes),
    })
}

/// What was written, and what to do next.
fn told(out: &Path, data: Option<&Path>, known: &Known, text: String) -> String {
    let facts = Facts { input: known.input, classes: known.classes.clone(), images: None };
    let checked = spec::check(Source::new(out.display().to_string(), text), &facts, None);
    let size = checked.net.map_or_else(String::new, |net| {
        let input = match net.input_assumed {
            Some(_) => String::new(),
            None => format!(" for an input of {}", net.input),
        };
        let params = grouped(net.graph.trained_params());
        format!(": {}{input}, {params} parameters", counted(net.layers.len(), "layer"))
    });
    let spec = word(out);
    let data = data.map_or_else(|| "DATA".to_owned(), word);
    format!("{}{size}\n\nnext:\n  netc check {spec}\n  netc train {spec} {data}\n", out.display())
}
