//! `train:`: the optimizer and its constants, the rate, the budget.

use super::field::{Entry, Fields};
use crate::diag::{Diagnostic, code};
use crate::syntax::settings::{
    EarlyStopping, Loss, Metric, OnCollapse, Optimizer, Precision, Rate, Schedule, TrainSettings,
};
use crate::syntax::yaml::{Kind, Node};

const KEYS: &[&str] = &[
    "loss",
    "label_smoothing",
    "optimizer",
    "learning_rate",
    "schedule",
    "warmup",
    "weight_decay",
    "clip_norm",
    "epochs",
    "batch_size",
    "seed",
    "precision",
    "recompute",
    "ema",
    "early_stopping",
    "on_collapse",
];

pub(super) fn read(entry: Entry<'_>, fields: &mut Fields<'_>) -> TrainSettings {
    let mut train = TrainSettings::default();
    for entry in fields.entries(entry.value, "train") {
        match entry.key() {
            "loss" => train.loss = fields.choice(entry, Loss::ALL),
            "label_smoothing" => {
                let in_domain = |share| (0.0..1.0).contains(&share);
                set(&mut train.label_smoothing, fields.share(entry, "from 0 to below 1", in_domain));
            }
            "optimizer" => set(&mut train.optimizer, optimizer(entry, fields)),
            "learning_rate" => train.learning_rate = rate(entry, fields),
            "schedule" => schedule(entry, &mut train, fields),
            "warmup" => set(&mut train.warmup_epochs, warmup(entry, fields)),
            "weight_decay" => set(&mut train.weight_decay, fields.number(entry, "0 or above", |decay| decay >= 0.0)),
            "clip_norm" => train.clip_norm = fields.number(entry, "above 0", |norm| norm > 0.0),
            "epochs" => set(&mut train.epochs, fields.count(entry, 1).map(|count| count as usize)),
            "batch_size" => set(&mut train.batch_size, fields.count(entry, 1).map(|count| count as usize)),
            "seed" => set(&mut train.seed, fields.count(entry, 0)),
            "precision" => set(&mut train.precision, precision(entry, fields)),
            "recompute" => set(&mut train.recompute, fields.flag(entry)),
            "ema" => train.ema = fields.share(entry, "above 0 and below 1", inside_unit),
            "early_stopping" => train.early_stopping = early_stopping(entry, fields),
            "on_collapse" => train.on_collapse = on_collapse(entry, fields),
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

fn inside_unit(x: f64) -> bool {
    x > 0.0 && x < 1.0
}

fn rate(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Rate> {
    match &entry.value.kind {
        Kind::Text(text) if text == "auto" => Some(Rate::Auto),
        Kind::Text(_) => {
            fields.wrong_kind(entry, "a number, or `auto`");
            None
        }
        _ => fields.number(entry, "above 0", |rate| rate > 0.0).map(Rate::Fixed),
    }
}

fn precision(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Precision> {
    fields.choice(entry, Precision::ALL)
}

fn on_collapse(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<OnCollapse> {
    fields.choice(entry, OnCollapse::ALL)
}

/// `{ metric: val_loss, patience: 5 }`, either left out for its default.
fn early_stopping(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<EarlyStopping> {
    let Kind::Map(_) = entry.value.kind else {
        fields.wrong_kind(entry, "`{ metric: val_loss, patience: 5 }`");
        return None;
    };
    let mut stopping = EarlyStopping::default();
    for part in fields.entries(entry.value, "early_stopping") {
        match part.key() {
            "metric" => set(&mut stopping.metric, metric(part, fields)),
            "patience" => set(&mut stopping.patience, fields.count(part, 1).map(|count| count as usize)),
            _ => fields.unknown_key(part, &["metric", "patience"]),
        }
    }
    Some(stopping)
}

fn metric(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Metric> {
    fields.choice(entry, Metric::ALL)
}

fn warmup(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<f64> {
    fields.number(entry, "0 epochs or more", |epochs| epochs >= 0.0)
}

/// `cosine`, or `{ name: step, every: 10, warmup: 3 }`.
fn schedule(entry: Entry<'_>, train: &mut TrainSettings, fields: &mut Fields<'_>) {
    let Kind::Map(_) = entry.value.kind else {
        return set(&mut train.schedule, schedule_name(entry, fields));
    };
    let Some((name, parts)) = fields.named_entries(entry, "{ name: cosine, warmup: 3 }") else { return };
    let known = schedule_name(name, fields);
    set(&mut train.schedule, known);
    for part in parts {
        match (part.key(), &mut train.schedule) {
            ("warmup", _) => set(&mut train.warmup_epochs, warmup(part, fields)),
            ("every", Schedule::Step { every, .. }) => {
                set(every, fields.number(part, "above 0 epochs", |epochs| epochs > 0.0));
            }
            ("factor", Schedule::Step { factor, .. } | Schedule::Plateau { factor, .. }) => {
                set(factor, fields.share(part, "above 0 and below 1", inside_unit));
            }
            ("patience", Schedule::Plateau { patience, .. }) => {
                set(patience, fields.count(part, 1).map(|count| count as usize));
            }
            ("rise", Schedule::OneCycle { rise }) => {
                set(rise, fields.share(part, "above 0 and below 1", inside_unit));
            }
            // What a misspelt name would take is not known.
            (_, schedule) if known.is_some() => fields.unknown_key(part, schedule_keys(schedule)),
            _ => {}
        }
    }
}

fn schedule_keys(schedule: &Schedule) -> &'static [&'static str] {
    match schedule {
        Schedule::Constant | Schedule::Cosine => &["name", "warmup"],
        Schedule::Step { .. } => &["name", "warmup", "every", "factor"],
        Schedule::Plateau { .. } => &["name", "warmup", "patience", "factor"],
        Schedule::OneCycle { .. } => &["name", "warmup", "rise"],
    }
}

/// The schedule of that name with PyTorch's constants.
fn schedule_name(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Schedule> {
    let choices = [
        ("constant", Schedule::Constant),
        ("cosine", Schedule::Cosine),
        ("step", Schedule::Step { every: 10.0, factor: 0.1 }),
        ("plateau", Schedule::Plateau { patience: 10, factor: 0.1 }),
        ("one_cycle", Schedule::OneCycle { rise: 0.3 }),
    ];
    fields.choice(entry, &choices)
}

/// `adam`, or `{ name: sgd, momentum: 0.9 }`.
fn optimizer(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Optimizer> {
    let Kind::Map(_) = &entry.value.kind else {
        return optimizer_name(entry, fields);
    };
    let (name, parts) = fields.named_entries(entry, "{ name: sgd, momentum: 0.9 }")?;
    let mut optimizer = optimizer_name(name, fields)?;
    parts.for_each(|part| constant(part, &mut optimizer, fields));
    check_nesterov(&optimizer, name.value, fields);
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
