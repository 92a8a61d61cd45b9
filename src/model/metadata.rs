//! The texts of a model file, each a string as the format demands.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::saved::Model;
use crate::base::Source;
use crate::syntax::settings::Resize;

/// The version of the format of model files that is written, and the latest that is read.
pub(super) const FORMAT: u32 = 1;

/// What maps a byte of an image to the number that the network sees: `(byte - mean) / deviation`.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// What is subtracted, a value a channel.
    pub mean: Vec<f32>,
    /// What the difference is divided by, a value a channel.
    pub deviation: Vec<f32>,
}

/// [`Normalization`] as JSON. An `f32` as `f64` survives decimal text whatever the parser's rounding.
#[derive(Serialize, Deserialize)]
struct NormalizationText {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

/// Why texts give no model.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// The format's version, and the version of netc that wrote it.
    TooNew(u32, String),
    /// The reason, in words.
    Corrupt(String),
}

/// The texts of a model.
pub(super) fn texts(model: &Model) -> BTreeMap<String, String> {
    let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
    let normalization =
        NormalizationText { mean: wide(&model.normalization.mean), deviation: wide(&model.normalization.deviation) };
    [
        ("format", "pt".to_owned()),
        ("netc.format", FORMAT.to_string()),
        ("netc.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("netc.spec", model.spec.text().to_owned()),
        ("netc.spec_name", model.spec.name().to_owned()),
        ("netc.classes", json(&model.classes)),
        ("netc.input", json(&model.input)),
        ("netc.normalization", json(&normalization)),
        ("netc.resize", resize_name(model.resize).to_owned()),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

/// The model, without its tensors, that texts describe.
pub(super) fn model(texts: &BTreeMap<String, String>) -> Result<Model, Unfit> {
    check_version(texts)?;
    let normalization: NormalizationText = parse(texts, "netc.normalization")?;
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
    let model = Model {
        spec: Source::new(get(texts, "netc.spec_name")?, get(texts, "netc.spec")?),
        classes: parse(texts, "netc.classes")?,
        input: parse(texts, "netc.input")?,
        normalization: Normalization { mean: narrow(&normalization.mean), deviation: narrow(&normalization.deviation) },
        resize: resize(get(texts, "netc.resize")?)?,
        tensors: Vec::new(),
    };
    check_consistency(&model)?;
    Ok(model)
}

fn check_version(texts: &BTreeMap<String, String>) -> Result<(), Unfit> {
    let format: u32 = parse(texts, "netc.format")?;
    if format > FORMAT {
        let version = get(texts, "netc.version").unwrap_or("unknown");
        return Err(Unfit::TooNew(format, version.to_owned()));
    }
    Ok(())
}

/// What no model that netc wrote violates, so that nothing later has to check it.
fn check_consistency(model: &Model) -> Result<(), Unfit> {
    let [height, width, channels] = model.input;
    let Normalization { mean, deviation } = &model.normalization;
    if height == 0 || width == 0 || !matches!(channels, 1 | 3) {
        return Err(Unfit::Corrupt(format!("its input is {height}×{width}×{channels}")));
    }
    if mean.len() != channels || deviation.len() != channels {
        return Err(Unfit::Corrupt(format!("its normalisation is not for {channels} channels")));
    }
    if mean.iter().any(|value| !value.is_finite()) || deviation.iter().any(|value| !value.is_finite() || *value <= 0.0)
    {
        return Err(Unfit::Corrupt("its normalisation divides by what is not above zero, or is not finite".to_owned()));
    }
    if model.classes.len() < 2 {
        return Err(Unfit::Corrupt(format!("it has {} class names", model.classes.len())));
    }
    Ok(())
}

fn resize_name(resize: Resize) -> &'static str {
    match resize {
        Resize::Stretch => "stretch",
        Resize::Crop => "crop",
        Resize::Pad => "pad",
    }
}

fn resize(name: &str) -> Result<Resize, Unfit> {
    [Resize::Stretch, Resize::Crop, Resize::Pad]
        .into_iter()
        .find(|&resize| resize_name(resize) == name)
        .ok_or_else(|| Unfit::Corrupt(format!("its `netc.resize` is `{name}`")))
}

fn get<'a>(texts: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Unfit> {
    texts.get(name).map(String::as_str).ok_or_else(|| Unfit::Corrupt(format!("it has no `{name}`")))
}

fn parse<T: DeserializeOwned>(texts: &BTreeMap<String, String>, name: &str) -> Result<T, Unfit> {
    serde_json::from_str(get(texts, name)?).map_err(|error| Unfit::Corrupt(format!("its `{name}` is damaged: {error}")))
}

/// Texts, numbers and lists of them always have a JSON form.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| unreachable!("plain values as JSON: {error}"))
}
