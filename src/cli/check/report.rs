//! What is found in one spec, before or after its mending.

use std::path::{Path, PathBuf};

use super::{Args, Mode};
use crate::base::Source;
use crate::check::{Facts, Fixed, Mended, mend};
use crate::cli::progress::Bar;
use crate::cli::rewrite::write_new;
use crate::cli::spec::{self, Checked};
use crate::diag::Diagnostic;
use crate::syntax::ast::File;
use crate::train::Dataset;

/// A spec with everything found in it.
#[derive(Debug)]
pub(super) struct Report {
    /// The text, mended where that was asked for, and its findings.
    pub checked: Checked,
    /// The text as it was read.
    pub before: Source,
    /// What was mended.
    pub fixed: Vec<Fixed>,
    /// How many fixes `--fix` would apply; 0 once it has.
    pub fixable: usize,
}

/// Reads, checks and, where `args` ask for it, mends the spec at `path`; nothing is written.
pub(super) fn report(path: &Path, args: &Args) -> Report {
    let source = match spec::read(path) {
        Ok(source) => source,
        Err(fault) => return unread(path, *fault),
    };
    mended(&source, args)
}

/// Writes every text that was mended to its path; what cannot be written is told with the findings of the old text.
pub(super) fn write_mended(paths: &[PathBuf], reports: &mut [Report], args: &Args) {
    let files = paths.iter().zip(reports.iter()).map(|(path, report)| {
        let is_mended = !report.fixed.is_empty();
        (path.as_path(), is_mended.then(|| report.checked.source.text()))
    });
    for (at, fault) in write_new(files) {
        let report = &mut reports[at];
        report.fixed.clear();
        report.checked = checked(report.before.clone(), args);
        report.checked.diagnostics.push(*fault);
    }
}

/// The findings of `source`, or those of its mended text.
fn mended(source: &Source, args: &Args) -> Report {
    let checked = checked(source.clone(), args);
    let mut report = Report { checked, before: source.clone(), fixed: Vec::new(), fixable: 0 };
    if !report.checked.diagnostics.iter().any(|one| one.safe_way_out().is_some()) {
        return report;
    }
    let (facts, _) = facts(args, source);
    let Mended { source, fixed, .. } = mend(source.clone(), |source| check(source.clone(), &facts, args).diagnostics);
    match args.mode() {
        Mode::Check => report.fixable = fixed.len(),
        Mode::Fix | Mode::Diff if fixed.is_empty() => {}
        Mode::Fix | Mode::Diff => {
            report.checked = self::checked(source, args);
            report.fixed = fixed;
        }
    }
    report
}

/// Everything that is found: in the text, in the images, and in the number of parameters.
fn checked(source: Source, args: &Args) -> Checked {
    let (facts, found) = facts(args, &source);
    let mut checked = check(source, &facts, args);
    checked.diagnostics.extend(found);
    if let (Some(net), Some(expected)) = (&checked.net, args.expect_params) {
        checked.diagnostics.extend(spec::check_params(net, expected));
    }
    checked
}

fn check(source: Source, facts: &Facts, args: &Args) -> Checked {
    spec::check(source, facts, args.input.map(|input| input.0))
}

/// What the images say where the spec does not, and what is wrong with them.
fn facts(args: &Args, source: &Source) -> (Facts, Vec<Diagnostic>) {
    let Some(data) = &args.data else { return Default::default() };
    let bar = Bar::new("reading");
    match Dataset::open(data, &spec::wanted(&spec::front_matter(source)), &|done, total| bar.reach(done, total)) {
        Ok((dataset, found)) => (spec::facts(&dataset), found),
        Err(fault) => (Facts::default(), vec![*fault]),
    }
}

fn unread(path: &Path, fault: Diagnostic) -> Report {
    let source = Source::new(path.display().to_string(), "");
    let checked = Checked { source: source.clone(), tree: File::default(), net: None, diagnostics: vec![fault] };
    Report { checked, before: source, fixed: Vec::new(), fixable: 0 }
}
