//! A training with everything resolved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::convert::{decoder, input_of};
use super::dataset::{Dataset, Loaded, OnFile};
use super::freeze::frozen;
use super::memory::Machine;
use super::record::{DataRecord, MachineRecord, NormalizationRecord, Record, TrainRecord};
use crate::base::Source;
use crate::data::{Images, OnBadImage, Order, class_weights, oversampled_len};
use crate::diag::{Diagnostic, Result, Severity, code};
use crate::graph::{Graph, Inference, Objective, ParamId, Training};
use crate::kernel::criterion::{Criterion, Error};
use crate::model::{Model, Normalization, Tensor};
use crate::plan::{Change, Choices, Options, Plan};
use crate::syntax::ast::Name;
use crate::syntax::settings::{Augment, Balance, DataSettings, Loss, Resize, TrainSettings};

/// All that decides a training, and what it runs on.
#[derive(Clone, Debug)]
pub struct Job {
    /// The spec, as it was written.
    pub spec: Source,
    /// The network, checked for these images and classes.
    pub graph: Graph,
    /// How it is trained.
    pub settings: TrainSettings,
    /// What is done where classes are of unequal size.
    pub balance: Balance,
    /// The model that the weights start from.
    pub init_from: Option<PathBuf>,
    /// Names of parameters that stay as they are, as the spec gives them.
    pub freeze: Vec<String>,
    /// The parameters that these are.
    pub frozen: Vec<ParamId>,
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Images to train on.
    pub train: Arc<Images>,
    /// Images to validate with.
    pub validation: Option<Arc<Images>>,
    /// How bytes become numbers.
    pub normalizer: Normalization,
    /// How images of another size are fitted.
    pub resize: Resize,
    /// How images to train on are changed at random.
    pub augment: Augment,
    /// Where the images came from.
    pub data: DataRecord,
    /// What it runs on.
    pub machine: Machine,
}

/// What a job is made of, its images apart.
#[derive(Clone, Debug)]
pub struct Setup<'a> {
    /// The spec, as it was written.
    pub spec: &'a Source,
    /// The network, checked for the data set's images and classes.
    pub graph: Graph,
    /// How images become inputs.
    pub data: &'a DataSettings,
    /// How it is trained, what the command line changed included.
    pub train: TrainSettings,
    /// The model that the weights start from; none for random ones.
    pub init_from: Option<PathBuf>,
    /// Names of parameters that stay as they are.
    pub freeze: &'a [Name],
    /// What it runs on.
    pub machine: Machine,
}

impl Job {
    /// Decodes the images and measures the normalisation.
    ///
    /// # Errors
    /// N105 where images cannot become the network's input or `freeze` names nothing, O508 where a setting watches validation
    /// images and there are none, else as [`Dataset::load`] and [`Normalization::new`]. Images that are left out, or smaller than the input, are named by the
    /// diagnostics.
    pub fn prepare(
        setup: Setup<'_>,
        dataset: Dataset,
        on_bad: OnBadImage,
        on_file: OnFile<'_>,
    ) -> Result<(Self, Vec<Diagnostic>)> {
        let Setup { spec, graph, data, train: settings, init_from, freeze, machine } = setup;
        let frozen = frozen(&graph, freeze)?;
        let freeze = freeze.iter().map(|name| name.value.clone()).collect();
        let input = input_of(&graph);
        let (Loaded { train, validation }, mut found) = dataset.load(decoder(input, data.resize)?, on_bad, on_file)?;
        check_watched(&settings, validation.is_some())?;
        let normalizer = Normalization::new(&data.normalize.value, input[2], train.statistics())?;
        found.extend(dataset.check_input(input));
        let Dataset { classes, record, .. } = dataset;
        let (resize, augment, balance) = (data.resize, data.augment, data.balance);
        let data = DataRecord {
            train_images: train.len(),
            validation_images: validation.as_ref().map_or(0, |images| images.len()),
            ..record
        };
        let spec = spec.clone();
        let job = Self {
            spec,
            graph,
            settings,
            balance,
            init_from,
            freeze,
            frozen,
            classes,
            train,
            validation,
            normalizer,
            resize,
            augment,
            data,
            machine,
        };
        Ok((job, found))
    }

