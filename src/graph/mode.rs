//! From the network as written to what training and inference run.

use super::build::Builder;
use super::fold::{Folded, Folds};
use super::gradient::Gradients;
use super::net::{Graph, Node, Source, ValueId};
use super::objective::Objective;
use super::op::{Op, Pixels};
use super::unpool::work_before_unpooling;
use crate::kernel::Activation;

/// The loss that the end of a network calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Cross-entropy over as many logits as classes.
    Softmax,
    /// Binary cross-entropy on the one logit of the second class.
    Sigmoid,
}

impl Head {
    /// The head of a network and its logits: what goes into a final softmax, log-softmax or single sigmoid, or the
    /// output itself where the network ends without one.
    #[must_use]
    pub fn of(graph: &Graph) -> (Self, ValueId) {
        let one_unit = graph.shape(graph.output).len() == 1;
        match graph.producer(graph.output) {
            Some(node) if matches!(node.op, Op::Softmax | Op::LogSoftmax) => (Self::Softmax, node.inputs[0]),
            Some(node) if one_unit && node.op == Op::Map(Activation::Sigmoid) => (Self::Sigmoid, node.inputs[0]),
            _ if one_unit => (Self::Sigmoid, graph.output),
            _ => (Self::Softmax, graph.output),
        }
    }
}

/// A network with its loss and the gradient of every trained parameter.
#[derive(Clone, Debug)]
pub struct Training {
    /// Forward nodes, loss, backward nodes, in this order.
    pub graph: Graph,
    /// The index of each image's class.
    pub labels: ValueId,
    /// What the loss is computed from.
    pub logits: ValueId,
    /// The loss of each image.
    pub losses: ValueId,
    /// A factor for each class, where the objective asks for it.
    pub class_weights: Option<ValueId>,
    /// For each parameter its gradient; `None` for running statistics, for what is frozen and for what the loss does
    /// not depend on.
    pub gradients: Vec<Option<ValueId>>,
}

impl Training {
    /// The training graph of a network under plain cross-entropy.
    #[must_use]
    pub fn of(network: &Graph) -> Self {
        Self::with(network, &Objective::default())
    }

    /// The training graph of a network.
    #[must_use]
    pub fn with(network: &Graph, objective: &Objective) -> Self {
        let (mut builder, head, logits) = forward(network, |rewrite, node| match node.op {
            Op::BatchNorm(norm) => rewrite.batch_norm_training(norm, node),
            _ => rewrite.copy(node),
        });
        let labels = builder.labels();
        let op = match head {
            _ if !objective.is_plain() => Op::Criterion(objective.criterion),
            Head::Softmax => Op::SoftmaxCrossEntropy,
            Head::Sigmoid => Op::SigmoidCrossEntropy,
        };
        // One unit stands for two classes.
        let classes = builder.shape(logits).len().max(2);
        let class_weights = objective.class_weights.then(|| builder.class_weights(classes));
        let operands: Vec<ValueId> = [logits, labels].into_iter().chain(class_weights).collect();
        let loss = typed(builder.emit(op, &operands));
        let gradients = Gradients::append(&mut builder, logits, loss[1], &objective.frozen);
        let mut graph = builder.finish(loss[0]);
        work_before_unpooling(&mut graph);
        let gradients = graph.params.iter().map(|param| gradients.of(param.value)).collect();
        Self { graph, labels, logits, losses: loss[0], class_weights, gradients }
    }
}

/// A network as it predicts: running statistics, folded into kernels where these are known; no dropout; probabilities at
/// the end.
#[derive(Clone, Debug)]
pub struct Inference {
    /// The forward nodes.
    pub graph: Graph,
    /// What the probabilities are computed from.
    pub logits: ValueId,
    /// Softmax, or the sigmoid of one unit, of the logits.
    pub probabilities: ValueId,
}

impl Inference {
    /// The inference graph of a network.
    #[must_use]
    pub fn of(network: &Graph) -> Self {
        let folds = Folds::of(network, Head::of(network).1);
        let (mut builder, head, logits) = forward(network, |rewrite, node| match node.op {
            Op::Dropout(_) => rewrite.alias(node.outputs[0], node.inputs[0]),
            Op::Conv(_) | Op::Product => match folds.at(node.outputs[0]) {
                Some(folded) => rewrite.fold(network, node, folded),
                None => rewrite.copy(node),
            },
            Op::Bias | Op::BatchNorm(_) if folds.takes(node.outputs[0]) => {}
            _ => rewrite.copy(node),
        });
        let op = match head {
            Head::Softmax => Op::Softmax,
            Head::Sigmoid => Op::Map(Activation::Sigmoid),
        };
        let probabilities = typed(builder.apply(op, &[logits]));
        Self { graph: builder.finish(probabilities), logits, probabilities }
    }
}

