//! A model file made ready to predict.

use std::path::Path;

use super::failure::Failure;
use super::spec;
use crate::check::Facts;
use crate::diag::{Diagnostic, code};
use crate::model::Model;
use crate::train::{Machine, Predictor};

/// Reads the model at `path` and sets it up for batches of up to `batch` images.
///
/// # Errors
///
/// The file is no model of this version of netc, or the network does not fit into memory.
pub(super) fn load(path: &Path, batch: usize, machine: &Machine) -> Result<(Model, Predictor), Failure> {
    let model = Model::load(path)?;
    let facts = Facts { input: None, classes: Some(model.classes.clone()), images: None };
    let checked = spec::check(model.spec.clone(), &facts, Some(model.input));
    let Some(net) = checked.net else {
        let why = checked.diagnostics.iter().find(|one| one.is_error()).map_or("", |one| one.message.as_str());
        let message = format!("the spec in the model file gives no network: {why}");
        let help = "use the version of netc that trained it, or train it again";
        return Err(Diagnostic::new(&code::MODEL_DOES_NOT_FIT_SPEC, message).on(path).help(help).fault().into());
    };
    let predictor = Predictor::of_model(&model, &net.graph, checked.tree.front.train.precision, batch, machine)?;
    Ok((model, predictor))
}
