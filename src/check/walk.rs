//! Questions about a network's layers and paths that several lints ask.

use super::subject::Subject;
use super::typing::Row;
use crate::graph::{Op, Shape, Source, ValueId};
use crate::kernel::{ConvGeometry, Window};
use crate::layer::Family;

impl<'a> Subject<'a> {
    /// How many layers read each value; one that passes its input on by itself does not count.
    pub(super) fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.typed.graph.values.len()];
        for row in self.typed.rows.iter().filter(|row| !row.is_passed_over()) {
            row.inputs.iter().for_each(|input| readers[input.value.0] += 1);
        }
        readers
    }

    /// For each layer, whether it is an affine map of its input that keeps channels apart, whatever its weights are.
    pub(super) fn affine_in_place(&self) -> Vec<bool> {
        let mut affine = vec![true; self.typed.rows.len()];
        for node in &self.typed.graph.nodes {
            affine[node.layer.0] &= matches!(
                node.op,
                Op::BatchNorm(_)
                    | Op::Scale
                    | Op::Bias
                    | Op::Reshape(_)
                    | Op::Pad(_)
                    | Op::AvgPool(..)
                    | Op::AdaptiveAvgPool(_)
                    | Op::Dropout(_)
            );
        }
        affine
    }

    /// The convolutions that each layer is made of, in order.
    pub(super) fn convolutions(&self) -> Vec<Vec<ConvGeometry>> {
        let mut convolutions = vec![Vec::new(); self.typed.rows.len()];
        for node in &self.typed.graph.nodes {
            if let Op::Conv(geometry) = node.op {
                convolutions[node.layer.0].push(geometry);
            }
        }
        convolutions
    }

    /// The window of each layer; none for dense layers and global pools.
    pub(super) fn windows(&self) -> Vec<Option<Window>> {
        let rows = &self.typed.rows;
        let mut windows = vec![None; rows.len()];
        for node in &self.typed.graph.nodes {
            let at = node.layer.0;
            windows[at] = match node.op {
                // Of a separable convolution the first, which is the one that slides.
                Op::Conv(geometry) => windows[at].or(Some(geometry.window)),
                Op::MaxPool(window) | Op::AvgPool(window, _) if rows[at].instance.bound.has("size") => Some(window),
                _ => windows[at],
            };
        }
        windows
    }

    /// Elements of each layer's trained parameters.
    pub(super) fn params_by_layer(&self) -> Vec<u64> {
        let mut params = vec![0; self.typed.rows.len()];
        for param in self.typed.graph.params.iter().filter(|param| param.role.is_trained()) {
            params[param.layer.0] += param.len() as u64;
        }
        params
    }

    /// The operands of a node that are no parameters.
    pub(super) fn operands(&self, node: &crate::graph::Node) -> Vec<ValueId> {
        let graph = &self.typed.graph;
        node.inputs.iter().copied().filter(|&input| !matches!(graph.value(input).source, Source::Param(_))).collect()
    }

    /// The nearest layer before `value` for which `is_wanted` holds, where only layers for which `is_passed` holds stand
    /// between.
    pub(super) fn behind(
        &self,
        value: ValueId,
        is_wanted: impl Fn(&Row<'_>) -> bool,
        is_passed: impl Fn(&Row<'_>) -> bool,
    ) -> Option<&Row<'a>> {
        let mut row = self.maker(value)?;
        while !is_wanted(row) {
            if !is_passed(row) {
                return None;
            }
            row = self.maker(row.inputs[0].value)?;
        }
        Some(row)
    }

    /// The map that a dense layer gets as a vector, where a `Flatten` makes it one.
    pub(super) fn flattened(&self, row: &Row<'_>) -> Option<Shape> {
        let is_flatten = |row: &Row<'_>| row.instance.layer().name == "Flatten";
        let flatten =
            self.behind(row.inputs[0].value, is_flatten, |row| row.instance.layer().family == Family::Passing)?;
        Some(self.typed.shape(flatten.inputs[0])).filter(|shape| shape.pixels() > 1)
    }

    /// Whether the network normalises by its batches, or within an image.
    pub(super) fn normalises(&self) -> bool {
        self.typed.rows.iter().any(Row::normalises)
    }
}

impl Row<'_> {
    /// Whether its output is its input itself.
    pub(super) fn is_passed_over(&self) -> bool {
        matches!(self.inputs.as_slice(), [input] if input.value == self.output.value)
    }

    /// Whether it brings its numbers back to deviation 1.
    pub(super) fn normalises(&self) -> bool {
        self.instance.layer().family == Family::Norm && self.instance.layer().name != "LayerScale"
    }

    /// Whether it has a learned kernel.
    pub(super) fn is_weighted(&self) -> bool {
        self.instance.layer().family == Family::Weighted
    }
}
