//! `train:`: the optimizer and its constants, the rate, the budget.

use super::field::{Entry, Fields};
use crate::base::Spanned;
use crate::diag::{Diagnostic, code};
use crate::syntax::settings::{Optimizer, Schedule, TrainSettings};
use crate::syntax::yaml::{Kind, Node};

const KEYS: &[&str] =
    &["optimizer", "learning_rate", "schedule", "warmup", "weight_decay", "epochs", "batch_size", "seed"];

/// Keys of the language that this version does not act on.
const UNSUPPORTED: &[&str] =
    &["loss", "label_smoothing", "clip_norm", "precision", "ema", "early_stopping", "on_collapse"];

/// Schedules of the language that this version does not act on.
const OTHER_SCHEDULES: &[&str] = &["step", "plateau", "one_cycle"];

pub(super) fn read(entry: Entry<'_>, fields: &mut Fields<'_>) -> TrainSettings {
    let mut train = TrainSettings::default();
    for entry in fields.entries(entry.value, "train") {
        match entry.key() {
            "optimizer" => set(&mut train.optimizer, optimizer(entry, fields)),
            "learning_rate" => {
                train.learning_rate = rate(entry, fields).map(|rate| Spanned::new(rate, entry.value.span));
            }
            "schedule" => schedule(entry, &mut train, fields),
            "warmup" => set(&mut train.warmup_epochs, warmup(entry, fields)),
            "weight_decay" => {
                set(&mut train.weight_decay, fields.number(entry, "0 or above", |decay| decay >= 0.0));
            }
            "epochs" => set(&mut train.epochs, fields.count(entry, 1).map(|count| count as usize)),
            "batch_size" => set(&mut train.batch_size, fields.count(entry, 1).map(|count| count as usize)),
            "seed" => set(&mut train.seed, fields.count(entry, 0)),
            key if UNSUPPORTED.contains(&key) => {
                if !is_default(key, &entry.value.kind) {
                    fields.unsupported_key(entry);
                }
            }
            _ => fields.unknown_key(entry, KEYS),
        }
    }
    train
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Whether an unsupported key says what happens anyway.
fn is_default(key: &str, value: &Kind) -> bool {
    match (key, value) {
        ("precision", Kind::Text(text)) => text == "f32",
        ("label_smoothing", Kind::Integer(value)) => *value == 0,
        ("label_smoothing", Kind::Real(value)) => *value == 0.0,
        _ => false,
    }
}

fn rate(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<f64> {
    if entry.value.kind == Kind::Text("auto".to_owned()) {
        let fault =
            Diagnostic::new(&code::UNSUPPORTED_KEY, "this version of netc does not act on `learning_rate: auto`");
        fields.report(fault.at(entry.value.span, "would have no effect").help("write a rate, such as `1e-3`"));
        return None;
    }
    fields.number(entry, "above 0", |rate| rate > 0.0)
}

fn warmup(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<f64> {
    fields.number(entry, "0 epochs or more", |epochs| epochs >= 0.0)
}

/// `cosine`, or `{ name: cosine, warmup: 3 }`.
fn schedule(entry: Entry<'_>, train: &mut TrainSettings, fields: &mut Fields<'_>) {
    let Kind::Map(_) = entry.value.kind else {
        return set(&mut train.schedule, schedule_name(entry, fields));
    };
    for part in fields.entries(entry.value, "schedule") {
        match part.key() {
            "name" => set(&mut train.schedule, schedule_name(part, fields)),
            "warmup" => set(&mut train.warmup_epochs, warmup(part, fields)),
            _ => fields.unknown_key(part, &["name", "warmup"]),
        }
    }
}

fn schedule_name(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Schedule> {
    match &entry.value.kind {
        Kind::Text(text) if OTHER_SCHEDULES.contains(&text.as_str()) => {
            fields.unsupported_value(entry, text, &["constant", "cosine"]);
            None
        }
        _ => fields.choice(entry, &[("constant", Schedule::Constant), ("cosine", Schedule::Cosine)]),
    }
}

/// `adam`, or `{ name: sgd, momentum: 0.9 }`.
fn optimizer(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Optimizer> {
    let Kind::Map(parts) = &entry.value.kind else {
        return optimizer_name(entry, fields);
    };
    let Some((name, value)) = parts.iter().find(|(name, _)| name.value == "name") else {
        fields.report(
            entry
                .wrong("`train.optimizer` has no name", "expected `name`")
                .help("write `{ name: sgd, momentum: 0.9 }`"),
        );
        return None;
    };
    let mut optimizer = optimizer_name(Entry { name, value, parent: "optimizer" }, fields)?;
    for part in fields.entries(entry.value, "optimizer").filter(|part| part.key() != "name") {
        constant(part, &mut optimizer, fields);
    }
    check_nesterov(&optimizer, value, fields);
    Some(optimizer)
}

/// The optimizer of that name with PyTorch's constants.
fn optimizer_name(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Optimizer> {
    let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
    fields.choice(
        entry,
        &[
            ("sgd", Optimizer::Sgd { momentum: 0.0, nesterov: false }),
            ("adam", Optimizer::Adam { beta1, beta2, epsilon }),
            ("adamw", Optimizer::AdamW { beta1, beta2, epsilon }),
            ("rmsprop", Optimizer::RmsProp { alpha: 0.99, epsilon }),
        ],
    )
}

fn constant(entry: Entry<'_>, optimizer: &mut Optimizer, fields: &mut Fields<'_>) {
    let (known, slot): (&[&str], Option<&mut f64>) = match optimizer {
        Optimizer::Sgd { momentum, nesterov } => {
            if entry.key() == "nesterov" {
                return set(nesterov, fields.flag(entry));
            }
            (&["momentum", "nesterov"], Some(momentum).filter(|_| entry.key() == "momentum"))
        }
        Optimizer::Adam { beta1, beta2, epsilon } | Optimizer::AdamW { beta1, beta2, epsilon } => {
            let slot = match entry.key() {
                "beta1" => Some(beta1),
                "beta2" => Some(beta2),
                "epsilon" => Some(epsilon),
                _ => None,
            };
            (&["beta1", "beta2", "epsilon"], slot)
        }
        Optimizer::RmsProp { alpha, epsilon } => {
            let slot = match entry.key() {
                "alpha" => Some(alpha),
                "epsilon" => Some(epsilon),
                _ => None,
            };
            (&["alpha", "epsilon"], slot)
        }
    };
    match slot {
        Some(slot) if entry.key() == "epsilon" => set(slot, fields.number(entry, "above 0", |value| value > 0.0)),
        Some(slot) => {
            let in_domain = |value| (0.0..1.0).contains(&value);
            set(slot, fields.number(entry, "from 0 to below 1", in_domain));
        }
        None => fields.unknown_key(entry, known),
    }
}

fn check_nesterov(optimizer: &Optimizer, name: &Node, fields: &mut Fields<'_>) {
    if matches!(optimizer, Optimizer::Sgd { momentum: 0.0, nesterov: true }) {
        fields.report(
            Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, "`nesterov` needs a `momentum` above 0, got 0")
                .at(name.span, "without momentum")
                .help("write `momentum: 0.9` beside it"),
        );
    }
}
