//! A training with everything resolved.

use std::path::Path;
use std::sync::Arc;

use super::convert::{decoder, input_of};
use super::dataset::{Dataset, Loaded, OnFile};
use super::memory::Machine;
use super::record::{DataRecord, MachineRecord, NormalizationRecord, Record, TrainRecord};
use crate::base::Source;
use crate::data::{Images, OnBadImage};
use crate::diag::{Diagnostic, Result};
use crate::graph::Graph;
use crate::model::{Model, Normalization, Tensor};
use crate::syntax::settings::{Augment, DataSettings, Resize, TrainSettings};

/// All that decides a training, and what it runs on.
#[derive(Clone, Debug)]
pub struct Job {
    /// The spec, as it was written.
    pub spec: Source,
    /// The network, checked for these images and classes.
    pub graph: Graph,
    /// How it is trained.
    pub settings: TrainSettings,
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
    /// What it runs on.
    pub machine: Machine,
}

impl Job {
    /// Decodes the images and measures the normalisation.
    ///
    /// # Errors
    /// N105 where images cannot become the network's input, else as [`Dataset::load`] and [`Normalization::new`]. Images that are left out, or smaller than the input, are named by the
    /// diagnostics.
    pub fn prepare(
        setup: Setup<'_>,
        dataset: Dataset,
        on_bad: OnBadImage,
        on_file: OnFile<'_>,
    ) -> Result<(Self, Vec<Diagnostic>)> {
        let Setup { spec, graph, data, train: settings, machine } = setup;
        let input = input_of(&graph);
        let (Loaded { train, validation }, mut found) = dataset.load(decoder(input, data.resize)?, on_bad, on_file)?;
        let normalizer = Normalization::new(&data.normalize.value, input[2], train.statistics())?;
        found.extend(dataset.check_input(input));
        let Dataset { classes, record, .. } = dataset;
        let (resize, augment) = (data.resize, data.augment);
        let data = DataRecord {
            train_images: train.len(),
            validation_images: validation.as_ref().map_or(0, |images| images.len()),
            ..record
        };
        let spec = spec.clone();
        let job =
            Self { spec, graph, settings, classes, train, validation, normalizer, resize, augment, data, machine };
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
        self.train.len().div_ceil(self.batch())
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
            train: TrainRecord::from(&self.settings),
            machine: MachineRecord { threads: self.machine.threads, isa: self.machine.isa.to_string() },
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
