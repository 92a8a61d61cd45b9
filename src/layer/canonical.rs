//! The names that netc writes, instead of those of Keras and PyTorch that it also reads.

use super::foreign::misread;
use super::{Kind, Layer, find, find_activation};
use crate::diag::Edit;
use crate::syntax::ast::{Arg, Literal, Name, Value};

/// Adds the edits that write the layer `name`, its arguments and its activation as the table does, in the order of
/// their places. Words for which `is_own` holds are the author's.
///
/// A layer whose arguments are read by its foreign name keeps it: by another they would mean something else.
pub fn canonical_names(name: &Name, args: &[Arg], is_own: impl Fn(&str) -> bool, edits: &mut Vec<Edit>) {
    let Some(layer) = find(&name.value) else { return };
    if misread(layer.name, name, args).is_some() {
        return;
    }
    rename(name, layer.name, edits);
    for (index, arg) in args.iter().enumerate() {
        let at = match &arg.name {
            Some(name) => layer.argument(&name.value),
            None => Some(index),
        };
        let Some(argument) = at.and_then(|at| layer.arguments.get(at)) else { continue };
        if let Some(name) = &arg.name {
            rename(name, argument.name, edits);
        }
        if argument.kind == Kind::Activation {
            rename_activations(&arg.value, &is_own, edits);
        }
    }
}

/// The words of activations in a value, one or a list of them.
fn rename_activations(value: &Value, is_own: &impl Fn(&str) -> bool, edits: &mut Vec<Edit>) {
    match &value.value {
        Literal::Word(word) if !is_own(word) => {
            if let Some(canonical) = find_activation(word).map(Layer::word).filter(|canonical| canonical != word) {
                edits.push(Edit { span: value.span, text: canonical });
            }
        }
        Literal::List(items) => items.iter().for_each(|item| rename_activations(item, is_own, edits)),
        _ => {}
    }
}

fn rename(name: &Name, canonical: &str, edits: &mut Vec<Edit>) {
    if name.value != canonical {
        edits.push(Edit { span: name.span, text: canonical.to_owned() });
    }
}
