//! Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.
//!
//! Workflow commands are `::name key=value,key=value::message`, with the characters that part them written as percent
//! codes (the escapes of `@actions/core`).

use super::{Diagnostic, Place, Severity};
use crate::base::Source;

/// One command a finding of `source`.
#[must_use]
pub fn github(diagnostics: &[Diagnostic], source: &Source) -> String {
    diagnostics.iter().map(|diagnostic| command(diagnostic, source)).collect()
}

fn command(diagnostic: &Diagnostic, source: &Source) -> String {
    let name = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let title = format!("{} {}", diagnostic.code.id, diagnostic.code.slug);
    let place = match &diagnostic.place {
        Place::Source(span) => {
            let (line, column) = source.line_column(span.start);
            let (end_line, end_column) = source.line_column(span.end);
            let mut place = format!("file={},line={line},endLine={end_line}", property(plain(source.name())));
            // Columns are those of one line.
            if line == end_line {
                place += &format!(",col={column},endColumn={}", end_column.max(column + 1));
            }
            place
        }
        Place::Path(path) => format!("file={}", property(plain(&path.to_string_lossy()))),
        Place::Nowhere => format!("file={}", property(plain(source.name()))),
    };
    let paragraphs = std::iter::once(&diagnostic.message).chain(&diagnostic.notes).chain(&diagnostic.help);
    let message = paragraphs.map(String::as_str).collect::<Vec<_>>().join("\n");
    format!("::{name} {place},title={}::{}\n", property(&title), data(&message))
}

/// The path as GitHub compares it with those of a pull request.
fn plain(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

/// A message, in which only line breaks would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value, in which a colon or comma would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use crate::diag::code;

    #[test]
    fn a_command_has_its_place_and_escapes_what_would_end_it() {
        let source = Source::new("a,b:c.net", "é -> 100%\n- Relu");
        let found = Diagnostic::new(&code::WRONG_ARROW, "100%, a::b").at(Span::new(11, 12), "").help("first\nsecond");
        assert_eq!(
            github(&[found], &source),
            "::error file=a%2Cb%3Ac.net,line=2,endLine=2,col=1,endColumn=2,title=S002 wrong-arrow\
             ::100%25, a::b%0Afirst%0Asecond\n"
        );
    }

    #[test]
    fn columns_are_left_out_over_several_lines_and_a_note_is_a_notice() {
        let source = Source::new("a.net", "a\nb\n");
        let found = [
            Diagnostic::new(&code::PIXELS_DROPPED, "x").at(Span::new(0, 3), ""),
            Diagnostic::new(&code::UNUSED_BLOCK, "y"),
            Diagnostic::new(&code::UNREADABLE_SPEC, "z").on("b.net"),
        ];
        assert_eq!(
            github(&found, &source),
            "::notice file=a.net,line=1,endLine=2,title=T211 pixels-dropped::x\n\
             ::warning file=a.net,title=N112 unused-block::y\n\
             ::error file=b.net,title=S014 unreadable-spec::z\n"
        );
    }
}
