//! Fills in a block's parameters and spreads lists over repeats.

use super::number::counted;
use super::trace::{Frame, Trace};
use crate::diag::{Diagnostic, code};
use crate::syntax::ast::{Literal, Value};

/// What becomes of a list outside any repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// It is a fault.
    Always,
    /// It is handed on: a repeat inside the block may spread it.
    InRepeat,
}

/// The value that `value` stands for at a place with these parameters, reached by this trace.
pub(super) fn resolve(
    value: &Value,
    params: &[(String, Value)],
    trace: &Trace,
    spread: Spread,
    faults: &mut Vec<Diagnostic>,
) -> Value {
    let filled = fill(value, params);
    let Literal::List(items) = &filled.value else { return filled };
    let Some(Frame::Repeat { count_span, index, count, .. }) = trace.innermost_repeat() else {
        if spread == Spread::InRepeat {
            return filled;
        }
        faults.push(outside_repeat(&filled, items.len()));
        return Value::new(Literal::Unknown, filled.span);
    };
    if items.len() as u64 != *count {
        faults.push(wrong_length(&filled, items.len(), *count).label(*count_span, format!("runs {count} times")));
        return Value::new(Literal::Unknown, filled.span);
    }
    fill(&items[*index as usize - 1], params)
}

fn fill(value: &Value, params: &[(String, Value)]) -> Value {
    let filled = |items: &[Value]| items.iter().map(|item| fill(item, params)).collect();
    let literal = match &value.value {
        Literal::Word(word) => match params.iter().find(|(name, _)| name == word) {
            Some((_, value)) => return value.clone(),
            None => return value.clone(),
        },
        Literal::Tuple(items) => Literal::Tuple(filled(items)),
        Literal::List(items) => Literal::List(filled(items)),
        other => other.clone(),
    };
    Value::new(literal, value.span)
}

/// N108.
fn wrong_length(list: &Value, length: usize, count: u64) -> Diagnostic {
    let headline = format!("a list of {} for a repeat that runs {count} times", counted(length, "value"));
    Diagnostic::new(&code::SPREAD_LENGTH_MISMATCH, headline)
        .at(list.span, counted(length, "value"))
        .help(format!("give {}, one a run, or repeat {length} times", counted(count as usize, "value")))
}

/// N109.
fn outside_repeat(list: &Value, length: usize) -> Diagnostic {
    let headline = format!("a list of {} where no repeat spreads it", counted(length, "value"));
    Diagnostic::new(&code::SPREAD_OUTSIDE_REPEAT, headline)
        .at(list.span, "a list is spread over a repeat, one value a run")
        .help(format!("write one value, or repeat the layer: `[…] * {length}`"))
}
