//! Lowering of convolutions and products: the kernel that is chosen, its room, and what it may write over.

use super::Options;
use super::choose;
use super::fuse::Group;
use super::lower::{Draft, Lowering, fused};
use super::step::{Phase, Work};
use crate::graph::{Op, ValueId};
use crate::kernel::conv::PooledConv;
use crate::kernel::{Activation, ConvGeometry, Dense};

impl Lowering<'_> {
    /// Lets what is added to a convolution's or a product's result lie where that goes: its own buffer if nobody needs it
    /// any more, else a copy.
    pub(super) fn put_residual(&mut self, group: &Group, at: usize, phase: Phase) {
        let Some(residual) = group.residual.filter(|_| !is_norm(&self.graph.nodes[group.node.0].op)) else { return };
        if self.is_free(residual, group, at) {
            self.overwrite(residual, group.outputs[0]);
        } else {
            self.push(&Draft::new(Work::Copy, &[residual], &group.outputs), group, phase);
        }
    }

    pub(super) fn conv(&mut self, group: &Group, op: &Op) -> Draft {
        let options @ Options { batch, .. } = self.options;
        let (work, workspace, scratch) = match *op {
            Op::ConvWeightGradient(g) => {
                let kernel = choose::weight_gradient(options, &g);
                (Work::ConvWeightGradient(g, kernel), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
            Op::Conv(g) => {
                let kernel = choose::forward(options, &g);
                (Work::Conv(g, kernel, fused(group)), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
            _ => unreachable!("{} is no convolution", op.name()),
        };
        self.scratch_len = self.scratch_len.max(scratch);
        Draft::new(work, operands(group), &group.outputs).workspace(workspace)
    }

    /// The gradient overwrites what the derivative behind it is computed from, so that it takes no memory of its own, if
    /// nobody needs that any more; else the derivative is a step of its own.
    pub(super) fn conv_input_gradient(&mut self, group: &Group, at: usize, g: ConvGeometry, phase: Phase) {
        let options @ Options { batch, .. } = self.options;
        let dx = group.outputs[0];
        let in_place = group.derivative.filter(|derivative| self.buffers.ends_at(derivative.source, at));
        let activation = in_place.map_or(Activation::Identity, |derivative| derivative.activation);
        let (work, workspace, scratch) = match group.pool {
            Some(pool) => {
                let g = PooledConv { conv: g, pool };
                let kernel = choose::pooled_input_gradient(options, &g).unwrap_or_else(unfused);
                (Work::PooledInputGradient(g, kernel, activation), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
            None => {
                let kernel = choose::input_gradient(options, &g);
                (Work::ConvInputGradient(g, kernel, activation), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
        };
        self.scratch_len = self.scratch_len.max(scratch);
        if let Some(derivative) = in_place {
            self.buffers.overwrite(self.graph, derivative.source, dx);
        }
        let operands = 2 + usize::from(group.pool.is_some());
        self.push(&Draft::new(work, &group.reads[..operands], &[dx]).workspace(workspace), group, phase);
        if let (Some(derivative), None) = (group.derivative, in_place) {
            let [source, dx] = [derivative.source, dx].map(|value| self.buffer_of(value));
            self.push_step(Work::MapGradientInPlace(derivative.activation), vec![source], vec![dx], group, phase);
        }
    }

    pub(super) fn pooled_conv(&mut self, group: &Group, op: &Op, g: &PooledConv) -> Draft {
        let options @ Options { batch, .. } = self.options;
        let (work, workspace, scratch) = match *op {
            Op::Conv(_) => {
                let kernel = choose::pooled_forward(options, g).unwrap_or_else(unfused);
                (Work::ConvPool(*g, kernel, fused(group)), (kernel.workspace)(g, batch), (kernel.scratch)(g))
            }
            _ => {
                let kernel = choose::pooled_weight_gradient(options, g).unwrap_or_else(unfused);
                (Work::PooledWeightGradient(*g, kernel), (kernel.workspace)(g, batch), (kernel.scratch)(g))
            }
        };
        self.scratch_len = self.scratch_len.max(scratch);
        let mut writes = vec![group.outputs[0]];
        if matches!(op, Op::Conv(_)) {
            writes.extend(self.wanted_index(group));
        }
        Draft::new(work, &group.reads, &writes).workspace(workspace)
    }

    pub(super) fn product(&mut self, group: &Group, op: &Op) -> Draft {
        let inputs = &self.graph.nodes[group.node.0].inputs;
        let len = |value: ValueId| self.graph.shape(value).len();
        let dense = |inputs: ValueId, outputs: ValueId| Dense {
            isa: self.options.isa,
            operands: self.options.operands(),
            inputs: len(inputs),
            outputs: len(outputs),
        };
        let work = match op {
            Op::Product => Work::Dense(dense(inputs[0], group.outputs[0]), fused(group)),
            Op::ProductInputGradient => Work::DenseInputGradient(dense(group.outputs[0], inputs[0])),
            _ => Work::DenseWeightGradient(dense(inputs[0], inputs[1])),
        };
        Draft::new(work, operands(group), &group.outputs)
    }
}

/// What a group reads beside the residual, which comes last.
fn operands(group: &Group) -> &[ValueId] {
    &group.reads[..group.reads.len() - usize::from(group.residual.is_some())]
}

fn is_norm(op: &Op) -> bool {
    matches!(op, Op::BatchNorm(_) | Op::BatchNormTraining(_))
}

/// A group has a pool only where there is a kernel for both.
fn unfused<T>() -> T {
    unreachable!("a pool was fused that no kernel computes")
}
