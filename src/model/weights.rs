//! Tensors of a file as the parameters of a network.

use super::container::Tensor;
use crate::diag::{Diagnostic, Result, code};
use crate::graph::{Graph, Param};

/// How many differences a message names.
const NAMED: usize = 5;

/// For each parameter of `graph`, in order, the tensor of its name and sizes.
///
/// # Errors
/// M803 where a parameter has no tensor, a tensor no parameter, or sizes differ.
pub fn match_weights<'a>(graph: &Graph, tensors: &'a [Tensor]) -> Result<Vec<&'a Tensor>> {
    let find = |param: &Param| tensors.iter().find(|tensor| tensor.name == param.name);
    let mut differences = Vec::new();
    let mut matched = Vec::with_capacity(graph.params.len());
    for param in &graph.params {
        match find(param) {
            Some(tensor) if tensor.dims == param.dims => matched.push(tensor),
            Some(tensor) => {
                let (has, wants) = (sizes(&tensor.dims), sizes(&param.dims));
                differences.push(format!("`{}` has {has} in the file, and the network wants {wants}", param.name));
            }
            None => differences.push(format!("`{}` is not in the file", param.name)),
        }
    }
    let is_foreign = |tensor: &&Tensor| graph.params.iter().all(|param| param.name != tensor.name);
    let foreign = tensors.iter().filter(is_foreign);
    differences.extend(foreign.map(|tensor| format!("the network has no `{}`", tensor.name)));
    if differences.is_empty() { Ok(matched) } else { Err(misfit(&differences).fault()) }
}

fn misfit(differences: &[String]) -> Diagnostic {
    let message = format!("the weights do not fit the network: {}", differences[0]);
    let misfit = Diagnostic::new(&code::MODEL_DOES_NOT_FIT_SPEC, message);
    let misfit = differences[1..].iter().take(NAMED - 1).fold(misfit, |misfit, difference| misfit.note(difference));
    let rest = differences.len().saturating_sub(NAMED);
    let misfit = if rest > 0 { misfit.note(format!("and {rest} more differences")) } else { misfit };
    misfit.help("use the spec that the weights were trained with; it is stored in the model file")
}

fn sizes(dims: &[usize]) -> String {
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}
