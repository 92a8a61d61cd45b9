//! The graph as data: values, nodes, parameters.

use super::{Op, Range, Shape};
use crate::kernel::Activation;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub usize);
    )+};
}

ids! {
    /// Index of a value in [`Graph::values`].
    ValueId,
    /// Index of a node in [`Graph::nodes`].
    NodeId,
    /// Index of a parameter in [`Graph::params`].
    ParamId,
    /// Index of the layer that a node or parameter comes from, in the order of the network.
    LayerId,
}

/// Type of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// A 32-bit floating-point number.
    F32,
    /// A byte: the winner's place in a pool window of at most 256 taps.
    U8,
    /// A label, or the winner's place in a larger window.
    U32,
}

/// How many elements a value has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A tensor for each image of the batch.
    Batch(Shape),
    /// The same whatever the batch.
    Fixed(Vec<usize>),
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The images, normalised.
    Input,
    /// The index of each image's class.
    Labels,
    /// A factor for each class, by which its images count in the loss.
    ClassWeights,
    /// A parameter or running statistic.
    Param(ParamId),
    /// The n-th result of a node.
    Node(NodeId, usize),
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// How many elements.
    pub extent: Extent,
    /// Of which type.
    pub element: Element,
    /// The interval they provably lie in.
    pub range: Range,
    /// Affine operations since the last nonlinearity.
    pub linearity: usize,
}

/// A value: its type and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its type.
    pub ty: Type,
    /// Where it comes from.
    pub source: Source,
}

/// An operation on values.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// Operands, in the order that [`Op`] says.
    pub inputs: Vec<ValueId>,
    /// Results, in the order that [`Op`] says.
    pub outputs: Vec<ValueId>,
    /// The layer it comes from.
    pub layer: LayerId,
}

/// What a parameter is to its layer; its name in a model file ends in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Kernel of a convolution or a dense layer.
    Kernel,
    /// Kernel of a separable convolution that slides over each channel by itself.
    DepthwiseKernel,
    /// Kernel of a separable convolution that joins the channels of a pixel.
    PointwiseKernel,
    /// One number a channel, added.
    Bias,
    /// One factor a channel.
    Scale,
    /// One number a channel, added after a normalisation.
    Shift,
    /// Learned slope below zero.
    Slope,
    /// Running mean of a normalisation.
    RunningMean,
    /// Running variance of a normalisation.
    RunningVariance,
}

impl Role {
    /// The last part of a parameter's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::DepthwiseKernel => "depthwise_kernel",
            Self::PointwiseKernel => "pointwise_kernel",
            Self::Bias => "bias",
            Self::Scale => "scale",
            Self::Shift => "shift",
            Self::Slope => "slope",
            Self::RunningMean => "running_mean",
            Self::RunningVariance => "running_variance",
        }
    }

    /// Whether inputs are multiplied by it: weight decay acts on such parameters, not on biases and normalisations.
    #[must_use]
    pub fn is_kernel(self) -> bool {
        matches!(self, Self::Kernel | Self::DepthwiseKernel | Self::PointwiseKernel)
    }

    /// Whether gradients change it; running statistics change by themselves.
    #[must_use]
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }
}

/// What a parameter starts as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All elements are this.
    Constant(f32),
    /// Random, by the fans and the activation that follows.
    Fan {
        /// Inputs of one output.
        fan_in: usize,
        /// Outputs of one input.
        fan_out: usize,
    },
}

/// A parameter or running statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// `<layer>.<role>`, unique in the network.
    pub name: String,
    /// What it is to its layer.
    pub role: Role,
    /// Sizes, outermost first.
    pub dims: Vec<usize>,
    /// What it starts as.
    pub init: Init,
    /// Its value in the graph.
    pub value: ValueId,
    /// The layer it belongs to.
    pub layer: LayerId,
}

impl Param {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A network, or a network with its gradients: nodes in an order in which operands come first.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Values, in the order in which they were made.
    pub values: Vec<Value>,
    /// Nodes, operands first.
    pub nodes: Vec<Node>,
    /// Parameters, in the order of the layers.
    pub params: Vec<Param>,
    /// The images.
    pub input: ValueId,
    /// What the network gives.
    pub output: ValueId,
}

