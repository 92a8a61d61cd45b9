//! Lowering: a group of nodes becomes a step, its values buffers, its shapes the numbers a kernel wants.

use super::buffer::Buffers;
use super::fuse::{Group, groups};
use super::part::Parts;
use super::step::{Buffer, BufferId, Element, Fused, Holds, Phase, Rows, Slot, Step, Weights, Work};
use super::{Options, Plan, chain, layout, recompute};
use crate::graph::{CountPadding, DropoutUnit, Graph, LayerId, Op, Param, Shape, Source, Value, ValueId};
use crate::kernel::{Activation, Window, elementwise, norm};

/// A plan under construction.
pub(super) struct Lowering<'a> {
    pub(super) graph: &'a Graph,
    kept: &'a [ValueId],
    pub(super) options: Options,
    groups: Vec<Group>,
    pub(super) buffers: Buffers,
    /// Steps that follow from the parameters alone, and those of every run.
    prepared: Vec<Step>,
    pub(super) steps: Vec<Step>,
    /// Whether there is no loss.
    pub(super) is_inference: bool,
    pub(super) optimizer_state: Vec<Slot>,
    pub(super) scratch_len: usize,
}

/// What a group becomes: the work with its operands, a workspace if it wants one.
pub(super) struct Draft {
    work: Work,
    reads: Vec<ValueId>,
    writes: Vec<ValueId>,
    workspace: usize,
}

impl Draft {
    pub(super) fn new(work: Work, reads: &[ValueId], writes: &[ValueId]) -> Self {
        Self { work, reads: reads.to_vec(), writes: writes.to_vec(), workspace: 0 }
    }

    pub(super) fn workspace(self, len: usize) -> Self {
        Self { workspace: len, ..self }
    }
}

impl<'a> Lowering<'a> {
    pub fn new(graph: &'a Graph, kept: &'a [ValueId], options: Options) -> Self {
        let groups = groups(graph, kept, &options);
        let buffers = Buffers::new(graph, &groups, kept);
        Self {
            graph,
            kept,
            options,
            groups,
            buffers,
            prepared: Vec::new(),
            steps: Vec::new(),
            is_inference: !graph.values.iter().any(|value| value.source == Source::Labels),
            optimizer_state: Vec::new(),
            scratch_len: 0,
        }
    }

    pub fn buffer_of(&mut self, value: ValueId) -> BufferId {
        self.buffers.of(self.graph, value)
    }

    /// Steps for all nodes of the graph.
    pub fn graph(&mut self) {
        let mut phase = Phase::Forward;
        for at in 0..self.groups.len() {
            let group = self.groups[at].clone();
            let op = self.graph.nodes[group.node.0].op;
            self.put_residual(&group, at, phase);
            match op {
                Op::Reshape(_) => {}
                Op::Map(activation) => self.map(&group, at, activation, phase),
                Op::MapGradient(activation) => self.map_gradient(&group, at, activation, phase),
                Op::Conv(g) => self.conv(&group, g, phase),
                Op::FoldBatchNorm(by) => {
                    let draft = Draft::new(Work::FoldBatchNorm(by.epsilon), &group.reads, &group.outputs);
                    self.push(&draft, &group, Phase::Prepare);
                }
                Op::ConvInputGradient(g) => self.conv_input_gradient(&group, at, g, phase),
                Op::Add => self.add(&group, at, phase),
                Op::Concat => self.concat(&group, phase),
                Op::BatchNorm(norm) => self.batch_norm(&group, at, norm, phase),
                Op::BatchNormTraining(norm) => self.batch_norm_training(&group, at, norm, phase),
                Op::BatchNormInputGradient => self.batch_norm_input_gradient(&group, at, phase),
                _ => {
                    let draft = self.draft(&group, &op);
                    self.push(&draft, &group, phase);
                }
            }
            if matches!(op, Op::SoftmaxCrossEntropy | Op::SigmoidCrossEntropy | Op::Criterion(_)) {
                phase = Phase::Backward;
            }
        }
    }

