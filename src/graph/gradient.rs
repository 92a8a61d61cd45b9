//! Reverse-mode differentiation: gradients as ordinary nodes.

use super::build::Builder;
use super::net::{Graph, ParamId, Source, ValueId};
use super::op::{Channels, Op};
use crate::kernel::activation::DerivativeFrom;

/// The gradients of a loss, a value for each value that has one.
#[derive(Clone, Debug)]
pub struct Gradients {
    by_value: Vec<Option<ValueId>>,
}

impl Gradients {
    /// Appends the nodes that carry the gradient `seed` of `value` back to every trained parameter that is not
    /// frozen. What lies before the first of these gets none.
    pub(super) fn append(builder: &mut Builder, value: ValueId, seed: ValueId, frozen: &[ParamId]) -> Self {
        let forward = builder.graph().clone();
        let wanted = depends_on_trained(&forward, frozen);
        let mut gradients = Self { by_value: vec![None; forward.values.len()] };
        gradients.by_value[value.0] = Some(seed);
        for node in forward.nodes.iter().rev() {
            let Some(dy) = node.outputs.first().and_then(|output| gradients.by_value[output.0]) else { continue };
            builder.enter_layer(node.layer, "");
            let rule = Rule { builder, inputs: &node.inputs, outputs: &node.outputs, wanted: &wanted };
            for (operand, gradient) in rule.gradients(&node.op, dy) {
                gradients.accumulate(builder, operand, gradient);
            }
        }
        gradients
    }

    /// The gradient of a value, where it has one.
    #[must_use]
    pub fn of(&self, value: ValueId) -> Option<ValueId> {
        self.by_value.get(value.0).copied().flatten()
    }

    fn accumulate(&mut self, builder: &mut Builder, value: ValueId, gradient: ValueId) {
        let sum = match self.by_value[value.0] {
            None => gradient,
            Some(before) => typed(builder.apply(Op::Add, &[before, gradient])),
        };
        self.by_value[value.0] = Some(sum);
    }
}

/// For each value, whether it is a trained parameter or computed from one.
fn depends_on_trained(graph: &Graph, frozen: &[ParamId]) -> Vec<bool> {
    let is_trained = |param: ParamId| graph.params[param.0].role.is_trained() && !frozen.contains(&param);
    let mut depends: Vec<bool> =
        graph.values.iter().map(|value| matches!(value.source, Source::Param(param) if is_trained(param))).collect();
    for node in &graph.nodes {
        let any = node.inputs.iter().any(|input| depends[input.0]);
        for output in &node.outputs {
            depends[output.0] = any;
        }
    }
    depends
}

/// A gradient node is typed by the forward node that it mirrors.
fn typed<T>(result: Result<T, super::TypeFault>) -> T {
    result.unwrap_or_else(|fault| unreachable!("a gradient does not fit its value: {fault:?}"))
}

/// The node being differentiated.
struct Rule<'a> {
    builder: &'a mut Builder,
    inputs: &'a [ValueId],
    outputs: &'a [ValueId],
    wanted: &'a [bool],
}

