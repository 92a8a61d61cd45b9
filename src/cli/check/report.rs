//! What is found in one spec, before or after its mending.

use std::path::{Path, PathBuf};

use super::{Args, Mode};
use crate::base::Source;
use crate::check::{Facts, Fixed, Mended, at_levels, mend};
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
        report.checked = Known::of(&report.before, args).checked(report.before.clone(), args);
        report.checked.diagnostics.push(*fault);
    }
}

/// The findings of `source`, or those of its mended text.
fn mended(source: &Source, args: &Args) -> Report {
    let known = Known::of(source, args);
    let checked = known.checked(source.clone(), args);
    let mut report = Report { checked, before: source.clone(), fixed: Vec::new(), fixable: 0 };
    if !report.checked.diagnostics.iter().any(|one| one.safe_way_out().is_some()) {
        return report;
    }
    let Mended { source, fixed, .. } = mend(source.clone(), |source| known.check(source.clone(), args).diagnostics);
    match args.mode() {
        Mode::Check => report.fixable = fixed.len(),
        Mode::Fix | Mode::Diff if fixed.is_empty() => {}
        Mode::Fix | Mode::Diff => {
            // What is read of the images hangs on the front matter.
            let is_same = spec::front_matter(&source) == spec::front_matter(&report.before);
            let known = if is_same { known } else { Known::of(&source, args) };
            report.checked = known.checked(source, args);
            report.fixed = fixed;
        }
    }
    report
}

/// What the images say where a spec does not, and what is wrong with them.
struct Known {
    facts: Facts,
    found: Vec<Diagnostic>,
}

impl Known {
    fn of(source: &Source, args: &Args) -> Self {
        let Some(data) = &args.data else { return Self { facts: Facts::default(), found: Vec::new() } };
        let bar = Bar::new("reading");
        match Dataset::open(data, &spec::wanted(&spec::front_matter(source)), &|done, total| bar.reach(done, total)) {
            Ok((dataset, found)) => Self { facts: spec::facts(&dataset), found },
            Err(fault) => Self { facts: Facts::default(), found: vec![*fault] },
        }
    }

    /// Everything that is found in the text.
    fn check(&self, source: Source, args: &Args) -> Checked {
        spec::check(source, &self.facts, args.input.map(|input| input.0))
    }

    /// Everything that is found: in the text, in the images, and in the number of parameters.
    fn checked(&self, source: Source, args: &Args) -> Checked {
        let mut checked = self.check(source, args);
        checked.diagnostics.extend(at_levels(&checked.tree.front.lint, self.found.clone()));
        if let (Some(net), Some(expected)) = (&checked.net, args.expect_params) {
            checked.diagnostics.extend(spec::check_params(net, expected));
        }
        checked
    }
}

fn unread(path: &Path, fault: Diagnostic) -> Report {
    let source = Source::new(path.display().to_string(), "");
    let checked = Checked { source: source.clone(), tree: File::default(), net: None, diagnostics: vec![fault] };
    Report { checked, before: source, fixed: Vec::new(), fixable: 0 }
}
