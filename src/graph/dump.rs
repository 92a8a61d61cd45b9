//! The graph as text, a node a line: for tests and for whoever debugs a pass.

use std::fmt;

use super::net::{Element, Extent, Graph, Type, ValueId};

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "%{} = input {}", self.input.0, self.value(self.input).ty)?;
        for param in &self.params {
            writeln!(f, "%{} = {} {}", param.value.0, param.name, self.value(param.value).ty)?;
        }
        for node in &self.nodes {
            let names =
                |values: &[ValueId]| values.iter().map(|value| format!("%{}", value.0)).collect::<Vec<_>>().join(", ");
            let types: Vec<String> = node.outputs.iter().map(|&output| self.value(output).ty.to_string()).collect();
            let arrow = if node.outputs.is_empty() { "" } else { " = " };
            writeln!(
                f,
                "{}{arrow}{}({}) {}",
                names(&node.outputs),
                node.op.name(),
                names(&node.inputs),
                types.join(", ")
            )?;
        }
        writeln!(f, "output %{}", self.output.0)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = match self.element {
            Element::F32 => "",
            Element::U8 => " u8",
            Element::U32 => " u32",
        };
        match &self.extent {
            Extent::Batch(shape) => write!(f, "N×{shape}{element}"),
            Extent::Fixed(dims) => {
                let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
                write!(f, "[{}]{element}", dims.join("×"))
            }
        }
    }
}
