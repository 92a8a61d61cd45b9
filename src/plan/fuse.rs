//! Fusion: bias and activation ride on the store of the convolution, product or scaling that makes their operand.

use super::{is_kept, reader_counts};
use crate::graph::{Graph, LayerId, NodeId, Op, ValueId};
use crate::kernel::Activation;

/// Nodes that become one step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// The node that does the work.
    pub node: NodeId,
    /// A bias that is added as the result is stored.
    pub bias: Option<ValueId>,
    /// An activation that is applied as the result is stored.
    pub activation: Activation,
    /// Results of the group.
    pub outputs: Vec<ValueId>,
    /// Layers of its nodes, in order.
    pub layers: Vec<LayerId>,
}

/// The graph as groups, in the order of their first nodes.
pub(super) fn groups(graph: &Graph, kept: &[ValueId]) -> Vec<Group> {
    let consumers = graph.consumers();
    let readers = reader_counts(graph, kept);
    // The one node that reads a value, where it is one only.
    let only_reader = |value: ValueId| -> Option<NodeId> {
        (readers[value.0] == 1 && !is_kept(kept, value)).then(|| consumers[value.0][0])
    };
    let mut absorbed = vec![false; graph.nodes.len()];
    let mut groups = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        if absorbed[at] {
            continue;
        }
        let mut group = Group {
            node: NodeId(at),
            bias: None,
            activation: Activation::Identity,
            outputs: node.outputs.clone(),
            layers: vec![node.layer],
        };
        if matches!(node.op, Op::Conv(_) | Op::Product | Op::Scale) {
            while let Some(next) = only_reader(group.outputs[0]) {
                if !absorb(graph, &mut group, next) {
                    break;
                }
                absorbed[next.0] = true;
            }
        }
        groups.push(group);
    }
    groups
}

/// Takes `next` into the group if the store of the group's result can do its work too: one bias, then one activation.
fn absorb(graph: &Graph, group: &mut Group, next: NodeId) -> bool {
    if group.activation != Activation::Identity {
        return false;
    }
    let node = &graph.nodes[next.0];
    match node.op {
        Op::Bias if group.bias.is_none() => group.bias = Some(node.inputs[1]),
        Op::Map(activation) => group.activation = activation,
        _ => return false,
    }
    group.outputs.clone_from(&node.outputs);
    if group.layers.last() != Some(&node.layer) {
        group.layers.push(node.layer);
    }
    true
}
