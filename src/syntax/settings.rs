//! What the front matter can say, as typed values with their documented defaults.

use super::ast::{Name, Value};
use crate::base::{Span, Spanned};

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

/// `data:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSettings {
    /// How an image of another size is brought to the input's.
    pub resize: Resize,
    /// How bytes become numbers.
    pub normalize: Spanned<Normalize>,
    /// Where validation images come from; `None`: a folder of the data's if it has one, else 10 %.
    pub validation: Option<Spanned<Validation>>,
}

/// How an image of another size is brought to the input's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resize {
    /// Each axis by itself; the aspect changes.
    #[default]
    Stretch,
    /// The shorter side fits, the middle of the longer is kept.
    Crop,
    /// The longer side fits, the rest is filled with black.
    Pad,
}

/// How bytes become numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Normalize {
    /// Mean 0 and deviation 1 per channel, measured on the training images and kept in the model.
    #[default]
    Standardize,
    /// byte / 255.
    ZeroToOne,
    /// byte / 127.5 − 1.
    MinusOneToOne,
    /// The published means and deviations of ImageNet.
    Imagenet,
    /// The bytes as they are, 0 to 255.
    None,
    /// Given means and deviations of byte / 255, one a channel.
    MeanStd {
        /// Means.
        mean: Vec<f64>,
        /// Deviations, above zero.
        std: Vec<f64>,
    },
}

/// Where validation images come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Validation {
    /// A share of every class, in (0, 1).
    Share(f64),
    /// The folder of that name in the data.
    Folder(String),
}

/// `train:`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainSettings {
    /// The optimizer with its constants.
    pub optimizer: Optimizer,
    /// The peak learning rate; `None`: the optimizer's default.
    pub learning_rate: Option<Spanned<f64>>,
    /// How the rate moves after the warm-up.
    pub schedule: Schedule,
    /// Epochs, in part too, over which the rate rises from zero to its peak.
    pub warmup_epochs: f64,
    /// Weight decay λ: decoupled for AdamW, added to the gradient otherwise.
    pub weight_decay: f64,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step.
    pub batch_size: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            optimizer: Optimizer::default(),
            learning_rate: None,
            schedule: Schedule::Constant,
            warmup_epochs: 0.0,
            weight_decay: 0.0,
            epochs: 10,
            batch_size: 32,
            seed: 0,
        }
    }
}

impl TrainSettings {
    /// The peak learning rate: as written, else the optimizer's default.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        self.learning_rate.map_or_else(|| self.optimizer.default_rate(), |rate| rate.value)
    }
}

/// The optimizer with its constants; formulas as in PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the velocity kept; 0 for none.
        momentum: f64,
        /// Nesterov's look-ahead.
        nesterov: bool,
    },
    /// Adam (Kingma and Ba, 2015).
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
    AdamW {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// RMSprop (Tieleman and Hinton, 2012).
    RmsProp {
        /// Decay of the squared gradient's mean.
        alpha: f64,
        /// Added to its root.
        epsilon: f64,
    },
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl Optimizer {
    /// The rate used where a spec gives none: 0.01 for SGD, 1e-3 for the others.
    #[must_use]
    pub fn default_rate(&self) -> f64 {
        match self {
            Self::Sgd { .. } => 0.01,
            _ => 1e-3,
        }
    }

    /// As written in a spec.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
            Self::RmsProp { .. } => "rmsprop",
        }
    }
}

/// How the rate moves after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// Half a cosine down to zero (Loshchilov and Hutter, 2017, without restarts).
    Cosine,
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
