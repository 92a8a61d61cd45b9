//! From a value as written to the value of an argument.

use super::argument::MAX_REACH;
use super::{Kind, Value, activations, find_activation};
use crate::graph::PaddingRule;
use crate::kernel::Padding;
use crate::syntax::ast::Literal;

/// Why a value does not fit an argument.
#[derive(Debug, PartialEq)]
pub(super) enum Misfit {
    /// It is of another kind.
    Kind,
    /// It lies outside the values there are; says which there are.
    Domain(String),
    /// It could not be read, which is reported already.
    Unknown,
}

/// The value of an argument of `kind`.
pub(super) fn convert(kind: Kind, literal: &Literal) -> Result<Value, Misfit> {
    if *literal == Literal::Unknown {
        return Err(Misfit::Unknown);
    }
    match kind {
        Kind::Count { least, most } => count(literal, least, most).map(Value::Count),
        Kind::Pair => pair(literal, 1).map(Value::Pair),
        Kind::Padding => match literal {
            Literal::Word(word) if word == "valid" => Ok(Value::Padding(PaddingRule::Valid)),
            Literal::Word(word) if word == "same" => Ok(Value::Padding(PaddingRule::Same)),
            _ => border(literal),
        },
        Kind::Border => border(literal),
        Kind::Real(bounds) => {
            let x = real(literal)?;
            if bounds.contains(x) { Ok(Value::Real(x)) } else { Err(Misfit::Domain(bounds.to_string())) }
        }
        Kind::Flag => match literal {
            Literal::Flag(flag) => Ok(Value::Flag(*flag)),
            _ => Err(Misfit::Kind),
        },
        Kind::Activation => match literal {
            // Keras has a word for it.
            Literal::Word(word) if word == "none" || word == "linear" => Ok(Value::Activation(None)),
            Literal::Word(word) => {
                find_activation(word).map(|layer| Value::Activation(Some(layer))).ok_or(Misfit::Kind)
            }
            _ => Err(Misfit::Kind),
        },
    }
}

/// The words that an argument of `kind` takes.
pub(super) fn words(kind: Kind) -> Vec<String> {
    let fixed: &[&str] = match kind {
        Kind::Padding => &["valid", "same"],
        Kind::Flag => &["true", "false"],
        Kind::Activation => &["none"],
        _ => &[],
    };
    let names = activations().filter(|_| kind == Kind::Activation).map(super::Layer::word);
    fixed.iter().map(ToString::to_string).chain(names).collect()
}

fn count(literal: &Literal, least: u64, most: u64) -> Result<usize, Misfit> {
    let Literal::Integer(number) = literal else { return Err(Misfit::Kind) };
    match u64::try_from(*number) {
        Ok(number) if (least..=most).contains(&number) => Ok(number as usize),
        _ => Err(Misfit::Domain(format!("a whole number from {least} to {most}"))),
    }
}

fn real(literal: &Literal) -> Result<f64, Misfit> {
    match literal {
        Literal::Integer(number) => Ok(*number as f64),
        Literal::Real(number) | Literal::Percent(number) => Ok(*number),
        _ => Err(Misfit::Kind),
    }
}

/// One number for both axes, or a number each.
fn pair(literal: &Literal, least: u64) -> Result<[usize; 2], Misfit> {
    match numbers(literal, least)?.as_slice() {
        [both] => Ok([*both; 2]),
        [rows, columns] => Ok([*rows, *columns]),
        _ => Err(Misfit::Kind),
    }
}

fn border(literal: &Literal) -> Result<Value, Misfit> {
    let padding = match numbers(literal, 0)?.as_slice() {
        [all] => Padding::symmetric(*all, *all),
        [rows, columns] => Padding::symmetric(*rows, *columns),
        [top, bottom, left, right] => Padding { top: *top, bottom: *bottom, left: *left, right: *right },
        _ => return Err(Misfit::Kind),
    };
    Ok(Value::Padding(PaddingRule::Explicit(padding)))
}

fn numbers(literal: &Literal, least: u64) -> Result<Vec<usize>, Misfit> {
    match literal {
        Literal::Integer(_) => Ok(vec![count(literal, least, MAX_REACH)?]),
        Literal::Size(sizes) => sizes
            .iter()
            .map(|&size| count(&Literal::Integer(i64::try_from(size).unwrap_or(i64::MAX)), least, MAX_REACH))
            .collect(),
        Literal::Tuple(items) => items.iter().map(|item| count(&item.value, least, MAX_REACH)).collect(),
        _ => Err(Misfit::Kind),
    }
}

/// A value as an author would write it.
pub(super) fn written(literal: &Literal) -> String {
    let joined = |items: &[crate::syntax::ast::Value]| {
        items.iter().map(|item| written(&item.value)).collect::<Vec<_>>().join(", ")
    };
    match literal {
        Literal::Integer(number) => number.to_string(),
        Literal::Real(number) => number.to_string(),
        Literal::Percent(share) => format!("{}%", share * 100.0),
        Literal::Size(sizes) => sizes.iter().map(u64::to_string).collect::<Vec<_>>().join("x"),
        Literal::Tuple(items) => format!("({})", joined(items)),
        Literal::List(items) => format!("[{}]", joined(items)),
        Literal::Flag(flag) => flag.to_string(),
        Literal::Word(word) => word.clone(),
        Literal::Text(text) => format!("\"{text}\""),
        Literal::Unknown => "?".to_owned(),
    }
}
