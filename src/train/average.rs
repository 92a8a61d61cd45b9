//! The moving average of the weights, which is what is validated and saved (Polyak and Juditsky, 1992).

use crate::exec::Session;
use crate::model::Tensor;
use crate::plan::Slot;

/// How a checkpoint names the average of a parameter.
const PREFIX: &str = "average/";

/// Parameters and running statistics, averaged over the steps.
#[derive(Clone, Debug)]
pub(super) struct Average {
    share: f64,
    weights: Vec<Tensor>,
}

impl Average {
    /// The average that starts from `weights` and keeps `share` of itself a step.
    pub fn new(share: f64, weights: Vec<Tensor>) -> Self {
        Self { share, weights }
    }

    /// Takes in the weights after a step, with `step` steps before it.
    ///
    /// At first the share kept is (1 + step)/(10 + step), as in TensorFlow's `ExponentialMovingAverage`: the random
    /// start would hold on for long otherwise.
    pub fn follow(&mut self, session: &Session, slots: &[Slot], step: u64) {
        let step = step as f64;
        let kept = self.share.min((1.0 + step) / (10.0 + step));
        let [kept, rest] = [kept as f32, (1.0 - kept) as f32];
        for (average, slot) in self.weights.iter_mut().zip(slots) {
            let now = session.tensor(slot);
            average.data.iter_mut().zip(&now).for_each(|(average, now)| *average = kept * *average + rest * now);
        }
    }

    /// What is validated and saved.
    pub fn weights(&self) -> &[Tensor] {
        &self.weights
    }

    /// The average as a checkpoint holds it.
    pub fn state(&self) -> impl Iterator<Item = Tensor> + '_ {
        self.weights.iter().map(|tensor| Tensor { name: format!("{PREFIX}{}", tensor.name), ..tensor.clone() })
    }

    /// Takes the average over from a checkpoint; whether it fits.
    pub fn restore(&mut self, tensors: &[Tensor]) -> bool {
        let fits = |(own, other): (&Tensor, &Tensor)| {
            other.name.strip_prefix(PREFIX) == Some(&own.name) && own.dims == other.dims
        };
        if self.weights.len() != tensors.len() || !self.weights.iter().zip(tensors).all(fits) {
            return false;
        }
        self.weights.iter_mut().zip(tensors).for_each(|(own, other)| own.data.copy_from_slice(&other.data));
        true
    }
}
