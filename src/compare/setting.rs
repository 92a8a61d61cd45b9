//! Settings of two specs, resolved: a default that is written out is no difference.

use crate::check::Net;
use crate::syntax::settings::{
    DataSettings, FrontMatter, Normalize, Optimizer, Resize, Schedule, TrainSettings, Validation,
};

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key: `train.learning_rate`.
    pub key: &'static str,
    /// What it is in the first spec and in the second.
    pub values: [String; 2],
}

/// A key with its resolved value.
type Row = (&'static str, String);

/// The settings whose values differ, in the order of the language's description.
pub(super) fn differences(first: &Net, second: &Net) -> Vec<Setting> {
    let [first, second] = [rows(first, second), rows(second, first)];
    let value = |rows: &[Row], key: &str| {
        rows.iter().find(|row| row.0 == key).map_or_else(|| "none".to_owned(), |row| row.1.clone())
    };
    let mut keys: Vec<&'static str> = first.iter().chain(&second).map(|row| row.0).collect();
    let mut seen = std::collections::BTreeSet::new();
    keys.retain(|key| seen.insert(*key));
    let setting = |key| Setting { key, values: [value(&first, key), value(&second, key)] };
    keys.into_iter().map(setting).filter(|setting| setting.values[0] != setting.values[1]).collect()
}

/// Every setting that decides what is computed. The patterns name every field, so that a new one cannot be forgotten.
fn rows(net: &Net, other: &Net) -> Vec<Row> {
    let FrontMatter { span: _, name: _, input: _, classes: _, defaults: _, data, train, expect: _, lint: _ } =
        &net.front;
    let input = match net.input_assumed {
        Some(_) => format!("left to the data, {} assumed", net.input),
        None => net.input.to_string(),
    };
    let mut rows = vec![("input", input), ("classes", classes(net, other))];
    rows.extend(data_rows(data));
    rows.extend(train_rows(train));
    rows
}

/// The classes' names where both specs give some, else their number.
fn classes(net: &Net, other: &Net) -> String {
    match (&net.class_names, &other.class_names) {
        (Some(names), Some(_)) => names.join(", "),
        _ if net.classes_assumed => format!("left to the data, {} assumed", net.classes),
        _ => net.classes.to_string(),
    }
}

fn data_rows(data: &DataSettings) -> Vec<Row> {
    let DataSettings { resize, normalize, validation } = data;
    let resize = match resize {
        Resize::Stretch => "stretch",
        Resize::Crop => "crop",
        Resize::Pad => "pad",
    };
    let validation = match validation.as_ref().map(|validation| &validation.value) {
        None => "the data's own folder, else 10 %".to_owned(),
        Some(Validation::Share(share)) => format!("{} %", 100.0 * share),
        Some(Validation::Folder(name)) => format!("the folder {name}"),
    };
    vec![
        ("data.resize", resize.to_owned()),
        ("data.normalize", normalization(&normalize.value)),
        ("data.validation", validation),
    ]
}

fn normalization(normalize: &Normalize) -> String {
    match normalize {
        Normalize::Standardize => "standardize".to_owned(),
        Normalize::ZeroToOne => "0..1".to_owned(),
        Normalize::MinusOneToOne => "-1..1".to_owned(),
        Normalize::Imagenet => "imagenet".to_owned(),
        Normalize::None => "none".to_owned(),
        Normalize::MeanStd { mean, std } => format!("mean {mean:?}, std {std:?}"),
    }
}

fn train_rows(train: &TrainSettings) -> Vec<Row> {
    let TrainSettings { optimizer, learning_rate: _, schedule, warmup_epochs, weight_decay, epochs, batch_size, seed } =
        train;
    let schedule = match schedule {
        Schedule::Constant => "constant",
        Schedule::Cosine => "cosine",
    };
    vec![
        ("train.optimizer", optimizer_text(optimizer)),
        ("train.learning_rate", format!("{:e}", train.peak_rate())),
        ("train.schedule", schedule.to_owned()),
        ("train.warmup", warmup_epochs.to_string()),
        ("train.weight_decay", format!("{weight_decay:e}")),
        ("train.epochs", epochs.to_string()),
        ("train.batch_size", batch_size.to_string()),
        ("train.seed", seed.to_string()),
    ]
}

fn optimizer_text(optimizer: &Optimizer) -> String {
    let name = optimizer.name();
    match optimizer {
        Optimizer::Sgd { momentum: 0.0, nesterov: false } => name.to_owned(),
        Optimizer::Sgd { momentum, nesterov } => format!("{name}, momentum {momentum}, nesterov {nesterov}"),
        Optimizer::Adam { beta1, beta2, epsilon } | Optimizer::AdamW { beta1, beta2, epsilon } => {
            format!("{name}, beta1 {beta1}, beta2 {beta2}, epsilon {epsilon:e}")
        }
        Optimizer::RmsProp { alpha, epsilon } => format!("{name}, alpha {alpha}, epsilon {epsilon:e}"),
    }
}
