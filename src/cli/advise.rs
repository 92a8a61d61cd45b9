//! `netc advise`: what a training's findings advise, as a change of its spec.

use std::path::{Path, PathBuf};

use super::argument::Format;
use super::console::Console;
use super::rewrite::unified;
use super::{Ending, Outcome, health};
use crate::base::Source;
use crate::diag::{Diagnostic, code};
use crate::health::{Advised, Finding, advise};
use crate::model::write_file;
use crate::train::RunFolder;

/// Arguments of `netc advise`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc advise runs/leaves-1\n  \
    netc advise runs/leaves-1 --write next.net && netc train next.net photos/\n\n\
    Of two findings that would set the same key the weightier one counts; the result has no error that the spec had not.\n\n\
    JSON: {findings, changes: [{code, does}], spec}")]
pub(super) struct Args {
    /// The run folder.
    run: PathBuf,
    /// Write the changed spec to this file; one that is there is not overwritten.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `netc advise`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let folder = RunFolder::find(Some(&args.run), Path::new(""), &Source::new("", ""))?;
    let (source, findings) = (folder.spec()?, folder.findings()?);
    let advised = advise(&source, &findings);
    if let Some(path) = &args.write {
        write(path, &advised.source)?;
    }
    match args.format {
        Format::Json => console.json(&json(&findings, &advised))?,
        Format::Text => console.result(&text(args, &source, &findings, &advised, console.text_width()))?,
    }
    Ok(Ending::Done)
}

/// Writes the spec to a file that is not there yet.
fn write(path: &Path, spec: &Source) -> Result<(), crate::diag::Fault> {
    if path.exists() {
        return Err(Diagnostic::new(&code::FILE_EXISTS, "the file is there already, and a spec is never written over")
            .on(path)
            .help("name another file with `--write`")
            .fault());
    }
    write_file(path, spec.text().as_bytes())
}

fn json(findings: &[Finding], advised: &Advised) -> serde_json::Value {
    let changes: Vec<_> =
        advised.done.iter().map(|(code, does)| serde_json::json!({ "code": code, "does": does })).collect();
    serde_json::json!({ "findings": findings, "changes": changes, "spec": advised.source.text() })
}

fn text(args: &Args, source: &Source, findings: &[Finding], advised: &Advised, width: usize) -> String {
    if findings.is_empty() {
        return "nothing was found: the training was well\n".to_owned();
    }
    let mut text = health::summary(findings, width);
    if advised.done.is_empty() {
        return text + "\nno change of the spec follows: what is to be done lies outside of it\n";
    }
    text += "\n";
    for (code, does) in &advised.done {
        text += &format!("{code}: {does}\n");
    }
    text += &format!("\n{}", unified(source, advised.source.text()));
    match &args.write {
        Some(path) => text + &format!("\nwritten to {}\n", path.display()),
        None => text + "\n`--write next.net` writes the changed spec\n",
    }
}
