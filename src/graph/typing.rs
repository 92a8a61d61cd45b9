//! THE typing rules: from an operation and its operands' types to its results' types.

use super::net::{Element, Extent, Graph, Type, ValueId};
use super::{CountPadding, GroupNorm, Op, Range, Shape, TypeFault};
use crate::kernel::pool::Adaptive;
use crate::kernel::{Activation, ConvGeometry, Padding, Window};

type Types = Result<Vec<Type>, TypeFault>;

/// The types of the results of `op` on `inputs`.
///
/// # Errors
///
/// An operand has a shape that the operation cannot take, or a result would be too large.
pub(super) fn result_types(graph: &Graph, op: &Op, inputs: &[ValueId]) -> Types {
    let operands = Operands { graph, inputs };
    match *op {
        Op::Conv(g) => operands.affine(conv_output(&g)),
        Op::Product => operands.affine(Shape::Vector(operands.dims(1)[1])),
        Op::Bias | Op::Scale => operands.affine_in_place(),
        Op::Map(activation) => operands.mapped(activation),
        Op::Add => operands.added(),
        Op::Multiply => operands.multiplied(),
        Op::Gate => operands.gated(),
        Op::MaxPool(w) => operands.max_pooled(&w),
        Op::AvgPool(w, count) => operands.averaged(&w, count),
        Op::AdaptiveAvgPool(pool) => operands.averaged_to_size(&pool),
        Op::BatchNorm(_) => operands.affine_in_place(),
        Op::FoldBatchNorm(_) => fixed(vec![operands.dims(0).to_vec(), operands.dims(1).to_vec()]),
        Op::BatchNormTraining(_) => operands.normalised(),
        Op::GroupNorm(norm) => operands.normalised_by_itself(&norm),
        Op::Reshape(shape) => operands.reshaped(shape),
        Op::Pad(padding) => operands.padded(padding),
        Op::Concat => operands.concatenated(),
        Op::Dropout(dropout) => operands.dropped(dropout.rate),
        Op::Softmax => operands.normalised_exponentials(Range::simplex),
        Op::LogSoftmax => operands.normalised_exponentials(Range::log_simplex),
        Op::SoftmaxCrossEntropy | Op::SigmoidCrossEntropy | Op::Criterion(_) => {
            let losses = of_batch(Shape::Vector(1), Range::closed(0.0, f64::INFINITY), 0)?;
            Ok(vec![losses, of_batch(operands.shape(0), Range::REAL, 0)?])
        }
        Op::ConvInputGradient(g) => gradient(window_input(&g.window)),
        Op::ConvWeightGradient(g) => fixed(vec![conv_dims(&g)]),
        Op::ProductInputGradient => gradient(Shape::Vector(operands.dims(1)[0])),
        Op::ProductWeightGradient => fixed(vec![vec![operands.shape(0).len(), operands.shape(1).len()]]),
        Op::ChannelSum | Op::ChannelDot => fixed(vec![vec![operands.shape(0).channels()]]),
        Op::MapGradient(_) => gradient(operands.shape(1)),
        Op::GateGradient => gradient(Shape::Vector(operands.shape(0).channels())),
        Op::MaxPoolGradient(w) | Op::AvgPoolGradient(w, _) => gradient(window_input(&w)),
        Op::AdaptiveAvgPoolGradient(pool) => gradient(Shape::map(pool.in_h, pool.in_w, pool.channels)),
        Op::GroupNormGradient(_) => gradient(operands.shape(0)),
        Op::BatchNormParameterGradient => {
            let channels = vec![operands.shape(0).channels()];
            fixed(vec![channels.clone(), channels])
        }
        Op::BatchNormInputGradient => gradient(operands.shape(0)),
        Op::RunningStatistics(..) => Ok(Vec::new()),
        Op::Crop(padding) => operands.cropped(padding),
        Op::Slice(channels) => gradient(with_channels(operands.shape(0), channels.count)),
    }
}

/// Sizes of a convolution's kernel, H×W×I×O.
pub(super) fn conv_dims(g: &ConvGeometry) -> Vec<usize> {
    vec![g.window.kernel[0], g.window.kernel[1], g.channels_per_group(), g.filters]
}

fn conv_output(g: &ConvGeometry) -> Shape {
    Shape::map(g.window.out_h, g.window.out_w, g.filters)
}

