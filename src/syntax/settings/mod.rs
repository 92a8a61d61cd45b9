//! What the front matter can say, as typed values with their documented defaults.

mod data;
mod train;

use std::collections::BTreeMap;

use super::ast::{Name, Value};
use crate::base::{Span, Spanned};

pub use data::{Augment, Balance, DataSettings, Flip, Normalize, Resize, Validation};
pub use train::{EarlyStopping, Loss, Metric, OnCollapse, Optimizer, Precision, Rate, Schedule, TrainSettings};

/// The front matter of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontMatter {
    /// Between the two `---` lines; `None` where there is no front matter.
    pub span: Option<Span>,
    /// The experiment's name.
    pub name: Option<Spanned<String>>,
    /// Height, width and channels of the input.
    pub input: Option<Spanned<[usize; 3]>>,
    /// The classes.
    pub classes: Option<Spanned<Classes>>,
    /// Defaults of layers' arguments, a layer each.
    pub defaults: Vec<LayerDefaults>,
    /// How images become inputs.
    pub data: DataSettings,
    /// How the network is trained.
    pub train: TrainSettings,
    /// What `check` holds the network to.
    pub expect: Expect,
    /// Levels of codes.
    pub lint: LintLevels,
    /// The model file that the weights start from, by name and shape.
    pub init_from: Option<Spanned<String>>,
    /// Names of parameters that stay as they are, `*` for any part of one.
    pub freeze: Vec<Name>,
    /// Where the values stand.
    pub places: Places,
}

/// Where the values of the front matter stand, by key: `input`, `train.epochs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places(BTreeMap<String, Span>);

impl Places {
    /// Where the value of `key` stands; `None` where the spec does not give it.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<Span> {
        self.0.get(key).copied()
    }

    /// The value of `key` comes from elsewhere.
    pub fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }

    pub(super) fn put(&mut self, key: String, span: Span) {
        self.0.insert(key, span);
    }
}

/// The classes, by number or by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Classes {
    /// So many.
    Count(usize),
    /// These, in order.
    Names(Vec<String>),
}

impl Classes {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Count(count) => *count,
            Self::Names(names) => names.len(),
        }
    }
}

/// `defaults: { Conv: { kernel: 5x5 } }`: one layer's part.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerDefaults {
    /// The layer's name.
    pub layer: Name,
    /// Arguments and what they are where a layer does not say.
    pub arguments: Vec<(Name, Value)>,
}

/// `expect:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Trainable parameters.
    pub params: Option<Spanned<u64>>,
    /// Width of the output.
    pub output: Option<Spanned<usize>>,
}

/// `lint:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LintLevels {
    /// Codes that are silenced.
    pub allow: Vec<Name>,
    /// Codes that become warnings.
    pub warn: Vec<Name>,
    /// Codes that become errors.
    pub deny: Vec<Name>,
}
