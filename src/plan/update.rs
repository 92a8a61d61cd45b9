//! Lowering of what follows the gradients: their clipping, and the updates of parameters.

use super::lower::Lowering;
use super::step::{Change, Decays, Optimizer, Phase, Slot, Step, Work};
use crate::graph::{Param, ValueId};

impl Lowering<'_> {
    /// A step for each trained parameter that the loss depends on.
    pub(super) fn updates(&mut self, gradients: &[Option<ValueId>], change: Change) {
        if let Some(norm) = change.clip_norm {
            self.clip(gradients, norm);
        }
        let optimizer = change.optimizer;
        let kinds = state_kinds(optimizer);
        for (param, gradient) in self.graph.params.iter().zip(gradients) {
            let Some(gradient) = *gradient else { continue };
            let mut writes = vec![self.buffer_of(param.value)];
            for kind in kinds {
                let buffer = self.buffers.add(&self.graph.value(param.value).ty, true);
                let slot =
                    Slot { name: format!("{kind}/{}", param.name), dims: param.dims.clone(), buffer, role: param.role };
                self.optimizer_state.push(slot);
                writes.push(buffer);
            }
            let reads = vec![self.buffer_of(gradient)];
            let work = Work::Update(optimizer, if param.role.is_kernel() { Decays::Yes } else { Decays::No });
            self.steps.push(Step { work, phase: Phase::Update, layers: vec![param.layer], reads, writes });
        }
    }

    /// Steps that shrink all gradients together to the norm `max`: first the norm of each, then the factor of all.
    fn clip(&mut self, gradients: &[Option<ValueId>], max: f64) {
        let graph = self.graph;
        let present: Vec<(&Param, ValueId)> =
            graph.params.iter().zip(gradients).filter_map(|(param, gradient)| Some((param, (*gradient)?))).collect();
        let norms = self.workspace(present.len().max(1));
        for (at, (param, gradient)) in present.iter().enumerate() {
            let reads = vec![self.buffer_of(*gradient)];
            let (work, layers, writes) = (Work::GradientNorm(at), vec![param.layer], vec![norms]);
            self.steps.push(Step { work, phase: Phase::Update, layers, reads, writes });
        }
        for (param, gradient) in present {
            let writes = vec![self.buffer_of(gradient)];
            let (work, layers, reads) = (Work::ClipGradient(max), vec![param.layer], vec![norms]);
            self.steps.push(Step { work, phase: Phase::Update, layers, reads, writes });
        }
    }
}

/// What an optimizer keeps for each parameter, in the order in which an update takes it.
fn state_kinds(optimizer: Optimizer) -> &'static [&'static str] {
    match optimizer {
        Optimizer::Sgd { momentum: 0.0, .. } => &[],
        Optimizer::Sgd { .. } => &["velocity"],
        Optimizer::Adam { .. } | Optimizer::AdamW { .. } => &["moment1", "moment2"],
        Optimizer::RmsProp { .. } => &["square"],
    }
}
