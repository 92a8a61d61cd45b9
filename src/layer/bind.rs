//! Binds written arguments to a layer's arguments.

use super::convert::{Misfit, convert, words, written};
use super::foreign::misread;
use super::{Argument, Kind, LAYERS, Layer, Preset, Value, advice, find, suggestions};
use crate::base::{Span, nearest};
use crate::diag::{Diagnostic, code};
use crate::graph::PaddingRule;
use crate::syntax::ast::{Arg, Literal, Name};
use crate::syntax::settings::LayerDefaults;

/// The arguments of one layer, all with values.
#[derive(Clone, Debug)]
pub struct Bound {
    layer: &'static Layer,
    values: Vec<Value>,
    given: Vec<Option<Given>>,
}

/// Where an argument is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which of the written arguments it is.
    pub index: usize,
    /// Its value's place.
    pub value: Span,
}

impl Bound {
    /// The layer with its arguments as they are where a spec says nothing.
    #[must_use]
    pub fn defaults(layer: &'static Layer, defaults: &Defaults) -> Self {
        let preset = |argument: &Argument| match argument.preset {
            Preset::Is(value) => value,
            Preset::ClassesOr(count) => Value::Count(count),
            // Replaced by `settle` once the other argument is known.
            Preset::Like(_) => Value::Flag(false),
        };
        let mut values: Vec<Value> = layer.arguments.iter().map(preset).collect();
        for row in defaults.rows.iter().filter(|row| row.layer == layer) {
            values[row.argument] = row.value;
        }
        let mut bound = Self { layer, given: vec![None; values.len()], values };
        bound.settle(defaults);
        bound
    }

    /// Gives arguments that follow another one that argument's value, unless they have their own.
    fn settle(&mut self, defaults: &Defaults) {
        for (at, argument) in self.layer.arguments.iter().enumerate() {
            if let Preset::Like(other) = argument.preset
                && self.given[at].is_none()
                && !defaults.has(self.layer, at)
            {
                self.values[at] = self.value(other);
            }
        }
    }

    /// The layer.
    #[must_use]
    pub fn layer(&self) -> &'static Layer {
        self.layer
    }

    /// The value of an argument.
    ///
    /// # Panics
    ///
    /// The layer's row has no such argument: a slip in the table, which its tests find.
    #[must_use]
    pub fn value(&self, name: &str) -> Value {
        self.values[self.index(name)]
    }

    /// Where an argument is given, if it is.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<Given> {
        self.given[self.index(name)]
    }

    /// Changes the value of an argument.
    pub fn set(&mut self, name: &str, value: Value) {
        let at = self.index(name);
        self.values[at] = value;
    }

    /// Whether the layer has an argument of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.layer.argument(name).is_some()
    }

    fn index(&self, name: &str) -> usize {
        self.layer.argument(name).unwrap_or_else(|| unreachable!("{} has no argument {name}", self.layer.name))
    }

    /// A whole number.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        match self.value(name) {
            Value::Count(count) => count,
            other => unreachable!("{name} is {other}, not a count"),
        }
    }

    /// Rows and columns.
    #[must_use]
    pub fn pair(&self, name: &str) -> [usize; 2] {
        match self.value(name) {
            Value::Pair(pair) => pair,
            other => unreachable!("{name} is {other}, not a pair"),
        }
    }

    /// How a map is padded.
    #[must_use]
    pub fn padding(&self, name: &str) -> PaddingRule {
        match self.value(name) {
            Value::Padding(padding) => padding,
            other => unreachable!("{name} is {other}, not a padding"),
        }
    }

    /// A real number.
    #[must_use]
    pub fn real(&self, name: &str) -> f64 {
        match self.value(name) {
            Value::Real(x) => x,
            other => unreachable!("{name} is {other}, not a real number"),
        }
    }

    /// Yes or no.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Flag(flag) => flag,
            other => unreachable!("{name} is {other}, not a flag"),
        }
    }

    /// The activation layer that follows, with the place where it is asked for; `None` where none is.
    #[must_use]
    pub fn activation(&self) -> Option<(&'static Layer, Option<Given>)> {
        let at = self.layer.argument("activation")?;
        match self.values[at] {
            Value::Activation(Some(layer)) => Some((layer, self.given[at])),
            _ => None,
        }
    }

    /// The arguments in short: the leading ones always, the others where they differ from the table's default. The
    /// activation is a layer of its own and does not appear.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        for (at, (argument, value)) in self.layer.arguments.iter().zip(&self.values).enumerate() {
            let usual = match argument.preset {
                Preset::Is(preset) => preset == *value,
                Preset::Like(other) => self.value(other) == *value,
                Preset::ClassesOr(_) => false,
            };
            match argument.kind {
                Kind::Activation => {}
                _ if at < self.layer.shown => parts.push(value.to_string()),
                _ if !usual => parts.push(format!("{}: {value}", argument.name)),
                _ => {}
            }
        }
        parts.join(", ")
    }
}

