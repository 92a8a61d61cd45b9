//! THE layer table: what authors write, one file a layer or family, one list in source order.
//!
//! A layer is data (names, arguments with bounds and defaults, a line of documentation) and one function that spends
//! operations; its shape, range and gradient follow from the operations. This room knows one layer at a time: repeats,
//! blocks and the order of layers are `check`'s.

mod activation;
mod argument;
mod bind;
mod canonical;
mod combine;
mod conv;
mod convert;
mod dense;
mod dropout;
mod foreign;
mod norm;
mod pool;
mod shape;

use crate::base::nearest;
use crate::graph::{Builder, TypeFault, ValueId};

pub use argument::{Argument, Bounds, Kind, Preset, Value};
pub use bind::{Bound, Defaults, Given, bind, duplicate, too_many, unknown_layer};
pub use canonical::canonical_names;
pub use foreign::advice;

/// All layers, in the order in which the documentation shows them.
pub static LAYERS: &[&Layer] = &[
    &conv::CONV,
    &conv::DEPTHWISE_CONV,
    &conv::SEPARABLE_CONV,
    &dense::DENSE,
    &pool::MAX_POOL,
    &pool::AVG_POOL,
    &pool::ADAPTIVE_AVG_POOL,
    &pool::GLOBAL_AVG_POOL,
    &pool::GLOBAL_MAX_POOL,
    &shape::FLATTEN,
    &shape::ZERO_PAD,
    &shape::IDENTITY,
    &norm::BATCH_NORM,
    &norm::LAYER_NORM,
    &norm::GROUP_NORM,
    &norm::LAYER_SCALE,
    &dropout::DROPOUT,
    &dropout::SPATIAL_DROPOUT,
    &activation::RELU,
    &activation::RELU6,
    &activation::LEAKY_RELU,
    &activation::PRELU,
    &activation::ELU,
    &activation::SELU,
    &activation::GELU,
    &activation::SILU,
    &activation::MISH,
    &activation::HARD_SWISH,
    &activation::HARD_SIGMOID,
    &activation::SIGMOID,
    &activation::TANH,
    &activation::SOFTPLUS,
    &activation::SOFTMAX,
    &activation::LOG_SOFTMAX,
    &combine::ADD,
    &combine::MULTIPLY,
    &combine::CONCAT,
    &combine::RESIDUAL,
];

/// Spends the operations of one layer on its operands.
pub type Emit = fn(&mut Builder, &[ValueId], &Bound) -> Result<ValueId, TypeFault>;

/// A row of the table.
#[derive(Debug)]
pub struct Layer {
    /// The name that `fmt` writes.
    pub name: &'static str,
    /// Names of the same layer in Keras and PyTorch.
    pub aliases: &'static [&'static str],
    /// What it does, in one line.
    pub doc: &'static str,
    /// What kind of layer it is.
    pub family: Family,
    /// The arguments, in the order in which they may be given by position.
    pub arguments: &'static [Argument],
    /// How many leading arguments a summary always shows.
    pub shown: usize,
    /// The operations it stands for.
    pub emit: Emit,
}

/// What kind of layer a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// It has a learned kernel.
    Weighted,
    /// It slides a window, or takes the whole map at once.
    Pool,
    /// It normalises.
    Norm,
    /// In inference it moves numbers without changing them: flatten, pad, dropout, identity.
    Passing,
    /// It is applied to every element, or every row of channels, by itself; any such layer can be an `activation:`.
    Activation,
    /// It joins from so many branches on, up to so many.
    Combinator {
        /// The fewest branches.
        least: usize,
        /// The most branches.
        most: usize,
    },
}

impl Layer {
    /// The name in lower case with underscores, as in `activation: leaky_relu` and in `leaky_relu1`.
    #[must_use]
    pub fn word(&self) -> String {
        let mut word = String::new();
        let mut after_lower = false;
        for letter in self.name.chars() {
            if letter.is_uppercase() && after_lower {
                word.push('_');
            }
            after_lower = letter.is_lowercase() || letter.is_numeric();
            word.extend(letter.to_lowercase());
        }
        word
    }

    /// Index of the argument of this name or alias.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<usize> {
        self.arguments.iter().position(|argument| argument.name == name || argument.aliases.contains(&name))
    }

    /// Whether it joins branches.
    #[must_use]
    pub fn is_combinator(&self) -> bool {
        matches!(self.family, Family::Combinator { .. })
    }
}

impl PartialEq for Layer {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The layer of this name or alias, letter by letter; `nn.` and `layers.` in front are Python's and do not count.
#[must_use]
pub fn find(name: &str) -> Option<&'static Layer> {
    let name = name.rsplit('.').next().unwrap_or(name);
    LAYERS.iter().copied().find(|layer| layer.name == name || layer.aliases.contains(&name))
}

/// The activation of this word: `relu`, `leaky_relu`, `swish`, `hard_silu`.
#[must_use]
pub fn find_activation(word: &str) -> Option<&'static Layer> {
    let parts = word.split('_').filter_map(|part| part.split_at_checked(1));
    let camel_case: String = parts.map(|(first, rest)| first.to_uppercase() + rest).collect();
    let is_lowercase = !word.contains(char::is_uppercase);
    let is_alias = |alias: &&str| is_lowercase && (alias.to_lowercase() == word || **alias == camel_case);
    activations().find(|layer| layer.word() == word || layer.aliases.iter().any(is_alias))
}

/// The layers that can be an `activation:`.
pub fn activations() -> impl Iterator<Item = &'static Layer> {
    LAYERS.iter().copied().filter(|layer| layer.family == Family::Activation)
}

/// The layer that `name` was probably meant to be, the first of [`suggestions`].
#[must_use]
pub fn suggest(name: &str) -> Option<&'static Layer> {
    suggestions(name).first().copied().and_then(find)
}

/// The names of the layers that `name` may have been meant to be, by whatever name of theirs.
#[must_use]
pub fn suggestions(name: &str) -> Vec<&'static str> {
    let names = LAYERS.iter().flat_map(|layer| std::iter::once(&layer.name).chain(layer.aliases));
    let mut meant: Vec<_> =
        nearest(name, names.copied()).into_iter().filter_map(find).map(|layer| layer.name).collect();
    meant.dedup();
    meant
}

#[cfg(test)]
mod tests;
