//! A graph evaluated node by node in `f64` by the plain kernels: slow, obvious, and what plans are held against.

use crate::graph::{CountPadding, DropoutUnit, Element, Graph, Node, Op, Shape, Source, ValueId};
use crate::kernel::reference::{channel, conv, dense, layout, loss, norm, pointwise, pool};

/// What a graph is evaluated on.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// Images, N×H×W×C.
    pub images: Vec<f64>,
    /// The class of each image; empty for a graph without a loss.
    pub labels: Vec<u32>,
    /// What the images of each class count; empty for a loss in which all are alike.
    pub class_weights: Vec<f64>,
    /// Parameters, in the order of the graph.
    pub params: Vec<Vec<f64>>,
    /// Seed of the dropouts.
    pub seed: u64,
}

/// The numbers of every value; winners' places and labels as numbers too. Running statistics are left as they are.
#[must_use]
pub fn evaluate(graph: &Graph, feed: &Feed) -> Vec<Vec<f64>> {
    let images = feed.images.len() / graph.shape(graph.input).len().max(1);
    let source = |source: Source| match source {
        Source::Input => feed.images.clone(),
        Source::Labels => feed.labels.iter().map(|&label| f64::from(label)).collect(),
        Source::ClassWeights => feed.class_weights.clone(),
        Source::Param(param) => feed.params[param.0].clone(),
        Source::Node(..) => Vec::new(),
    };
    let mut values: Vec<Vec<f64>> = graph.values.iter().map(|value| source(value.source)).collect();
    for node in &graph.nodes {
        let results = Evaluation { graph, node, values: &values, images, seed: feed.seed }.results();
        for (output, result) in node.outputs.iter().zip(results) {
            values[output.0] = result;
        }
    }
    values
}

/// A node and the values it may read.
struct Evaluation<'a> {
    graph: &'a Graph,
    node: &'a Node,
    values: &'a [Vec<f64>],
    images: usize,
    seed: u64,
}