    /// The finished plan: live ranges found, buffers placed.
    pub fn finish(mut self, logits: BufferId) -> Plan {
        // The caller fills the images and labels before the first step, and reads what it keeps after the last.
        let fed = |value: &Value| matches!(value.source, Source::Input | Source::Labels);
        let fed: Vec<ValueId> =
            (0..self.graph.values.len()).map(ValueId).filter(|&value| fed(self.graph.value(value))).collect();
        let filled: Vec<BufferId> = fed.into_iter().map(|value| self.buffer_of(value)).collect();
        let read: Vec<BufferId> = self.kept.iter().map(|&value| self.buffers.of(self.graph, value)).collect();
        let input = self.buffer_of(self.graph.input);
        let params = (0..self.graph.params.len()).map(|at| self.param_slot(at)).collect();
        let mut buffers = self.buffers.all;
        // What is prepared outlives a run where the run reads it.
        for buffer in self.prepared.iter().flat_map(|step| &step.writes) {
            buffers[buffer.0].persistent = self.steps.iter().any(|step| step.reads.contains(buffer));
        }
        let mut scratch_len = self.scratch_len;
        if self.is_inference {
            let outside = [&filled[..], &read[..]].concat();
            chain::predicting(&mut self.steps, &mut self.prepared, &mut buffers, &outside, &self.options);
        } else {
            chain::training(&mut self.steps, &mut buffers, &self.options);
        }
        scratch_len = scratch_len.max(chain::scratch(&self.steps));
        let mut steps = [self.prepared, self.steps].concat();
        let batch = self.options.batch;
        let in_parts = (!self.is_inference && self.options.recompute)
            .then(|| recompute::in_parts(&mut steps, &mut buffers, batch));
        for (at, step) in steps.iter().enumerate() {
            for buffer in step.reads.iter().chain(&step.writes) {
                let live = &mut buffers[buffer.0].live;
                *live = (live.0.min(at), live.1.max(at));
            }
        }
        for &filled in &filled {
            buffers[filled.0].live.0 = 0;
        }
        for &read in &read {
            buffers[read.0].live.1 = steps.len();
        }
        let parts = match in_parts {
            Some(parts) => parts,
            None if self.is_inference => Parts::of(&buffers, &steps, batch),
            None => Parts::whole(batch),
        };
        parts.spread(&[filled, read].concat(), &steps, &mut buffers);
        let mut plan = Plan {
            options: self.options,
            parts,
            steps,
            buffers,
            arena_len: 0,
            scratch_len,
            params,
            optimizer_state: self.optimizer_state,
            input,
            labels: None,
            class_weights: None,
            logits,
            probabilities: None,
            losses: None,
        };
        plan.arena_len = layout::place(&mut plan.buffers, plan.parts.images, batch);
        plan
    }

    fn param_slot(&mut self, at: usize) -> Slot {
        let param = &self.graph.params[at];
        let buffer = self.buffer_of(param.value);
        Slot { name: param.name.clone(), dims: param.dims.clone(), buffer, role: param.role }
    }

    pub(super) fn push(&mut self, draft: &Draft, group: &Group, phase: Phase) {
        let reads = draft.reads.iter().map(|&value| self.buffer_of(value)).collect();
        let mut writes: Vec<BufferId> = draft.writes.iter().map(|&value| self.buffer_of(value)).collect();
        if draft.workspace > 0 {
            writes.push(self.workspace(draft.workspace));
        }
        self.push_step(draft.work.clone(), reads, writes, group, phase);
    }

    pub(super) fn push_step(
        &mut self,
        work: Work,
        reads: Vec<BufferId>,
        writes: Vec<BufferId>,
        group: &Group,
        phase: Phase,
    ) {
        let step = Step { work, phase, layers: group.layers.clone(), reads, writes };
        if phase == Phase::Prepare {
            self.prepared.push(step);
        } else {
            self.steps.push(step);
        }
    }

    /// A step of one layer that follows from the parameters alone.
    pub(super) fn prepare(&mut self, work: Work, reads: Vec<BufferId>, write: BufferId, layer: LayerId) {
        self.prepared.push(Step { work, phase: Phase::Prepare, layers: vec![layer], reads, writes: vec![write] });
    }

    pub(super) fn workspace(&mut self, len: usize) -> BufferId {
        let live = (usize::MAX, 0);
        self.buffers.push(Buffer {
            len,
            holds: Holds::Whole,
            element: Element::F32,
            live,
            persistent: false,
            offset: 0,
        })
    }

    pub(super) fn rows(&self, value: ValueId) -> Rows {
        let shape = self.graph.shape(value);
        Rows { pixels: shape.pixels(), channels: shape.channels() }
    }

    /// Images that a step takes.
    pub(super) fn batch(&self) -> usize {
        self.options.batch
    }

