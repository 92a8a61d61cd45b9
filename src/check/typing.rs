//! Types every edge of the expanded network, going on behind a fault with what is still known.

use std::collections::BTreeMap;

use super::expand::{Branch, Instance, Item};
use crate::graph::{Builder, Graph, LayerId, PaddingRule, Range, Shape, TypeFault, ValueId};
use crate::layer::{Bound, Family, Value};

/// How much of a value's shape can be relied on; faults that lie in the rest are not reported a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// Nothing.
    Nothing,
    /// Whether it is a map or a vector.
    Rank,
    /// The rank, and the channels of a map.
    Channels,
    /// All of it.
    Full,
}

/// A value and how much of its shape can be relied on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// The value.
    pub value: ValueId,
    /// How much of its shape can be relied on.
    pub trust: Trust,
}

/// A layer of the network, typed.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Its place among the layers.
    pub index: usize,
    /// Its name: `conv1`.
    pub name: String,
    /// The layer with its arguments and where it is written.
    pub instance: &'a Instance<'a>,
    /// Its arguments in short, the units of the last dense layer filled in.
    pub arguments: String,
    /// Its branches, where it joins some.
    pub branches: &'a [Branch<'a>],
    /// What goes in, a value a branch.
    pub inputs: Vec<Flow>,
    /// What comes out.
    pub output: Flow,
}

/// A typing rule that does not hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clash {
    /// At which layer.
    pub row: usize,
    /// Which rule.
    pub fault: TypeFault,
}

/// The typed network.
#[derive(Debug)]
pub(super) struct Typed<'a> {
    /// Its layers in order; a layer's index is the [`LayerId`] of its nodes.
    pub rows: Vec<Row<'a>>,
    /// Its operations. Only where there is no clash are they what the author means.
    pub graph: Graph,
    /// What it gives.
    pub output: Flow,
    /// The rules that do not hold, each reported once however many layers suffer from it.
    pub clashes: Vec<Clash>,
    /// Whether a part is unknown.
    pub is_partial: bool,
}

impl Row<'_> {
    /// The layer with its arguments in short: `Conv(32, 3x3)`.
    pub(super) fn text(&self) -> String {
        let name = self.instance.layer().name;
        if self.arguments.is_empty() { name.to_owned() } else { format!("{name}({})", self.arguments) }
    }
}

impl Typed<'_> {
    /// Whether a window is larger than its input somewhere.
    pub(super) fn has_window_clash(&self) -> bool {
        self.clashes.iter().any(|clash| matches!(clash.fault, TypeFault::WindowExceedsInput { .. }))
    }

    /// The shape of a value.
    pub(super) fn shape(&self, flow: Flow) -> Shape {
        self.graph.shape(flow.value)
    }
}

/// Types `items` on images of `shape`, whose numbers lie in `range`. The last dense layer that does not say its units
/// gets `classes` of them.
pub(super) fn type_network<'a>(items: &'a [Item<'a>], shape: Shape, range: Range, classes: usize) -> Typed<'a> {
    let builder = Builder::new(shape, range);
    let start = Flow { value: builder.input(), trust: Trust::Full };
    let open = last_dense(items).filter(|dense| dense.bound.given("units").is_none());
    let mut typer = Typer {
        builder,
        rows: Vec::new(),
        counters: BTreeMap::new(),
        clashes: Vec::new(),
        is_partial: false,
        open: open.map(|dense| (dense, classes)),
    };
    let output = typer.chain(items, start);
    let Typer { builder, rows, clashes, is_partial, .. } = typer;
    Typed { rows, graph: builder.finish(output.value), output, clashes, is_partial }
}

/// The last dense layer that stands in no branch.
pub(super) fn last_dense<'a>(items: &'a [Item<'a>]) -> Option<&'a Instance<'a>> {
    items.iter().rev().find_map(|item| match item {
        Item::Layer(instance) if instance.layer().name == "Dense" => Some(instance),
        _ => None,
    })
}

struct Typer<'a> {
    builder: Builder,
    rows: Vec<Row<'a>>,
    counters: BTreeMap<String, usize>,
    clashes: Vec<Clash>,
    is_partial: bool,
    /// The dense layer that has a unit a class, and how many.
    open: Option<(&'a Instance<'a>, usize)>,
}

