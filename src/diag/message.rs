//! A message as plain data: what is wrong, where, why, and the way out.

use std::path::{Path, PathBuf};

use super::Fault;
use super::code::{Code, Severity};
use crate::base::{Span, Spanned};

/// Where a fault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the spec's text.
    Source(Span),
    /// In a file or folder of the user's.
    Path(PathBuf),
    /// Nowhere in particular: in the arguments, the machine, or the whole.
    Nowhere,
}

/// A second place in the spec that has to do with the fault, and what it has to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words, lower case, without a period.
    pub text: String,
}

/// A replacement of one span of the spec's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// Whether a fix may be applied unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// It keeps what the author means, or evidently restores it.
    Safe,
    /// It is one of several ways out, or changes what the network is: the author has to choose it.
    Offered,
}

/// A way out that a machine can apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What applying it does, in the imperative: "write `MaxPool`".
    pub title: String,
    /// The edits, without overlap.
    pub edits: Vec<Edit>,
    /// Whether it may be applied unasked.
    pub applicability: Applicability,
}

impl Fix {
    /// A fix that may be applied unasked.
    #[must_use]
    pub fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), edits, applicability: Applicability::Safe }
    }

    /// A fix that the author has to choose.
    #[must_use]
    pub fn offered(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), edits, applicability: Applicability::Offered }
    }

    /// The fix as one that may be applied unasked.
    #[must_use]
    pub fn evident(self) -> Self {
        Self { applicability: Applicability::Safe, ..self }
    }

    /// Cuts every edit that would delete one of `comments`, which are in order, into edits around it. A comment's line
    /// break stays with it.
    pub fn spare_comments(&mut self, comments: &[Spanned<String>]) {
        let edits = std::mem::take(&mut self.edits);
        self.edits = edits.into_iter().flat_map(|edit| around_comments(edit, comments)).collect();
    }
}

fn around_comments(edit: Edit, comments: &[Spanned<String>]) -> Vec<Edit> {
    let Edit { span, text } = edit;
    let mut pieces = vec![Edit { span, text }];
    for comment in comments.iter().filter(|comment| span.start <= comment.span.start && comment.span.end < span.end) {
        let Some(last) = pieces.last_mut() else { break };
        last.span.end = comment.span.start;
        pieces.push(Edit { span: Span::new(comment.span.end + 1, span.end), text: String::new() });
    }
    pieces.retain(|piece| !piece.span.is_empty() || !piece.text.is_empty());
    pieces
}

/// One fault, with its evidence and its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Which row of the table of codes this is.
    pub code: &'static Code,
    /// The code's own severity unless the spec's lint levels say otherwise.
    pub severity: Severity,
    /// The headline: lower case, without a period, naming both facts.
    pub message: String,
    /// Where it lies.
    pub place: Place,
    /// What the label at `place` says; empty for none.
    pub label: String,
    /// Further places.
    pub labels: Vec<Label>,
    /// The explanation in the author's terms, a paragraph each.
    pub notes: Vec<String>,
    /// The way out, in words.
    pub help: Option<String>,
    /// The ways out that a machine can apply.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A fault of `code` with its headline; the builder methods add the rest.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            place: Place::Nowhere,
            label: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Puts it at `span` of the spec, labelled `label`.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.place = Place::Source(span);
        self.label = label.into();
        self
    }

    /// Puts it on a file or folder.
    #[must_use]
    pub fn on(mut self, path: impl AsRef<Path>) -> Self {
        self.place = Place::Path(path.as_ref().to_owned());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a paragraph of explanation.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Offers a way out of one edit: `span` becomes `text`.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix::offered(title, vec![Edit { span, text: text.into() }]));
        self
    }

    /// Adds a way out of one edit that may be applied unasked: `span` becomes `text`.
    #[must_use]
    pub fn safe_fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix::safe(title, vec![Edit { span, text: text.into() }]));
        self
    }

    /// Adds the way out that `written`, at `span`, becomes the first of `meant`, which are the names nearest to it. It may
    /// be applied unasked where there is only one and it has the same digits: `Conv1D` is no slip of `Conv2D`.
    #[must_use]
    pub fn rename(self, written: &str, span: Span, meant: &[&str]) -> Self {
        let Some(&first) = meant.first() else { return self };
        let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
        let title = format!("write `{first}`");
        if meant.len() == 1 && digits(written) == digits(first) {
            self.safe_fix(title, span, first)
        } else {
            self.fix(title, span, first)
        }
    }

    /// Keeps its fixes from deleting any of `comments`, which are in order.
    pub fn spare_comments(&mut self, comments: &[Spanned<String>]) {
        self.fixes.iter_mut().for_each(|fix| fix.spare_comments(comments));
    }

    /// The fix that may be applied unasked: its only one, where that is safe.
    #[must_use]
    pub fn safe_way_out(&self) -> Option<&Fix> {
        match self.fixes.as_slice() {
            [fix] if fix.applicability == Applicability::Safe => Some(fix),
            _ => None,
        }
    }

    /// The place in the spec, where it has one.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self.place {
            Place::Source(span) => Some(span),
            _ => None,
        }
    }

    /// Boxed, to be returned as an error.
    #[must_use]
    pub fn fault(self) -> Fault {
        Box::new(self)
    }

    /// Whether it keeps the spec from being run.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
