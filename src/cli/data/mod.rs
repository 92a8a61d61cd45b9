//! `netc data`: what is in a data set, and what is wrong with it, before a day is spent on it.

mod json;
mod page;
mod sheet;
mod text;

use std::path::{Path, PathBuf};

use super::argument::Format;
use super::console::Console;
use super::failure::Failure;
use super::progress::Bar;
use super::{Ending, Outcome};
use crate::data::Examination;
use crate::diag::{Diagnostic, Severity};
use crate::model::{write_file, write_new_file};

/// Arguments of `netc data`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc data photos/\n  netc data photos.zip --html photos.html\n  \
    netc data photos/ --augment leaves.net --sheet augmented.png\n  netc data photos/ --format json\n\n\
    DATA is what `netc train` takes. Nothing in it is ever changed.")]
pub(super) struct Args {
    /// The images.
    data: PathBuf,
    /// Write a page with pictures to this file, which has to be a new one or a page of netc's: samples of each class,
    /// copies side by side, everything found.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Draw images as the augmentation of this spec changes them, into the page or into --sheet.
    #[arg(long, value_name = "SPEC")]
    augment: Option<PathBuf>,
    /// The PNG that --augment draws into; a file of this name is not written over.
    #[arg(long, value_name = "FILE", requires = "augment")]
    sheet: Option<PathBuf>,
    /// Fail for warnings too.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What fails beside errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Warnings; notes never fail.
    Warnings,
}

/// Runs `netc data`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    if args.augment.is_some() && args.html.is_none() && args.sheet.is_none() {
        let message =
            "`--augment` draws a picture: name its file with `--sheet FILE.png`, or a page with `--html FILE`";
        return Err(Failure::Usage(message.to_owned()));
    }
    if let Some(page) = &args.html {
        page::refuse_other_files(page)?;
    }
    let bar = Bar::new("looking");
    let examination = Examination::of(&args.data, &|done, total| bar.reach(done, total));
    drop(bar);
    let examination = examination?;
    let sheet = args.augment.as_deref().map(|spec| sheet::draw(spec, &examination, console)).transpose()?;
    if let (Some(path), Some(sheet)) = (&args.sheet, &sheet) {
        write_new_file(path, sheet)?;
    }
    if let Some(path) = &args.html {
        let page = page::write(&args.data, &examination, sheet.as_deref());
        write_file(path, page.as_bytes())?;
    }
    match args.format {
        Format::Json => console.json(&json::value(&examination))?,
        Format::Text => {
            console.result(&text::counts(&examination))?;
            console.line("")?;
            text::findings(&examination.found, console)?;
            for path in [&args.html, &args.sheet].into_iter().flatten() {
                console.line(&format!("written: {}", path.display()))?;
            }
        }
    }
    Ok(ending(&examination.found, args.deny))
}

fn ending(found: &[Diagnostic], deny: Option<Deny>) -> Ending {
    let fails = match deny {
        Some(Deny::Warnings) => Severity::Warning,
        None => Severity::Error,
    };
    if found.iter().any(|fault| fault.severity >= fails) { Ending::Findings } else { Ending::Done }
}

/// The name to show of a path.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
