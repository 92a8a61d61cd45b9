//! `netc fmt`: specs in their canonical layout.

use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::console::Console;
use super::number::counted;
use super::{Ending, Outcome, rewrite, spec};
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
    /// There is no text.
    Missing(Fault),
}

/// Runs `netc fmt`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let paths = spec::expand(&args.paths)?;
    let results: Vec<Formatted> = paths.par_iter().map(|path| format(path)).collect();
    let mut tally = Tally::default();
    for (path, result) in paths.iter().zip(&results) {
        show(args, path, result, &mut tally, console)?;
    }
    if paths.iter().any(|path| path != Path::new(spec::STDIN)) {
        let summary = tally.summary(args.check || args.diff);
        if args.diff { console.log(&summary) } else { console.line(&summary)? }
    }
    Ok(tally.ending(args.check || args.diff))
}

fn format(path: &Path) -> Formatted {
    let source = match spec::read(path) {
        Ok(source) => source,
        Err(fault) => return Formatted::Missing(fault),
    };
    match check::format(&source) {
        Ok(text) if text == source.text() => Formatted::Same(source),
        Ok(text) => Formatted::Other(source, text),
        Err(faults) => Formatted::Unreadable(source, faults),
    }
}

/// Writes or shows one result.
fn show(args: &Args, path: &Path, result: &Formatted, tally: &mut Tally, console: &mut Console) -> io::Result<()> {
    let is_filter = path == Path::new(spec::STDIN) && !args.check && !args.diff;
    match result {
        Formatted::Same(source) => {
            tally.same += 1;
            if is_filter { console.document(source.text()) } else { Ok(()) }
        }
        Formatted::Other(source, text) => {
            tally.changed += 1;
            let name = source.name();
            if args.diff {
                return console.document(&rewrite::unified(source, text));
            } else if args.check {
                return console.line(&format!("{name}: would be formatted"));
            } else if is_filter {
                return console.document(text);
            }
            match rewrite::write(path, text) {
                Ok(()) => console.line(&format!("{name}: formatted")),
                Err(fault) => {
                    tally.changed -= 1;
                    tally.failed(&fault, console);
                    Ok(())
                }
            }
        }
        Formatted::Unreadable(source, faults) => {
            tally.unreadable += 1;
            console.log_findings(faults, Some(source));
            console.log(&format!("{}: not formatted, since a part of it cannot be read", source.name()));
            Ok(())
        }
        Formatted::Missing(fault) => {
            tally.failed(fault, console);
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
    /// Counts and shows a file that cannot be read or written.
    fn failed(&mut self, fault: &Diagnostic, console: &Console) {
        self.failed += 1;
        console.log_findings(std::slice::from_ref(fault), None);
    }

    /// "1 file formatted, 2 unchanged".
    fn summary(&self, only_shown: bool) -> String {
        let verb = if only_shown { "would be formatted" } else { "formatted" };
        let mut summary = format!("{} {verb}, {} unchanged", counted(self.changed, "file"), self.same);
        let failed = self.unreadable + self.failed;
        if failed > 0 {
            summary += &format!(", {failed} left as {}", if failed == 1 { "it is" } else { "they are" });
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