    /// Images a step: as set, but no more than there are.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.settings.batch_size.clamp(1, self.train.len())
    }

    /// Steps of an epoch; the last one takes what is left.
    #[must_use]
    pub fn steps_per_epoch(&self) -> usize {
        self.images_per_epoch().div_ceil(self.batch())
    }

    /// Images of an epoch: all of them, those that are seen again included.
    #[must_use]
    pub fn images_per_epoch(&self) -> usize {
        match self.balance {
            Balance::Oversample => oversampled_len(self.labels(), self.classes.len()),
            Balance::None | Balance::ClassWeights => self.train.len(),
        }
    }

    /// In which order the epoch, from 0, visits the images.
    #[must_use]
    pub fn order(&self, epoch: usize) -> Order {
        let (seed, epoch) = (self.settings.seed, epoch as u64);
        match self.balance {
            Balance::Oversample => Order::Oversampled { seed, epoch },
            Balance::None | Balance::ClassWeights => Order::Shuffled { seed, epoch },
        }
    }

    /// What the images of each class count in the loss; none where all count alike.
    #[must_use]
    pub fn class_weights(&self) -> Option<Vec<f32>> {
        (self.balance == Balance::ClassWeights).then(|| class_weights(self.labels(), self.classes.len()))
    }

    fn labels(&self) -> impl Iterator<Item = usize> + '_ {
        self.train.samples().iter().map(|sample| sample.class)
    }

    /// What the training makes small, and which parameters it changes for it.
    #[must_use]
    pub fn objective(&self) -> Objective {
        let error = match self.settings.loss {
            None | Some(Loss::CrossEntropy | Loss::BinaryCrossEntropy) => Error::CrossEntropy,
            Some(Loss::Focal) => Error::Focal,
            Some(Loss::Mse) => Error::Squared,
        };
        let criterion = Criterion { error, smoothing: self.settings.label_smoothing as f32 };
        let class_weights = self.balance == Balance::ClassWeights;
        Objective { criterion, class_weights, frozen: self.frozen.clone() }
    }

    /// The network with its loss and the gradients that are wanted.
    #[must_use]
    pub fn training(&self) -> Training {
        Training::with(&self.graph, &self.objective())
    }

    /// How gradients change the weights.
    #[must_use]
    pub fn change(&self) -> Change {
        Change { optimizer: self.settings.optimizer, clip_norm: self.settings.clip_norm }
    }

    /// What plans are made for.
    #[must_use]
    pub fn options(&self) -> Options {
        let TrainSettings { precision, recompute, .. } = self.settings;
        let Machine { isa, ref choices, .. } = self.machine;
        Options { batch: self.batch(), isa, precision, recompute, choices: choices.clone() }
    }

    /// The plan of a training step.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::training(&self.training(), self.change(), self.options())
    }

    /// The choices of kernels that the plans of the training go by.
    fn choices_used(&self) -> Choices {
        let validating = Plan::inference(&Inference::of(&self.graph), self.options());
        self.machine.choices.used_by(&[self.plan(), validating])
    }

    /// Everything resolved, to be written down.
    #[must_use]
    pub fn record(&self) -> Record {
        let Normalization { mean, deviation } = self.normalizer.clone();
        Record {
            netc: env!("CARGO_PKG_VERSION").to_owned(),
            spec: self.spec.name().to_owned(),
            data: self.data.clone(),
            classes: self.classes.clone(),
            input: input_of(&self.graph),
            resize: format!("{:?}", self.resize).to_lowercase(),
            normalization: NormalizationRecord { mean, deviation },
            balance: self.balance.name().to_owned(),
            init_from: self.init_from.as_ref().map(|path| path.display().to_string()),
            init_from_digest: None,
            freeze: self.freeze.clone(),
            train: TrainRecord::from(&self.settings),
            machine: MachineRecord::new(self.machine.threads, &self.options(), &self.choices_used()),
        }
    }

    /// The model with these weights.
    #[must_use]
    pub fn model(&self, tensors: Vec<Tensor>) -> Model {
        // The folder that a spec was in says nothing on another machine.
        let name = Path::new(self.spec.name()).file_name().map_or("spec.net".into(), |name| name.to_string_lossy());
        Model {
            spec: Source::new(name, self.spec.text()),
            classes: self.classes.clone(),
            input: input_of(&self.graph),
            normalization: self.normalizer.clone(),
            resize: self.resize,
            tensors,
        }
    }
}

/// O508, as an error: what is watched is not there to be measured.
fn check_watched(settings: &TrainSettings, has_validation: bool) -> Result<()> {
    let watched = settings.early_stopping.filter(|stopping| stopping.metric.is_of_validation() && !has_validation);
    let Some(stopping) = watched else { return Ok(()) };
    let metric = stopping.metric.name();
    let headline = format!("`early_stopping` watches `{metric}`, and there are no validation images");
    let mut fault = Diagnostic::new(&code::NO_VALIDATION, headline).help(format!(
        "hold images back by `validation: 10%`, or watch `metric: {}`",
        metric.trim_start_matches("val_")
    ));
    fault.severity = Severity::Error;
    Err(fault.fault())
}
