//! `netc check`: every fault of specs, before a weight exists.

use std::io;
use std::path::{Path, PathBuf};

use super::argument::InputSize;
use super::console::Console;
use super::number::{counted, grouped};
use super::progress::Bar;
use super::spec::{self, Checked};
use super::{Ending, Outcome};
use crate::base::Source;
use crate::check::{Facts, at_levels};
use crate::diag::{Diagnostic, Severity, check_json, code, concise};
use crate::syntax::ast::File;
use crate::train::Dataset;

/// Arguments of `netc check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netc check specs/digits.net\n  netc check specs --deny warnings --format concise\n  \
    netc check leaves.net --data photos/\n  echo 'Conv -> Relu -> Flatten -> Dense -> Softmax' | netc check -"
)]
pub(super) struct Args {
    /// Specs, folders with specs in or below them, or `-` for stdin.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Take the classes, and the input's size where a spec gives none, from these images.
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Check for an input of this size instead of the spec's.
    #[arg(long, value_name = "HxWxC")]
    input: Option<InputSize>,
    /// Hold the network to this number of trainable parameters.
    #[arg(long, value_name = "N")]
    expect_params: Option<u64>,
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Every finding with the text that it points at.
    #[default]
    Text,
    /// For scripts.
    Json,
    /// A line a finding.
    Concise,
}

/// Runs `netc check`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let paths = spec::expand(&args.paths)?;
    let reports: Vec<Checked> = paths.iter().map(|path| report(path, args)).collect();
    match args.format {
        Format::Text => print_text(&reports, console)?,
        Format::Json => {
            let files: Vec<(&str, &Source, &[Diagnostic])> =
                reports.iter().map(|one| (one.source.name(), &one.source, one.diagnostics.as_slice())).collect();
            console.json(&check_json(&files))?;
        }
        Format::Concise => {
            for report in &reports {
                console.result(&concise(&report.diagnostics, Some(&report.source)))?;
            }
        }
    }
    Ok(ending(&reports, args.deny))
}

fn ending(reports: &[Checked], deny: Option<Deny>) -> Ending {
    let all = || reports.iter().flat_map(|report| &report.diagnostics);
    let fails = if deny.is_some() { Severity::Warning } else { Severity::Error };
    if all().any(|diagnostic| diagnostic.code == &code::UNREADABLE_SPEC) {
        Ending::Unreadable
    } else if all().any(|diagnostic| diagnostic.severity >= fails) {
        Ending::Findings
    } else {
        Ending::Done
    }
}

fn report(path: &Path, args: &Args) -> Checked {
    let source = match spec::read(path) {
        Ok(source) => source,
        Err(fault) => return unread(path, *fault),
    };
    let (facts, found) = args.data.as_deref().map_or_else(Default::default, |data| facts(data, &source));
    let mut checked = spec::check(source, &facts, args.input.map(|input| input.0));
    checked.diagnostics.extend(at_levels(&checked.tree.front.lint, found));
    if let (Some(net), Some(expected)) = (&checked.net, args.expect_params) {
        checked.diagnostics.extend(spec::check_params(net, expected));
    }
    checked
}

fn unread(path: &Path, fault: Diagnostic) -> Checked {
    let source = Source::new(path.display().to_string(), "");
    Checked { source, tree: File::default(), net: None, diagnostics: vec![fault] }
}

/// What the images at `data` say where the spec does not, and what is wrong with them.
fn facts(data: &Path, source: &Source) -> (Facts, Vec<Diagnostic>) {
    let bar = Bar::new("reading");
    match Dataset::open(data, &spec::wanted(&spec::front_matter(source)), &|done, total| bar.reach(done, total)) {
        Ok((dataset, found)) => (spec::facts(&dataset), found),
        Err(fault) => (Facts::default(), vec![*fault]),
    }
}

fn print_text(reports: &[Checked], console: &mut Console) -> io::Result<()> {
    for report in reports {
        console.findings(&report.diagnostics, Some(&report.source))?;
        console.line(&verdict(report))?;
        if let Some(assumed) = report.net.as_ref().and_then(spec::assumptions) {
            console.line(&format!("  {assumed}"))?;
        }
    }
    if reports.len() > 1 {
        let clean = reports.iter().filter(|report| report.diagnostics.is_empty()).count();
        console.line(&format!("{}, {clean} without findings", counted(reports.len(), "file")))?;
    }
    Ok(())
}

/// "2 errors, 1 note in a.net", "a.net: no findings, 30,826 parameters".
fn verdict(report: &Checked) -> String {
    let name = report.source.name();
    let found: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .map(|(severity, word)| (report.diagnostics.iter().filter(|one| one.severity == severity).count(), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    let params = report.net.as_ref().map(|net| format!("{} parameters", grouped(net.graph.trained_params())));
    match (found.is_empty(), params) {
        (true, Some(params)) => format!("{name}: no findings, {params}"),
        (false, Some(params)) => format!("{name}: {}; {params}", found.join(", ")),
        (_, None) => format!("{name}: {}", found.join(", ")),
    }
}