/// Binds `args` to the arguments of `layer`. A faulty argument keeps its default.
#[must_use]
pub fn bind(layer: &'static Layer, name: &Name, args: &[Arg], defaults: &Defaults) -> (Bound, Vec<Diagnostic>) {
    let mut bound = Bound::defaults(layer, defaults);
    if let Some(fault) = misread(layer.name, name, args) {
        return (bound, vec![fault]);
    }
    let mut faults = Vec::new();
    let mut seen: Vec<Option<Span>> = vec![None; layer.arguments.len()];
    for (index, arg) in args.iter().enumerate() {
        let at = match &arg.name {
            Some(name) => match layer.argument(&name.value) {
                Some(at) => at,
                None => {
                    faults.push(unknown_argument(layer, name));
                    continue;
                }
            },
            None if index < layer.arguments.len() => index,
            None => {
                faults.push(too_many(layer.name, layer.arguments.len(), args, name.span));
                break;
            }
        };
        if let Some(first) = seen[at].replace(arg.span) {
            faults.push(duplicate(layer.name, layer.arguments[at].name, first, arg.span));
            continue;
        }
        match convert(layer.arguments[at].kind, &arg.value.value) {
            Ok(value) => {
                bound.values[at] = value;
                bound.given[at] = Some(Given { index, value: arg.value.span });
            }
            Err(misfit) => faults.extend(misfit_fault(layer, &layer.arguments[at], &arg.value, misfit)),
        }
    }
    bound.settle(defaults);
    (bound, faults)
}

fn unknown_argument(layer: &Layer, name: &Name) -> Diagnostic {
    let known: Vec<&str> = layer.arguments.iter().map(|argument| argument.name).collect();
    let fault = Diagnostic::new(&code::UNKNOWN_ARGUMENT, format!("`{}` has no argument `{}`", layer.name, name.value))
        .at(name.span, "no such argument");
    if known.is_empty() {
        return fault.help(format!("`{}` takes no arguments", layer.name));
    }
    let names = layer.arguments.iter().flat_map(|argument| std::iter::once(&argument.name).chain(argument.aliases));
    let fault = fault.note(format!("`{}` takes {}", layer.name, known.join(", ")));
    let near = nearest(&name.value, names.copied());
    let mut meant: Vec<&str> =
        near.into_iter().filter_map(|near| layer.argument(near)).map(|at| layer.arguments[at].name).collect();
    meant.dedup();
    match meant.first() {
        Some(first) => fault.help(format!("did you mean `{first}`?")).rename(&name.value, name.span, &meant),
        None => fault.help(format!("give one of these, or remove `{}`", name.value)),
    }
}

/// N107, of a layer or a block.
#[must_use]
pub fn too_many(name: &str, most: usize, args: &[Arg], place: Span) -> Diagnostic {
    let headline = match most {
        0 => format!("`{name}` takes no arguments, got {}", args.len()),
        1 => format!("`{name}` takes one argument, got {}", args.len()),
        most => format!("`{name}` takes at most {most} arguments, got {}", args.len()),
    };
    let span = match (args.get(most), args.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => place,
    };
    Diagnostic::new(&code::TOO_MANY_ARGUMENTS, headline).at(span, "too many").help("remove what is marked")
}

