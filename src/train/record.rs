//! Everything that a run was resolved to: what `run.yaml` shows, and what a resumed run goes by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::{Choices, Options};
use crate::syntax::settings::{
    EarlyStopping, Loss, Metric, OnCollapse, Optimizer, Precision, Rate, Schedule, TrainSettings,
};

/// All that decides what a run computes, and what it ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of netc.
    pub netc: String,
    /// The spec's file as it was named.
    pub spec: String,
    /// The images.
    pub data: DataRecord,
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Height, width and channels.
    pub input: [usize; 3],
    /// How images of another size are fitted.
    pub resize: String,
    /// How bytes become numbers.
    pub normalization: NormalizationRecord,
    /// What is done where classes are of unequal size.
    #[serde(default)]
    pub balance: String,
    /// The file that the weights started from, as it was found from where netc ran: the spec, which is held to the byte,
    /// names it.
    #[serde(default)]
    pub init_from: Option<String>,
    /// BLAKE3, in hexadecimal, of that file as it was when the training began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_from_digest: Option<String>,
    /// Names of parameters that stay as they are.
    #[serde(default)]
    pub freeze: Vec<String>,
    /// How the network is trained.
    pub train: TrainRecord,
    /// What it ran on.
    pub machine: MachineRecord,
}

/// Where the images came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// The path as it was named.
    pub path: String,
    /// A hash of classes, paths, roles and contents.
    pub digest: String,
    /// Where the validation images come from, in words.
    pub validation: String,
    /// How many images are trained on.
    pub train_images: usize,
    /// How many are held back.
    pub validation_images: usize,
}

/// `(byte - mean) / deviation`, a value a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalizationRecord {
    /// What is subtracted.
    pub mean: Vec<f32>,
    /// What the difference is divided by.
    pub deviation: Vec<f32>,
}

/// The settings of a training, the optimizer's constants among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainRecord {
    /// The optimizer.
    pub optimizer: OptimizerRecord,
    /// The peak rate.
    pub learning_rate: f64,
    /// How the rate moves after the warm-up.
    pub schedule: ScheduleRecord,
    /// Epochs of the warm-up.
    pub warmup_epochs: f64,
    /// λ.
    pub weight_decay: f64,
    /// The loss by its word; none where it follows from the last layer.
    #[serde(default)]
    pub loss: Option<String>,
    /// Share of the target that is spread over all classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The largest norm of the gradient.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// Share that the average of the weights keeps a step.
    #[serde(default)]
    pub ema: Option<f64>,
    /// When it ends early.
    #[serde(default)]
    pub early_stopping: Option<EarlyStoppingRecord>,
    /// What is done when it falls back to guessing, by its word.
    #[serde(default)]
    pub on_collapse: Option<String>,
    /// Passes over the images.
    pub epochs: usize,
    /// Images a step.
    pub batch_size: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// What is multiplied, by its word; `f32` where it is not written down.
    #[serde(default = "single")]
    pub precision: String,
    /// Whether first layers are computed anew for their gradients.
    #[serde(default)]
    pub recompute: bool,
}

fn single() -> String {
    Precision::F32.name().to_owned()
}

/// [`EarlyStopping`], as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyStoppingRecord {
    /// What is watched, by its word.
    pub metric: String,
    /// Epochs without a new best.
    pub patience: usize,
}

/// What a run ran on; it does not decide what comes out, but for the instruction set in the last bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineRecord {
    /// Threads.
    pub threads: usize,
    /// The instruction set of the kernels.
    pub isa: String,
    /// Kernels that were not chosen by rule, by their tasks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kernels: BTreeMap<String, String>,
}

impl MachineRecord {
    /// What plans of these options run on, by so many threads, with those of the choices that are `used`.
    pub(super) fn new(threads: usize, options: &Options, used: &Choices) -> Self {
        let kernels = used.iter().map(|(task, kernel)| (task.to_owned(), kernel.to_owned())).collect();
        Self { threads, isa: options.used_isa().to_string(), kernels }
    }

    /// The choices of kernels.
    #[must_use]
    pub fn choices(&self) -> Choices {
        self.kernels.clone().into_iter().collect()
    }
}

/// [`Optimizer`], as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
#[expect(missing_docs, reason = "the fields are those of `Optimizer`")]
pub enum OptimizerRecord {
    Sgd { momentum: f64, nesterov: bool },
    Adam { beta1: f64, beta2: f64, epsilon: f64 },
    AdamW { beta1: f64, beta2: f64, epsilon: f64 },
    RmsProp { alpha: f64, epsilon: f64 },
}

