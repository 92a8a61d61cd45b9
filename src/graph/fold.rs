//! Batch normalisations of inference that their convolution or product can do: known numbers times known numbers.

use std::collections::BTreeMap;

use super::net::{Graph, NodeId, ValueId};
use super::op::{BatchNorm, Op};

/// A convolution or product whose kernel takes over the normalisation of its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Folded {
    /// The normalisation.
    pub norm: NodeId,
    /// Its constants.
    pub by: BatchNorm,
    /// A bias between the two.
    pub bias: Option<NodeId>,
}

/// What is folded in a network.
#[derive(Debug, Default)]
pub(super) struct Folds {
    by_result: BTreeMap<ValueId, Folded>,
    /// Results of biases and normalisations that are no longer computed by themselves.
    gone: Vec<ValueId>,
}

impl Folds {
    /// Every normalisation of nothing but a convolution's or a product's result, which nobody else reads and `logits` is
    /// not.
    pub fn of(network: &Graph, logits: ValueId) -> Self {
        let consumers = network.consumers();
        let reader = |value: ValueId| match consumers[value.0][..] {
            [reader] if value != logits && value != network.output => Some((reader, &network.nodes[reader.0])),
            _ => None,
        };
        let mut folds = Self::default();
        for node in network.nodes.iter().filter(|node| matches!(node.op, Op::Conv(_) | Op::Product)) {
            let result = node.outputs[0];
            let Some((mut at, mut next)) = reader(result) else { continue };
            let bias = (next.op == Op::Bias).then_some(at);
            if bias.is_some() {
                let Some(behind) = reader(next.outputs[0]) else { continue };
                folds.gone.push(next.outputs[0]);
                (at, next) = behind;
            }
            match next.op {
                Op::BatchNorm(by) => {
                    folds.gone.push(next.outputs[0]);
                    folds.by_result.insert(result, Folded { norm: at, by, bias });
                }
                _ if bias.is_some() => drop(folds.gone.pop()),
                _ => {}
            }
        }
        folds
    }

    /// What the node that makes `result` takes over.
    pub fn at(&self, result: ValueId) -> Option<Folded> {
        self.by_result.get(&result).copied()
    }

    /// Whether the node that makes `result` is taken over by another.
    pub fn takes(&self, result: ValueId) -> bool {
        self.gone.contains(&result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Bias, Builder, Init, LayerId, PaddingRule, Range, Role, Shape, WindowRule};

    fn conv(builder: &mut Builder, x: ValueId, bias: Bias) -> ValueId {
        builder.enter_layer(LayerId(0), "conv");
        let rule =
            WindowRule { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: PaddingRule::Valid, ceil: false };
        let window = rule.place(builder.shape(x)).unwrap();
        builder.conv(x, window, 3, 1, bias).unwrap()
    }

    fn norm(builder: &mut Builder, x: ValueId) -> ValueId {
        builder.enter_layer(LayerId(1), "norm");
        let mut inputs = vec![x];
        for role in [Role::Scale, Role::Shift, Role::RunningMean, Role::RunningVariance] {
            inputs.push(builder.param(role, &[3], Init::Constant(1.0)).unwrap());
        }
        builder.apply(Op::BatchNorm(BatchNorm { momentum: 0.9, epsilon: 1e-3 }), &inputs).unwrap()
    }

    fn folded(network: impl FnOnce(&mut Builder, ValueId) -> ValueId) -> usize {
        let mut builder = Builder::new(Shape::map(4, 4, 3), Range::REAL);
        let input = builder.input();
        let output = network(&mut builder, input);
        let graph = builder.finish(output);
        Folds::of(&graph, output).by_result.len()
    }

    #[test]
    fn a_normalisation_behind_a_convolution_with_or_without_bias_is_folded() {
        for bias in [Bias::None, Bias::Learned] {
            assert_eq!(
                folded(|builder, x| {
                    let x = conv(builder, x, bias);
                    norm(builder, x)
                }),
                1
            );
        }
    }

    #[test]
    fn a_result_that_somebody_else_reads_stays_what_it_is() {
        assert_eq!(
            folded(|builder, x| {
                let x = conv(builder, x, Bias::Learned);
                let y = norm(builder, x);
                builder.apply(Op::Add, &[x, y]).unwrap()
            }),
            0
        );
    }

    #[test]
    fn a_normalisation_of_something_else_stays() {
        assert_eq!(folded(norm), 0);
    }
}
