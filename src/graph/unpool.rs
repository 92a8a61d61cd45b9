//! A pass over a training graph: what a max pool's gradient makes large is worked on while it is small.
//!
//! Behind `activation → max pool` the backward graph first spreads each window's gradient to its winner and then
//! multiplies by the activation's derivative there. Where the derivative is read from the activation's output, the
//! winner's derivative is the derivative at the pooled value, so the product can be taken before the spreading: at one
//! place a window instead of all. A sum over channels of what was spread is the sum of what is spread.

use super::net::{Graph, NodeId, Source, ValueId};
use super::op::Op;
use crate::kernel::activation::DerivativeFrom;

/// Rewrites every such pair of nodes. The unpooled gradient keeps its value; what flows into it changes.
pub(super) fn work_before_unpooling(graph: &mut Graph) {
    let consumers = graph.consumers();
    for at in 0..graph.nodes.len() {
        match graph.nodes[at].op {
            Op::MapGradient(activation) if activation.derivative_from() == DerivativeFrom::Output => {
                if let Some(found) = Unpooled::before(graph, &consumers, NodeId(at)) {
                    found.swap(graph);
                }
            }
            Op::ChannelSum => {
                let spread = graph.nodes[at].inputs[0];
                if let Some(node) = graph.producer(spread)
                    && matches!(node.op, Op::MaxPoolGradient(_))
                {
                    graph.nodes[at].inputs[0] = node.inputs[1];
                }
            }
            _ => {}
        }
    }
}

/// An activation's gradient taken of a gradient that a max pool has just spread.
struct Unpooled {
    unpool: NodeId,
    map_gradient: NodeId,
    pooled: ValueId,
}

impl Unpooled {
    fn before(graph: &Graph, consumers: &[Vec<NodeId>], map_gradient: NodeId) -> Option<Self> {
        let [source, spread] = graph.nodes[map_gradient.0].inputs[..] else { return None };
        let Source::Node(unpool, _) = graph.value(spread).source else { return None };
        let Op::MaxPoolGradient(_) = graph.nodes[unpool.0].op else { return None };
        let pool = graph.producer(graph.nodes[unpool.0].inputs[0])?;
        let alone = consumers[spread.0].len() == 1;
        (alone && pool.inputs[0] == source).then(|| Self { unpool, map_gradient, pooled: pool.outputs[0] })
    }

    /// Lets the two nodes change places.
    fn swap(&self, graph: &mut Graph) {
        let [unpool, map_gradient] = [self.unpool.0, self.map_gradient.0];
        let [index, dy] = graph.nodes[unpool].inputs[..] else { return };
        let between = graph.nodes[unpool].outputs[0];
        graph.values[between.0].ty.extent = graph.value(dy).ty.extent.clone();
        let (spreading, multiplying) = (graph.nodes[unpool].op, graph.nodes[map_gradient].op);
        graph.nodes[unpool].op = multiplying;
        graph.nodes[unpool].inputs = vec![self.pooled, dy];
        graph.nodes[map_gradient].op = spreading;
        graph.nodes[map_gradient].inputs = vec![index, between];
    }
}
