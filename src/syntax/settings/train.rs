//! `train:`: how a network is trained.

/// `train:`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainSettings {
    /// The optimizer with its constants.
    pub optimizer: Optimizer,
    /// The loss; `None`: derived from the last layer.
    pub loss: Option<Loss>,
    /// Share of the target, in [0, 1), that is spread over all classes (Szegedy et al., 2016).
    pub label_smoothing: f64,
    /// The peak learning rate; `None`: the optimizer's default.
    pub learning_rate: Option<Rate>,
    /// How the rate moves after the warm-up.
    pub schedule: Schedule,
    /// Epochs, in part too, over which the rate rises from zero to its peak.
    pub warmup_epochs: f64,
    /// Weight decay λ of the kernels, not of biases and normalisations: decoupled for AdamW, added to the gradient
    /// otherwise.
    pub weight_decay: f64,
    /// The largest norm that the gradient of all parameters keeps, above 0.
    pub clip_norm: Option<f64>,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step.
    pub batch_size: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// What convolutions and dense layers multiply.
    pub precision: Precision,
    /// Whether the first layers' outputs are computed anew for their gradients instead of kept.
    pub recompute: bool,
    /// Share, in (0, 1), that the moving average of the weights keeps a step; the average is what is evaluated.
    pub ema: Option<f64>,
    /// When a training ends before its epochs do.
    pub early_stopping: Option<EarlyStopping>,
    /// What is done when a training falls back to guessing; `None`: it ends.
    pub on_collapse: Option<OnCollapse>,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            optimizer: Optimizer::default(),
            loss: None,
            label_smoothing: 0.0,
            learning_rate: None,
            schedule: Schedule::Constant,
            warmup_epochs: 0.0,
            weight_decay: 0.0,
            clip_norm: None,
            epochs: 10,
            batch_size: 32,
            seed: 0,
            precision: Precision::default(),
            recompute: false,
            ema: None,
            early_stopping: None,
            on_collapse: None,
        }
    }
}

impl TrainSettings {
    /// The peak learning rate: as written, else the optimizer's default.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        match self.learning_rate {
            Some(Rate::Fixed(rate)) => rate,
            Some(Rate::Auto) | None => self.optimizer.default_rate(),
        }
    }

    /// The peak rate above which trainings tend to collapse, for a network that `normalises` between its layers or not; none where
    /// no rate is known for it.
    #[must_use]
    pub fn risky_rate(&self, normalises: bool) -> Option<f64> {
        let is_raised = self.warmup_epochs > 0.0 || matches!(self.schedule, Schedule::OneCycle { .. });
        match self.optimizer {
            Optimizer::Sgd { .. } if normalises => None,
            // A momentum of 0.9 makes steps ten times as long.
            Optimizer::Sgd { momentum, .. } => Some(if momentum >= 0.9 { 0.05 } else { 0.1 }),
            // Raised slowly, and with normalised layers, the peak of a cycle may be higher.
            _ if normalises && is_raised => Some(1e-2),
            _ => Some(3e-3),
        }
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
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// Half a cosine down to zero (Loshchilov and Hutter, 2017, without restarts).
    Cosine,
    /// It is multiplied again and again.
    Step {
        /// Epochs, above 0, from one drop to the next.
        every: f64,
        /// What it is multiplied by, in (0, 1).
        factor: f64,
    },
    /// It is multiplied when the validation loss stops falling.
    Plateau {
        /// Epochs without a new best before it drops.
        patience: usize,
        /// What it is multiplied by, in (0, 1).
        factor: f64,
    },
    /// Up to the peak and down to almost zero (Smith and Topin, 2018).
    OneCycle {
        /// Share of the training, in (0, 1), over which it rises.
        rise: f64,
    },
}

/// The peak learning rate as a spec gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// This, above 0.
    Fixed(f64),
    /// What the range test finds (Smith, 2017).
    Auto,
}

/// What a training makes small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// −ln of the right class's probability.
    CrossEntropy,
    /// The same for one probability and two classes.
    BinaryCrossEntropy,
    /// Cross-entropy with less weight on what is right already (Lin et al., 2017).
    Focal,
    /// The mean squared difference between probabilities and target.
    Mse,
}

impl Loss {
    /// Every loss with its word.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("cross_entropy", Self::CrossEntropy),
        ("binary_cross_entropy", Self::BinaryCrossEntropy),
        ("focal", Self::Focal),
        ("mse", Self::Mse),
    ];

    /// As written in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, loss)| *loss == self).map_or("", |(name, _)| *name)
    }
}

/// What convolutions and dense layers multiply, forward and in their gradients. Sums are `f32` in any case, and so are
/// weights, activations, norms, losses and what the optimizer keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floating point.
    #[default]
    F32,
    /// The same rounded to the nearest number of 16 bits with the exponent of 32, ties to even.
    Bf16,
}

impl Precision {
    /// Every precision with its word.
    pub const ALL: &'static [(&'static str, Self)] = &[("f32", Self::F32), ("bf16", Self::Bf16)];

    /// As written in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, precision)| *precision == self).map_or("", |(name, _)| *name)
    }
}

/// When a training ends before its epochs do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyStopping {
    /// What is watched.
    pub metric: Metric,
    /// Epochs without a new best.
    pub patience: usize,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { metric: Metric::ValLoss, patience: 5 }
    }
}

/// A number that an epoch ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Loss on the validation images.
    ValLoss,
    /// Share of the validation images that are right.
    ValAccuracy,
    /// Loss on the training images.
    Loss,
    /// Share of the training images that are right.
    Accuracy,
}

impl Metric {
    /// Every metric with its word.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("val_loss", Self::ValLoss),
        ("val_accuracy", Self::ValAccuracy),
        ("loss", Self::Loss),
        ("accuracy", Self::Accuracy),
    ];

    /// As written in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("", |(name, _)| *name)
    }

    /// Whether it is measured on the validation images.
    #[must_use]
    pub fn is_of_validation(self) -> bool {
        matches!(self, Self::ValLoss | Self::ValAccuracy)
    }
}

/// What is done when a training falls back to guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCollapse {
    /// It ends.
    Stop,
    /// It goes on from the last good checkpoint with a tenth of the rate or less.
    Recover,
    /// Nothing.
    Ignore,
}

impl OnCollapse {
    /// Each with its word.
    pub const ALL: &'static [(&'static str, Self)] =
        &[("stop", Self::Stop), ("recover", Self::Recover), ("ignore", Self::Ignore)];

    /// As written in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, choice)| *choice == self).map_or("", |(name, _)| *name)
    }
}
