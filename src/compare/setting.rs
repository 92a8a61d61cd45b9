//! Settings of two specs, resolved: a default that is written out is no difference.

use std::fmt::Debug;

use crate::check::Net;
use crate::syntax::settings::{
    Augment, DataSettings, EarlyStopping, FrontMatter, Normalize, Optimizer, Rate, TrainSettings, Validation,
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
    let FrontMatter {
        span: _,
        name: _,
        input: _,
        classes: _,
        defaults: _,
        data,
        train,
        expect: _,
        lint: _,
        init_from,
        freeze,
        places: _,
    } = &net.front;
    let input = match net.input_assumed {
        Some(_) => format!("left to the data, {} assumed", net.input),
        None => net.input.to_string(),
    };
    let frozen: Vec<&str> = freeze.iter().map(|name| name.value.as_str()).collect();
    let mut rows = vec![("input", input), ("classes", classes(net, other))];
    rows.extend(data_rows(data));
    rows.extend(train_rows(train));
    rows.push(("init_from", optional(init_from.as_ref().map(|path| path.value.clone()))));
    rows.push(("freeze", optional(Some(frozen.join(", ")).filter(|names| !names.is_empty()))));
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
    let DataSettings { resize, normalize, validation, augment, balance } = data;
    let validation = match validation.as_ref().map(|validation| &validation.value) {
        None => "the data's own folder, else 10 %".to_owned(),
        Some(Validation::Share(share)) => format!("{} %", 100.0 * share),
        Some(Validation::Folder(name)) => format!("the folder {name}"),
    };
    let mut rows = vec![
        ("data.resize", word(resize)),
        ("data.normalize", normalization(&normalize.value)),
        ("data.validation", validation),
        ("data.balance", word(balance)),
    ];
    rows.extend(augment_rows(augment));
    rows
}

fn augment_rows(augment: &Augment) -> Vec<Row> {
    let Augment { flip, rotate, shift, zoom, crop, brightness, contrast, erase, mixup, cutmix } = augment;
    let amounts = [
        ("data.augment.rotate", rotate),
        ("data.augment.shift", shift),
        ("data.augment.zoom", zoom),
        ("data.augment.crop", crop),
        ("data.augment.brightness", brightness),
        ("data.augment.contrast", contrast),
        ("data.augment.erase", erase),
        ("data.augment.mixup", mixup),
        ("data.augment.cutmix", cutmix),
    ];
    let amounts = amounts.into_iter().map(|(key, amount)| (key, amount.to_string()));
    std::iter::once(("data.augment.flip", optional(flip.as_ref().map(word)))).chain(amounts).collect()
}

fn normalization(normalize: &Normalize) -> String {
    match normalize {
        Normalize::ZeroToOne => "0..1".to_owned(),
        Normalize::MinusOneToOne => "-1..1".to_owned(),
        Normalize::MeanStd { mean, std } => format!("{{ mean: {mean:?}, std: {std:?} }}"),
        other => word(other),
    }
}

fn train_rows(train: &TrainSettings) -> Vec<Row> {
    let TrainSettings {
        optimizer,
        loss,
        label_smoothing,
        learning_rate,
        schedule,
        warmup_epochs,
        weight_decay,
        clip_norm,
        epochs,
        batch_size,
        seed,
        precision,
        recompute,
        ema,
        early_stopping,
        on_collapse,
    } = train;
    let rate = match learning_rate {
        Some(Rate::Auto) => "auto".to_owned(),
        _ => format!("{:e}", train.peak_rate()),
    };
    vec![
        ("train.loss", loss.map_or_else(|| "by the last layer".to_owned(), |loss| loss.name().to_owned())),
        ("train.label_smoothing", label_smoothing.to_string()),
        ("train.optimizer", optimizer_text(optimizer)),
        ("train.learning_rate", rate),
        ("train.schedule", word(schedule)),
        ("train.warmup", warmup_epochs.to_string()),
        ("train.weight_decay", format!("{weight_decay:e}")),
        ("train.clip_norm", optional(clip_norm.map(|norm| norm.to_string()))),
        ("train.epochs", epochs.to_string()),
        ("train.batch_size", batch_size.to_string()),
        ("train.seed", seed.to_string()),
        ("train.precision", precision.name().to_owned()),
        ("train.recompute", recompute.to_string()),
        ("train.ema", optional(ema.map(|share| share.to_string()))),
        ("train.early_stopping", optional(early_stopping.map(stopping))),
        ("train.on_collapse", optional(on_collapse.as_ref().map(word))),
    ]
}

fn stopping(stopping: EarlyStopping) -> String {
    let EarlyStopping { metric, patience } = stopping;
    format!("{{ metric: {}, patience: {patience} }}", word(&metric))
}

/// The optimizer with its constants, as a spec writes it.
fn optimizer_text(optimizer: &Optimizer) -> String {
    let name = optimizer.name();
    match format!("{optimizer:?}").split_once(' ') {
        Some((_, constants)) => format!("{name} {constants}"),
        None => name.to_owned(),
    }
}

fn optional(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
}

/// A choice as a spec writes it: the settings name their variants after the language's words.
fn word(choice: &impl Debug) -> String {
    let text = format!("{choice:?}");
    let (name, rest) = text.split_once(' ').map_or((text.as_str(), ""), |(name, rest)| (name, rest));
    let mut word = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    [word.as_str(), rest].join(" ").trim_end().to_owned()
}