    /// Whether the buffer of an operand of group `at` may hold its result: nobody needs its numbers after that, nor
    /// does the group read them as its first operand too.
    pub(super) fn is_free(&mut self, operand: ValueId, group: &Group, at: usize) -> bool {
        self.buffers.ends_at(operand, at) && self.buffer_of(operand) != self.buffer_of(group.reads[0])
    }

    /// Lets a result live in the buffer of an operand.
    pub(super) fn overwrite(&mut self, operand: ValueId, result: ValueId) {
        self.buffers.overwrite(self.graph, operand, result);
    }

    fn map(&mut self, group: &Group, at: usize, activation: Activation, phase: Phase) {
        let [x, y] = [self.graph.nodes[group.node.0].inputs[0], group.outputs[0]];
        if self.buffers.ends_at(x, at) {
            let buffer = self.buffers.overwrite(self.graph, x, y);
            self.push_step(Work::MapInPlace(activation), vec![], vec![buffer], group, phase);
        } else {
            self.push(&Draft::new(Work::Map(activation), &[x], &[y]), group, phase);
        }
    }

    fn map_gradient(&mut self, group: &Group, at: usize, activation: Activation, phase: Phase) {
        let inputs = &self.graph.nodes[group.node.0].inputs;
        let [source, dy, dx] = [inputs[0], inputs[1], group.outputs[0]];
        let source = self.buffer_of(source);
        let buffer = self.in_place(dy, dx, group, at, phase);
        self.push_step(Work::MapGradientInPlace(activation), vec![source], vec![buffer], group, phase);
    }

    fn add(&mut self, group: &Group, at: usize, phase: Phase) {
        let inputs = self.graph.nodes[group.node.0].inputs.clone();
        let y = group.outputs[0];
        let [a, b] = [self.buffer_of(inputs[0]), self.buffer_of(inputs[1])];
        let in_place = [(0, 1), (1, 0)].into_iter().find(|&(into, _)| a != b && self.buffers.ends_at(inputs[into], at));
        if let Some((into, other)) = in_place {
            let other = self.buffer_of(inputs[other]);
            let buffer = self.buffers.overwrite(self.graph, inputs[into], y);
            self.push_step(Work::AddInPlace, vec![other], vec![buffer], group, phase);
        } else {
            self.push(&Draft::new(Work::Add, &inputs, &[y]), group, phase);
        }
    }

    /// The buffer of `result`, holding the numbers of `operand`: its own buffer if nobody needs it any more, else a copy.
    fn in_place(&mut self, operand: ValueId, result: ValueId, group: &Group, at: usize, phase: Phase) -> BufferId {
        if self.buffers.ends_at(operand, at) {
            return self.buffers.overwrite(self.graph, operand, result);
        }
        self.push(&Draft::new(Work::Copy, &[operand], &[result]), group, phase);
        self.buffer_of(result)
    }

    fn concat(&mut self, group: &Group, phase: Phase) {
        let inputs = self.graph.nodes[group.node.0].inputs.clone();
        let total = self.graph.shape(group.outputs[0]).channels();
        let mut offset = 0;
        for part in inputs {
            let rows = self.rows(part);
            self.push(&Draft::new(Work::ConcatPart(rows, total, offset), &[part], &group.outputs), group, phase);
            offset += rows.channels;
        }
    }

