//! What is in a data set, and what was found in it, as scripts read it.

use serde_json::{Map, Value, json};

use super::text::{facts, per_class, readable};
use crate::data::{Examination, Sizes};
use crate::diag::diagnostic_json;

/// `{"images", "readable", "classes", "train", "validation", "sizes", "channels", "diagnostics"}`: counts a class in all and by role (no
/// `validation` where the data has no folder of it), sizes as height and width.
pub(super) fn value(examination: &Examination) -> Value {
    let counts = per_class(examination);
    let by_class = |count: fn(&[usize; 2]) -> usize| -> Map<String, Value> {
        examination.classes.iter().zip(&counts).map(|(class, of)| (class.clone(), count(of).into())).collect()
    };
    let sizes = Sizes::of(&facts(examination));
    let diagnostics: Vec<Value> = examination.found.iter().map(|fault| diagnostic_json(fault, None)).collect();
    let mut value = json!({
        "images": counts.iter().flatten().sum::<usize>(),
        "readable": readable(examination),
        "classes": by_class(|[train, held]| train + held),
        "train": by_class(|[train, _]| *train),
        "sizes": sizes.map(|sizes| json!({ "min": sizes.min, "median": sizes.median, "max": sizes.max })),
        "channels": sizes.map(|sizes| json!({ "1": sizes.grey, "3": sizes.colour })),
        "diagnostics": diagnostics,
    });
    if examination.validation.is_some() {
        value["validation"] = by_class(|[_, held]| *held).into();
    }
    value
}