impl Rule<'_> {
    fn emit(&mut self, op: Op, inputs: &[ValueId]) -> ValueId {
        typed(self.builder.apply(op, inputs))
    }

    /// Adds the gradient of operand `at` by `op`, if anything trained depends on it.
    fn add(&mut self, to: &mut Vec<(ValueId, ValueId)>, at: usize, op: Op, inputs: &[ValueId]) {
        let operand = self.inputs[at];
        if self.wanted[operand.0] {
            let gradient = self.emit(op, inputs);
            to.push((operand, gradient));
        }
    }

    /// Adds `gradient` itself as the gradient of operand `at`.
    fn pass(&self, to: &mut Vec<(ValueId, ValueId)>, at: usize, gradient: ValueId) {
        let operand = self.inputs[at];
        if self.wanted[operand.0] {
            to.push((operand, gradient));
        }
    }

    /// Pairs of operand and gradient, given the gradient of the first result.
    fn gradients(mut self, op: &Op, dy: ValueId) -> Vec<(ValueId, ValueId)> {
        let mut to = Vec::new();
        let inputs = self.inputs;
        match *op {
            Op::Conv(g) => {
                self.add(&mut to, 1, Op::ConvWeightGradient(g), &[inputs[0], dy]);
                self.add(&mut to, 0, Op::ConvInputGradient(g), &[dy, inputs[1]]);
            }
            Op::Product => {
                self.add(&mut to, 1, Op::ProductWeightGradient, &[inputs[0], dy]);
                self.add(&mut to, 0, Op::ProductInputGradient, &[dy, inputs[1]]);
            }
            Op::Bias => {
                self.add(&mut to, 1, Op::ChannelSum, &[dy]);
                self.pass(&mut to, 0, dy);
            }
            Op::Scale => {
                self.add(&mut to, 1, Op::ChannelDot, &[inputs[0], dy]);
                self.add(&mut to, 0, Op::Scale, &[dy, inputs[1]]);
            }
            Op::Map(activation) => {
                let source = match activation.derivative_from() {
                    DerivativeFrom::Output => self.outputs[0],
                    DerivativeFrom::Input => inputs[0],
                };
                self.add(&mut to, 0, Op::MapGradient(activation), &[source, dy]);
            }
            Op::Add => {
                self.pass(&mut to, 0, dy);
                self.pass(&mut to, 1, dy);
            }
            Op::Multiply => {
                self.add(&mut to, 0, Op::Multiply, &[dy, inputs[1]]);
                self.add(&mut to, 1, Op::Multiply, &[dy, inputs[0]]);
            }
            Op::Gate => self.gate(&mut to, dy),
            Op::MaxPool(w) => self.add(&mut to, 0, Op::MaxPoolGradient(w), &[self.outputs[1], dy]),
            Op::AvgPool(w, count) => self.add(&mut to, 0, Op::AvgPoolGradient(w, count), &[dy]),
            Op::AdaptiveAvgPool(pool) => self.add(&mut to, 0, Op::AdaptiveAvgPoolGradient(pool), &[dy]),
            Op::BatchNormTraining(_) => self.batch_norm(&mut to, dy),
            Op::GroupNorm(norm) => {
                let results = [self.outputs[0], self.outputs[1], dy];
                self.add(&mut to, 0, Op::GroupNormGradient(norm), &results);
            }
            Op::Reshape(_) => {
                let shape = self.builder.shape(inputs[0]);
                self.add(&mut to, 0, Op::Reshape(shape), &[dy]);
            }
            Op::Pad(padding) => self.add(&mut to, 0, Op::Crop(padding), &[dy]),
            Op::Concat => self.concat(&mut to, dy),
            Op::Dropout(dropout) => self.add(&mut to, 0, Op::Dropout(dropout), &[dy]),
            Op::BatchNorm(_)
            | Op::FoldBatchNorm(_)
            | Op::Softmax
            | Op::LogSoftmax
            | Op::SoftmaxCrossEntropy
            | Op::SigmoidCrossEntropy
            | Op::Criterion(_)
            | Op::ConvInputGradient(_)
            | Op::ConvWeightGradient(_)
            | Op::ProductInputGradient
            | Op::ProductWeightGradient
            | Op::ChannelSum
            | Op::ChannelDot
            | Op::MapGradient(_)
            | Op::GateGradient
            | Op::MaxPoolGradient(_)
            | Op::AvgPoolGradient(..)
            | Op::AdaptiveAvgPoolGradient(_)
            | Op::GroupNormGradient(_)
            | Op::BatchNormParameterGradient
            | Op::BatchNormInputGradient
            | Op::RunningStatistics(..)
            | Op::Crop(_)
            | Op::Slice(_) => unreachable!("{} does not stand between parameters and a loss", op.name()),
        }
        to
    }

    fn gate(&mut self, to: &mut Vec<(ValueId, ValueId)>, dy: ValueId) {
        let [x, gate] = [self.inputs[0], self.inputs[1]];
        self.add(to, 0, Op::Gate, &[dy, gate]);
        if self.wanted[gate.0] {
            let sum = self.emit(Op::GateGradient, &[x, dy]);
            let shape = self.builder.shape(gate);
            let gradient = if shape == self.builder.shape(sum) { sum } else { self.emit(Op::Reshape(shape), &[sum]) };
            to.push((gate, gradient));
        }
    }

    fn batch_norm(&mut self, to: &mut Vec<(ValueId, ValueId)>, dy: ValueId) {
        let [x, scale, shift] = [self.inputs[0], self.inputs[1], self.inputs[2]];
        let [mean, deviation] = [self.outputs[1], self.outputs[2]];
        let parameters = typed(self.builder.emit(Op::BatchNormParameterGradient, &[x, dy, mean, deviation]));
        to.push((scale, parameters[0]));
        to.push((shift, parameters[1]));
        let operands = [x, dy, mean, deviation, scale, parameters[0], parameters[1]];
        self.add(to, 0, Op::BatchNormInputGradient, &operands);
    }

    fn concat(&mut self, to: &mut Vec<(ValueId, ValueId)>, dy: ValueId) {
        let mut offset = 0;
        for at in 0..self.inputs.len() {
            let count = self.builder.shape(self.inputs[at]).channels();
            self.add(to, at, Op::Slice(Channels { offset, count }), &[dy]);
            offset += count;
        }
    }
}
