//! Where weights start: from the seed, or from a model that was trained before.

use std::path::Path;

use super::job::Job;
use crate::diag::{Diagnostic, Result, code};
use crate::graph::{Graph, Param};
use crate::model::{Container, Tensor, initialise, model_path};

/// How many names a sentence lists.
const NAMED: usize = 6;

/// The first weights of a training.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Start {
    /// The numbers of every parameter, in the order of the graph.
    pub weights: Vec<Vec<f32>>,
    /// What is worth knowing of where they come from.
    pub notices: Vec<String>,
    /// BLAKE3, in hexadecimal, of the file that they come from.
    pub digest: Option<String>,
}

/// The first weights of `job`.
///
/// # Errors
/// M801 where the file that it starts from cannot be read, M803 where it does not fit the network.
pub(super) fn start(job: &Job) -> Result<Start> {
    let mut weights = initialise(&job.graph, job.settings.seed);
    let Some(path) = &job.init_from else { return Ok(Start { weights, notices: Vec::new(), digest: None }) };
    let (tensors, digest) = read(path)?;
    let taken = taken(&job.graph, &tensors, path)?;
    for (at, tensor) in taken.iter().enumerate() {
        if let Some(tensor) = tensor {
            weights[at].clone_from(&tensor.data);
        }
    }
    let notices = notices(&job.graph, &tensors, &taken, path);
    Ok(Start { weights, notices, digest: Some(digest) })
}

/// The tensors of a model file, and the hash of its bytes.
fn read(path: &Path) -> Result<(Vec<Tensor>, String)> {
    let path = model_path(path);
    let unusable = |reason: String| {
        Diagnostic::new(&code::MODEL_FILE_CORRUPT, format!("the weights of `init_from` cannot be used: {reason}"))
            .on(&path)
            .help(
                "name a `.safetensors` file that netc wrote, or a run folder; the path is seen from the spec's folder",
            )
            .fault()
    };
    let bytes = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
    let container = Container::decode(&bytes).map_err(unusable)?;
    Ok((container.tensors, blake3::hash(&bytes).to_hex().to_string()))
}

/// For each parameter the tensor of its name and sizes. The last layer may have other sizes: there are other classes.
fn taken<'a>(graph: &Graph, tensors: &'a [Tensor], path: &Path) -> Result<Vec<Option<&'a Tensor>>> {
    let head = graph.params.last().map(|param| param.layer);
    let of_name = |param: &Param| tensors.iter().find(|tensor| tensor.name == param.name);
    let fits = |param: &Param| of_name(param).filter(|tensor| tensor.dims == param.dims);
    let misfit = |param: &Param| {
        let tensor = of_name(param).filter(|tensor| tensor.dims != param.dims && Some(param.layer) != head)?;
        Some(format!(
            "`{}` has {} in the file, and the network wants {}",
            param.name,
            sizes(&tensor.dims),
            sizes(&param.dims)
        ))
    };
    let misfits: Vec<String> = graph.params.iter().filter_map(misfit).collect();
    if !misfits.is_empty() {
        return Err(refuse(path, misfits));
    }
    let taken: Vec<Option<&Tensor>> = graph.params.iter().map(fits).collect();
    if taken.iter().all(Option::is_none) {
        let names = |names: Vec<&str>| listed(&names);
        let there = names(tensors.iter().map(|tensor| tensor.name.as_str()).collect());
        let wanted = names(graph.params.iter().map(|param| param.name.as_str()).collect());
        let none = format!("no tensor of the file has the name and sizes of a parameter: the file has {there}");
        return Err(refuse(path, vec![none, format!("the network has {wanted}")]));
    }
    Ok(taken)
}

fn refuse(path: &Path, mut reasons: Vec<String>) -> Box<Diagnostic> {
    let hidden = reasons.len().saturating_sub(NAMED);
    reasons.truncate(NAMED);
    let message = format!("the weights of `init_from` do not fit the network: {}", reasons.remove(0));
    let fault = Diagnostic::new(&code::MODEL_DOES_NOT_FIT_SPEC, message).on(path);
    let fault = reasons.into_iter().fold(fault, Diagnostic::note);
    let fault = if hidden > 0 { fault.note(format!("and {hidden} more differences")) } else { fault };
    fault.help("keep the layers up to the last one as they were; only the last may have other sizes").fault()
}

fn notices(graph: &Graph, tensors: &[Tensor], taken: &[Option<&Tensor>], path: &Path) -> Vec<String> {
    let params = || graph.params.iter().zip(taken);
    let anew: Vec<&str> =
        params().filter(|(_, tensor)| tensor.is_none()).map(|(param, _)| param.name.as_str()).collect();
    let is_foreign = |tensor: &&Tensor| graph.params.iter().all(|param| param.name != tensor.name);
    let foreign: Vec<&str> = tensors.iter().filter(is_foreign).map(|tensor| tensor.name.as_str()).collect();
    let count = taken.len() - anew.len();
    let mut notices = vec![format!("{count} of {} tensors start from {}", taken.len(), path.display())];
    if !anew.is_empty() {
        notices.push(format!("these start anew, by the seed: {}", listed(&anew)));
    }
    if !foreign.is_empty() {
        notices.push(format!("the network has no place for these of the file: {}", listed(&foreign)));
    }
    notices
}

fn listed(names: &[&str]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    let hidden = names.len().saturating_sub(NAMED);
    if hidden > 0 { format!("{shown} and {hidden} more") } else { shown }
}

fn sizes(dims: &[usize]) -> String {
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}
