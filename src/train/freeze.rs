//! Which parameters stay as they are.

use crate::diag::{Diagnostic, Result, code};
use crate::graph::{Graph, ParamId};
use crate::syntax::ast::Name;

/// The parameters that `patterns` name, in the order of the graph. A pattern names a parameter (`conv1.bias`) or a layer
/// with all its parameters (`conv1`); `*` stands for any part. Running statistics follow the images all the same, as
/// with PyTorch's `requires_grad = False`.
///
/// # Errors
/// N105 where a pattern names nothing, or nothing is left to train.
pub(super) fn frozen(graph: &Graph, patterns: &[Name]) -> Result<Vec<ParamId>> {
    let layer_of = |name: &str| name.rsplit_once('.').map_or(String::new(), |(layer, _)| layer.to_owned());
    let is_named = |pattern: &str, name: &str| matches(pattern, name) || matches(pattern, &layer_of(name));
    for pattern in patterns {
        if !graph.params.iter().any(|param| is_named(&pattern.value, &param.name)) {
            let mut layers: Vec<String> = graph.params.iter().map(|param| layer_of(&param.name)).collect();
            layers.dedup();
            let headline = format!("`{}` names no layer that has parameters", pattern.value);
            return Err(Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, headline)
                .at(pattern.span, "nothing of this name")
                .note(format!("the layers with parameters are {}", layers.join(", ")))
                .help("name one of them, a parameter of one (`conv1.bias`), or several by `*` (`conv*`)")
                .fault());
        }
    }
    let is_frozen = |name: &str| patterns.iter().any(|pattern| is_named(&pattern.value, name));
    let params = graph.params.iter().enumerate();
    if params.clone().all(|(_, param)| !param.role.is_trained() || is_frozen(&param.name)) {
        let fault = Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, "`freeze` leaves no parameter to train");
        let fault = patterns.first().map_or(fault.clone(), |first| fault.at(first.span, "everything is named here"));
        return Err(fault.help("leave the last layer out of it, so that it learns the classes").fault());
    }
    Ok(params.filter(|(_, param)| is_frozen(&param.name)).map(|(at, _)| ParamId(at)).collect())
}

/// Whether `name` is `pattern`, in which `*` stands for any part, an empty one too.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut left) = name.strip_prefix(start).and_then(|left| left.strip_suffix(end)) else { return false };
    // The first place of each part leaves the most for those behind it.
    middle.split('*').all(|part| match left.find(part) {
        Some(at) => {
            left = &left[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part() {
        for (pattern, name, wanted) in [
            ("conv1", "conv1", true),
            ("conv1", "conv10", false),
            ("conv*", "conv10", true),
            ("*", "", true),
            ("*.bias", "dense1.bias", true),
            ("*.bias", "dense1.kernel", false),
            ("b*k*1", "block2/k1", true),
            ("b*k*1", "block2/k12", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} and {name}");
        }
    }
}
