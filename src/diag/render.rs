//! Messages as a person reads them on a terminal, drawn by miette, and one a line for editors.

use std::fmt::{self, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::excerpt::Excerpt;
use super::{Diagnostic, Place, Severity};
use crate::base::{Source, Span};

const CYAN: &str = "\u{1b}[36m";
const GREEN: &str = "\u{1b}[32m";
const RESET: &str = "\u{1b}[0m";

/// Narrower than this nothing can be laid out.
const MIN_WIDTH: usize = 40;

/// All of `diagnostics` with the text they point at, for a terminal `width` columns wide, a blank line between two.
///
/// `source` is the spec that their spans lie in.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], source: Option<&Source>, colour: bool, width: usize) -> String {
    let width = width.max(MIN_WIDTH);
    let all = diagnostics.iter().map(|diagnostic| render_one(diagnostic, source, colour, width));
    all.collect::<Vec<_>>().join("\n")
}

/// One line a diagnostic: `path:line:column: error[T201] message`, the line and column where there is one.
#[must_use]
pub fn concise(diagnostics: &[Diagnostic], source: Option<&Source>) -> String {
    let mut lines = String::new();
    for diagnostic in diagnostics {
        match (&diagnostic.place, source) {
            (Place::Source(span), Some(source)) => {
                let (line, column) = source.line_column(span.start);
                lines += &format!("{}:{line}:{column}: ", source.name());
            }
            (Place::Path(path), _) => lines += &format!("{}: ", path.display()),
            (_, Some(source)) => lines += &format!("{}: ", source.name()),
            (_, None) => {}
        }
        let severity = severity_name(diagnostic.severity);
        // What a message quotes may run over lines.
        let message = diagnostic.message.replace(['\n', '\r'], " ");
        lines += &format!("{severity}[{}] {message}\n", diagnostic.code.id);
    }
    lines
}

/// A severity as messages and JSON write it.
pub(super) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn render_one(diagnostic: &Diagnostic, source: Option<&Source>, colour: bool, width: usize) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_context_lines(0)
        .without_cause_chain()
        .without_syntax_highlighting();
    let report = Report::new(diagnostic, source, width);
    let mut drawn = String::new();
    if handler.render_report(&mut drawn, &report).is_err() {
        drawn = format!("{} {}\n", diagnostic.code.id, diagnostic.message);
    }
    // Miette sets the code apart by a blank line.
    let mut text = drawn.replacen("\n\n", "\n", 1);
    for (span, label) in report.hidden() {
        let (line, column) = report.source.map_or((1, 1), |source| source.line_column(span.start));
        paragraph(&mut text, paint("   see: ", CYAN, colour), &format!("{line}:{column}, {label}"), width);
    }
    text += &footer(diagnostic, colour, width);
    text
}

/// Notes, help and fixes, with hanging indents.
fn footer(diagnostic: &Diagnostic, colour: bool, width: usize) -> String {
    let mut text = String::new();
    if let Place::Path(path) = &diagnostic.place {
        paragraph(&mut text, paint("  file: ", CYAN, colour), &path.display().to_string(), width);
    }
    for note in &diagnostic.notes {
        paragraph(&mut text, paint("  note: ", CYAN, colour), note, width);
    }
    if let Some(help) = &diagnostic.help {
        paragraph(&mut text, paint("  help: ", CYAN, colour), help, width);
    }
    let said = diagnostic.help.as_deref().unwrap_or_default();
    for fix in diagnostic.fixes.iter().filter(|fix| fix.title != said) {
        paragraph(&mut text, paint("   fix: ", GREEN, colour), &fix.title, width);
    }
    text
}

fn paint(prefix: &str, style: &str, colour: bool) -> String {
    if colour { format!("{style}{prefix}{RESET}") } else { prefix.to_owned() }
}

