//! A network with weights, as it predicts.

use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::{ArrayView1, ArrayView2};

use super::memory::{Machine, inference_that_fits};
use super::metric::{Tally, class_logits, class_of};
use crate::data::{Batch, Batches, Images, Order, available};
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::exec::{Rate, Session};
use crate::graph::Graph;
use crate::model::{Model, Normalization, match_weights};
use crate::plan::{Plan, Precision, Slot};

/// Asked after each batch whether to go on: (images done, images in all).
pub type OnBatch<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

/// A forward pass, its memory, and the weights in it.
#[derive(Debug)]
pub struct Predictor {
    session: Session,
    params: Vec<Slot>,
}

impl Predictor {
    /// A predictor with the weights of `model`, whose spec gives the network `graph` and the precision, for batches of up
    /// to `batch` images; smaller ones where these do not fit into memory.
    ///
    /// # Errors
    /// M803 where the weights or the number of classes are not of the network, P411 where not even one image fits, M809 where the system gives
    /// no threads.
    pub fn of_model(
        model: &Model,
        graph: &Graph,
        precision: Precision,
        batch: usize,
        machine: &Machine,
    ) -> Result<Self> {
        let weights = match_weights(graph, &model.tensors)?;
        check_classes(model, graph)?;
        let plan = inference_that_fits(graph, precision, batch.max(1), machine, available())?;
        let mut predictor = Self::new(plan, machine.threads)?;
        for (at, tensor) in weights.into_iter().enumerate() {
            predictor.weights_mut(at).copy_from_slice(&tensor.data);
        }
        Ok(predictor)
    }

    /// A predictor whose weights are all zero.
    pub(super) fn new(plan: Plan, threads: usize) -> Result<Self> {
        let params = plan.params.clone();
        Ok(Self { session: Session::new(plan, threads).map_err(|error| no_threads(&error.to_string()))?, params })
    }

    /// The numbers of the parameter at `at`, in the order of the graph.
    pub(super) fn weights_mut(&mut self, at: usize) -> &mut [f32] {
        self.session.tensor_mut(&self.params[at])
    }

    /// The most images of a batch.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.session.plan().options.batch
    }

    /// Runs all of `images`; `each` is given every image's logits, a number a class, and its class, in order.
    ///
    /// # Errors
    /// Where an image that is not kept in memory has become unreadable.
    pub(super) fn run_over(
        &mut self,
        images: &Arc<Images>,
        normalizer: &Normalization,
        mut each: impl FnMut(&[f32], usize),
        on_batch: OnBatch<'_>,
    ) -> Result<ControlFlow<()>> {
        let batch = self.batch();
        let (mut logits, mut done) = (Vec::new(), 0);
        let mut batches = Batches::new(Arc::clone(images), normalizer, Order::Listed, batch, 0);
        while let Some(batch) = batches.next(self.session.pool())? {
            for (units, &label) in self.run(&batch).rows().into_iter().zip(batch.labels()) {
                class_logits(&units, &mut logits);
                each(&logits, label as usize);
            }
            done += batch.len();
            batches.reuse(batch);
            if on_batch(done, images.len()).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The share of right answers among about `most` of `images`, taken at random by `seed`.
    ///
    /// # Errors
    /// As [`Predictor::run_over`].
    pub(super) fn accuracy_of_some(
        &mut self,
        images: &Arc<Images>,
        normalizer: &Normalization,
        most: usize,
        seed: u64,
    ) -> Result<f64> {
        let batch = self.batch();
        let (mut logits, mut tally) = (Vec::new(), Tally::default());
        let order = Order::Shuffled { seed, epoch: 0 };
        let mut batches = Batches::new(Arc::clone(images), normalizer, order, batch, 0);
        while (tally.images as usize) < most {
            let Some(batch) = batches.next(self.session.pool())? else { break };
            for (units, &label) in self.run(&batch).rows().into_iter().zip(batch.labels()) {
                class_logits(&units, &mut logits);
                tally.add(0.0, class_of(&logits) == label as usize);
            }
            batches.reuse(batch);
        }
        Ok(tally.accuracy())
    }

    /// The logits of a batch, N×units.
    fn run(&mut self, batch: &Batch) -> ArrayView2<'_, f32> {
        self.session.images_mut(batch.len()).copy_from_slice(batch.numbers());
        self.session.run(batch.len(), &Rate::default());
        self.session.logits(batch.len())
    }

    /// Probabilities, a number a class, of each image of a batch of decoded images.
    pub(super) fn probabilities(&mut self, images: &[Vec<u8>], normalizer: &Normalization) -> Vec<Vec<f32>> {
        if images.is_empty() {
            return Vec::new();
        }
        let numbers = self.session.images_mut(images.len());
        let len = numbers.len() / images.len();
        for (bytes, numbers) in images.iter().zip(numbers.chunks_exact_mut(len)) {
            normalizer.apply(bytes, numbers);
        }
        self.session.run(images.len(), &Rate::default());
        let of_image = |units: ArrayView1<'_, f32>| match units.len() {
            1 => vec![1.0 - units[0], units[0]],
            _ => units.to_vec(),
        };
        self.session.probabilities(images.len()).rows().into_iter().map(of_image).collect()
    }
}

/// M803 where a network does not answer with a number a class, or with one number for two classes.
fn check_classes(model: &Model, graph: &Graph) -> Result<()> {
    let (classes, units) = (model.classes.len(), graph.shape(graph.output).len());
    if units == classes || (units, classes) == (1, 2) {
        return Ok(());
    }
    let message = format!("the model has {classes} class names, and its network gives {units} outputs");
    Err(Diagnostic::new(&code::MODEL_DOES_NOT_FIT_SPEC, message).help("train the model again").fault())
}

/// M809: the system gives no threads.
pub(super) fn no_threads(reason: &str) -> Fault {
    Diagnostic::new(&code::RUN_FAILED, format!("the threads cannot be started: {reason}"))
        .help("ask for fewer with `--threads`")
        .fault()
}
