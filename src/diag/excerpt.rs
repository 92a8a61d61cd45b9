//! The part of a source that a rendered message shows, as miette reads it: whole lines, columns in characters.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::base::{Source, Span};

/// A span over more lines than this is shown by its first line.
const MAX_LINES: usize = 4;

/// A source as it is shown: as it stands, or a clip of one long line.
pub(super) struct Excerpt<'a> {
    source: &'a Source,
    clip: Option<Clip>,
}

/// A piece of a long line between ellipses.
struct Clip {
    text: String,
    /// What is kept of the source.
    kept: Span,
    /// Bytes of `text` before the kept part.
    lead: usize,
}

impl<'a> Excerpt<'a> {
    /// What to show of `source` for a message at `span`, in lines of at most `width` characters.
    pub(super) fn new(source: &'a Source, span: Span, width: usize) -> Self {
        let line = line_around(source.text(), span.start);
        let is_long = source.slice(line).chars().nth(width).is_some();
        Self { source, clip: is_long.then(|| Clip::new(source.text(), line, span, width)) }
    }

    /// Where `span` stands in what is shown; `None` where it is not shown.
    pub(super) fn show(&self, span: Span) -> Option<Span> {
        let span = visible(self.source, span);
        let Some(clip) = &self.clip else { return Some(span) };
        if span.start < clip.kept.start || span.start > clip.kept.end {
            return None;
        }
        let place = |at: usize| at.min(clip.kept.end) - clip.kept.start + clip.lead;
        Some(Span::new(place(span.start), place(span.end)))
    }
}

impl Clip {
    fn new(text: &str, line: Span, span: Span, width: usize) -> Self {
        let before = width / 3;
        let start = text[line.start..span.start].char_indices().rev().take(before).last();
        let start = start.map_or(span.start, |(at, _)| line.start + at);
        let end = text[start..line.end].char_indices().nth(width).map_or(line.end, |(at, _)| start + at);
        let lead = if start > line.start { "…" } else { "" };
        let tail = if end < line.end { "…" } else { "" };
        Self { text: format!("{lead}{}{tail}", &text[start..end]), kept: Span::new(start, end), lead: lead.len() }
    }
}

/// The line that holds `at`, without its line break.
fn line_around(text: &str, at: usize) -> Span {
    let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
    let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
    Span::new(start, end)
}

/// `span` as it can be underlined: inside the text, over few lines, and on a character where it is the file's end.
fn visible(source: &Source, span: Span) -> Span {
    let text = source.text();
    let mut start = span.start;
    let mut end = span.end;
    if source.line_index(end) - source.line_index(start) >= MAX_LINES {
        end = line_around(text, start).end;
    }
    if start == end && text[start..].trim_start().is_empty() {
        end = text.trim_end().len();
        start = text[..end].char_indices().next_back().map_or(end, |(at, _)| at);
    } else if start == end && text[..start].ends_with('\n') {
        // An empty span here would count as the end of the line before.
        end += text[start..].chars().next().map_or(0, char::len_utf8);
    }
    Span::new(start, end)
}

impl SourceCode for Excerpt<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let (text, range, first_line, column) = match &self.clip {
            Some(clip) => {
                let at = clip.kept.start + start.saturating_sub(clip.lead);
                let (line, column) = self.source.line_column(at.min(clip.kept.end));
                (clip.text.as_str(), Span::new(0, clip.text.len()), line - 1, column - 1)
            }
            None => {
                let text = self.source.text();
                let (line, column) = self.source.line_column(start);
                // Never left of the start, so that an empty span counts as its own line's.
                let last = text[start..end].char_indices().next_back().map_or(start, |(at, _)| start + at);
                let range = Span::new(up(text, start, lines_before), down(text, last, lines_after));
                (text, range, (line - 1).saturating_sub(lines_before), column - 1)
            }
        };
        let bytes = text.as_bytes().get(range.start..range.end).ok_or(MietteError::OutOfBounds)?;
        let name = self.source.name().to_owned();
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        Ok(Box::new(MietteSpanContents::new_named(
            name,
            bytes,
            (range.start, range.len()).into(),
            first_line,
            column,
            lines,
        )))
    }
}

/// The start of the line `lines` above the one that holds `at`.
fn up(text: &str, at: usize, lines: usize) -> usize {
    let mut breaks = text[..at].rmatch_indices('\n');
    breaks.nth(lines).map_or(0, |(found, _)| found + 1)
}

/// The end, with its line break, of the line `lines` below the one that holds `at`.
fn down(text: &str, at: usize, lines: usize) -> usize {
    let mut breaks = text[at..].match_indices('\n');
    breaks.nth(lines).map_or(text.len(), |(found, _)| at + found + 1)
}
