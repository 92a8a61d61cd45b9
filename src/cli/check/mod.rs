//! `netc check`: every fault of specs, before a weight exists, and the mending of those that have one way out.

mod report;
mod show;
mod watch;

use std::path::PathBuf;

use self::report::{Report, report, write_mended};
use super::argument::InputSize;
use super::console::Console;
use super::failure::Failure;
use super::{Ending, Outcome, spec};
use crate::diag::{Diagnostic, Severity, code};

/// Arguments of `netc check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc check specs/digits.net\n  netc check specs --fix\n  \
    netc check specs --deny warnings --format github\n  netc check leaves.net --data photos/ --watch\n  \
    echo 'Conv -> Relu -> Flatten -> Dense -> Softmax' | netc check -")]
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
    /// Mend what has one way out that is evidently meant; stdin goes to stdout.
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change, and change nothing.
    #[arg(long, conflicts_with = "format")]
    diff: bool,
    /// Fail for warnings too.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Check again whenever a spec changes, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["fix", "diff"])]
    watch: bool,
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
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// A line a finding.
    Concise,
}

/// What is done about findings that have a safe fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// It is said how many there are.
    Check,
    /// They are mended.
    Fix,
    /// What mending them would change is shown.
    Diff,
}

impl Args {
    fn mode(&self) -> Mode {
        match (self.diff, self.fix) {
            (true, _) => Mode::Diff,
            (false, true) => Mode::Fix,
            (false, false) => Mode::Check,
        }
    }

    fn reads_stdin(&self) -> bool {
        self.paths.iter().any(|path| spec::is_stdin(path))
    }
}

/// Runs `netc check`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    if args.watch {
        return watch::run(args, console);
    }
    if args.fix && args.reads_stdin() && args.format != Format::Text {
        let message = "`--fix -` writes the mended text to stdout, where `--format` has no place";
        return Err(Failure::Usage(message.to_owned()));
    }
    let paths = spec::expand(&args.paths)?;
    once(&paths, args, console)
}

/// Checks every spec once, and shows what was found.
fn once(paths: &[PathBuf], args: &Args, console: &mut Console) -> Outcome {
    let mut reports: Vec<Report> = match &args.data {
        // The progress of reading images is shown, one set at a time.
        Some(_) => paths.iter().map(|path| report(path, args)).collect(),
        None => spec::each(paths, |path| report(path, args)),
    };
    if args.mode() == Mode::Fix {
        write_mended(paths, &mut reports, args);
    }
    show::all(&reports, args, console)?;
    Ok(ending(&reports, args))
}

fn ending(reports: &[Report], args: &Args) -> Ending {
    let all = || reports.iter().flat_map(|report| &report.checked.diagnostics);
    let has = |code: &code::Code| all().any(|diagnostic| diagnostic.code == code);
    let fails = if args.deny.is_some() { Severity::Warning } else { Severity::Error };
    let would_change = args.mode() == Mode::Diff && reports.iter().any(|report| !report.fixed.is_empty());
    if has(&code::UNREADABLE_SPEC) || has(&code::WRITE_FAILED) {
        Ending::Unreadable
    } else if would_change || all().any(|diagnostic: &Diagnostic| diagnostic.severity >= fails) {
        Ending::Findings
    } else {
        Ending::Done
    }
}