/// The nodes up to the logits, each taken over by `convert`, with the head and the logits.
fn forward(network: &Graph, convert: impl Fn(&mut Rewrite, &Node)) -> (Builder, Head, ValueId) {
    let (head, logits) = Head::of(network);
    let mut rewrite = Rewrite::new(network);
    for node in nodes_before(network, logits) {
        convert(&mut rewrite, &network.nodes[node]);
    }
    let logits = rewrite.map(logits);
    (rewrite.builder, head, logits)
}

/// Nodes that `value` is computed from, in order.
fn nodes_before(graph: &Graph, value: ValueId) -> Vec<usize> {
    let mut needed = vec![false; graph.values.len()];
    needed[value.0] = true;
    let mut nodes: Vec<usize> = (0..graph.nodes.len())
        .rev()
        .filter(|&at| {
            let node = &graph.nodes[at];
            let used = node.outputs.iter().any(|output| needed[output.0]);
            if used {
                node.inputs.iter().for_each(|input| needed[input.0] = true);
            }
            used
        })
        .collect();
    nodes.reverse();
    nodes
}

fn typed<T>(result: Result<T, super::TypeFault>) -> T {
    result.unwrap_or_else(|fault| unreachable!("a graph that was typed before does not fit: {fault:?}"))
}

/// A graph being copied, with what became of each value.
struct Rewrite {
    builder: Builder,
    values: Vec<Option<ValueId>>,
}

impl Rewrite {
    /// Starts from the input and all parameters of `network`, so that parameters keep their indices.
    fn new(network: &Graph) -> Self {
        let mut graph = Graph { values: Vec::new(), nodes: Vec::new(), params: network.params.clone(), ..*network };
        let mut values = vec![None; network.values.len()];
        for (at, value) in network.values.iter().enumerate() {
            if !matches!(value.source, Source::Input | Source::Param(_)) {
                continue;
            }
            let id = ValueId(graph.values.len());
            values[at] = Some(id);
            match value.source {
                Source::Param(param) => graph.params[param.0].value = id,
                _ => graph.input = id,
            }
            graph.values.push(value.clone());
        }
        Self { builder: Builder::from_graph(graph), values }
    }

    fn map(&self, value: ValueId) -> ValueId {
        self.values[value.0].unwrap_or_else(|| unreachable!("value {} is used before it is defined", value.0))
    }

    fn alias(&mut self, value: ValueId, to: ValueId) {
        self.values[value.0] = Some(self.map(to));
    }

    fn copy(&mut self, node: &Node) {
        let inputs: Vec<ValueId> = node.inputs.iter().map(|&input| self.map(input)).collect();
        self.builder.enter_layer(node.layer, "");
        let made = typed(self.builder.emit(node.op, &inputs));
        for (output, made) in node.outputs.iter().zip(made) {
            self.values[output.0] = Some(made);
        }
    }

    /// A convolution or product with the kernel and the bias that its normalisation makes of them.
    fn fold(&mut self, network: &Graph, node: &Node, folded: Folded) {
        let norm = &network.nodes[folded.norm.0];
        let bias = folded.bias.map(|bias| network.nodes[bias.0].inputs[1]);
        let known: Vec<ValueId> = [node.inputs[1]].iter().chain(&norm.inputs[1..]).chain(&bias).copied().collect();
        let known: Vec<ValueId> = known.into_iter().map(|value| self.map(value)).collect();
        let x = self.map(node.inputs[0]);
        self.builder.enter_layer(norm.layer, "");
        let made = typed(self.builder.emit(Op::FoldBatchNorm(folded.by), &known));
        self.builder.enter_layer(node.layer, "");
        let y = typed(self.builder.apply(node.op, &[x, made[0]]));
        self.builder.enter_layer(norm.layer, "");
        let y = typed(self.builder.apply(Op::Bias, &[y, made[1]]));
        self.values[norm.outputs[0].0] = Some(y);
    }

    fn batch_norm_training(&mut self, norm: super::BatchNorm, node: &Node) {
        let [x, scale, shift, mean, variance] = std::array::from_fn(|at| self.map(node.inputs[at]));
        self.builder.enter_layer(node.layer, "");
        let made = typed(self.builder.emit(Op::BatchNormTraining(norm), &[x, scale, shift]));
        let pixels = Pixels(self.builder.shape(x).pixels());
        typed(self.builder.emit(Op::RunningStatistics(norm, pixels), &[made[1], made[2], mean, variance]));
        self.values[node.outputs[0].0] = Some(made[0]);
    }
}