/// N106, of a layer or a block.
#[must_use]
pub fn duplicate(owner: &str, argument: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::new(&code::DUPLICATE_ARGUMENT, format!("`{argument}` of `{owner}` is given twice"))
        .at(second, "given again")
        .label(first, "given first")
        .help("keep one of them")
}

fn misfit_fault(
    layer: &Layer,
    argument: &Argument,
    value: &crate::syntax::ast::Value,
    misfit: Misfit,
) -> Option<Diagnostic> {
    let what = format!("`{}` of `{}`", argument.name, layer.name);
    let got = written(&value.value);
    match misfit {
        Misfit::Unknown => None,
        Misfit::Domain(domain) => Some(
            Diagnostic::new(&code::ARGUMENT_OUT_OF_DOMAIN, format!("{what} is {got}, but must be {domain}"))
                .at(value.span, format!("must be {domain}"))
                .help(format!("give `{}` {domain}: {}", argument.name, argument.doc)),
        ),
        Misfit::Kind => {
            let headline = format!("{what} wants {}, got `{got}`", argument.kind);
            let fault = Diagnostic::new(&code::WRONG_ARGUMENT_TYPE, headline).at(value.span, "of another kind");
            let (written, words) = words_near(argument.kind, &value.value);
            let meant = nearest(written, words.iter().map(String::as_str));
            Some(match meant.first() {
                Some(first) => fault.help(format!("did you mean `{first}`?")).rename(written, value.span, &meant),
                None => fault
                    .note(format!("`{}`: {}", argument.name, argument.doc))
                    .help(format!("give it {}", argument.kind)),
            })
        }
    }
}

/// A word, or one in quotes, and the words that an argument of `kind` takes in its place.
fn words_near(kind: Kind, literal: &Literal) -> (&str, Vec<String>) {
    match literal {
        Literal::Word(text) | Literal::Text(text) => (text, words(kind)),
        _ => ("", Vec::new()),
    }
}

/// Defaults of arguments that a spec's front matter changes.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    layer: &'static Layer,
    argument: usize,
    value: Value,
}

impl Defaults {
    /// Reads `defaults:`.
    #[must_use]
    pub fn read(written: &[LayerDefaults]) -> (Self, Vec<Diagnostic>) {
        let mut rows = Vec::new();
        let mut faults = Vec::new();
        for part in written {
            let Some(layer) = find(&part.layer.value) else {
                faults.push(unknown_layer(&part.layer));
                continue;
            };
            for (name, value) in &part.arguments {
                let Some(argument) = layer.argument(&name.value) else {
                    faults.push(unknown_argument(layer, name));
                    continue;
                };
                match convert(layer.arguments[argument].kind, &value.value) {
                    Ok(value) => rows.push(Row { layer, argument, value }),
                    Err(misfit) => faults.extend(misfit_fault(layer, &layer.arguments[argument], value, misfit)),
                }
            }
        }
        (Self { rows }, faults)
    }

    fn has(&self, layer: &Layer, argument: usize) -> bool {
        self.rows.iter().any(|row| row.layer == layer && row.argument == argument)
    }
}

/// N101.
#[must_use]
pub fn unknown_layer(name: &Name) -> Diagnostic {
    let fault = Diagnostic::new(&code::UNKNOWN_LAYER, format!("there is no layer `{}`", name.value))
        .at(name.span, "no layer of this name");
    if let Some(advice) = advice(&name.value) {
        return fault.help(advice);
    }
    let meant = suggestions(&name.value);
    match meant.first() {
        Some(first) => fault.help(format!("did you mean `{first}`?")).rename(&name.value, name.span, &meant),
        None => {
            let names: Vec<&str> = LAYERS.iter().map(|layer| layer.name).collect();
            fault.note(format!("there are {}", names.join(", "))).help("write one of these layers instead")
        }
    }
}
