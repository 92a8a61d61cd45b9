//! Lowering: a group of nodes becomes a step, its values buffers, its shapes the numbers a kernel wants.

use super::buffer::Buffers;
use super::fuse::{Group, groups};
use super::step::{Buffer, BufferId, Change, Decays, Element, Fused, Optimizer, Phase, Rows, Slot, Step, Work};
use super::{Options, Plan, choose, layout};
use crate::graph::{CountPadding, DropoutUnit, Graph, Op, Param, Shape, Source, Value, ValueId};
use crate::kernel::conv::PooledConv;
use crate::kernel::{Activation, ConvGeometry, Dense, Window, elementwise, norm};

/// A plan under construction.
pub(super) struct Lowering<'a> {
    graph: &'a Graph,
    kept: &'a [ValueId],
    options: Options,
    groups: Vec<Group>,
    buffers: Buffers,
    steps: Vec<Step>,
    optimizer_state: Vec<Slot>,
    scratch_len: usize,
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
        let groups = groups(graph, kept, options);
        let buffers = Buffers::new(graph, &groups, kept);
        Self { graph, kept, options, groups, buffers, steps: Vec::new(), optimizer_state: Vec::new(), scratch_len: 0 }
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
            match op {
                Op::Reshape(_) => {}
                Op::Map(activation) => self.map(&group, at, activation, phase),
                Op::MapGradient(activation) => self.map_gradient(&group, at, activation, phase),
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

    /// A step for each trained parameter that the loss depends on.
    pub fn updates(&mut self, gradients: &[Option<ValueId>], change: Change) {
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
        for (at, step) in self.steps.iter().enumerate() {
            for buffer in step.reads.iter().chain(&step.writes) {
                let live = &mut buffers[buffer.0].live;
                *live = (live.0.min(at), live.1.max(at));
            }
        }
        for filled in filled {
            buffers[filled.0].live.0 = 0;
        }
        for read in read {
            buffers[read.0].live.1 = self.steps.len();
        }
        let mut plan = Plan {
            options: self.options,
            steps: self.steps,
            buffers,
            arena_len: 0,
            scratch_len: self.scratch_len,
            params,
            optimizer_state: self.optimizer_state,
            input,
            labels: None,
            class_weights: None,
            logits,
            probabilities: None,
            losses: None,
        };
        plan.arena_len = layout::place(&mut plan.buffers, self.options.batch);
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
        self.push_step(draft.work, reads, writes, group, phase);
    }

    fn push_step(&mut self, work: Work, reads: Vec<BufferId>, writes: Vec<BufferId>, group: &Group, phase: Phase) {
        self.steps.push(Step { work, phase, layers: group.layers.clone(), reads, writes });
    }

    fn workspace(&mut self, len: usize) -> BufferId {
        let live = (usize::MAX, 0);
        self.buffers.push(Buffer { len, per_image: false, element: Element::F32, live, persistent: false, offset: 0 })
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
            Op::Conv(g) | Op::ConvWeightGradient(g) => match group.pool {
                Some(pool) => self.pooled_conv(group, op, &PooledConv { conv: g, pool }),
                None => self.conv(group, op),
            },
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
            | Op::ConvInputGradient(_)
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

    fn conv(&mut self, group: &Group, op: &Op) -> Draft {
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
        Draft::new(work, &group.reads, &group.outputs).workspace(workspace)
    }

    /// The gradient overwrites what the derivative behind it is computed from, so that it takes no memory of its own, if
    /// nobody needs that any more; else the derivative is a step of its own.
    fn conv_input_gradient(&mut self, group: &Group, at: usize, g: ConvGeometry, phase: Phase) {
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

    fn pooled_conv(&mut self, group: &Group, op: &Op, g: &PooledConv) -> Draft {
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

    fn product(&mut self, group: &Group, op: &Op) -> Draft {
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
        Draft::new(work, &group.reads, &group.outputs)
    }

    fn max_pool(&self, group: &Group, window: Window) -> Draft {
        let writes: Vec<ValueId> = [group.outputs[0]].into_iter().chain(self.wanted_index(group)).collect();
        Draft::new(Work::MaxPool(window, self.options.isa), &group.reads, &writes)
    }

    /// The winners' places, which are kept only where a gradient will ask for them.
    fn wanted_index(&self, group: &Group) -> Option<ValueId> {
        let index = group.outputs[1];
        self.graph.nodes.iter().any(|node| node.inputs.contains(&index)).then_some(index)
    }
}

/// A group has a pool only where there is a kernel for both.
fn unfused<T>() -> T {
    unreachable!("a pool was fused that no kernel computes")
}

/// What rides on the store of a group's work.
fn fused(group: &Group) -> Fused {
    Fused { bias: group.bias.is_some(), activation: group.activation }
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

impl Graph {
    /// Elements of a parameter's value.
    fn params_len(&self, value: ValueId) -> usize {
        self.params.iter().find(|param| param.value == value).map_or(0, Param::len)
    }
}
