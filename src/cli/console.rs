//! Where output goes: results to stdout, everything else to stderr; colour only where a terminal shows it.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use super::number::counted;
use super::printable::{harmless, printable};
use super::text::paragraphs;
use crate::base::Source;
use crate::diag::{Diagnostic, Severity, concise, render};

/// How a piece of a result stands out, by its number as a terminal knows it (ECMA-48, SGR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// What matters most.
    Bold = 1,
    /// What matters less.
    Dim = 2,
    /// What is gone.
    Red = 31,
    /// What is new.
    Green = 32,
    /// What is another.
    Yellow = 33,
}

/// The two outputs of the program.
#[derive(Debug)]
pub(super) struct Console {
    out: BufWriter<Stdout>,
    /// Whether stdout is one.
    is_terminal: bool,
    results_in_colour: bool,
    logs_in_colour: bool,
}

/// So many findings of a kind are shown before a training; the rest is counted.
const SHOWN_OF_A_KIND: usize = 3;

/// So many findings are drawn with their text; whoever has more starts with these.
const SHOWN_AT_ONCE: usize = 100;

/// The widest text that is easy to read.
const MAX_TEXT_WIDTH: usize = 100;

impl Console {
    /// The program's own outputs.
    pub fn new() -> Self {
        // https://no-color.org: set and not empty, whatever the value.
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_terminal = io::stdout().is_terminal();
        Self {
            out: BufWriter::new(io::stdout()),
            is_terminal,
            results_in_colour: !plain && is_terminal,
            logs_in_colour: !plain && io::stderr().is_terminal(),
        }
    }

    /// Writes a piece of the result.
    ///
    /// # Errors
    ///
    /// Whoever reads stdout has gone, or the disk behind it is full.
    pub fn result(&mut self, text: &str) -> io::Result<()> {
        // In colour the text holds escape sequences of ours; what comes from files was made harmless before.
        let text = if self.results_in_colour { text.into() } else { printable(text) };
        self.out.write_all(text.as_bytes())
    }

    /// Writes a text of the user's, byte for byte; on a terminal, without what could steer it.
    ///
    /// # Errors
    ///
    /// As [`Console::result`].
    pub fn document(&mut self, text: &str) -> io::Result<()> {
        let text = if self.is_terminal { printable(text) } else { text.into() };
        self.out.write_all(text.as_bytes())
    }

    /// Writes a line of the result.
    ///
    /// # Errors
    ///
    /// As [`Console::result`].
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.result(text)?;
        self.result("\n")
    }

    /// Writes a value as JSON, in one line.
    ///
    /// # Errors
    ///
    /// As [`Console::result`].
    pub fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.result("\n")
    }

    /// Clears the terminal, where stdout is one that knows how to.
    ///
    /// # Errors
    ///
    /// As [`Console::result`].
    pub fn clear(&mut self) -> io::Result<()> {
        // Erase all, forget what scrolled away, and go to the first line (ECMA-48).
        if self.results_in_colour { self.out.write_all(b"\x1b[2J\x1b[3J\x1b[H") } else { Ok(()) }
    }

    /// Hands over what has been written so far.
    ///
    /// # Errors
    ///
    /// As [`Console::result`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes a line to stderr. A stderr that nobody reads is no reason to stop the work.
    pub fn log(&self, text: &str) {
        _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Diagnostics as part of the result, a blank line behind each.
    ///
    /// # Errors
    ///
    /// As [`Console::result`].
    pub fn findings(&mut self, diagnostics: &[Diagnostic], source: Option<&Source>) -> io::Result<()> {
        if diagnostics.is_empty() {
            return Ok(());
        }
        let text = drawn(diagnostics, source, self.results_in_colour, self.text_width());
        self.line(&text)
    }

    /// Diagnostics on stderr.
    pub fn log_findings(&self, diagnostics: &[Diagnostic], source: Option<&Source>) {
        if !diagnostics.is_empty() {
            self.log(drawn(diagnostics, source, self.logs_in_colour, self.text_width()).trim_end());
        }
    }

    /// Diagnostics on stderr, a line each: of every code a few, and how many more there are.
    pub fn log_tightly(&self, diagnostics: &[Diagnostic]) {
        let mut rest = diagnostics.iter().collect::<Vec<_>>();
        while let Some(first) = rest.first().copied() {
            let (same, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|one| one.code == first.code);
            for diagnostic in same.iter().take(SHOWN_OF_A_KIND) {
                self.log(printable(&concise(std::slice::from_ref(*diagnostic), None)).trim_end());
            }
            let id = first.code.id;
            match same.len().saturating_sub(SHOWN_OF_A_KIND) {
                0 => {}
                more => self.log(&format!("  and {more} more of {id}; `netc explain {id}` says what it means")),
            }
            if let Some(help) = first.help.as_ref().filter(|_| first.severity > Severity::Note) {
                self.log(paragraphs(&format!("help: {help}"), 2, self.text_width()).trim_end());
            }
            rest = others;
        }
    }

    /// Text in bold where results may be styled.
    pub fn bold(&self, text: &str) -> String {
        self.styled(text, Style::Bold)
    }

    /// Text in a style where results may be styled.
    pub fn styled(&self, text: &str, style: Style) -> String {
        if self.results_in_colour { format!("\x1b[{}m{text}\x1b[0m", style as u8) } else { text.to_owned() }
    }

    /// Columns that running text may take.
    pub fn text_width(&self) -> usize {
        terminal_width().unwrap_or(MAX_TEXT_WIDTH).min(MAX_TEXT_WIDTH)
    }
}

/// Diagnostics as a person reads them; control characters of specs and file names do not reach the terminal.
fn drawn(diagnostics: &[Diagnostic], source: Option<&Source>, colour: bool, width: usize) -> String {
    let shown: Vec<Diagnostic> = diagnostics.iter().take(SHOWN_AT_ONCE).map(harmless).collect();
    let source = source.map(|source| Source::new(printable(source.name()), printable(source.text())));
    let mut text = render(&shown, source.as_ref(), colour, width);
    if let more @ 1.. = diagnostics.len() - shown.len() {
        text += &format!("\nand {}\n", counted(more, "more finding"));
    }
    text
}

/// Columns of the terminal that results go to; `COLUMNS` goes before what the terminal says of itself.
pub(super) fn terminal_width() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    told.or_else(measured).filter(|&width| width >= 40)
}