impl Graph {
    /// The value with this id.
    #[must_use]
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    /// The shape of a value of which there is one an image.
    ///
    /// # Panics
    ///
    /// For a parameter: the callers ask for activations only.
    #[must_use]
    pub fn shape(&self, id: ValueId) -> Shape {
        match &self.value(id).ty.extent {
            Extent::Batch(shape) => *shape,
            Extent::Fixed(dims) => unreachable!("a parameter of sizes {dims:?} has no shape an image"),
        }
    }

    /// The interval of a value.
    #[must_use]
    pub fn range(&self, id: ValueId) -> Range {
        self.value(id).ty.range
    }

    /// The node that makes a value, where one does.
    #[must_use]
    pub fn producer(&self, id: ValueId) -> Option<&Node> {
        match self.value(id).source {
            Source::Node(node, _) => Some(&self.nodes[node.0]),
            _ => None,
        }
    }

    /// For each value, the nodes that read it, in order.
    #[must_use]
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut consumers = vec![Vec::new(); self.values.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                consumers[input.0].push(NodeId(at));
            }
        }
        consumers
    }

    /// For each parameter the first pointwise activation that its result meets, behind biases, normalisations, pools
    /// and reshapes; `None` where something else comes first.
    #[must_use]
    pub fn activations_behind_params(&self) -> Vec<Option<Activation>> {
        let consumers = self.consumers();
        self.params.iter().map(|param| self.activation_behind(param.value, &consumers)).collect()
    }

    fn activation_behind(&self, mut value: ValueId, consumers: &[Vec<NodeId>]) -> Option<Activation> {
        loop {
            let [node] = consumers[value.0].as_slice() else { return None };
            let node = &self.nodes[node.0];
            match node.op {
                Op::Map(activation) => return Some(activation),
                Op::Conv(_)
                | Op::Product
                | Op::Bias
                | Op::BatchNorm(_)
                | Op::MaxPool(_)
                | Op::AvgPool(..)
                | Op::AdaptiveAvgPool(_)
                | Op::GroupNorm(_)
                | Op::Scale
                | Op::Reshape(_)
                | Op::Pad(_)
                | Op::Dropout(_) => value = *node.outputs.first()?,
                _ => return None,
            }
            if consumers[value.0].len() == 1 && self.is_affine_operand(consumers[value.0][0], value) {
                return None;
            }
        }
    }

    /// Whether `value` goes into another convolution or product: then no activation stands between.
    fn is_affine_operand(&self, node: NodeId, value: ValueId) -> bool {
        let node = &self.nodes[node.0];
        matches!(node.op, Op::Conv(_) | Op::Product) && node.inputs[0] == value
    }

    /// Elements of all trained parameters.
    #[must_use]
    pub fn trained_params(&self) -> u64 {
        self.params.iter().filter(|param| param.role.is_trained()).map(|param| param.len() as u64).sum()
    }

    /// Elements of all parameters, running statistics included.
    #[must_use]
    pub fn total_params(&self) -> u64 {
        self.params.iter().map(|param| param.len() as u64).sum()
    }

    /// Multiply-accumulates of a node for one image; 0 for what is neither a convolution nor a product.
    #[must_use]
    pub fn macs(&self, node: &Node) -> u64 {
        match node.op {
            Op::Conv(g) | Op::ConvInputGradient(g) | Op::ConvWeightGradient(g) => g.macs(),
            Op::Product => self.shape(node.inputs[0]).len() as u64 * self.shape(node.outputs[0]).len() as u64,
            Op::ProductInputGradient => {
                self.shape(node.inputs[0]).len() as u64 * self.shape(node.outputs[0]).len() as u64
            }
            Op::ProductWeightGradient => {
                self.shape(node.inputs[0]).len() as u64 * self.shape(node.inputs[1]).len() as u64
            }
            _ => 0,
        }
    }
}