/// [`Schedule`], as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are those of `Schedule`")]
pub enum ScheduleRecord {
    Constant,
    Cosine,
    Step { every: f64, factor: f64 },
    Plateau { patience: usize, factor: f64 },
    OneCycle { rise: f64 },
}

impl From<Schedule> for ScheduleRecord {
    fn from(schedule: Schedule) -> Self {
        match schedule {
            Schedule::Constant => Self::Constant,
            Schedule::Cosine => Self::Cosine,
            Schedule::Step { every, factor } => Self::Step { every, factor },
            Schedule::Plateau { patience, factor } => Self::Plateau { patience, factor },
            Schedule::OneCycle { rise } => Self::OneCycle { rise },
        }
    }
}

impl From<ScheduleRecord> for Schedule {
    fn from(record: ScheduleRecord) -> Self {
        match record {
            ScheduleRecord::Constant => Self::Constant,
            ScheduleRecord::Cosine => Self::Cosine,
            ScheduleRecord::Step { every, factor } => Self::Step { every, factor },
            ScheduleRecord::Plateau { patience, factor } => Self::Plateau { patience, factor },
            ScheduleRecord::OneCycle { rise } => Self::OneCycle { rise },
        }
    }
}

impl From<Optimizer> for OptimizerRecord {
    fn from(optimizer: Optimizer) -> Self {
        match optimizer {
            Optimizer::Sgd { momentum, nesterov } => Self::Sgd { momentum, nesterov },
            Optimizer::Adam { beta1, beta2, epsilon } => Self::Adam { beta1, beta2, epsilon },
            Optimizer::AdamW { beta1, beta2, epsilon } => Self::AdamW { beta1, beta2, epsilon },
            Optimizer::RmsProp { alpha, epsilon } => Self::RmsProp { alpha, epsilon },
        }
    }
}

impl From<OptimizerRecord> for Optimizer {
    fn from(record: OptimizerRecord) -> Self {
        match record {
            OptimizerRecord::Sgd { momentum, nesterov } => Self::Sgd { momentum, nesterov },
            OptimizerRecord::Adam { beta1, beta2, epsilon } => Self::Adam { beta1, beta2, epsilon },
            OptimizerRecord::AdamW { beta1, beta2, epsilon } => Self::AdamW { beta1, beta2, epsilon },
            OptimizerRecord::RmsProp { alpha, epsilon } => Self::RmsProp { alpha, epsilon },
        }
    }
}

/// What a word stands for.
fn named<T: Copy>(all: &[(&str, T)], word: &str) -> Option<T> {
    all.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

impl From<&TrainSettings> for TrainRecord {
    fn from(settings: &TrainSettings) -> Self {
        Self {
            optimizer: settings.optimizer.into(),
            learning_rate: settings.peak_rate(),
            schedule: settings.schedule.into(),
            warmup_epochs: settings.warmup_epochs,
            weight_decay: settings.weight_decay,
            loss: settings.loss.map(|loss| loss.name().to_owned()),
            label_smoothing: settings.label_smoothing,
            clip_norm: settings.clip_norm,
            ema: settings.ema,
            early_stopping: settings.early_stopping.map(|stopping| EarlyStoppingRecord {
                metric: stopping.metric.name().to_owned(),
                patience: stopping.patience,
            }),
            on_collapse: settings.on_collapse.map(|choice| choice.name().to_owned()),
            epochs: settings.epochs,
            batch_size: settings.batch_size,
            seed: settings.seed,
            precision: settings.precision.name().to_owned(),
            recompute: settings.recompute,
        }
    }
}

impl TrainRecord {
    /// The settings that give this record.
    #[must_use]
    pub fn settings(&self) -> TrainSettings {
        TrainSettings {
            optimizer: self.optimizer.into(),
            learning_rate: Some(Rate::Fixed(self.learning_rate)),
            schedule: self.schedule.into(),
            warmup_epochs: self.warmup_epochs,
            weight_decay: self.weight_decay,
            loss: self.loss.as_deref().and_then(|word| named(Loss::ALL, word)),
            label_smoothing: self.label_smoothing,
            clip_norm: self.clip_norm,
            ema: self.ema,
            early_stopping: self.early_stopping.as_ref().map(|stopping| EarlyStopping {
                metric: named(Metric::ALL, &stopping.metric).unwrap_or(Metric::ValLoss),
                patience: stopping.patience,
            }),
            on_collapse: self.on_collapse.as_deref().and_then(|word| named(OnCollapse::ALL, word)),
            epochs: self.epochs,
            batch_size: self.batch_size,
            seed: self.seed,
            precision: named(Precision::ALL, &self.precision).unwrap_or_default(),
            recompute: self.recompute,
        }
    }
}
