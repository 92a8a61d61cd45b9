//! Fusion: what rides on the store of the convolution, product, scaling, normalisation or gradient that makes its operand, and what a
//! max pool's gradient need not spread.

use super::step::Weights;
use super::{Options, choose, is_kept, reader_counts};
use crate::graph::{Graph, LayerId, Node, NodeId, Op, Source, ValueId};
use crate::kernel::conv::PooledConv;
use crate::kernel::{Activation, Window};

/// Nodes that become one step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// The node that does the work.
    pub node: NodeId,
    /// A bias that is added as the result is stored.
    pub bias: Option<ValueId>,
    /// An activation that is applied as the result is stored.
    pub activation: Activation,
    /// What is added to the result, before the activation.
    pub residual: Option<ValueId>,
    /// A max pool over a convolution's result before it is stored, or whose winners alone carry a gradient.
    pub pool: Option<Window>,
    /// What a gradient is multiplied with as it is stored.
    pub derivative: Option<Derivative>,
    /// What the group reads.
    pub reads: Vec<ValueId>,
    /// Results of the group.
    pub outputs: Vec<ValueId>,
    /// Layers of its nodes, in order.
    pub layers: Vec<LayerId>,
}

impl Group {
    fn of(at: usize, node: &Node) -> Self {
        Self {
            node: NodeId(at),
            bias: None,
            activation: Activation::Identity,
            residual: None,
            pool: None,
            derivative: None,
            reads: node.inputs.clone(),
            outputs: node.outputs.clone(),
            layers: vec![node.layer],
        }
    }

    fn serves(&mut self, layer: LayerId) {
        if self.layers.last() != Some(&layer) {
            self.layers.push(layer);
        }
    }
}

/// An activation's derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Derivative {
    /// Whose it is.
    pub activation: Activation,
    /// What it is computed from.
    pub source: ValueId,
}

/// The graph as groups, in the order of their first nodes.
pub(super) fn groups(graph: &Graph, kept: &[ValueId], options: &Options) -> Vec<Group> {
    let fusion = Fusion { graph, kept, options, consumers: graph.consumers(), readers: reader_counts(graph, kept) };
    let mut absorbed = vec![false; graph.nodes.len()];
    let mut groups = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        if absorbed[at] || fusion.spreads_nothing(NodeId(at)) {
            continue;
        }
        let mut group = Group::of(at, node);
        match node.op {
            Op::Conv(_) | Op::Product | Op::Scale => {
                while let Some(next) = fusion.only_reader(group.outputs[0]) {
                    if !fusion.absorb(&mut group, next) {
                        break;
                    }
                    absorbed[next.0] = true;
                }
            }
            Op::BatchNormTraining(_) | Op::BatchNorm(_) => {
                while let Some(next) = fusion.only_reader(group.outputs[0]) {
                    if !fusion.join(&mut group, next) {
                        break;
                    }
                    absorbed[next.0] = true;
                }
            }
            Op::ConvInputGradient(_) => {
                fusion.take_winners(&mut group, 0);
                if let Some(next) = fusion.only_reader(group.outputs[0])
                    && fusion.take_derivative(&mut group, next)
                {
                    absorbed[next.0] = true;
                }
            }
            Op::ConvWeightGradient(_) => fusion.take_winners(&mut group, 1),
            _ => {}
        }
        groups.push(group);
    }
    groups
}

struct Fusion<'a> {
    graph: &'a Graph,
    kept: &'a [ValueId],
    options: &'a Options,
    consumers: Vec<Vec<NodeId>>,
    readers: Vec<usize>,
}

