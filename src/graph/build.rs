//! Builds a graph node by node; every edge is typed as it is made.

use super::net::{
    Element, Extent, Graph, Init, LayerId, Node, NodeId, Param, ParamId, Role, Source, Type, Value, ValueId,
};
use super::typing::{conv_dims, result_types};
use super::{Op, Range, Shape, TypeFault};
use crate::kernel::{Activation, ConvGeometry, Window};

/// A graph under construction.
#[derive(Clone, Debug)]
pub struct Builder {
    graph: Graph,
    layer: LayerId,
    layer_name: String,
}

impl Builder {
    /// A graph of its input alone: images of `shape` whose numbers lie in `range`.
    #[must_use]
    pub fn new(shape: Shape, range: Range) -> Self {
        let ty = Type { extent: Extent::Batch(shape), element: Element::F32, range, linearity: 0 };
        let input = ValueId(0);
        let values = vec![Value { ty, source: Source::Input }];
        let graph = Graph { values, nodes: Vec::new(), params: Vec::new(), input, output: input };
        Self { graph, layer: LayerId(0), layer_name: String::new() }
    }

    /// A graph that goes on from one there is.
    pub(super) fn from_graph(graph: Graph) -> Self {
        Self { graph, layer: LayerId(0), layer_name: String::new() }
    }

    /// What is built so far.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The finished graph, which gives `output`.
    #[must_use]
    pub fn finish(mut self, output: ValueId) -> Graph {
        self.graph.output = output;
        self.graph
    }

    /// The images.
    #[must_use]
    pub fn input(&self) -> ValueId {
        self.graph.input
    }

    /// The shape of an activation.
    #[must_use]
    pub fn shape(&self, value: ValueId) -> Shape {
        self.graph.shape(value)
    }

    /// What is built from now on comes from this layer; its parameters are named `<name>.<role>`.
    pub fn enter_layer(&mut self, layer: LayerId, name: &str) {
        self.layer = layer;
        name.clone_into(&mut self.layer_name);
    }

    /// A parameter of the current layer.
    ///
    /// # Errors
    ///
    /// It has more elements than the limit.
    pub fn param(&mut self, role: Role, dims: &[usize], init: Init) -> Result<ValueId, TypeFault> {
        let len = dims.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        if len.is_none_or(|len| len > super::MAX_ELEMENTS) {
            return Err(TypeFault::Overflow);
        }
        let ty = Type { extent: Extent::Fixed(dims.to_vec()), element: Element::F32, range: Range::REAL, linearity: 0 };
        let value = self.add_value(ty, Source::Param(ParamId(self.graph.params.len())));
        let name = format!("{}.{}", self.layer_name, role.name());
        self.graph.params.push(Param { name, role, dims: dims.to_vec(), init, value, layer: self.layer });
        Ok(value)
    }

    /// The index of each image's class.
    pub(super) fn labels(&mut self) -> ValueId {
        let extent = Extent::Batch(Shape::Vector(1));
        self.add_value(Type { extent, element: Element::U32, range: Range::REAL, linearity: 0 }, Source::Labels)
    }

    /// What the images of each of so many classes count in the loss.
    pub(super) fn class_weights(&mut self, classes: usize) -> ValueId {
        let range = Range::closed(0.0, f64::INFINITY);
        let ty = Type { extent: Extent::Fixed(vec![classes]), element: Element::F32, range, linearity: 0 };
        self.add_value(ty, Source::ClassWeights)
    }

    /// Any operation with any number of results.
    ///
    /// # Errors
    ///
    /// The operands have types that the operation cannot take.
    pub fn emit(&mut self, op: Op, inputs: &[ValueId]) -> Result<Vec<ValueId>, TypeFault> {
        let types = result_types(&self.graph, &op, inputs)?;
        let node = NodeId(self.graph.nodes.len());
        let outputs: Vec<ValueId> =
            types.into_iter().enumerate().map(|(at, ty)| self.add_value(ty, Source::Node(node, at))).collect();
        self.graph.nodes.push(Node { op, inputs: inputs.to_vec(), outputs: outputs.clone(), layer: self.layer });
        Ok(outputs)
    }

    /// An operation of which the first result is wanted.
    ///
    /// # Errors
    ///
    /// As [`Self::emit`].
    pub fn apply(&mut self, op: Op, inputs: &[ValueId]) -> Result<ValueId, TypeFault> {
        Ok(self.emit(op, inputs)?[0])
    }

