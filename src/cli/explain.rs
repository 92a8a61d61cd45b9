//! `netc explain`: the page of a code, or the table of all.

use super::console::Console;
use super::table::{Column, ruled};
use super::text::{indented, paragraphs};
use super::{Ending, Outcome};
use crate::base::closest;
use crate::diag::code::{self, CODES, Code, Severity};
use crate::diag::{Diagnostic, Fault};

/// Arguments of `netc explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc explain T202\n  netc explain dense-on-feature-map\n  netc explain --all")]
pub(super) struct Args {
    /// The code, by its number or its name.
    #[arg(required_unless_present = "all")]
    code: Option<String>,
    /// List all codes.
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

/// Runs `netc explain`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    match &args.code {
        Some(name) => {
            let page = page(find(name)?, console);
            console.result(&page)?;
        }
        None => console.result(&all())?,
    }
    Ok(Ending::Done)
}

fn find(name: &str) -> Result<&'static Code, Fault> {
    let wanted = |code: &&&Code| code.id.eq_ignore_ascii_case(name) || code.slug.eq_ignore_ascii_case(name);
    CODES.iter().find(wanted).copied().ok_or_else(|| {
        let names = CODES.iter().flat_map(|code| [code.id, code.slug]);
        let help = match closest(name, names) {
            Some(near) => format!("did you mean `netc explain {near}`? `netc explain --all` lists all codes"),
            None => "`netc explain --all` lists all codes".to_owned(),
        };
        Diagnostic::new(&code::UNKNOWN_CODE, format!("there is no code `{name}`")).help(help).fault()
    })
}

fn page(code: &Code, console: &Console) -> String {
    let width = console.text_width();
    let title = console.bold(&format!("{} {}", code.id, code.slug));
    let mut text = format!("{title} ({}): {}\n", severity(code.severity), code.summary);
    let sections = [("What it means", code.page.means), ("Why", code.page.why), ("The way out", code.page.remedy)];
    for (heading, body) in sections.into_iter().filter(|(_, body)| !body.is_empty()) {
        text.push_str(&format!("\n{}\n{}", console.bold(heading), paragraphs(body, 2, width)));
    }
    if let Some(example) = &code.page.example {
        for (heading, spec) in [("Wrong", example.fails), ("Right", example.passes)] {
            text.push_str(&format!("\n{}\n{}", console.bold(heading), indented(spec.trim_start_matches('\n'), 4)));
        }
    }
    text
}

fn all() -> String {
    let columns = [Column::Name("Code"), Column::Name("Name"), Column::Name("Severity"), Column::Left("Fault")];
    let row = |code: &&Code| {
        let texts = [code.id, code.slug, severity(code.severity), code.summary];
        texts.map(str::to_owned).to_vec()
    };
    ruled(&columns, CODES.iter().map(row).collect())
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
