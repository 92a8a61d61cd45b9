//! `netc fmt`: specs in their canonical layout.

use std::io;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::number::counted;
use super::rewrite::{unified, write_new};
use super::{Ending, Outcome, spec};
use crate::base::Source;
use crate::check;
use crate::diag::{Diagnostic, Fault};

/// Arguments of `netc fmt`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A chain that fits on 100 columns stands on one line; a longer one has a line for every layer with the \
    bare names behind it. Names of Keras and PyTorch become those of netc, `=` becomes `:`. Comments stay. The front \
    matter stays as it is, apart from white space at the ends of lines. What cannot be read is not changed.\n\n\
    Examples:\n  netc fmt specs\n  netc fmt specs --check\n  netc fmt digits.net --diff\n  \
    echo 'Conv2D(8)->Flatten->Dense' | netc fmt -"
)]
pub(super) struct Args {
    /// Specs, folders with specs in or below them, or `-` for stdin, which goes to stdout.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Change nothing, and fail where something would change.
    #[arg(long)]
    check: bool,
    /// Change nothing, show what would change, and fail where something would.
    #[arg(long)]
    diff: bool,
}

/// A spec and what came of it.
enum Formatted {
    /// It was canonical already.
    Same(Source),
    /// Its canonical text.
    Other(Source, String),
    /// Its faults: a part of it cannot be read.
    Unreadable(Source, Vec<Diagnostic>),
    /// It cannot be read or written.
    Failed(Fault),
}

/// Runs `netc fmt`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let paths = spec::expand(&args.paths)?;
    let only_shown = args.check || args.diff;
    let mut results = spec::each(&paths, format);
    if !only_shown {
        write(&paths, &mut results);
    }
    let mut tally = Tally::default();
    for (path, result) in paths.iter().zip(&results) {
        tally.count(result);
        show(args, path, result, console)?;
    }
    if !paths.iter().all(|path| spec::is_stdin(path)) {
        let summary = tally.summary(only_shown);
        if args.diff { console.log(&summary) } else { console.line(&summary)? }
    }
    Ok(tally.ending(only_shown))
}

fn format(path: &Path) -> Formatted {
    let source = match spec::read(path) {
        Ok(source) => source,
        Err(fault) => return Formatted::Failed(fault),
    };
    match check::format(&source) {
        Ok(text) if text == source.text() => Formatted::Same(source),
        Ok(text) => Formatted::Other(source, text),
        Err(faults) => Formatted::Unreadable(source, faults),
    }
}

/// Writes every new text to its file.
fn write(paths: &[PathBuf], results: &mut [Formatted]) {
    let files = paths.iter().zip(results.iter()).map(|(path, result)| match result {
        Formatted::Other(_, text) => (path.as_path(), Some(text.as_str())),
        _ => (path.as_path(), None),
    });
    for (at, fault) in write_new(files) {
        results[at] = Formatted::Failed(fault);
    }
}

/// Shows what came of one spec.
fn show(args: &Args, path: &Path, result: &Formatted, console: &mut Console) -> io::Result<()> {
    let is_filter = spec::is_stdin(path) && !args.check && !args.diff;
    match result {
        Formatted::Same(source) if is_filter => console.document(source.text()),
        Formatted::Same(_) => Ok(()),
        Formatted::Other(source, text) if args.diff => console.document(&unified(source, text)),
        Formatted::Other(_, text) if is_filter => console.document(text),
        Formatted::Other(source, _) => {
            let verb = if args.check { "would be formatted" } else { "formatted" };
            console.line(&format!("{}: {verb}", source.name()))
        }
        Formatted::Unreadable(source, faults) => {
            console.log_findings(faults, Some(source));
            console.log(&format!("{}: not formatted, since a part of it cannot be read", source.name()));
            Ok(())
        }
        Formatted::Failed(fault) => {
            console.log_findings(std::slice::from_ref(fault), None);
            Ok(())
        }
    }
}

/// How many specs came out how.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    changed: usize,
    unreadable: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, result: &Formatted) {
        *match result {
            Formatted::Same(_) => &mut self.same,
            Formatted::Other(..) => &mut self.changed,
            Formatted::Unreadable(..) => &mut self.unreadable,
            Formatted::Failed(_) => &mut self.failed,
        } += 1;
    }

    /// "1 file formatted, 2 unchanged".
    fn summary(&self, only_shown: bool) -> String {
        let verb = if only_shown { "would be formatted" } else { "formatted" };
        let mut summary = format!("{} {verb}, {} unchanged", counted(self.changed, "file"), self.same);
        match self.unreadable + self.failed {
            0 => {}
            1 => summary += ", 1 left as it is",
            left => summary += &format!(", {left} left as they are"),
        }
        summary
    }

    fn ending(&self, only_shown: bool) -> Ending {
        if self.failed > 0 {
            Ending::Unreadable
        } else if self.unreadable > 0 || only_shown && self.changed > 0 {
            Ending::Findings
        } else {
            Ending::Done
        }
    }
}
