//! A message as plain data: what is wrong, where, why, and the way out.

use std::path::{Path, PathBuf};

use super::Fault;
use super::code::{Code, Severity};
use crate::base::Span;

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

/// A way out that a machine can apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What applying it does, in the imperative: "write `MaxPool`".
    pub title: String,
    /// The edits, without overlap.
    pub edits: Vec<Edit>,
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

    /// Adds a way out of one edit: `span` becomes `text`.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix { title: title.into(), edits: vec![Edit { span, text: text.into() }] });
        self
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
