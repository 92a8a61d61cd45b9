//! What of a training is saved: its weights, and all that it goes on from.

use super::average::Average;
use super::checkpoint::Checkpoint;
use super::trainer::Trainer;
use crate::diag::Result;
use crate::model::Tensor;
use crate::plan::Slot;

impl Trainer<'_> {
    pub(super) fn save(&self) -> Result<()> {
        self.folder.write_checkpoint(self.checkpoint())
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        let average = self.average.iter().flat_map(Average::state);
        let tensors = self.slots.iter().map(|slot| self.tensor(slot)).chain(average).collect();
        Checkpoint { position: self.position.clone(), tensors }
    }

    /// What is saved as the model: the weights, or their average.
    pub(super) fn weights(&self) -> Vec<Tensor> {
        self.average.as_ref().map_or_else(|| self.own_weights(), |average| average.weights().to_vec())
    }

    pub(super) fn own_weights(&self) -> Vec<Tensor> {
        self.slots[..self.params].iter().map(|slot| self.tensor(slot)).collect()
    }

    /// The weights; `None` where one is infinite or no number: such never take the place of good ones.
    pub(super) fn finite_weights(&self) -> Option<Vec<Tensor>> {
        let weights = self.weights();
        weights.iter().all(|tensor| tensor.data.iter().all(|number| number.is_finite())).then_some(weights)
    }

    fn tensor(&self, slot: &Slot) -> Tensor {
        let data = self.session.tensor(slot).iter().copied().collect();
        Tensor { name: slot.name.clone(), dims: slot.dims.clone(), data }
    }
}