    /// The step of a node that is neither a view nor changed in place.
    fn draft(&mut self, group: &Group, op: &Op) -> Draft {
        let node = &self.graph.nodes[group.node.0];
        let inputs = node.inputs.as_slice();
        let outputs = group.outputs.as_slice();
        let batch = self.options.batch;
        let rows = |at: usize| self.rows(inputs[at]);
        let plain = |work: Work| Draft::new(work, inputs, outputs);
        match *op {
            Op::ConvWeightGradient(g) => self.conv_weight_gradient(group, g),
            Op::Product | Op::ProductInputGradient | Op::ProductWeightGradient => self.product(group, op),
            Op::Bias => plain(Work::Bias(rows(0))),
            Op::Scale => Draft::new(Work::Scale(rows(0), fused(group)), &group.reads, outputs),
            Op::ChannelSum => plain(Work::ChannelSum(rows(0)))
                .workspace(elementwise::channel_sum_workspace(rows(0).pixels * batch, rows(0).channels)),
            Op::ChannelDot => plain(Work::ChannelDot(rows(0)))
                .workspace(elementwise::channel_dot_workspace(rows(0).pixels * batch, rows(0).channels)),
            Op::Multiply => plain(Work::Multiply),
            Op::Gate => plain(Work::Gate(rows(0))),
            Op::GateGradient => plain(Work::GateGradient(rows(0))),
            Op::MaxPool(w) => self.max_pool(group, w),
            Op::MaxPoolGradient(w) => plain(Work::MaxPoolGradient(w, self.options.isa)),
            Op::AvgPool(w, count) => plain(Work::AvgPool(w, count == CountPadding::Yes)),
            Op::AvgPoolGradient(w, count) => plain(Work::AvgPoolGradient(w, count == CountPadding::Yes)),
            Op::AdaptiveAvgPool(pool) => plain(Work::AdaptiveAvgPool(pool)),
            Op::AdaptiveAvgPoolGradient(pool) => plain(Work::AdaptiveAvgPoolGradient(pool)),
            Op::GroupNorm(norm) => {
                let groups = norm.groups_of(self.graph.shape(inputs[0]));
                plain(Work::GroupNorm(groups, norm.epsilon)).workspace(groups.workspace(batch))
            }
            Op::GroupNormGradient(norm) => {
                let groups = norm.groups_of(self.graph.shape(inputs[0]));
                plain(Work::GroupNormGradient(groups)).workspace(groups.gradient_workspace(batch))
            }
            Op::BatchNormParameterGradient => plain(Work::BatchNormParameterGradient(rows(0)))
                .workspace(norm::parameter_gradients_workspace(rows(0).pixels * batch, rows(0).channels)),
            Op::RunningStatistics(n, pixels) => {
                let channels = self.graph.params_len(inputs[2]);
                let rows = Rows { pixels: pixels.0, channels };
                Draft::new(Work::RunningStatistics(rows, n.momentum, n.epsilon), &inputs[..2], &inputs[2..])
            }
            Op::Pad(padding) => plain(Work::Pad(self.sizes(inputs[0]), padding)),
            Op::Crop(padding) => plain(Work::Crop(self.sizes(outputs[0]), padding)),
            Op::Slice(channels) => plain(Work::Slice(self.rows(outputs[0]), rows(0).channels, channels.offset)),
            Op::Dropout(dropout) => plain(match dropout.unit {
                DropoutUnit::Element => Work::Dropout(dropout.rate, dropout.stream),
                DropoutUnit::Channel => Work::SpatialDropout(rows(0), dropout.rate, dropout.stream),
            }),
            Op::Softmax => plain(Work::Softmax(rows(0))),
            Op::LogSoftmax => plain(Work::LogSoftmax(rows(0))),
            Op::SoftmaxCrossEntropy => plain(Work::SoftmaxCrossEntropy(rows(0).channels)),
            Op::SigmoidCrossEntropy => plain(Work::SigmoidCrossEntropy),
            Op::Criterion(of) => plain(Work::Criterion(of, rows(0).channels)),
            Op::Reshape(_)
            | Op::Map(_)
            | Op::MapGradient(_)
            | Op::Conv(_)
            | Op::ConvInputGradient(_)
            | Op::FoldBatchNorm(_)
            | Op::Add
            | Op::Concat
            | Op::BatchNorm(_)
            | Op::BatchNormTraining(_)
            | Op::BatchNormInputGradient => {
                unreachable!("{} is lowered by itself", op.name())
            }
        }
    }

    fn sizes(&self, value: ValueId) -> [usize; 3] {
        match self.graph.shape(value) {
            Shape::Map { h, w, c } => [h, w, c],
            Shape::Vector(n) => [1, 1, n],
        }
    }

    fn max_pool(&self, group: &Group, window: Window) -> Draft {
        let writes: Vec<ValueId> = [group.outputs[0]].into_iter().chain(self.wanted_index(group)).collect();
        Draft::new(Work::MaxPool(window, self.options.isa), &group.reads, &writes)
    }

    /// The winners' places, which are kept only where a gradient will ask for them.
    pub(super) fn wanted_index(&self, group: &Group) -> Option<ValueId> {
        let index = group.outputs[1];
        self.graph.nodes.iter().any(|node| node.inputs.contains(&index)).then_some(index)
    }
}

/// What rides on the store of a group's work.
pub(super) fn fused(group: &Group) -> Fused {
    Fused {
        bias: group.bias.is_some(),
        residual: group.residual.is_some(),
        activation: group.activation,
        weights: Weights::Plain,
    }
}

impl Graph {
    /// Elements of a parameter's value.
    fn params_len(&self, value: ValueId) -> usize {
        self.params.iter().find(|param| param.value == value).map_or(0, Param::len)
    }
}