/// Adds `body` behind `prefix`, which is eight columns wide, wrapped at words; its line breaks are kept.
fn paragraph(text: &mut String, prefix: String, body: &str, width: usize) {
    const INDENT: &str = "        ";
    let mut lead = prefix;
    for line in body.lines() {
        text.push_str(&lead);
        INDENT.clone_into(&mut lead);
        let mut column = INDENT.len();
        for (at, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if at > 0 && column + 1 + length > width {
                text.push('\n');
                text.push_str(INDENT);
                column = INDENT.len();
            } else if at > 0 {
                text.push(' ');
                column += 1;
            }
            text.push_str(word);
            column += length;
        }
        text.push('\n');
    }
}

/// A diagnostic as miette takes it.
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<&'a Source>,
    excerpt: Option<Excerpt<'a>>,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, source: Option<&'a Source>, width: usize) -> Self {
        let fits =
            |source: &&Source| places(diagnostic).all(|(span, _)| source.text().get(span.start..span.end).is_some());
        let source = source.filter(fits);
        // Eight columns hold the line number and the frame.
        let excerpt = source.zip(diagnostic.span()).map(|(source, span)| Excerpt::new(source, span, width - 8));
        Self { diagnostic, source, excerpt }
    }

    /// The labels that the excerpt leaves out.
    fn hidden(&self) -> impl Iterator<Item = (Span, &str)> {
        let excerpt = self.excerpt.as_ref();
        places(self.diagnostic).filter(move |(span, _)| excerpt.is_some_and(|excerpt| excerpt.show(*span).is_none()))
    }
}