impl Fusion<'_> {
    /// The one node that reads a value, where it is one only.
    fn only_reader(&self, value: ValueId) -> Option<NodeId> {
        (self.readers[value.0] == 1 && !is_kept(self.kept, value)).then(|| self.consumers[value.0][0])
    }

    /// Takes `next` into the group if the store of the group's result can do its work too: one bias, then, for a
    /// convolution or product, one sum with what is there already, then one activation, then, for a convolution without a
    /// sum, a pool.
    fn absorb(&self, group: &mut Group, next: NodeId) -> bool {
        let node = &self.graph.nodes[next.0];
        let is_open = group.pool.is_none() && group.activation == Activation::Identity;
        let adds = !matches!(self.graph.nodes[group.node.0].op, Op::Scale);
        match node.op {
            Op::Bias if is_open && group.bias.is_none() && group.residual.is_none() => {
                group.bias = Some(node.inputs[1]);
                group.reads.push(node.inputs[1]);
            }
            Op::Add if is_open && adds => return self.add(group, node),
            Op::Map(activation) if is_open => group.activation = activation,
            Op::MaxPool(window) if group.pool.is_none() && group.residual.is_none() => {
                let Op::Conv(conv) = self.graph.nodes[group.node.0].op else { return false };
                let pooled = PooledConv { conv, pool: window };
                if choose::pooled_forward(self.options, &pooled, Weights::Plain).is_none() {
                    return false;
                }
                group.pool = Some(window);
            }
            _ => return false,
        }
        group.outputs.clone_from(&node.outputs);
        group.serves(node.layer);
        true
    }

    /// Takes `next` into a normalisation's group: one sum with what is there already, then one activation.
    fn join(&self, group: &mut Group, next: NodeId) -> bool {
        let node = &self.graph.nodes[next.0];
        let is_open = group.activation == Activation::Identity;
        match node.op {
            Op::Map(activation) if is_open => group.activation = activation,
            Op::Add if is_open => return self.add(group, node),
            _ => return false,
        }
        group.outputs[0] = node.outputs[0];
        group.serves(node.layer);
        true
    }

    /// Takes a sum into a group that has none, if the other summand is there before the group's node is computed.
    fn add(&self, group: &mut Group, sum: &Node) -> bool {
        let Some(&other) = sum.inputs.iter().find(|&&input| input != group.outputs[0]) else { return false };
        if group.residual.is_some() || !self.is_there(other, group.node) {
            return false;
        }
        group.residual = Some(other);
        group.reads.push(other);
        group.outputs[0] = sum.outputs[0];
        group.serves(sum.layer);
        true
    }

    /// Whether a value is known before `node` is computed.
    fn is_there(&self, value: ValueId, node: NodeId) -> bool {
        match self.graph.value(value).source {
            Source::Node(maker, _) => maker < node,
            _ => true,
        }
    }

    /// Takes `next` into a gradient's group if it is the step through the activation before.
    fn take_derivative(&self, group: &mut Group, next: NodeId) -> bool {
        let node = &self.graph.nodes[next.0];
        let (Op::MapGradient(activation), [source, _]) = (node.op, &node.inputs[..]) else { return false };
        group.derivative = Some(Derivative { activation, source: *source });
        group.reads.push(*source);
        group.outputs.clone_from(&node.outputs);
        group.serves(node.layer);
        true
    }

    /// Whether a node is a max pool's gradient of which only the winners are asked for.
    fn spreads_nothing(&self, node: NodeId) -> bool {
        let Op::MaxPoolGradient(pool) = self.graph.nodes[node.0].op else { return false };
        let spread = self.graph.nodes[node.0].outputs[0];
        let options = self.options;
        let takes_winners = |reader: &NodeId| {
            let reader = &self.graph.nodes[reader.0];
            match reader.op {
                Op::ConvInputGradient(conv) => {
                    reader.inputs[0] == spread
                        && choose::pooled_input_gradient(options, &PooledConv { conv, pool }).is_some()
                }
                Op::ConvWeightGradient(conv) => {
                    reader.inputs[1] == spread
                        && choose::pooled_weight_gradient(options, &PooledConv { conv, pool }).is_some()
                }
                _ => false,
            }
        };
        !is_kept(self.kept, spread) && self.consumers[spread.0].iter().all(takes_winners)
    }

    /// Lets a convolution's gradient read the winners and what is spread to them, where that need not be spread.
    fn take_winners(&self, group: &mut Group, operand: usize) {
        let Source::Node(node, _) = self.graph.value(group.reads[operand]).source else { return };
        let spreading = &self.graph.nodes[node.0];
        let Op::MaxPoolGradient(window) = spreading.op else { return };
        if self.spreads_nothing(node) {
            let [index, dy] = spreading.inputs[..] else { return };
            group.pool = Some(window);
            group.reads[operand] = dy;
            group.reads.push(index);
            group.serves(spreading.layer);
        }
    }
}
