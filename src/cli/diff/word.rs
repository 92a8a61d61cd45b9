//! A difference in words.

use super::super::number::{counted, grouped};
use super::super::printable::printable;
use super::Shown;
use crate::base::Span;
use crate::check::{Placed, repeat_text};
use crate::compare::{Change, Only, Place, What, Within};
use crate::graph::Shape;

/// So many names of layers are listed.
const NAMES: usize = 4;

impl Shown<'_> {
    /// "dense1: `Dense(128)` reads 10,368 → 51,200 numbers".
    pub(super) fn change(&self, change: &Change) -> String {
        let nets = self.nets();
        let names: Vec<&str> = change.layers.iter().map(|pair| nets[0].layers[pair[0]].name.as_str()).collect();
        let [one, other] = [0, 1].map(|side| &nets[side].layers[change.layers[0][side]]);
        let text = match change.what {
            What::Input => format!("{} {}", one.text(), reads(one, other)),
            What::Text if one.params != other.params && one.shape_in.channels() != other.shape_in.channels() => {
                format!("{} → {}, which {}", one.text(), other.text(), reads(one, other))
            }
            What::Text => format!("{} → {}", one.text(), other.text()),
        };
        format!("{}: {text}{}", listed(&names), self.inside(&change.within))
    }

    /// Where layers of one network alone stand; `None` where there is no more to say than which they are.
    pub(super) fn place(&self, only: &Only) -> Option<String> {
        let source = only.side.of([&self.specs[0].source, &self.specs[1].source]);
        let quoted = |text: &str| format!("`{}`", printable(text));
        let repeat = |span: Span, count: u64| {
            let (line, _) = source.line_column(span.start);
            format!("{} (line {line})", quoted(&repeat_text(source, span, count)))
        };
        let place = match only.place {
            Place::Layers => None,
            Place::Runs { span, first: 1, last, count } if last == count => Some(repeat(span, count)),
            Place::Runs { span, first, last, count } => {
                let runs = if first == last { format!("run {first}") } else { format!("runs {first} to {last}") };
                Some(format!("{runs} of {}", repeat(span, count)))
            }
            Place::Block(call) => Some(quoted(&source.slice(call).split_whitespace().collect::<Vec<_>>().join(" "))),
            Place::Branch(at) => Some(format!("branch {at}")),
        };
        let times = match only.layers.len() {
            1 => String::new(),
            times => format!("{times} times"),
        };
        let inside = self.inside(&only.within);
        let parts = [place.unwrap_or_default(), times, inside.trim_start().to_owned()];
        let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    fn inside(&self, within: &[Within]) -> String {
        let net = self.nets()[0];
        let place =
            |within: &Within| format!(" in branch {} of {}", within.branches[0], net.layers[within.joins[0]].name);
        within.iter().rev().map(place).collect()
    }
}

/// "reads 10,368 → 51,200 numbers".
fn reads(one: &Placed, other: &Placed) -> String {
    let what = if matches!(one.shape_in, Shape::Map { .. }) { "channels" } else { "numbers" };
    let [one, other] = [one, other].map(|layer| grouped(layer.shape_in.channels() as u64));
    format!("reads {one} → {other} {what}")
}

/// "conv1, conv2", "conv1, conv2, conv3 and 9 more".
fn listed(names: &[&str]) -> String {
    let first = names[..names.len().min(NAMES)].join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => first,
        more => format!("{first} and {}", counted(more, "more layer")),
    }
}

/// `+5,226,496`, `-18,496`; nothing for 0.
pub(super) fn signed(difference: i64) -> String {
    match difference {
        0 => String::new(),
        difference if difference > 0 => format!("+{}", grouped(difference.unsigned_abs())),
        difference => format!("-{}", grouped(difference.unsigned_abs())),
    }
}