impl Evaluation<'_> {
    fn operand(&self, at: usize) -> &[f64] {
        &self.values[self.node.inputs[at].0]
    }

    fn shape(&self, at: usize) -> Shape {
        self.graph.shape(self.node.inputs[at])
    }

    fn channels(&self) -> usize {
        self.shape(0).channels()
    }

    /// Numbers that stand for whole ones: labels, and winners' places.
    fn whole<T: TryFrom<u64>>(&self, at: usize) -> Vec<T> {
        debug_assert_ne!(self.graph.value(self.node.inputs[at]).ty.element, Element::F32);
        self.operand(at).iter().filter_map(|&number| T::try_from(number as u64).ok()).collect()
    }

    fn sizes(&self, value: ValueId) -> [usize; 3] {
        match self.graph.shape(value) {
            Shape::Map { h, w, c } => [h, w, c],
            Shape::Vector(n) => [1, 1, n],
        }
    }

    fn statistics(&self, mean: usize, deviation: usize) -> norm::Statistics<'_, f64> {
        norm::Statistics { mean: self.operand(mean), inverse_deviation: self.operand(deviation) }
    }

    fn results(&self) -> Vec<Vec<f64>> {
        let n = self.images;
        let [x, y] = [self.operand(0), if self.node.inputs.len() > 1 { self.operand(1) } else { &[] }];
        match self.node.op {
            Op::Conv(g) => vec![conv::conv_forward(&g, n, x, y)],
            Op::ConvInputGradient(g) => vec![conv::conv_input_gradient(&g, n, y, x)],
            Op::ConvWeightGradient(g) => vec![conv::conv_weight_gradient(&g, n, x, y)],
            Op::Product => {
                let inputs = self.channels();
                vec![dense::matmul(n, inputs, y.len() / inputs, x, y)]
            }
            Op::ProductInputGradient => {
                let units = self.channels();
                vec![dense::matmul_transposed_right(n, units, y.len() / units, x, y)]
            }
            Op::ProductWeightGradient => {
                vec![dense::matmul_transposed_left(self.channels(), n, self.shape(1).len(), x, y)]
            }
            Op::Bias => vec![channel::bias_add(self.channels(), x, y)],
            Op::ChannelSum => vec![channel::channel_sum(self.channels(), x)],
            Op::Scale => vec![channel::channel_scale(self.channels(), x, y)],
            Op::ChannelDot => vec![channel::channel_dot(self.channels(), x, y)],
            Op::Map(activation) => vec![pointwise::map(activation, x)],
            Op::MapGradient(activation) => vec![pointwise::map_gradient(activation, x, y)],
            Op::Add => vec![pointwise::add(x, y)],
            Op::Multiply => vec![pointwise::multiply(x, y)],
            Op::Gate => vec![channel::gate(self.shape(0).pixels(), self.channels(), x, y)],
            Op::GateGradient => vec![channel::gate_gradient(self.shape(0).pixels(), self.channels(), x, y)],
            Op::MaxPool(w) => {
                let (y, index) = pool::max_forward(&w, n, x);
                vec![y, index.into_iter().map(|tap| tap as f64).collect()]
            }
            Op::MaxPoolGradient(w) => vec![pool::max_gradient(&w, n, &self.whole(0), y)],
            Op::AvgPool(w, count) => vec![pool::avg_forward(&w, n, count == CountPadding::Yes, x)],
            Op::AvgPoolGradient(w, count) => vec![pool::avg_gradient(&w, n, count == CountPadding::Yes, x)],
            Op::AdaptiveAvgPool(p) => vec![pool::adaptive_avg_forward(&p, n, x)],
            Op::AdaptiveAvgPoolGradient(p) => vec![pool::adaptive_avg_gradient(&p, n, x)],
            Op::GroupNorm(g) => pair(norm::normalise_groups(&g.groups_of(self.shape(0)), f64::from(g.epsilon), x)),
            Op::GroupNormGradient(g) => {
                vec![norm::normalise_groups_gradient(&g.groups_of(self.shape(0)), x, y, self.operand(2))]
            }
            Op::BatchNorm(b) => {
                let running = [self.operand(3), self.operand(4)];
                vec![norm::apply_running(running, f64::from(b.epsilon), x, y, self.operand(2))]
            }
            Op::FoldBatchNorm(b) => {
                let bias = if self.node.inputs.len() > 5 { self.operand(5) } else { &[] };
                let running = [self.operand(3), self.operand(4)];
                pair(norm::fold_running(running, f64::from(b.epsilon), x, y, self.operand(2), bias))
            }
            Op::BatchNormTraining(b) => {
                let (mean, deviation) = norm::statistics(self.channels(), x, f64::from(b.epsilon));
                let with = norm::Statistics { mean: &mean, inverse_deviation: &deviation };
                vec![norm::apply(with, x, y, self.operand(2)), mean, deviation]
            }
            Op::BatchNormParameterGradient => {
                let (dscale, dshift) = norm::parameter_gradients(self.statistics(2, 3), x, y);
                vec![dscale, dshift]
            }
            Op::BatchNormInputGradient => vec![norm::input_gradient(self.statistics(2, 3), x, y, self.operand(4))],
            Op::RunningStatistics(..) => Vec::new(),
            Op::Reshape(_) => vec![x.to_vec()],
            Op::Pad(padding) => vec![layout::pad(n, self.sizes(self.node.inputs[0]), padding, x)],
            Op::Crop(padding) => vec![layout::crop(n, self.sizes(self.node.outputs[0]), padding, x)],
            Op::Concat => {
                let part = |at| (self.shape(at).channels(), self.operand(at));
                let parts: Vec<(usize, &[f64])> = (0..self.node.inputs.len()).map(part).collect();
                vec![layout::concat(n * self.shape(0).pixels(), &parts)]
            }
            Op::Slice(run) => vec![layout::concat_slice(self.channels(), run.offset, run.count, x)],
            Op::Dropout(d) => vec![match d.unit {
                DropoutUnit::Element => pointwise::dropout(self.seed, 0, d.stream, d.rate, x),
                DropoutUnit::Channel => {
                    let [pixels, channels] = [self.shape(0).pixels(), self.channels()];
                    pointwise::dropout_channels([self.seed, 0, d.stream], d.rate, pixels, channels, x)
                }
            }],
            Op::Softmax => vec![loss::softmax(self.channels(), x)],
            Op::LogSoftmax => vec![loss::log_softmax(self.channels(), x)],
            Op::SoftmaxCrossEntropy => pair(loss::softmax_cross_entropy(self.channels(), x, &self.whole(1))),
            Op::SigmoidCrossEntropy => pair(loss::sigmoid_cross_entropy(x, &self.whole(1))),
            Op::Criterion(of) => {
                let weights = if self.node.inputs.len() > 2 { self.operand(2) } else { &[] };
                pair(loss::criterion(&of, self.channels(), x, &self.whole(1), weights))
            }
        }
    }
}

fn pair((first, second): (Vec<f64>, Vec<f64>)) -> Vec<Vec<f64>> {
    vec![first, second]
}
