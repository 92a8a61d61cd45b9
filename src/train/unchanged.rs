//! Holds a run that is to go on to what it was started with, and says what differs.

use serde_json::Value;

use super::record::{DataRecord, Record, TrainRecord};
use crate::diag::{Diagnostic, Result, code};

impl Record {
    /// Holds a run that is to go on to what it was started with; epochs may grow, and the machine may be another.
    ///
    /// # Errors
    /// M806 where the images, the classes or a setting differ.
    pub fn check_unchanged(&self, now: &Self) -> Result<()> {
        let train = TrainRecord { epochs: self.train.epochs, ..now.train.clone() };
        let plain = |name: &str, before: String, now: String| {
            (before != now).then(|| vec![format!("{name}: the run has {before}, this would be {now}")])
        };
        let sizes = |sizes: [usize; 3]| sizes.map(|size| size.to_string()).join("×");
        let known_balance = if self.balance.is_empty() { &now.balance } else { &self.balance };
        let differences = [
            ("the images", (self.data.digest != now.data.digest).then(|| images(&self.data, &now.data))),
            ("the classes", plain("classes", self.classes.join(", "), now.classes.join(", "))),
            ("the split", plain("images", counts(&self.data), counts(&now.data))),
            ("the input", plain("input", sizes(self.input), sizes(now.input))),
            ("how images are resized", plain("resize", self.resize.clone(), now.resize.clone())),
            ("the balance of the classes", plain("balance", known_balance.clone(), now.balance.clone())),
            ("what is frozen", plain("freeze", listed(&self.freeze), listed(&now.freeze))),
            ("the settings of the training", (self.train != train).then(|| settings(&self.train, &train))),
        ];
        let first = differences.into_iter().find_map(|(what, notes)| Some((what, notes?)));
        match first {
            None => Ok(()),
            Some((what, notes)) => Err(notes.into_iter().fold(changed(what), Diagnostic::note).fault()),
        }
    }
}

/// M806: `what` is not what the run was started with.
pub(super) fn changed(what: &str) -> Diagnostic {
    Diagnostic::new(&code::RESUME_DATA_CHANGED, format!("{what} changed since the run was started")).help(
        "bring back what the run was started with, or start a new run without `--resume`; only `--epochs` may grow",
    )
}

fn images(before: &DataRecord, now: &DataRecord) -> Vec<String> {
    let mut notes = vec![
        format!("the run was started on {}: {}", before.path, counts(before)),
        format!("it would go on with {}: {}", now.path, counts(now)),
    ];
    if counts(before) == counts(now) {
        notes.push("there are as many as before: files have other bytes, other names or another place".to_owned());
    }
    notes
}

fn counts(data: &DataRecord) -> String {
    format!("{} images to train on, {} to validate", data.train_images, data.validation_images)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// The keys that differ, with both values.
fn settings(before: &TrainRecord, now: &TrainRecord) -> Vec<String> {
    let as_map = |train: &TrainRecord| match serde_json::to_value(train) {
        Ok(Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let now = as_map(now);
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    };
    let differs = |(key, before): (&String, &Value)| {
        let now = now.get(key);
        (now != Some(before))
            .then(|| format!("`{key}`: the run has {}, this would be {}", shown(Some(before)), shown(now)))
    };
    as_map(before).iter().filter_map(differs).collect()
}
