//! The checked network: its layers with all that a summary shows, and its graph.

use super::expand::Origin;
use super::outline::Part;
use super::receptive::receptive_fields;
use super::subject::Subject;
use super::trace::Trace;
use super::typing::Row;
use crate::base::Span;
use crate::graph::{Graph, Range, Shape, ValueId};
use crate::layer::Family;
use crate::syntax::settings::FrontMatter;

/// A network that can be run.
#[derive(Clone, Debug)]
pub struct Net {
    /// The layers, in order; a layer's index is the [`crate::graph::LayerId`] of its nodes and parameters.
    pub layers: Vec<Placed>,
    /// The layers as the tree that the spec writes.
    pub outline: Vec<Part>,
    /// The operations.
    pub graph: Graph,
    /// The shape of an image.
    pub input: Shape,
    /// Where neither the spec nor the data say how large images are: the smallest square side that the network takes.
    /// `input` is then a usual size.
    pub input_assumed: Option<usize>,
    /// How many classes there are.
    pub classes: usize,
    /// Whether nothing says how many, so that a usual number is taken.
    pub classes_assumed: bool,
    /// The classes' names in order, where they are known.
    pub class_names: Option<Vec<String>>,
    /// How the network is trained.
    pub front: FrontMatter,
}

/// A layer in its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its kind with a number, unique in the network: `conv1`. It is the same however an activation is written.
    pub name: String,
    /// The name of its row in the layer table.
    pub kind: &'static str,
    /// What kind of layer that is.
    pub family: Family,
    /// Whether an `activation:` asks for it, at a layer or in the defaults.
    pub is_argument: bool,
    /// Its arguments in short: `32, 3x3`.
    pub arguments: String,
    /// Where it is written; for an `activation:`, that argument.
    pub span: Span,
    /// Through which repeats and blocks.
    pub trace: Trace,
    /// The shape of what it reads; of its first branch, where it joins some.
    pub shape_in: Shape,
    /// The shape of what it gives.
    pub shape_out: Shape,
    /// The interval of what it gives.
    pub range_out: Range,
    /// Affine layers since the last nonlinearity.
    pub linearity: usize,
    /// Its parameters.
    pub params: Params,
    /// Multiply-accumulates for one image.
    pub macs: u64,
    /// Rows of the input that one place of its output depends on.
    pub receptive_field: usize,
    /// What it gives, in the graph.
    pub value: ValueId,
}

impl Placed {
    /// The layer with its arguments in short: `Conv(32, 3x3)`.
    #[must_use]
    pub fn text(&self) -> String {
        with_arguments(self.kind, &self.arguments)
    }
}

/// A layer's kind with its arguments in short, where it has some.
#[must_use]
pub fn with_arguments(kind: &str, arguments: &str) -> String {
    if arguments.is_empty() { kind.to_owned() } else { format!("{kind}({arguments})") }
}

/// Elements of a layer's parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// Of those that are trained.
    pub trained: u64,
    /// Of all, running statistics included.
    pub total: u64,
}

/// The network that a check has found whole; `smallest` is the side of the smallest input where the size is assumed.
pub(super) fn assemble(subject: Subject<'_>, smallest: Option<usize>, outline: Vec<Part>) -> Net {
    let typed = subject.typed;
    let graph = typed.graph.clone();
    let mut params = vec![Params::default(); typed.rows.len()];
    for param in &graph.params {
        let layer = &mut params[param.layer.0];
        layer.total += param.len() as u64;
        layer.trained += if param.role.is_trained() { param.len() as u64 } else { 0 };
    }
    let mut macs = vec![0; typed.rows.len()];
    for node in &graph.nodes {
        macs[node.layer.0] += graph.macs(node);
    }
    let fields = receptive_fields(&graph);
    let layers = typed
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| placed(&graph, row, params[at], macs[at], fields[row.output.value.0]))
        .collect();
    Net {
        layers,
        outline,
        graph,
        input: subject.input,
        input_assumed: smallest,
        classes: subject.classes.count,
        classes_assumed: subject.classes.assumed,
        class_names: subject.classes.names,
        front: subject.file.front.clone(),
    }
}

fn placed(graph: &Graph, row: &Row<'_>, params: Params, macs: u64, receptive_field: usize) -> Placed {
    let ty = &graph.value(row.output.value).ty;
    Placed {
        name: row.name.clone(),
        kind: row.instance.layer().name,
        family: row.instance.layer().family,
        is_argument: row.instance.site.origin != Origin::Name,
        arguments: row.arguments.clone(),
        span: row.instance.site.span(),
        trace: row.instance.trace.clone(),
        shape_in: graph.shape(row.inputs[0].value),
        shape_out: graph.shape(row.output.value),
        range_out: ty.range,
        linearity: ty.linearity,
        params,
        macs,
        receptive_field,
        value: row.output.value,
    }
}
