//! Lowering of convolutions and products: the kernel that is chosen, its room, and what it may write over.

use super::choose;
use super::fuse::Group;
use super::lower::{Draft, Lowering, fused};
use super::step::{BufferId, Fused, Phase, Weights, Work, packed_len};
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

    /// A convolution, over a max pool where one is fused. What only predicts packs its weights once for all batches.
    pub(super) fn conv(&mut self, group: &Group, g: ConvGeometry, phase: Phase) {
        let (options, batch) = (&self.options, self.options.batch);
        let weights = if self.is_inference { Weights::Packed } else { Weights::Plain };
        let fused = Fused { weights, ..fused(group) };
        let (work, pack, packed, workspace, scratch) = match group.pool {
            None => {
                let kernel = choose::forward(options, &g, weights);
                let (work, pack) = (Work::Conv(g, kernel, fused), Work::PackConv(g, kernel));
                (work, pack, packed_len(&g, &kernel.run), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
            Some(pool) => {
                let g = PooledConv { conv: g, pool };
                let kernel = choose::pooled_forward(options, &g, weights).unwrap_or_else(unfused);
                let (work, pack) = (Work::ConvPool(g, kernel, fused), Work::PackConvPool(g, kernel));
                (work, pack, packed_len(&g, &kernel.run), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
        };
        self.scratch_len = self.scratch_len.max(scratch);
        let index = if group.pool.is_some() { self.wanted_index(group) } else { None };
        let mut reads: Vec<BufferId> = operands(group).iter().map(|&value| self.buffer_of(value)).collect();
        let mut writes = vec![self.buffer_of(group.outputs[0])];
        writes.extend(index.map(|index| self.buffer_of(index)));
        let in_every_run = match weights {
            Weights::Plain => packed + workspace,
            Weights::Packed => {
                let buffer = self.workspace(packed);
                self.prepare(pack, reads.split_off(1), buffer, group.layers[0]);
                reads.push(buffer);
                workspace
            }
        };
        if in_every_run > 0 {
            writes.push(self.workspace(in_every_run));
        }
        self.push_step(work, reads, writes, group, phase);
    }

    pub(super) fn conv_weight_gradient(&mut self, group: &Group, g: ConvGeometry) -> Draft {
        let (options, batch) = (&self.options, self.options.batch);
        let (work, workspace, scratch) = match group.pool {
            Some(pool) => {
                let g = PooledConv { conv: g, pool };
                let kernel = choose::pooled_weight_gradient(options, &g).unwrap_or_else(unfused);
                (Work::PooledWeightGradient(g, kernel), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
            None => {
                let kernel = choose::weight_gradient(options, &g);
                (Work::ConvWeightGradient(g, kernel), (kernel.workspace)(&g, batch), (kernel.scratch)(&g))
            }
        };
        self.scratch_len = self.scratch_len.max(scratch);
        Draft::new(work, &group.reads, &group.outputs).workspace(workspace)
    }

    /// The gradient overwrites what the derivative behind it is computed from, so that it takes no memory of its own, if
    /// nobody needs that any more; else the derivative is a step of its own.
    pub(super) fn conv_input_gradient(&mut self, group: &Group, at: usize, g: ConvGeometry, phase: Phase) {
        let (options, batch) = (&self.options, self.options.batch);
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
