//! Combinators: layers that join branches.

use super::{Bound, Family, Layer};
use crate::graph::{Builder, Op, TypeFault, ValueId};

/// Joins of two branches and more.
const MANY: Family = Family::Combinator { least: 2, most: usize::MAX };

/// Element by element.
pub(super) static ADD: Layer = Layer {
    name: "Add",
    aliases: &[],
    doc: "the sum of its branches, element by element",
    family: MANY,
    arguments: &[],
    shown: 0,
    emit: sum,
};

/// Element by element, or by one number a channel.
pub(super) static MULTIPLY: Layer = Layer {
    name: "Multiply",
    aliases: &[],
    doc: "the product of its branches; a branch with one number a channel scales whole channels",
    family: MANY,
    arguments: &[],
    shown: 0,
    emit: |builder, inputs, _| inputs[1..].iter().try_fold(inputs[0], |product, &x| builder.multiply(product, x)),
};

/// Channel after channel.
pub(super) static CONCAT: Layer = Layer {
    name: "Concat",
    aliases: &["Concatenate"],
    doc: "the channels of its branches one after another",
    family: MANY,
    arguments: &[],
    shown: 0,
    emit: |builder, inputs, _| builder.apply(Op::Concat, inputs),
};

/// A branch and what goes past it (He et al., 2016).
pub(super) static RESIDUAL: Layer = Layer {
    name: "Residual",
    aliases: &[],
    doc: "`Residual[f]` is `Add[f | Identity]`",
    family: Family::Combinator { least: 1, most: 1 },
    arguments: &[],
    shown: 0,
    emit: sum,
};

fn sum(builder: &mut Builder, inputs: &[ValueId], _: &Bound) -> Result<ValueId, TypeFault> {
    inputs[1..].iter().try_fold(inputs[0], |sum, &x| builder.apply(Op::Add, &[sum, x]))
}
