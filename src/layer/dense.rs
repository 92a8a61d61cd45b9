//! The dense layer.

use super::argument::{ACTIVATION, BIAS, count};
use super::{Family, Layer, Preset};

/// Every output is a weighted sum of all inputs.
pub(super) static DENSE: Layer = Layer {
    name: "Dense",
    aliases: &["Linear", "LazyLinear"],
    doc: "a weighted sum of all inputs for each unit",
    family: Family::Weighted,
    arguments: &[
        count(
            "units",
            &["out_features"],
            Preset::ClassesOr(128),
            "outputs; left out, the last `Dense` has one a class and any other 128",
        ),
        BIAS,
        ACTIVATION,
    ],
    shown: 1,
    emit: |builder, inputs, bound| builder.dense(inputs[0], bound.count("units"), super::conv::bias(bound)),
};
