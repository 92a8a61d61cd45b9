//! Findings as a SARIF 2.1.0 log, which code hosts and editors show beside the text.

mod log;

use std::collections::BTreeMap;
use std::path::{MAIN_SEPARATOR, Path};

use serde::Serialize;

use self::log::{
    ArtifactChange, ArtifactLocation, Configuration, Driver, Help, Invocation, Location, Log, PhysicalLocation, Region,
    Replacement, Rule, Run, SarifFix, SarifResult, Text, Tool,
};
use super::render::severity_name;
use super::{Code, Diagnostic, Edit, Fix, Place};
use crate::base::{Source, Span, stable_hash};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings of each text as one log of one run. Only the codes that occur are its rules; paths below `root` are
/// relative to it.
#[must_use]
pub fn sarif(files: &[(&Source, &[Diagnostic])], root: &Path) -> impl Serialize + use<> {
    let writer = Writer { root };
    let all = || files.iter().flat_map(|(_, diagnostics)| *diagnostics);
    let codes: BTreeMap<&str, &'static Code> = all().map(|one| (one.code.id, one.code)).collect();
    let index = |code: &Code| codes.keys().position(|id| *id == code.id).unwrap_or_default();
    let mut results = Vec::new();
    for (source, diagnostics) in files {
        let mut seen = BTreeMap::new();
        results.extend(diagnostics.iter().map(|one| writer.result(one, source, index(one.code), &mut seen)));
    }
    let driver = Driver {
        name: "netc",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: codes.values().map(|code| rule(code)).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        invocations: [Invocation { execution_successful: true }],
        column_kind: "unicodeCodePoints",
        results,
    };
    Log { schema: SCHEMA, version: "2.1.0", runs: [run] }
}

fn rule(code: &'static Code) -> Rule {
    let page = &code.page;
    let parts = [page.means, page.why, page.remedy].into_iter().filter(|part| !part.is_empty());
    let text = parts.collect::<Vec<_>>().join("\n\n");
    let example = page.example.map(|example| {
        let block = |title: &str, spec: &str| format!("\n\n{title}:\n\n```\n{}\n```", spec.trim());
        block("Wrong", example.fails) + &block("Right", example.passes)
    });
    Rule {
        id: code.id,
        name: code.slug,
        short_description: Text { text: code.summary.to_owned() },
        full_description: Text { text: page.means.to_owned() },
        help: Help { markdown: text.clone() + &example.unwrap_or_default(), text },
        default_configuration: Configuration { level: severity_name(code.severity) },
    }
}

/// Writes findings with paths relative to its root.
struct Writer<'r> {
    root: &'r Path,
}

impl Writer<'_> {
    /// A finding; `seen` counts those that have the same fingerprint but for their number.
    fn result(
        &self,
        diagnostic: &Diagnostic,
        source: &Source,
        rule_index: usize,
        seen: &mut BTreeMap<u64, usize>,
    ) -> SarifResult {
        let labels = diagnostic.labels.iter().enumerate();
        let paragraphs = std::iter::once(&diagnostic.message).chain(&diagnostic.notes).chain(&diagnostic.help);
        SarifResult {
            rule_id: diagnostic.code.id,
            rule_index,
            level: severity_name(diagnostic.severity),
            message: Text { text: paragraphs.map(String::as_str).collect::<Vec<_>>().join("\n") },
            locations: vec![Location { id: None, physical_location: self.place(diagnostic, source), message: None }],
            related_locations: labels
                .map(|(at, label)| Location {
                    id: Some(at + 1),
                    physical_location: self.in_source(source, label.span),
                    message: Some(Text { text: label.text.clone() }),
                })
                .collect(),
            partial_fingerprints: BTreeMap::from([("netc/v1", self.fingerprint(diagnostic, source, seen))]),
            fixes: diagnostic.fixes.iter().map(|fix| self.fix(fix, source)).collect(),
        }
    }

    fn place(&self, diagnostic: &Diagnostic, source: &Source) -> PhysicalLocation {
        match &diagnostic.place {
            Place::Source(span) => self.in_source(source, *span),
            Place::Path(path) => PhysicalLocation { artifact_location: self.artifact(path), region: None },
            Place::Nowhere => PhysicalLocation { artifact_location: self.artifact(source.name()), region: None },
        }
    }

    fn in_source(&self, source: &Source, span: Span) -> PhysicalLocation {
        PhysicalLocation { artifact_location: self.artifact(source.name()), region: Some(region(source, span)) }
    }

    fn fix(&self, fix: &Fix, source: &Source) -> SarifFix {
        let change = ArtifactChange {
            artifact_location: self.artifact(source.name()),
            replacements: fix.edits.iter().map(|edit| replacement(edit, source)).collect(),
        };
        SarifFix { description: Text { text: fix.title.clone() }, artifact_changes: [change] }
    }

    /// A number that stays the same while the code, the path and the text of the line do, wherever the line moves.
    fn fingerprint(&self, diagnostic: &Diagnostic, source: &Source, seen: &mut BTreeMap<u64, usize>) -> String {
        let line = diagnostic
            .span()
            .map_or("", |span| source.text().lines().nth(source.line_index(span.start)).unwrap_or_default().trim());
        let place = self.place(diagnostic, source).artifact_location.uri;
        let hash = stable_hash(&[diagnostic.code.id, &place, line].join("\n"));
        let number = seen.entry(hash).or_default();
        *number += 1;
        format!("{hash:016x}:{number}")
    }

    /// A path as a URI reference (RFC 3986): relative where the path is, or lies below the root.
    fn artifact(&self, path: impl AsRef<Path>) -> ArtifactLocation {
        let path = path.as_ref();
        let path = path.strip_prefix(self.root).or(path.strip_prefix(".")).unwrap_or(path);
        let mut text = path.to_string_lossy().into_owned();
        if MAIN_SEPARATOR == '\\' {
            text = text.replace(MAIN_SEPARATOR, "/");
        }
        let scheme = match (path.is_absolute(), text.starts_with('/')) {
            (false, _) => "",
            (true, true) => "file://",
            (true, false) => "file:///",
        };
        let mut uri = scheme.to_owned();
        for byte in text.bytes() {
            match byte {
                byte if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) => uri.push(char::from(byte)),
                byte => uri.push_str(&format!("%{byte:02X}")),
            }
        }
        ArtifactLocation { uri }
    }
}

fn region(source: &Source, span: Span) -> Region {
    let (start_line, start_column) = source.line_column(span.start);
    let (end_line, end_column) = source.line_column(span.end);
    Region { start_line, start_column, end_line, end_column, byte_offset: span.start, byte_length: span.len() }
}

fn replacement(edit: &Edit, source: &Source) -> Replacement {
    let inserted_content = (!edit.text.is_empty()).then(|| Text { text: edit.text.clone() });
    Replacement { deleted_region: region(source, edit.span), inserted_content }
}

#[cfg(test)]
mod tests;
