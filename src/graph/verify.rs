//! Our own invariants, asserted: a pass that breaks one is at fault, not a user.

use super::Graph;
use super::net::{Source, ValueId};
use super::typing::result_types;

impl Graph {
    /// Asserts that operands are defined before their use, that every value names its source and that every type is
    /// what the typing rules give.
    ///
    /// # Panics
    ///
    /// Where that does not hold.
    pub fn verify(&self) {
        let mut defined: Vec<bool> =
            self.values.iter().map(|value| !matches!(value.source, Source::Node(..))).collect();
        for (at, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                assert!(defined[input.0], "node {at} ({}) reads value {} before it is made", node.op.name(), input.0);
            }
            let types = result_types(self, &node.op, &node.inputs)
                .unwrap_or_else(|fault| panic!("node {at} ({}) is not typed: {fault:?}", node.op.name()));
            assert_eq!(types.len(), node.outputs.len(), "node {at} ({}) has other results", node.op.name());
            for (port, (ty, &output)) in types.iter().zip(&node.outputs).enumerate() {
                self.verify_output(at, port, output);
                assert_eq!(ty, &self.value(output).ty, "node {at} ({}) result {port}", node.op.name());
                defined[output.0] = true;
            }
        }
        for param in &self.params {
            assert!(matches!(self.value(param.value).source, Source::Param(_)), "{} is no parameter", param.name);
        }
    }

    fn verify_output(&self, node: usize, port: usize, output: ValueId) {
        let source = Source::Node(super::NodeId(node), port);
        assert_eq!(self.value(output).source, source, "value {} comes from elsewhere", output.0);
    }
}
