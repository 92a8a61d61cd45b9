//! What a spec can ask of a training that this version does not do: one row a setting.
//!
//! A setting that the training acts on has no row here.

use crate::diag::{Diagnostic, code};
use crate::syntax::settings::{Balance, FrontMatter, Loss, Precision, Rate, Schedule};

/// A setting that is not acted on.
struct Setting {
    /// The key, as `Places` knows it.
    key: &'static str,
    /// Whether the spec asks for what is not done.
    is_asked: fn(&FrontMatter) -> bool,
    /// What to write instead.
    instead: &'static str,
}

const SETTINGS: &[Setting] = &[
    Setting { key: "data.augment", is_asked: |front| !front.data.augment.is_none(), instead: "leave the key out" },
    Setting {
        key: "data.balance",
        is_asked: |front| front.data.balance != Balance::None,
        instead: "write `none`, or leave the key out",
    },
    Setting {
        key: "train.loss",
        is_asked: |front| matches!(front.train.loss, Some(Loss::Focal | Loss::Mse)),
        instead: "leave the key out: the loss then follows from the last layer",
    },
    Setting {
        key: "train.label_smoothing",
        is_asked: |front| front.train.label_smoothing > 0.0,
        instead: "write `0`, or leave the key out",
    },
    Setting {
        key: "train.learning_rate",
        is_asked: |front| front.train.learning_rate == Some(Rate::Auto),
        instead: "write a rate, such as `1e-3`",
    },
    Setting {
        key: "train.schedule",
        is_asked: |front| !matches!(front.train.schedule, Schedule::Constant | Schedule::Cosine),
        instead: "write `constant` or `cosine`, or leave the key out",
    },
    Setting { key: "train.clip_norm", is_asked: |front| front.train.clip_norm.is_some(), instead: "leave the key out" },
    Setting {
        key: "train.precision",
        is_asked: |front| front.train.precision != Precision::F32,
        instead: "write `f32`, or leave the key out",
    },
    Setting { key: "train.ema", is_asked: |front| front.train.ema.is_some(), instead: "leave the key out" },
    Setting {
        key: "train.early_stopping",
        is_asked: |front| front.train.early_stopping.is_some(),
        instead: "leave the key out, and set `epochs`",
    },
    Setting { key: "init_from", is_asked: |front| front.init_from.is_some(), instead: "leave the key out" },
    Setting { key: "freeze", is_asked: |front| !front.freeze.is_empty(), instead: "leave the key out" },
];

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
        let found = asked(
            "data: { balance: oversample, augment: { flip: both } }\n\
             train: { loss: mse, label_smoothing: 0.1, learning_rate: auto, schedule: one_cycle, clip_norm: 1, precision: bf16,\n  \
             ema: 0.9, early_stopping: { patience: 3 } }\ninit_from: a.safetensors\nfreeze: conv*",
        );
        let values = [
            "{ flip: both }",
            "oversample",
            "mse",
            "0.1",
            "auto",
            "one_cycle",
            "1",
            "bf16",
            "0.9",
            "{ patience: 3 }",
            "a.safetensors",
            "conv*",
        ];
        assert_eq!(found, values);
        assert_eq!(found.len(), SETTINGS.len(), "a setting is not shown here");
    }

    #[test]
    fn what_happens_anyway_is_no_request() {
        let same = "data: { balance: none, augment: {} }\ntrain: { precision: f32, label_smoothing: 0, on_collapse: recover, \
                    learning_rate: 1e-3, loss: cross_entropy, schedule: { name: cosine, warmup: 1 } }";
        assert_eq!(asked(same), [""; 0]);
    }
}
