//! How findings are shown.

use std::io;

use super::report::Report;
use super::{Args, Format, Mode};
use crate::base::Source;
use crate::cli::console::Console;
use crate::cli::number::{counted, grouped};
use crate::cli::{rewrite, spec};
use crate::diag::{Diagnostic, Severity, check_json, concise, github, sarif};
use crate::syntax::is_unreadable;

/// Shows all reports as `args` ask for it.
pub(super) fn all(reports: &[Report], args: &Args, console: &mut Console) -> io::Result<()> {
    let files: Vec<(&Source, &[Diagnostic])> =
        reports.iter().map(|one| (&one.checked.source, one.checked.diagnostics.as_slice())).collect();
    let fixed = reports.iter().map(|report| report.fixed.len()).sum();
    match (args.mode(), args.format) {
        (Mode::Diff, _) => diffs(reports, console),
        (Mode::Fix, Format::Text) if args.reads_stdin() => filtered(reports, console),
        (_, Format::Text) => text(reports, args.mode(), console),
        (mode, Format::Json) => console.json(&check_json(&files, (mode == Mode::Fix).then_some(fixed))),
        (_, Format::Sarif) => console.json(&sarif(&files, &std::env::current_dir().unwrap_or_default())),
        (_, Format::Github) => files.iter().try_for_each(|(source, found)| console.result(&github(found, source))),
        (_, Format::Concise) => {
            files.iter().try_for_each(|(source, found)| console.result(&concise(found, Some(source))))
        }
    }
}

fn text(reports: &[Report], mode: Mode, console: &mut Console) -> io::Result<()> {
    for report in reports {
        console.result(&mended(report))?;
        console.findings(&report.checked.diagnostics, Some(&report.checked.source))?;
        console.line(&verdict(report, mode))?;
        if let Some(assumed) = report.checked.net.as_ref().and_then(spec::assumptions) {
            console.line(&format!("  {assumed}"))?;
        }
    }
    if reports.len() > 1 {
        let clean = reports.iter().filter(|report| report.checked.diagnostics.is_empty()).count();
        console.line(&format!("{}, {clean} without findings", counted(reports.len(), "file")))?;
    }
    if mode == Mode::Fix { console.line(&summary(reports, "fixed")) } else { Ok(()) }
}

/// The mended texts alone on stdout, all else on stderr.
fn filtered(reports: &[Report], console: &mut Console) -> io::Result<()> {
    for report in reports {
        console.log_findings(&report.checked.diagnostics, Some(&report.checked.source));
        console.log(mended(report).trim_end());
        console.document(report.checked.source.text())?;
    }
    console.log(&summary(reports, "fixed"));
    Ok(())
}

fn diffs(reports: &[Report], console: &mut Console) -> io::Result<()> {
    for report in reports {
        console.document(&rewrite::unified(&report.before, report.checked.source.text()))?;
    }
    console.log(&summary(reports, "would be fixed"));
    Ok(())
}

/// "2 findings fixed, 1 remains".
fn summary(reports: &[Report], verb: &str) -> String {
    let fixed = reports.iter().map(|report| report.fixed.len()).sum();
    let left: usize = reports.iter().map(|report| report.checked.diagnostics.len()).sum();
    format!("{} {verb}, {left} {}", counted(fixed, "finding"), if left == 1 { "remains" } else { "remain" })
}

/// A line for everything that was mended: "a.net:1: fixed S002, write `->`".
fn mended(report: &Report) -> String {
    let name = report.before.name();
    let line = |one: &crate::check::Fixed| format!("{name}:{}: fixed {}, {}\n", one.line, one.code.id, one.title);
    report.fixed.iter().map(line).collect()
}

/// "a.net: 2 errors, 1 note; 30,826 parameters", "a.net: no findings, 30,826 parameters".
fn verdict(report: &Report, mode: Mode) -> String {
    let checked = &report.checked;
    let name = checked.source.name();
    let found: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .map(|(severity, word)| (checked.diagnostics.iter().filter(|one| one.severity == severity).count(), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| counted(count, word))
        .collect();
    let params = checked.net.as_ref().map(|net| format!("{} parameters", grouped(net.graph.trained_params())));
    let verdict = match (found.is_empty(), params) {
        (true, Some(params)) => format!("{name}: no findings, {params}"),
        (false, Some(params)) => format!("{name}: {}; {params}", found.join(", ")),
        (_, None) => format!("{name}: {}", found.join(", ")),
    };
    let has_fixes = checked.diagnostics.iter().any(|one| one.safe_way_out().is_some());
    match report.fixable {
        0 if mode == Mode::Fix && has_fixes && is_unreadable(&checked.diagnostics) => {
            format!("{verdict}; nothing is fixed while a part of it cannot be read")
        }
        0 => verdict,
        fixable => format!("{verdict}; `--fix` mends {fixable}"),
    }
}