/// The primary place and the further ones, with their labels.
fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = (Span, &str)> {
    let further = diagnostic.labels.iter().map(|label| (label.span, label.text.as_str()));
    diagnostic.span().map(|span| (span, diagnostic.label.as_str())).into_iter().chain(further)
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let mut code = String::new();
        let Diagnostic { severity, code: row, .. } = self.diagnostic;
        write!(code, "{}[{}] {}", severity_name(*severity), row.id, row.slug).ok()?;
        Some(Box::new(code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        let shown = places(self.diagnostic).enumerate().filter_map(move |(at, (span, text))| {
            let span = excerpt.show(span)?;
            let text = (!text.is_empty()).then(|| text.to_owned());
            let place = (span.start, span.len());
            Some(if at == 0 {
                LabeledSpan::new_primary_with_span(text, place)
            } else {
                LabeledSpan::new_with_span(text, place)
            })
        });
        Some(Box::new(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::code;

    const TEXT: &str = "---\ninput: 8x8x3\n---\n[Conv -> MaxPool] * 3 -> Dense\n";

    fn source() -> Source {
        Source::new("specs/small.net", TEXT)
    }

    fn place(text: &str, word: &str) -> Span {
        let at = text.find(word).unwrap_or_default();
        Span::new(at, at + word.len())
    }

    fn too_small() -> Diagnostic {
        Diagnostic::new(&code::WINDOW_EXCEEDS_INPUT, "`MaxPool` 2×2 does not fit 1×1")
            .at(place(TEXT, "MaxPool"), "gets 1×1\nin repetition 3 of 3")
            .label(place(TEXT, "8x8x3"), "the input")
            .note("8×8 -> 6×6 -> 3×3 -> 1×1")
            .help("repeat it twice")
            .fix("write `* 2`", place(TEXT, "* 3"), "* 2")
    }

    #[test]
    fn a_message_shows_its_places_and_the_way_out() {
        insta::assert_snapshot!(render(&[too_small()], Some(&source()), false, 80), @r"
        error[T201] window-exceeds-input
          × `MaxPool` 2×2 does not fit 1×1
           ╭─[specs/small.net:2:8]
         2 │ input: 8x8x3
           ·        ──┬──
           ·          ╰── the input
           ╰────
           ╭─[specs/small.net:4:10]
         4 │ [Conv -> MaxPool] * 3 -> Dense
           ·          ───┬───
           ·             ╰─┤ gets 1×1
           ·               │ in repetition 3 of 3
           ╰────
          note: 8×8 -> 6×6 -> 3×3 -> 1×1
          help: repeat it twice
           fix: write `* 2`
        ");
    }

    #[test]
    fn a_long_line_is_clipped_around_the_place_and_what_is_cut_off_is_named() {
        let text = format!("Input{} -> Relu -Conv{}", " -> Conv".repeat(60), " -> Relu".repeat(60));
        let fault = Diagnostic::new(&code::WRONG_ARROW, "`-` does not join layers")
            .at(place(&text, "-Conv"), "here")
            .label(place(&text, "Input"), "far away");
        let drawn = render(&[fault], Some(&Source::new("long.net", text)), false, 60);
        insta::assert_snapshot!(drawn, @r"
        error[S002] wrong-arrow
          × `-` does not join layers
           ╭─[long.net:1:495]
         1 │ … -> Conv -> Relu -Conv -> Relu -> Relu -> Relu -> Re…
           ·                   ──┬──
           ·                     ╰── here
           ╰────
           see: 1:1, far away
        ");
        assert!(drawn.lines().all(|line| line.chars().count() <= 60), "{drawn}");
    }

    #[test]
    fn a_message_on_a_file_names_it_and_one_on_nothing_stands_alone() {
        let skipped = Diagnostic::new(&code::SKIPPED_FILES, "1 file was skipped").on("data/.DS_Store");
        let memory = Diagnostic::new(&code::PLAN_EXCEEDS_MEMORY, "the plan needs 64 GB, the machine has 16 GB");
        insta::assert_snapshot!(render(&[skipped, memory], None, false, 80), @r"
        note[D615] skipped-files
          ☞ 1 file was skipped
          file: data/.DS_Store

        error[P411] plan-exceeds-memory
          × the plan needs 64 GB, the machine has 16 GB
        ");
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_shown_on_its_last_character() {
        let end = Diagnostic::new(&code::NO_NETWORK, "no network").at(Span::at(TEXT.len()), "expected layers");
        let empty = Diagnostic::new(&code::NO_NETWORK, "no network").at(Span::at(0), "expected layers");
        let drawn = render(&[end], Some(&source()), false, 80);
        assert!(drawn.contains("4 │ [Conv"), "{drawn}");
        let drawn = render(&[empty], Some(&Source::new("empty.net", "")), false, 80);
        assert!(drawn.contains("empty.net:1:1"), "{drawn}");
    }

    #[test]
    fn long_paragraphs_wrap_at_words_below_their_first_line() {
        let fault = Diagnostic::new(&code::NO_NETWORK, "x").help("one two three four five six seven eight nine ten");
        let drawn = render(&[fault], None, false, 40);
        assert!(drawn.ends_with("  help: one two three four five six\n        seven eight nine ten\n"), "{drawn}");
    }

    #[test]
    fn colours_are_used_only_when_asked_for() {
        assert!(!render(&[too_small()], Some(&source()), false, 80).contains('\u{1b}'));
        assert!(render(&[too_small()], Some(&source()), true, 80).contains('\u{1b}'));
    }

    #[test]
    fn one_line_a_message_starts_with_its_place() {
        let nowhere = Diagnostic::new(&code::PLAN_EXCEEDS_MEMORY, "too much");
        assert_eq!(
            concise(&[too_small(), nowhere], Some(&source())),
            "specs/small.net:4:10: error[T201] `MaxPool` 2×2 does not fit 1×1\nspecs/small.net: error[P411] too much\n"
        );
    }

    #[test]
    fn a_message_that_quotes_several_lines_is_one_line_for_editors() {
        let quoting = Diagnostic::new(&code::WINDOW_EXCEEDS_INPUT, "`Conv\r\n-> Relu` does not fit");
        assert_eq!(concise(&[quoting], None), "error[T201] `Conv  -> Relu` does not fit\n");
    }
}