impl<'a> Typer<'a> {
    fn chain(&mut self, items: &'a [Item<'a>], start: Flow) -> Flow {
        items.iter().fold(start, |flow, item| self.item(item, flow))
    }

    fn item(&mut self, item: &'a Item<'a>, flow: Flow) -> Flow {
        match item {
            Item::Layer(instance) => self.layer(instance, &[], vec![flow]),
            Item::Join(join, branches) => {
                let ends: Vec<Flow> = branches.iter().map(|branch| self.chain(&branch.items, flow)).collect();
                match join {
                    Some(join) => self.layer(join, branches, ends),
                    None => self.unknown(ends.first().copied().unwrap_or(flow)),
                }
            }
            Item::Unknown => self.unknown(flow),
        }
    }

    fn unknown(&mut self, flow: Flow) -> Flow {
        self.is_partial = true;
        Flow { trust: Trust::Nothing, ..flow }
    }

    fn layer(&mut self, instance: &'a Instance<'a>, branches: &'a [Branch<'a>], inputs: Vec<Flow>) -> Flow {
        let name = self.name(instance);
        self.builder.enter_layer(LayerId(self.rows.len()), &name);
        let mut bound = instance.bound.clone();
        if let Some((_, classes)) = self.open.filter(|(open, _)| std::ptr::eq(*open, instance)) {
            bound.set("units", Value::Count(classes));
        }
        let arguments = bound.summary();
        let output = self.emit(instance, bound, &inputs);
        self.rows.push(Row { index: self.rows.len(), name, instance, arguments, branches, inputs, output });
        output
    }

    fn name(&mut self, instance: &Instance<'_>) -> String {
        let word = instance.layer().word();
        let counter = self.counters.entry(word.clone()).or_default();
        *counter += 1;
        format!("{word}{counter}")
    }

    fn emit(&mut self, instance: &'a Instance<'a>, bound: Bound, inputs: &[Flow]) -> Flow {
        let trust = inputs.iter().map(|flow| flow.trust).min().unwrap_or(Trust::Nothing);
        let mut state = State { bound, values: inputs.iter().map(|flow| flow.value).collect(), trust };
        // Each recovery rules its own fault out, so that few rounds are enough.
        for _ in 0..4 {
            let emit = instance.layer().emit;
            match emit(&mut self.builder, &state.values, &state.bound) {
                Ok(value) => return Flow { value, trust: trust_behind(&self.builder, &state, value) },
                Err(fault) => {
                    if is_news(fault, state.trust) {
                        self.clashes.push(Clash { row: self.rows.len(), fault });
                    }
                    self.is_partial = true;
                    match self.recover(&mut state, fault) {
                        Some(trust) => return Flow { value: state.values[0], trust },
                        None => continue,
                    }
                }
            }
        }
        Flow { value: state.values[0], trust: Trust::Nothing }
    }

    /// Changes `state` so that the fault is gone; `Some` where the layer has to be passed over instead.
    fn recover(&mut self, state: &mut State, fault: TypeFault) -> Option<Trust> {
        match fault {
            TypeFault::WindowExceedsInput { .. } if state.bound.has("padding") => {
                state.bound.set("padding", Value::Padding(PaddingRule::Same));
                state.trust = state.trust.min(Trust::Channels);
                None
            }
            TypeFault::NeedsVector(_) => {
                let flat = self.builder.flatten(state.values[0]).ok()?;
                state.values[0] = flat;
                None
            }
            TypeFault::Groups { .. } if state.bound.has("groups") => {
                state.bound.set("groups", Value::Count(1));
                None
            }
            TypeFault::Mismatch(a, b) => {
                let same_rank =
                    matches!((a, b), (Shape::Map { .. }, Shape::Map { .. }) | (Shape::Vector(_), Shape::Vector(_)));
                Some(if same_rank { state.trust.min(Trust::Rank) } else { Trust::Nothing })
            }
            TypeFault::NormalisesOneNumber(_) => Some(state.trust),
            _ => Some(Trust::Nothing),
        }
    }
}

/// What a layer is tried with.
struct State {
    bound: Bound,
    values: Vec<ValueId>,
    trust: Trust,
}

/// Whether a fault says something that does not follow from one reported before.
fn is_news(fault: TypeFault, trust: Trust) -> bool {
    match fault {
        TypeFault::WindowExceedsInput { .. }
        | TypeFault::Mismatch(..)
        | TypeFault::NormalisesOneNumber(_)
        | TypeFault::Overflow => trust == Trust::Full,
        TypeFault::Groups { .. } => trust >= Trust::Channels,
        TypeFault::NeedsMap(_) | TypeFault::NeedsVector(_) => trust >= Trust::Rank,
    }
}

/// How much of a layer's result can be relied on.
fn trust_behind(builder: &Builder, state: &State, output: ValueId) -> Trust {
    let layer = state.bound.layer();
    let input_is_map = matches!(builder.shape(state.values[0]), Shape::Map { .. });
    match (layer.family, state.trust) {
        (_, Trust::Full) => Trust::Full,
        // A dense layer has its units whatever goes in, a convolution its filters.
        (Family::Weighted, _) if layer.name == "Dense" => Trust::Full,
        (Family::Weighted, _) if state.bound.has("filters") => Trust::Channels,
        (Family::Pool, trust) if matches!(builder.shape(output), Shape::Vector(_)) => {
            if trust == Trust::Channels && input_is_map { Trust::Full } else { Trust::Rank }
        }
        (Family::Passing, Trust::Channels) if layer.name == "Flatten" && input_is_map => Trust::Rank,
        (Family::Passing, Trust::Nothing) if layer.name == "Flatten" => Trust::Rank,
        (_, trust) => trust,
    }
}
