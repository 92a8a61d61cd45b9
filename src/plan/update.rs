//! Lowering of what follows the gradients: their clipping, and the updates of parameters.

use super::lower::Lowering;
use super::step::{BufferId, Change, Decays, Optimizer, Phase, Slot, Step, Work};
use crate::graph::{Param, ValueId};
use crate::kernel::Dense;

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
            let gradient = self.buffer_of(gradient);
            let decays = if param.role.is_kernel() { Decays::Yes } else { Decays::No };
            let (mut work, mut reads) = (Work::Update(optimizer, decays), vec![gradient]);
            if let Some((at, dense)) = self.deferrable(gradient) {
                (work, reads) = (Work::DenseUpdate(dense, optimizer, decays), self.steps.remove(at).reads);
                writes.insert(1, gradient);
            }
            self.steps.push(Step { work, phase: Phase::Update, layers: vec![param.layer], reads, writes });
        }
    }

    /// The step that computes this gradient, if it is a dense layer's and can as well run when the kernel is updated: nothing
    /// else touches the gradient, and nothing that follows changes what it is computed from.
    fn deferrable(&self, gradient: BufferId) -> Option<(usize, Dense)> {
        let mut touching = self.steps.iter().enumerate().filter(|(_, step)| step.touches(gradient));
        let (Some((at, step)), None) = (touching.next(), touching.next()) else { return None };
        let Work::DenseWeightGradient(dense) = step.work else { return None };
        let is_free =
            self.steps[at + 1..].iter().all(|later| !later.writes.iter().any(|write| step.reads.contains(write)));
        is_free.then_some((at, dense))
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
