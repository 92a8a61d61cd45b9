//! Which values share a buffer: views of the same numbers, and results that overwrite an operand for good.

use super::fuse::Group;
use super::is_kept;
use super::step::{Buffer, BufferId, Holds};
use crate::graph::{Extent, Graph, Op, Source, Type, ValueId};

/// The buffers of a plan as it grows.
#[derive(Debug)]
pub(super) struct Buffers {
    /// All of them; places in the arena are given later.
    pub all: Vec<Buffer>,
    of_value: Vec<Option<BufferId>>,
    /// For each class of values that share numbers, the last group that reads one of them; `usize::MAX` where the
    /// numbers outlive the run.
    last_read: Vec<usize>,
    class: Vec<usize>,
}

impl Buffers {
    /// Finds for every value until which group its numbers are needed.
    pub fn new(graph: &Graph, groups: &[Group], kept: &[ValueId]) -> Self {
        let mut buffers = Self {
            all: Vec::new(),
            of_value: vec![None; graph.values.len()],
            last_read: vec![0; graph.values.len()],
            class: view_classes(graph),
        };
        for (at, group) in groups.iter().enumerate() {
            for input in &group.reads {
                let class = buffers.class[input.0];
                buffers.last_read[class] = buffers.last_read[class].max(at);
            }
        }
        for (at, value) in graph.values.iter().enumerate() {
            if !matches!(value.source, Source::Node(..)) || is_kept(kept, ValueId(at)) {
                buffers.last_read[buffers.class[at]] = usize::MAX;
            }
        }
        buffers
    }

    /// The buffer of a value, made for its type where it has none yet.
    pub fn of(&mut self, graph: &Graph, value: ValueId) -> BufferId {
        let class = self.class[value.0];
        if let Some(buffer) = self.of_value[class] {
            return buffer;
        }
        let outlives = matches!(graph.value(value).source, Source::Param(_) | Source::ClassWeights);
        let buffer = self.add(&graph.value(value).ty, outlives);
        self.of_value[class] = Some(buffer);
        buffer
    }

    /// Whether nobody needs the numbers of `value` after group `at`, so that its buffer can be overwritten there.
    pub fn ends_at(&self, value: ValueId, at: usize) -> bool {
        self.last_read[self.class[value.0]] == at
    }

    /// Lets `result` live in the buffer of `operand`, which it overwrites.
    pub fn overwrite(&mut self, graph: &Graph, operand: ValueId, result: ValueId) -> BufferId {
        let buffer = self.of(graph, operand);
        self.of_value[self.class[result.0]] = Some(buffer);
        buffer
    }

    /// A buffer for values of a type.
    pub fn add(&mut self, ty: &Type, persistent: bool) -> BufferId {
        let (len, holds) = match &ty.extent {
            Extent::Batch(shape) => (shape.len(), Holds::Part),
            Extent::Fixed(dims) => (dims.iter().product(), Holds::Whole),
        };
        self.push(Buffer { len, holds, element: ty.element, live: (usize::MAX, 0), persistent, offset: 0 })
    }

    /// Any buffer.
    pub fn push(&mut self, buffer: Buffer) -> BufferId {
        self.all.push(buffer);
        BufferId(self.all.len() - 1)
    }
}

/// For each value the first value whose numbers it shares through reshapes.
fn view_classes(graph: &Graph) -> Vec<usize> {
    let mut class: Vec<usize> = (0..graph.values.len()).collect();
    for node in &graph.nodes {
        if matches!(node.op, Op::Reshape(_)) {
            class[node.outputs[0].0] = class[node.inputs[0].0];
        }
    }
    class
}
