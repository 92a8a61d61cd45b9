//! Documents: texts with gaps between them, laid out within a width.
//!
//! A group stays on one line where it fits and breaks at its gaps where it does not, after Wadler, "A prettier printer",
//! 2003. Comments live in the gaps, so that none can be lost; what the texts mean is not known here.

/// Columns of a line.
pub(super) const WIDTH: usize = 100;
/// Columns that a part stands further right than the whole.
pub(super) const INDENT: usize = 2;

/// A piece of a document.
#[derive(Debug)]
pub(super) enum Doc<'a> {
    /// A text without a line break.
    Text(&'a str),
    /// What may stand between two texts.
    Gap(Gap<'a>),
    /// Parts whose new lines are so many columns further right.
    Nest(usize, Vec<Doc<'a>>),
    /// Parts that stay on one line where they fit.
    Group(Group<'a>),
}

/// Parts that stay on one line where they fit.
#[derive(Debug)]
pub(super) struct Group<'a> {
    parts: Vec<Doc<'a>>,
    /// Columns on one line; `None` where the parts cannot stand on one.
    flat: Option<usize>,
}

impl<'a> Doc<'a> {
    /// A group of these parts.
    pub(super) fn group(parts: Vec<Self>) -> Self {
        let flat = flat_width(&parts);
        Self::Group(Group { parts, flat })
    }
}

/// The place between two texts.
#[derive(Debug)]
pub(super) struct Gap<'a> {
    /// How it looks.
    pub line: Line,
    /// The comments in it; behind each starts a new line.
    pub comments: Vec<Comment<'a>>,
    /// Whether a blank line stays before the text behind it.
    pub blank: bool,
    /// Whether the look is settled whatever fits.
    pub hold: Hold,
}

/// How a gap looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing.
    Tight,
    /// A space.
    Space,
    /// Nothing, or a new line where its group is broken.
    Soft,
    /// A space, or a new line where its group is broken.
    SoftSpace,
    /// A space, or a new line where its group is broken and what follows does not fit on this one.
    Fill,
    /// As `Soft`, before a closing bracket: comments stand further right than the bracket.
    Close,
    /// A new line.
    Hard,
}

impl Line {
    /// What it is on one line.
    fn flat(self) -> &'static str {
        match self {
            Self::Space | Self::SoftSpace | Self::Fill => " ",
            Self::Tight | Self::Soft | Self::Close | Self::Hard => "",
        }
    }
}

/// A claim on a gap that goes before what fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// None.
    Free,
    /// A new line starts here.
    Break,
    /// No new line starts here.
    Stay,
}

/// A comment in a gap.
#[derive(Debug)]
pub(super) struct Comment<'a> {
    /// From `#` on.
    pub text: &'a str,
    /// Whether it stands behind a text on its line.
    pub is_trailing: bool,
    /// Whether a blank line stays before it.
    pub after_blank: bool,
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

fn flat_width(parts: &[Doc<'_>]) -> Option<usize> {
    parts.iter().try_fold(0, |width, part| {
        let part = match part {
            Doc::Text(text) => columns(text),
            Doc::Gap(gap) => {
                let is_plain = gap.comments.is_empty() && gap.hold != Hold::Break && gap.line != Line::Hard;
                is_plain.then(|| gap.line.flat().len())?
            }
            Doc::Nest(_, parts) => flat_width(parts)?,
            Doc::Group(group) => group.flat?,
        };
        Some(width + part)
    })
}

/// Columns up to the first gap that may be a new line, added to `width`; whether there is such a gap.
fn lead_width(parts: &[Doc<'_>], is_broken: bool, width: &mut usize) -> bool {
    parts.iter().any(|part| match part {
        Doc::Text(text) => {
            *width += columns(text);
            false
        }
        Doc::Gap(gap) if !gap.comments.is_empty() || gap.hold == Hold::Break => true,
        Doc::Gap(gap) => {
            let may_break = is_broken && gap.hold == Hold::Free && !matches!(gap.line, Line::Tight | Line::Space);
            *width += gap.line.flat().len();
            may_break
        }
        Doc::Nest(_, parts) => lead_width(parts, is_broken, width),
        Doc::Group(group) => lead_width(&group.parts, is_broken, width),
    })
}

/// The document as text; it ends without a line break unless its last part is one.
pub(super) fn render(parts: &[Doc<'_>]) -> String {
    let mut printer = Printer { out: String::new(), column: 0, rest: Vec::new() };
    printer.push_rest(parts, Frame { indent: 0, is_broken: true });
    while let Some((frame, part)) = printer.rest.pop() {
        printer.part(frame, part);
    }
    printer.out
}

/// How the parts of a group or nest are laid out.
#[derive(Clone, Copy)]
struct Frame {
    indent: usize,
    is_broken: bool,
}

struct Printer<'d, 'a> {
    out: String,
    column: usize,
    /// What is still to come, the next part last.
    rest: Vec<(Frame, &'d Doc<'a>)>,
}

impl<'d, 'a> Printer<'d, 'a> {
    fn push_rest(&mut self, parts: &'d [Doc<'a>], frame: Frame) {
        self.rest.extend(parts.iter().rev().map(|part| (frame, part)));
    }

    fn part(&mut self, frame: Frame, part: &'d Doc<'a>) {
        match part {
            Doc::Text(text) => self.text(text),
            Doc::Gap(gap) => self.gap(frame, gap),
            Doc::Nest(by, parts) => self.push_rest(parts, Frame { indent: frame.indent + by, ..frame }),
            Doc::Group(group) => {
                let fits = group.flat.is_some_and(|width| self.column + width + self.next_width() <= WIDTH);
                self.push_rest(&group.parts, Frame { is_broken: !fits, ..frame });
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += columns(text);
    }

    fn gap(&mut self, frame: Frame, gap: &Gap<'_>) {
        let indent = if gap.line == Line::Close { frame.indent + INDENT } else { frame.indent };
        for comment in &gap.comments {
            if comment.is_trailing {
                self.text(" ");
            } else {
                self.new_line(indent, comment.after_blank);
            }
            self.text(comment.text);
        }
        if !gap.comments.is_empty() || self.breaks(frame, gap) {
            self.new_line(frame.indent, gap.blank);
        } else {
            self.text(gap.line.flat());
        }
    }

    fn breaks(&self, frame: Frame, gap: &Gap<'_>) -> bool {
        match (gap.hold, gap.line) {
            (Hold::Break, _) | (_, Line::Hard) => true,
            (Hold::Stay, _) | (_, Line::Tight | Line::Space) => false,
            (Hold::Free, Line::Fill) => frame.is_broken && self.column + 1 + self.next_width() > WIDTH,
            (Hold::Free, Line::Soft | Line::SoftSpace | Line::Close) => frame.is_broken,
        }
    }

    /// Columns of what is to come, up to where a new line may start.
    fn next_width(&self) -> usize {
        let mut width = 0;
        for (frame, part) in self.rest.iter().rev() {
            if self.column + width > WIDTH || lead_width(std::slice::from_ref(*part), frame.is_broken, &mut width) {
                break;
            }
        }
        width
    }

    /// Starts a line, a blank one before it where asked for; the first line of all is there already.
    fn new_line(&mut self, indent: usize, blank: bool) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        if !self.out.is_empty() {
            self.out.push_str(if blank { "\n\n" } else { "\n" });
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }
}