fn window_input(w: &Window) -> Shape {
    Shape::map(w.in_h, w.in_w, w.in_c)
}

fn window_output(w: &Window) -> Shape {
    Shape::map(w.out_h, w.out_w, w.in_c)
}

fn with_channels(shape: Shape, channels: usize) -> Shape {
    match shape {
        Shape::Map { h, w, .. } => Shape::map(h, w, channels),
        Shape::Vector(_) => Shape::Vector(channels),
    }
}

fn of_batch(shape: Shape, range: Range, linearity: usize) -> Result<Type, TypeFault> {
    shape.checked_len().ok_or(TypeFault::Overflow)?;
    Ok(Type { extent: Extent::Batch(shape), element: Element::F32, range, linearity })
}

fn batch(shape: Shape, range: Range, linearity: usize) -> Types {
    Ok(vec![of_batch(shape, range, linearity)?])
}

/// A gradient: its range is not tracked.
fn gradient(shape: Shape) -> Types {
    batch(shape, Range::REAL, 0)
}

fn fixed(dims: Vec<Vec<usize>>) -> Types {
    let of = |dims| Type { extent: Extent::Fixed(dims), element: Element::F32, range: Range::REAL, linearity: 0 };
    Ok(dims.into_iter().map(of).collect())
}

/// The operands of the node being typed.
struct Operands<'a> {
    graph: &'a Graph,
    inputs: &'a [ValueId],
}

