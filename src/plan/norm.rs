//! Lowering of batch normalisations and their gradients: what can lie in place.

use super::fuse::Group;
use super::lower::{Draft, Lowering};
use super::step::{Phase, Residual, Riding, Rows, Work};
use crate::graph::BatchNorm;
use crate::kernel::norm;

impl Lowering<'_> {
    pub(super) fn batch_norm(&mut self, group: &Group, at: usize, by: BatchNorm, phase: Phase) {
        let rows = self.rows(group.reads[0]);
        let work = Work::BatchNormInference(rows, by.epsilon, self.riding(group, at));
        self.push_norm(work, group, norm::apply_workspace(rows.channels), phase);
    }

    pub(super) fn batch_norm_training(&mut self, group: &Group, at: usize, by: BatchNorm, phase: Phase) {
        let rows = self.rows(group.reads[0]);
        let Rows { pixels, channels } = rows;
        let statistics = norm::statistics_workspace(pixels * self.batch(), channels);
        let work = Work::BatchNormTraining(rows, by.epsilon, self.riding(group, at));
        self.push_norm(work, group, statistics.max(norm::apply_workspace(channels)), phase);
    }

    /// The residual is overwritten with the sum where nobody needs it any more.
    fn riding(&mut self, group: &Group, at: usize) -> Riding {
        let residual = match group.residual {
            None => Residual::None,
            Some(residual) if self.is_free(residual, group, at) => {
                self.overwrite(residual, group.outputs[0]);
                Residual::Result
            }
            Some(_) => Residual::Operand,
        };
        Riding { residual, activation: group.activation }
    }

    fn push_norm(&mut self, work: Work, group: &Group, workspace: usize, phase: Phase) {
        let (Work::BatchNormTraining(_, _, riding) | Work::BatchNormInference(_, _, riding)) = work else { return };
        let operands = group.reads.len() - usize::from(riding.residual == Residual::Result);
        let draft = Draft::new(work, &group.reads[..operands], &group.outputs);
        self.push(&draft.workspace(workspace), group, phase);
    }

    /// dx overwrites dy where nobody needs that any more.
    pub(super) fn batch_norm_input_gradient(&mut self, group: &Group, at: usize, phase: Phase) {
        let rows = self.rows(group.reads[0]);
        let (dy, dx) = (group.reads[1], group.outputs[0]);
        let draft = if self.is_free(dy, group, at) {
            self.overwrite(dy, dx);
            let reads: Vec<_> = group.reads.iter().copied().filter(|&read| read != dy).collect();
            Draft::new(Work::BatchNormInputGradientInPlace(rows), &reads, &[dx])
        } else {
            Draft::new(Work::BatchNormInputGradient(rows), &group.reads, &[dx])
        };
        self.push(&draft.workspace(norm::input_gradient_workspace(rows.channels)), group, phase);
    }
}
