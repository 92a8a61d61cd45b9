//! Messages as scripts read them; the shapes are a promise.

use serde_json::{Value, json};

use super::render::severity_name;
use super::{Applicability, Diagnostic, Edit, Fix, Place, Severity};
use crate::base::{Source, Span};

/// What `netc check --format json` prints for these texts and the findings of each; `fixed` is how many are mended, where
/// it was to mend any.
#[must_use]
pub fn check_json(files: &[(&Source, &[Diagnostic])], fixed: Option<usize>) -> Value {
    let count = |severity| {
        let all = files.iter().flat_map(|(_, diagnostics)| diagnostics.iter());
        all.filter(|diagnostic| diagnostic.severity == severity).count()
    };
    let list: Vec<Value> = files
        .iter()
        .map(|(source, diagnostics)| {
            let diagnostics: Vec<Value> = diagnostics.iter().map(|one| finding(one, source)).collect();
            json!({ "path": source.name(), "diagnostics": diagnostics })
        })
        .collect();
    let mut report = json!({ "files": list, "errors": count(Severity::Error), "warnings": count(Severity::Warning) });
    if let Some(fixed) = fixed {
        report["fixed"] = fixed.into();
    }
    report
}

/// A finding outside of `check`: code, severity, path, message; the path is the source's for one in its text, and
/// null for one that lies nowhere.
#[must_use]
pub fn diagnostic_json(diagnostic: &Diagnostic, source: Option<&Source>) -> Value {
    let path = match &diagnostic.place {
        Place::Path(path) => Some(path.display().to_string()),
        Place::Source(_) => source.map(|source| source.name().to_owned()),
        Place::Nowhere => None,
    };
    json!({
        "code": diagnostic.code.id,
        "severity": severity_name(diagnostic.severity),
        "path": path,
        "message": diagnostic.message,
    })
}

fn finding(diagnostic: &Diagnostic, source: &Source) -> Value {
    let fixes: Vec<Value> = diagnostic.fixes.iter().map(fix).collect();
    json!({
        "code": diagnostic.code.id,
        "name": diagnostic.code.slug,
        "severity": severity_name(diagnostic.severity),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "span": diagnostic.span().map(|span| place(span, source)),
        "fixes": fixes,
    })
}

/// Byte offsets, and the one-based line and column of the start.
fn place(span: Span, source: &Source) -> Value {
    let (line, column) = source.line_column(span.start);
    json!({ "start": span.start, "end": span.end, "line": line, "column": column })
}

fn fix(fix: &Fix) -> Value {
    let edits: Vec<Value> = fix.edits.iter().map(edit).collect();
    let applicability = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Offered => "offered",
    };
    json!({ "title": fix.title, "applicability": applicability, "edits": edits })
}

fn edit(edit: &Edit) -> Value {
    json!({ "start": edit.span.start, "end": edit.span.end, "text": edit.text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code;

    #[test]
    fn check_prints_the_promised_shape() {
        let source = Source::new("a.net", "é\nConv Relu");
        let found = [
            Diagnostic::new(&code::UNEXPECTED_TOKEN, "expected `->`").at(Span::new(8, 12), "").fix(
                "write `->`",
                Span::at(7),
                " ->",
            ),
            Diagnostic::new(&code::UNUSED_BLOCK, "unused").help("delete it"),
        ];
        let expected = json!({
            "files": [{ "path": "a.net", "diagnostics": [
                {
                    "code": "S001", "name": "unexpected-token", "severity": "error", "message": "expected `->`",
                    "help": null, "span": { "start": 8, "end": 12, "line": 2, "column": 6 },
                    "fixes": [{ "title": "write `->`", "applicability": "offered", "edits": [{ "start": 7, "end": 7, "text": " ->" }] }]
                },
                {
                    "code": "N112", "name": "unused-block", "severity": "warning", "message": "unused",
                    "help": "delete it", "span": null, "fixes": []
                }
            ] }],
            "errors": 1, "warnings": 1
        });
        assert_eq!(check_json(&[(&source, &found)], None), expected);
        assert_eq!(check_json(&[(&source, &found)], Some(2))["fixed"], 2);
    }

    #[test]
    fn a_finding_on_a_file_names_it() {
        let found = Diagnostic::new(&code::UNREADABLE_IMAGE, "cannot be read").on("cat/1.png");
        let expected = json!({ "code": "D601", "severity": "error", "path": "cat/1.png", "message": "cannot be read" });
        let found = diagnostic_json(&found, None);
        assert_eq!(found["path"], expected["path"]);
        assert_eq!(found["code"], expected["code"]);
    }
}
