//! What a spec can ask of a training that this version does not do.

use crate::base::Span;
use crate::diag::{Diagnostic, code};
use crate::graph::{Graph, Op};
use crate::kernel::Activation;

/// S015 where a network ends in several sigmoids, each of which would judge a class by itself; `last` is where its last
/// layer stands.
#[must_use]
pub fn unsupported_output(graph: &Graph, last: Option<Span>) -> Option<Diagnostic> {
    let units = graph.shape(graph.output).len();
    let is_sigmoid = graph.producer(graph.output).is_some_and(|node| node.op == Op::Map(Activation::Sigmoid));
    (is_sigmoid && units > 1).then(|| {
        let fault = Diagnostic::new(
            &code::UNSUPPORTED_KEY,
            format!("this version of netc does not train {units} sigmoids, each for a class of its own"),
        )
        .note("every image has one class, its folder: softmax over the classes is the loss for that")
        .help("write `Softmax`, or a single unit for two classes");
        match last {
            Some(span) => fault.at(span, "several independent yes or no"),
            None => fault,
        }
    })
}
