//! `data:`: how images become inputs, and which are for validation.

use super::field::{Entry, Fields};
use crate::base::Spanned;
use crate::syntax::settings::{Augment, Balance, DataSettings, Flip, Normalize, Resize, Validation};
use crate::syntax::yaml::{Kind, Node};

const KEYS: &[&str] = &["resize", "normalize", "validation", "augment", "balance"];

const AUGMENT: &[&str] =
    &["flip", "rotate", "shift", "zoom", "crop", "brightness", "contrast", "erase", "mixup", "cutmix"];

const NORMALIZE: &[&str] = &["standardize", "0..1", "-1..1", "imagenet", "none"];

pub(super) fn read(entry: Entry<'_>, fields: &mut Fields<'_>) -> DataSettings {
    let mut data = DataSettings::default();
    for entry in fields.entries(entry.value, "data") {
        match entry.key() {
            "resize" => data.resize = resize(entry, fields).unwrap_or_default(),
            "normalize" => {
                let value = normalize(entry, fields).unwrap_or_default();
                data.normalize = Spanned::new(value, entry.value.span);
            }
            "validation" => {
                data.validation = validation(entry, fields).map(|value| Spanned::new(value, entry.value.span));
            }
            "augment" => data.augment = augment(entry, fields),
            "balance" => data.balance = balance(entry, fields).unwrap_or_default(),
            _ => fields.unknown_key(entry, KEYS),
        }
    }
    data
}

fn resize(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Resize> {
    fields.choice(entry, &[("stretch", Resize::Stretch), ("crop", Resize::Crop), ("pad", Resize::Pad)])
}

fn balance(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Balance> {
    let choices =
        [("none", Balance::None), ("class_weights", Balance::ClassWeights), ("oversample", Balance::Oversample)];
    fields.choice(entry, &choices)
}

fn augment(entry: Entry<'_>, fields: &mut Fields<'_>) -> Augment {
    let mut augment = Augment::default();
    for part in fields.entries(entry.value, "augment") {
        let below_one = |fields: &mut Fields<'_>| fields.share(part, "from 0 to below 1", |x| (0.0..1.0).contains(&x));
        let up_to_one = |fields: &mut Fields<'_>| fields.share(part, "from 0 to 1", |x| (0.0..=1.0).contains(&x));
        let alpha = |fields: &mut Fields<'_>| fields.number(part, "0 or above", |x| x >= 0.0);
        let (slot, value) = match part.key() {
            "flip" => {
                augment.flip = flip(part, fields);
                continue;
            }
            "rotate" => {
                let degrees = fields.number(part, "from 0 to 180 degrees", |x| (0.0..=180.0).contains(&x));
                (&mut augment.rotate, degrees)
            }
            "shift" => (&mut augment.shift, below_one(fields)),
            "zoom" => (&mut augment.zoom, below_one(fields)),
            "crop" => (&mut augment.crop, below_one(fields)),
            "brightness" => (&mut augment.brightness, up_to_one(fields)),
            "contrast" => (&mut augment.contrast, up_to_one(fields)),
            "erase" => (&mut augment.erase, below_one(fields)),
            "mixup" => (&mut augment.mixup, alpha(fields)),
            "cutmix" => (&mut augment.cutmix, alpha(fields)),
            _ => {
                fields.unknown_key(part, AUGMENT);
                continue;
            }
        };
        *slot = value.unwrap_or(*slot);
    }
    augment
}

fn flip(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Flip> {
    fields.choice(entry, &[("horizontal", Flip::Horizontal), ("vertical", Flip::Vertical), ("both", Flip::Both)])
}

fn normalize(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Normalize> {
    if let Kind::Map(_) = entry.value.kind {
        return mean_std(entry, fields);
    }
    let Kind::Text(text) = &entry.value.kind else {
        fields.wrong_kind(entry, "a word such as `standardize`, or `{ mean: [...], std: [...] }`");
        return None;
    };
    match text.as_str() {
        "standardize" => Some(Normalize::Standardize),
        "0..1" => Some(Normalize::ZeroToOne),
        "-1..1" => Some(Normalize::MinusOneToOne),
        "imagenet" => Some(Normalize::Imagenet),
        "none" => Some(Normalize::None),
        _ => {
            fields.unknown_choice(entry, text, NORMALIZE);
            None
        }
    }
}

/// `{ mean: [..], std: [..] }`, one number a channel.
fn mean_std(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Normalize> {
    let mut mean = None;
    let mut std = None;
    for part in fields.entries(entry.value, "normalize") {
        match part.key() {
            "mean" => mean = channels(part, fields, "a number", |_| true),
            "std" => std = channels(part, fields, "above 0", |value| value > 0.0),
            _ => fields.unknown_key(part, &["mean", "std"]),
        }
    }
    let is_whole = matches!(&entry.value.kind, Kind::Map(parts) if ["mean", "std"].iter().all(|key| has(parts, key)));
    if !is_whole {
        fields.report(
            entry
                .wrong("`data.normalize` wants both `mean` and `std`", "one is missing")
                .help("write `{ mean: [0.5], std: [0.25] }`, one number a channel in both"),
        );
    }
    let (mean, std) = (mean?, std?);
    if mean.len() != std.len() {
        let message = format!("`mean` has {} numbers, `std` {}", mean.len(), std.len());
        fields.report(
            entry.wrong(&message, "one number a channel in both").help("give both lists a number for each channel"),
        );
        return None;
    }
    Some(Normalize::MeanStd { mean, std })
}

fn has(parts: &[(Spanned<String>, Node)], key: &str) -> bool {
    parts.iter().any(|(name, _)| name.value == key)
}

fn channels(
    entry: Entry<'_>,
    fields: &mut Fields<'_>,
    domain: &str,
    accepts: impl Fn(f64) -> bool,
) -> Option<Vec<f64>> {
    let Kind::List(items) = &entry.value.kind else {
        fields.wrong_kind(entry, "a list, one number a channel");
        return None;
    };
    if !(1..=4).contains(&items.len()) {
        let message = format!("`{}` has {} numbers", entry.path(), items.len());
        let help = "give it a number for each channel: three for colour images, one for grey ones";
        fields.report(entry.wrong(&message, "one number a channel").help(help));
        return None;
    }
    let numbers: Vec<_> = items.iter().map(|item| fields.number(entry.item(item), domain, &accepts)).collect();
    numbers.into_iter().collect()
}

fn validation(entry: Entry<'_>, fields: &mut Fields<'_>) -> Option<Validation> {
    const DOMAIN: &str = "a share above 0 % and below 100 %, or a folder's name";
    let share = match &entry.value.kind {
        Kind::Text(text) => match text.strip_suffix('%').map(|percent| percent.trim().parse::<f64>()) {
            Some(Ok(percent)) => percent / 100.0,
            _ if text.is_empty() => f64::NAN,
            _ => return Some(Validation::Folder(text.clone())),
        },
        Kind::Real(share) => *share,
        Kind::Integer(share) => *share as f64,
        _ => {
            fields.wrong_kind(entry, "a share such as `10%`, or a folder's name");
            return None;
        }
    };
    if share > 0.0 && share < 1.0 {
        return Some(Validation::Share(share));
    }
    fields.out_of_domain(entry, DOMAIN);
    None
}
