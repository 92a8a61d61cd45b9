//! What faults and lints are read off: the typed network with all that is known around it.

use super::ImageCounts;
use super::blocks::Blocks;
use super::expand::{Expander, Trial};
use super::typing::{Row, Typed, type_network};
use crate::base::{Source, Span};
use crate::graph::{Range, Shape, ValueId};
use crate::layer::{Defaults, Family};
use crate::syntax::ast::{Chain, File};

/// The classes of a network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ClassSet {
    /// How many.
    pub count: usize,
    /// Their names, where they are known.
    pub names: Option<Vec<String>>,
    /// Whether nothing says how many.
    pub assumed: bool,
}

/// What is needed to build the network again under another trial or on another input.
pub(super) struct Spec<'a> {
    /// The network.
    pub chain: &'a Chain,
    /// The blocks.
    pub blocks: &'a Blocks<'a>,
    /// Defaults of arguments.
    pub defaults: &'a Defaults,
    /// The interval of the images' numbers.
    pub range: Range,
    /// Units of a last dense layer that does not say.
    pub classes: usize,
}

impl Spec<'_> {
    /// Whether every window fits its input.
    pub(super) fn fits(&self, trial: Trial, shape: Shape) -> bool {
        let items = Expander::new(self.blocks, self.defaults, trial).network(self.chain);
        !type_network(&items, shape, self.range, self.classes).has_window_clash()
    }
}

/// A typed network and what is known around it.
pub(super) struct Subject<'a> {
    /// The text.
    pub source: &'a Source,
    /// The tree.
    pub file: &'a File,
    /// What builds the network.
    pub spec: Spec<'a>,
    /// The network.
    pub typed: &'a Typed<'a>,
    /// The images' shape.
    pub input: Shape,
    /// Whether that shape is assumed.
    pub input_assumed: bool,
    /// The classes.
    pub classes: ClassSet,
    /// How many images there are, where the data are known.
    pub images: Option<ImageCounts>,
    /// Whether every part of the network is known, and nothing that is written has a fault.
    pub is_sound: bool,
}

impl<'a> Subject<'a> {
    /// The layer that makes a value; `None` for the images.
    pub(super) fn maker(&self, value: ValueId) -> Option<&Row<'a>> {
        let node = self.typed.graph.producer(value)?;
        self.typed.rows.get(node.layer.0)
    }

    /// The layer that makes a value, looking through layers that only pass numbers on: flatten, dropout, identity.
    pub(super) fn origin(&self, value: ValueId) -> Option<&Row<'a>> {
        let mut row = self.maker(value)?;
        while row.instance.layer().family == Family::Passing && row.instance.layer().name != "ZeroPad" {
            row = self.maker(row.inputs[0].value)?;
        }
        Some(row)
    }

    /// The layer that ends the network, looking through layers that only pass numbers on.
    pub(super) fn head(&self) -> Option<&Row<'a>> {
        self.origin(self.typed.output.value)
    }

    /// The convolution or dense layer that gives the numbers a value is made of, where a single path leads to it.
    pub(super) fn weights_behind(&self, value: ValueId) -> Option<&Row<'a>> {
        let mut row = self.maker(value)?;
        while row.instance.layer().family != Family::Weighted {
            let [input] = row.inputs.as_slice() else { return None };
            row = self.maker(input.value)?;
        }
        Some(row)
    }

    /// The place of a layer, its repetition and its blocks told with the fault.
    pub(super) fn told(&self, row: &Row<'_>, fault: crate::diag::Diagnostic) -> crate::diag::Diagnostic {
        row.instance.trace.told(self.source, fault)
    }

    /// Where the front matter gives the input, if it is the size alone that stands there.
    pub(super) fn input_span(&self) -> Option<Span> {
        let span = self.file.front.input?.span;
        let is_size = |byte: u8| byte.is_ascii_digit() || b" x\"'".contains(&byte);
        self.source.slice(span).bytes().all(is_size).then_some(span)
    }
}