impl Operands<'_> {
    fn ty(&self, at: usize) -> &Type {
        &self.graph.value(self.inputs[at]).ty
    }

    fn shape(&self, at: usize) -> Shape {
        self.graph.shape(self.inputs[at])
    }

    fn dims(&self, at: usize) -> &[usize] {
        match &self.ty(at).extent {
            Extent::Fixed(dims) => dims,
            Extent::Batch(shape) => unreachable!("an activation of shape {shape} stands for a parameter"),
        }
    }

    /// An affine map with learned, so unknown, coefficients.
    fn affine(&self, shape: Shape) -> Types {
        batch(shape, Range::REAL, self.ty(0).linearity + 1)
    }

    /// A bias, scale or normalisation: affine, but it adds no layer to a chain of affine layers.
    fn affine_in_place(&self) -> Types {
        batch(self.shape(0), Range::REAL, self.ty(0).linearity)
    }

    fn mapped(&self, activation: Activation) -> Types {
        let ty = self.ty(0);
        let linearity = if activation == Activation::Identity { ty.linearity } else { 0 };
        batch(self.shape(0), ty.range.mapped(activation), linearity)
    }

    fn same_shapes(&self) -> Result<Shape, TypeFault> {
        let [a, b] = [self.shape(0), self.shape(1)];
        if a == b { Ok(a) } else { Err(TypeFault::Mismatch(a, b)) }
    }

    fn added(&self) -> Types {
        let [a, b] = [self.ty(0), self.ty(1)];
        batch(self.same_shapes()?, a.range.plus(b.range), a.linearity.max(b.linearity))
    }

    fn multiplied(&self) -> Types {
        batch(self.same_shapes()?, self.ty(0).range.times(self.ty(1).range), 0)
    }

    fn gated(&self) -> Types {
        let [x, gate] = [self.shape(0), self.shape(1)];
        if gate.pixels() != 1 || gate.channels() != x.channels() {
            return Err(TypeFault::Mismatch(x, gate));
        }
        batch(x, self.ty(0).range.times(self.ty(1).range), 0)
    }

    fn max_pooled(&self, w: &Window) -> Types {
        let shape = window_output(w);
        // A window that lies wholly in the padding has no greatest number.
        let lowest = if w.sees_nothing_somewhere() { Range::REAL } else { self.ty(0).range };
        let pooled = of_batch(shape, self.ty(0).range.union(lowest), 0)?;
        let element = if w.taps() <= 256 { Element::U8 } else { Element::U32 };
        let index = Type { element, range: Range::closed(0.0, w.taps() as f64 - 1.0), ..pooled.clone() };
        Ok(vec![pooled, index])
    }

    /// Zeros count where padding is averaged, and where a window sees nothing else.
    fn averaged(&self, w: &Window, count: CountPadding) -> Types {
        let ty = self.ty(0);
        let zeros = !w.padding.is_none() && (count == CountPadding::Yes || w.sees_nothing_somewhere());
        let range = if zeros { ty.range.with_zero() } else { ty.range.averaged() };
        batch(window_output(w), range, ty.linearity)
    }

    fn normalised_exponentials(&self, range: fn(Range, usize) -> Range) -> Types {
        batch(self.shape(0), range(self.ty(0).range, self.shape(0).channels()), 0)
    }

    fn averaged_to_size(&self, pool: &Adaptive) -> Types {
        batch(Shape::map(pool.out_h, pool.out_w, pool.channels), self.ty(0).range.averaged(), self.ty(0).linearity)
    }

    /// The deviation that it divides by depends on the input, so that it is no affine map; of m numbers with mean 0 and
    /// variance 1 none is further from 0 than √(m − 1).
    fn normalised_by_itself(&self, norm: &GroupNorm) -> Types {
        let shape = self.shape(0);
        let (groups, channels) = (norm.groups, shape.channels());
        if groups == 0 || !channels.is_multiple_of(groups) {
            return Err(TypeFault::Groups { groups, channels, filters: channels });
        }
        let numbers = norm.groups_of(shape);
        if numbers.population() == 1 {
            return Err(TypeFault::NormalisesOneNumber(shape));
        }
        let most = (numbers.population() as f64 - 1.0).sqrt();
        let y = of_batch(shape, Range::closed(-most, most), 0)?;
        Ok(vec![y, of_batch(Shape::Vector(numbers.statistics()), Range::closed(0.0, f64::INFINITY), 0)?])
    }

    fn normalised(&self) -> Types {
        let y = self.affine_in_place()?;
        let channels = vec![self.shape(0).channels()];
        Ok([y, fixed(vec![channels.clone(), channels])?].concat())
    }

    fn reshaped(&self, shape: Shape) -> Types {
        if shape.len() != self.shape(0).len() {
            return Err(TypeFault::Mismatch(self.shape(0), shape));
        }
        // One place is one row of channels under either shape.
        let is_one_row = shape.pixels() == 1 && self.shape(0).pixels() == 1;
        let range = if is_one_row { self.ty(0).range } else { self.ty(0).range.without_fact() };
        batch(shape, range, self.ty(0).linearity)
    }

    fn padded(&self, padding: Padding) -> Types {
        let Shape::Map { h, w, c } = self.shape(0) else { return Err(TypeFault::NeedsMap(self.shape(0))) };
        let add = |size: usize, before: usize, after: usize| {
            size.checked_add(before).and_then(|sum| sum.checked_add(after)).ok_or(TypeFault::Overflow)
        };
        let shape = Shape::map(add(h, padding.top, padding.bottom)?, add(w, padding.left, padding.right)?, c);
        batch(shape, self.ty(0).range.with_zero(), self.ty(0).linearity)
    }

    fn cropped(&self, padding: Padding) -> Types {
        let Shape::Map { h, w, c } = self.shape(0) else { return Err(TypeFault::NeedsMap(self.shape(0))) };
        let inner = Shape::map(h - padding.top - padding.bottom, w - padding.left - padding.right, c);
        gradient(inner)
    }

    fn concatenated(&self) -> Types {
        let first = self.shape(0);
        let mut channels = 0_usize;
        for at in 0..self.inputs.len() {
            let shape = self.shape(at);
            if with_channels(shape, 0) != with_channels(first, 0) {
                return Err(TypeFault::Mismatch(first, shape));
            }
            channels = channels.checked_add(shape.channels()).ok_or(TypeFault::Overflow)?;
        }
        let types = || self.inputs.iter().map(|&input| &self.graph.value(input).ty);
        let range = types().map(|ty| ty.range).reduce(Range::union).unwrap_or(Range::REAL);
        let linearity = types().map(|ty| ty.linearity).max().unwrap_or(0);
        batch(with_channels(first, channels), range.without_fact(), linearity)
    }

    /// Kept elements are scaled up, so that the mean stays.
    fn dropped(&self, rate: f32) -> Types {
        let kept = f64::from(1.0 / (1.0 - rate));
        let scaled = self.ty(0).range.times(Range::closed(kept, kept));
        let range = if rate == 0.0 { self.ty(0).range } else { scaled.with_zero() };
        batch(self.shape(0), range, self.ty(0).linearity)
    }
}