    /// A convolution with a kernel of its own and, where asked for, a bias.
    ///
    /// # Errors
    ///
    /// Groups do not divide, or a result is too large.
    pub fn conv(
        &mut self,
        x: ValueId,
        window: Window,
        filters: usize,
        groups: usize,
        bias: Bias,
    ) -> Result<ValueId, TypeFault> {
        let y = self.convolve(x, window, filters, groups, Role::Kernel)?;
        self.biased(y, bias)
    }

    /// A convolution without bias whose own kernel has this role.
    ///
    /// # Errors
    ///
    /// Groups do not divide, or a result is too large.
    pub fn convolve(
        &mut self,
        x: ValueId,
        window: Window,
        filters: usize,
        groups: usize,
        role: Role,
    ) -> Result<ValueId, TypeFault> {
        let channels = window.in_c;
        if groups == 0 || !channels.is_multiple_of(groups) || !filters.is_multiple_of(groups) {
            return Err(TypeFault::Groups { groups, channels, filters });
        }
        let geometry = ConvGeometry { window, filters, groups };
        let taps = window.taps();
        let init = Init::Fan { fan_in: taps * (channels / groups), fan_out: taps.saturating_mul(filters / groups) };
        let kernel = self.param(role, &conv_dims(&geometry), init)?;
        self.apply(Op::Conv(geometry), &[x, kernel])
    }

    /// A dense layer with a kernel of its own and, where asked for, a bias.
    ///
    /// # Errors
    ///
    /// `x` is a map, or the kernel is too large.
    pub fn dense(&mut self, x: ValueId, units: usize, bias: Bias) -> Result<ValueId, TypeFault> {
        let Shape::Vector(inputs) = self.shape(x) else { return Err(TypeFault::NeedsVector(self.shape(x))) };
        let kernel = self.param(Role::Kernel, &[inputs, units], Init::Fan { fan_in: inputs, fan_out: units })?;
        let y = self.apply(Op::Product, &[x, kernel])?;
        self.biased(y, bias)
    }

    /// `y` with a bias of its own where asked for.
    ///
    /// # Errors
    ///
    /// None for a value that is there; the signature is that of its siblings.
    pub fn biased(&mut self, y: ValueId, bias: Bias) -> Result<ValueId, TypeFault> {
        match bias {
            Bias::None => Ok(y),
            Bias::Learned => {
                let b = self.param(Role::Bias, &[self.shape(y).channels()], Init::Constant(0.0))?;
                self.apply(Op::Bias, &[y, b])
            }
        }
    }

    /// A pointwise activation; the identity adds nothing.
    ///
    /// # Errors
    ///
    /// None for a value that is there; the signature is that of its siblings.
    pub fn map(&mut self, x: ValueId, activation: Activation) -> Result<ValueId, TypeFault> {
        if activation == Activation::Identity { Ok(x) } else { self.apply(Op::Map(activation), &[x]) }
    }

    /// Element by element, or pixel by pixel where one factor has a number a channel only (C or 1×1×C).
    ///
    /// # Errors
    ///
    /// The shapes do not fit.
    pub fn multiply(&mut self, a: ValueId, b: ValueId) -> Result<ValueId, TypeFault> {
        let [left, right] = [self.shape(a), self.shape(b)];
        if left == right {
            return self.apply(Op::Multiply, &[a, b]);
        }
        // Of a map of one pixel and a vector, the vector is the gate: the product stays a map.
        let left_is_map = matches!(left, Shape::Map { .. }) && matches!(right, Shape::Vector(_));
        let inputs = if left.pixels() == 1 && !left_is_map { [b, a] } else { [a, b] };
        self.apply(Op::Gate, &inputs).map_err(|_| TypeFault::Mismatch(left, right))
    }

    /// A map as a vector, in height, width, channel order; a vector stays.
    ///
    /// # Errors
    ///
    /// None for a value that is there.
    pub fn flatten(&mut self, x: ValueId) -> Result<ValueId, TypeFault> {
        match self.shape(x) {
            Shape::Vector(_) => Ok(x),
            shape @ Shape::Map { .. } => self.apply(Op::Reshape(Shape::Vector(shape.len())), &[x]),
        }
    }

    fn add_value(&mut self, ty: Type, source: Source) -> ValueId {
        self.graph.values.push(Value { ty, source });
        ValueId(self.graph.values.len() - 1)
    }
}

/// Whether a layer adds a learned number a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// It does.
    Learned,
    /// It does not.
    None,
}
