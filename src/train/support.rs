//! What a spec can ask of a training that this version does not do: one row a setting.
//!
//! A setting that the training acts on has no row here.

use crate::base::Span;
use crate::diag::{Diagnostic, code};
use crate::graph::{Graph, Op};
use crate::kernel::Activation;
use crate::syntax::settings::{FrontMatter, Precision};

/// A setting that is not acted on.
struct Setting {
    /// The key, as `Places` knows it.
    key: &'static str,
    /// Whether the spec asks for what is not done.
    is_asked: fn(&FrontMatter) -> bool,
    /// What to write instead.
    instead: &'static str,
}

const SETTINGS: &[Setting] = &[Setting {
    key: "train.precision",
    is_asked: |front| front.train.precision != Precision::F32,
    instead: "write `f32`, or leave the key out",
}];

/// S015 for every setting of a spec that a training would not act on.
#[must_use]
pub fn unsupported(front: &FrontMatter) -> Vec<Diagnostic> {
    let asked = SETTINGS.iter().filter(|setting| (setting.is_asked)(front));
    asked
        .map(|setting| {
            let headline = format!("this version of netc does not act on `{}`", setting.key);
            let fault = Diagnostic::new(&code::UNSUPPORTED_KEY, headline).help(setting.instead);
            match front.places.of(setting.key) {
                Some(span) => fault.at(span, "would have no effect"),
                None => fault,
            }
        })
        .collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::syntax::parse;

    fn asked(front: &str) -> Vec<String> {
        let source = Source::new("test.net", format!("---\n{front}\n---\nConv -> Flatten -> Dense -> Softmax\n"));
        let (file, faults) = parse(&source);
        assert!(faults.is_empty(), "{faults:?}");
        let slice = |fault: &Diagnostic| source.slice(fault.span().expect("a place in the spec")).to_owned();
        unsupported(&file.front).iter().map(slice).collect()
    }

    #[test]
    fn every_setting_that_would_have_no_effect_is_refused_at_its_value() {
        let found = asked("train: { precision: bf16 }");
        let values = ["bf16"];
        assert_eq!(found, values);
        assert_eq!(found.len(), SETTINGS.len(), "a setting is not shown here");
    }

    #[test]
    fn what_happens_anyway_is_no_request() {
        let same = "data: { balance: none, augment: { flip: both } }\ntrain: { precision: f32, label_smoothing: 0, on_collapse: recover, \
                    learning_rate: 1e-3, loss: cross_entropy, schedule: { name: cosine, warmup: 1 } }";
        assert_eq!(asked(same), [""; 0]);
    }
}
