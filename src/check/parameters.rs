//! Binds the arguments of a block's use to its parameters.

use super::spread::{Spread, resolve};
use super::trace::Trace;
use crate::base::{Span, nearest};
use crate::diag::{Diagnostic, code};
use crate::layer::{duplicate, too_many};
use crate::syntax::ast::{Arg, Call, Let, Literal, Name, Value};

/// The value of every parameter of `block`; unknown where a fault is reported.
pub(super) fn bind(block: &Let, call: &Call, args: &[Arg]) -> (Vec<(String, Value)>, Vec<Diagnostic>) {
    let mut given: Vec<Option<&Arg>> = vec![None; block.params.len()];
    let mut faults = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        let at = match &arg.name {
            Some(name) => match block.params.iter().position(|param| param.name.value == name.value) {
                Some(at) => at,
                None => {
                    faults.push(unknown(block, name));
                    continue;
                }
            },
            None if index < given.len() => index,
            None => {
                faults.push(too_many(&block.name.value, given.len(), args, call.span));
                break;
            }
        };
        if let Some(first) = given[at].replace(arg) {
            faults.push(duplicate(&block.name.value, &block.params[at].name.value, first.span, arg.span));
        }
    }
    let mut values: Vec<(String, Value)> = Vec::new();
    for (param, given) in block.params.iter().zip(given) {
        let value = match (given, &param.default) {
            (Some(arg), _) => arg.value.clone(),
            (None, Some(default)) => resolve(default, &values, &Trace::default(), Spread::InRepeat, &mut faults),
            (None, None) => {
                faults.push(missing(block, &param.name, call.span));
                Value::new(Literal::Unknown, call.span)
            }
        };
        values.push((param.name.value.clone(), value));
    }
    (values, faults)
}

fn unknown(block: &Let, name: &Name) -> Diagnostic {
    let headline = format!("the block `{}` has no parameter `{}`", block.name.value, name.value);
    let fault = Diagnostic::new(&code::UNKNOWN_ARGUMENT, headline)
        .at(name.span, "no such parameter")
        .label(block.name.span, "the block is defined here");
    // Of one letter every other is a near miss.
    let params = block.params.iter().map(|param| param.name.value.as_str()).filter(|param| param.len() > 1);
    let meant = nearest(&name.value, params);
    match meant.first() {
        Some(first) => fault.help(format!("did you mean `{first}`?")).rename(&name.value, name.span, &meant),
        None if block.params.is_empty() => fault.help("remove it: the block takes no parameters"),
        None => {
            let params: Vec<String> = block.params.iter().map(|param| format!("`{}`", param.name.value)).collect();
            fault.help(format!("its parameters: {}", params.join(", ")))
        }
    }
}

fn missing(block: &Let, param: &Name, call: Span) -> Diagnostic {
    let headline = format!("the block `{}` needs `{}`, which is not given", block.name.value, param.value);
    Diagnostic::new(&code::MISSING_ARGUMENT, headline)
        .at(call, format!("`{}` is missing", param.value))
        .label(param.span, "it has no default")
        .help(format!("give it here, or a default there: `{}: 32`", param.value))
}
