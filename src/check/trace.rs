//! How a layer came to stand where it stands: through which repeats and blocks.

use crate::base::{Source, Span};
use crate::diag::Diagnostic;

/// A step of the expansion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A run of a repeat.
    Repeat {
        /// The repeat with its count.
        span: Span,
        /// The count alone.
        count_span: Span,
        /// Which run, from 1 on.
        index: u64,
        /// How many runs there are.
        count: u64,
    },
    /// A use of a block.
    Block {
        /// The block.
        name: String,
        /// Where it is used.
        call: Span,
    },
}

/// The steps from the network down to a layer, outermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(pub Vec<Frame>);

impl Trace {
    /// The innermost run of a repeat.
    #[must_use]
    pub fn innermost_repeat(&self) -> Option<&Frame> {
        self.0.iter().rev().find(|frame| matches!(frame, Frame::Repeat { .. }))
    }

    /// Whether the layer stands in the text exactly once for each time it stands in the network.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.iter().all(|frame| matches!(frame, Frame::Repeat { count: 1, .. }))
    }

    /// Whether the layer stands in a block, which may be used elsewhere with other arguments.
    #[must_use]
    pub fn is_in_block(&self) -> bool {
        self.0.iter().any(|frame| matches!(frame, Frame::Block { .. }))
    }

    /// "in repetition 3 of `[Conv -> MaxPool] * 4`", for the innermost repeat that runs more than once.
    #[must_use]
    pub fn in_repetition(&self, source: &Source) -> Option<String> {
        self.0.iter().rev().find_map(|frame| match frame {
            Frame::Repeat { span, index, count, .. } if *count > 1 => {
                Some(format!("in repetition {index} of `{}`", repeat_text(source, *span, *count)))
            }
            _ => None,
        })
    }

    /// Adds to a fault inside a block the places where the block is used.
    #[must_use]
    pub fn with_blocks(&self, mut fault: Diagnostic) -> Diagnostic {
        for frame in self.0.iter().rev() {
            if let Frame::Block { name, call } = frame
                && fault.span() != Some(*call)
            {
                fault = fault.label(*call, format!("`{name}` is expanded from here"));
            }
        }
        fault
    }

    /// Adds to a fault the repetition and the blocks in which it lies.
    #[must_use]
    pub fn told(&self, source: &Source, mut fault: Diagnostic) -> Diagnostic {
        if let Some(repetition) = self.in_repetition(source) {
            fault = fault.note(repetition);
        }
        self.with_blocks(fault)
    }
}

/// A repeat as written, its inside left out where it is long.
pub(super) fn repeat_text(source: &Source, span: Span, count: u64) -> String {
    let words: Vec<&str> = source.slice(span).split_whitespace().collect();
    let text = words.join(" ");
    if text.is_empty() || text.chars().count() > 60 || text.contains('#') { format!("[…] * {count}") } else { text }
}
