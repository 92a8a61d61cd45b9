//! What a picture shows, before anything has a place.

use crate::base::grouped;
use crate::check::{Fold, Net, Placed, Repeats, listed};
use crate::layer::Family;

/// Names of classes that take more characters are left out.
const NAMES_WIDTH: usize = 40;

/// The whole picture.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// What it is a picture of.
    pub title: String,
    /// Sizes in words, for the line below.
    pub caption: String,
    /// From the input to the output.
    pub parts: Vec<Part>,
}

/// A part of a chain.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Layers on one another, without an arrow between.
    Stack(Vec<Cell>),
    /// Branches, what joins them, and the layers on that.
    Join {
        /// The branches in which something is done.
        branches: Vec<Vec<Part>>,
        /// Branches that pass their input on.
        skips: usize,
        /// The joining layer, and layers on it.
        stack: Vec<Cell>,
    },
    /// A repeat or a block.
    Frame {
        /// The block's name; empty for a repeat alone.
        name: String,
        /// How often it runs.
        count: usize,
        /// What is inside.
        body: Vec<Part>,
        /// What it gives in each run of the repeats around it.
        shapes: Vec<String>,
    },
}

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// Its colour.
    pub tint: Tint,
    /// Its kind.
    pub kind: String,
    /// Its leading arguments: `64, 3×3`.
    pub arguments: String,
    /// Its other arguments: `stride 2×2, padding same`.
    pub detail: String,
    /// Its parameters; empty where it has none.
    pub params: String,
    /// What it gives in each of its runs: `32×32×64`.
    pub shapes: Vec<String>,
}

/// The colour of a layer, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tint {
    /// The input and the output.
    End,
    /// Convolutions.
    Conv,
    /// Dense layers.
    Dense,
    /// Pools.
    Pool,
    /// Normalisations.
    Norm,
    /// Activations.
    Activation,
    /// What moves numbers without changing them.
    Passing,
    /// What joins branches.
    Join,
}

impl Part {
    /// What it gives: `32×32×64`, where a repeat around it makes it several shapes the first and the last.
    pub(super) fn shape(&self) -> String {
        listed(self.shapes().iter().cloned(), 1)
    }

    fn shapes(&self) -> &[String] {
        match self {
            Self::Stack(cells) | Self::Join { stack: cells, .. } => cells.last().map_or(&[], |cell| &cell.shapes),
            Self::Frame { shapes, .. } => shapes,
        }
    }
}

/// What is shown of a network.
pub(super) fn figure(net: &Net, name: &str, repeats: Repeats) -> Figure {
    let mut parts = vec![Part::Stack(vec![end("Input", vec![net.input.to_string()])])];
    parts.extend(chain(net, &net.fold(repeats), repeats));
    let classes = Cell { detail: class_names(net), ..end(&format!("{} classes", net.classes), Vec::new()) };
    parts.push(Part::Stack(vec![classes]));
    let params = grouped(net.graph.trained_params());
    Figure { title: name.to_owned(), caption: format!("{} layers, {params} parameters", net.layers.len()), parts }
}

/// The classes, where their names are known and few.
fn class_names(net: &Net) -> String {
    let names = net.class_names.as_ref().map_or_else(String::new, |names| names.join(", "));
    if names.chars().count() > NAMES_WIDTH { String::new() } else { names }
}

fn end(text: &str, shapes: Vec<String>) -> Cell {
    let [arguments, detail, params] = [const { String::new() }; 3];
    Cell { tint: Tint::End, kind: text.to_owned(), arguments, detail, params, shapes }
}

fn chain(net: &Net, folds: &[Fold], repeats: Repeats) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for fold in folds {
        match fold {
            Fold::Layer(runs) => add_cell(&mut parts, cell(net, runs)),
            Fold::Join { layer, branches } => {
                let (skips, branches): (Vec<_>, Vec<_>) =
                    branches.iter().partition(|branch| branch.iter().all(|fold| does_nothing(net, fold)));
                let branches = branches.into_iter().map(|branch| chain(net, branch, repeats)).collect();
                parts.push(Part::Join { branches, skips: skips.len(), stack: vec![cell(net, layer)] });
            }
            Fold::Repeat { count, body } => {
                parts.push(frame(String::new(), *count, chain(net, body, repeats)));
            }
            Fold::Block { name, body, .. } => match chain(net, body, repeats).as_mut_slice() {
                // A block that only names a layer or two needs no frame.
                [Part::Stack(cells)] => cells.drain(..).for_each(|cell| add_cell(&mut parts, cell)),
                body => add_frame(&mut parts, frame(name.clone(), 1, body.to_vec()), repeats),
            },
        }
    }
    parts
}

/// What a repeat gives is what its last run gives. A repeat of nothing but a block is one frame.
fn frame(name: String, count: usize, mut body: Vec<Part>) -> Part {
    let given = body.last().map_or(&[] as &[String], Part::shapes);
    let given = given.chunks(count).filter_map(|runs| runs.last().cloned()).collect();
    match body.as_mut_slice() {
        [Part::Frame { count: inner, shapes, .. }] if name.is_empty() && *inner == 1 => {
            (*inner, *shapes) = (count, given);
            body.remove(0)
        }
        _ => Part::Frame { name, count, body, shapes: given },
    }
}

/// A block behind one that is the same in every respect is one run more of it.
fn add_frame(parts: &mut Vec<Part>, frame: Part, repeats: Repeats) {
    if let (Some(Part::Frame { name, count, body, shapes }), Part::Frame { name: next, count: 1, body: more, .. }) =
        (parts.last_mut(), &frame)
        && (&*name, &*body) == (next, more)
        && shapes.as_slice() == frame.shapes()
        && repeats == Repeats::Folded
    {
        *count += 1;
        return;
    }
    parts.push(frame);
}

fn does_nothing(net: &Net, fold: &Fold) -> bool {
    matches!(fold, Fold::Layer(runs) if net.layers[runs[0]].kind == "Identity")
}

/// A layer that keeps the shape lies on the one before it.
fn add_cell(parts: &mut Vec<Part>, cell: Cell) {
    let lies_on = matches!(cell.tint, Tint::Activation | Tint::Norm) || cell.kind.ends_with("Dropout");
    match parts.last_mut() {
        Some(Part::Stack(cells) | Part::Join { stack: cells, .. }) if lies_on => cells.push(cell),
        _ => parts.push(Part::Stack(vec![cell])),
    }
}

fn cell(net: &Net, runs: &[usize]) -> Cell {
    let layers: Vec<&Placed> = runs.iter().map(|&at| &net.layers[at]).collect();
    let (detail, leading): (Vec<String>, Vec<String>) =
        net.folded_arguments(runs).into_iter().partition(|argument| argument.contains(": "));
    let detail = detail.iter().filter(|argument| *argument != "padding: 0").map(|argument| detailed(argument));
    let params = listed(layers.iter().map(|layer| grouped(layer.params.trained)), 1);
    Cell {
        tint: tint(layers[0]),
        kind: layers[0].kind.to_owned(),
        arguments: printed(&leading.join(", ")),
        detail: detail.collect::<Vec<_>>().join(", "),
        params: if params == "0" { String::new() } else { params },
        shapes: layers.iter().map(|layer| layer.shape_out.to_string()).collect(),
    }
}

fn tint(layer: &Placed) -> Tint {
    match layer.family {
        Family::Weighted if layer.kind == "Dense" => Tint::Dense,
        Family::Weighted => Tint::Conv,
        Family::Pool => Tint::Pool,
        Family::Norm => Tint::Norm,
        Family::Passing => Tint::Passing,
        Family::Activation => Tint::Activation,
        Family::Combinator { .. } => Tint::Join,
    }
}

/// `stride: 2x2` as `stride 2`, `bias: false` as `no bias`.
fn detailed(argument: &str) -> String {
    match argument.split_once(": ") {
        Some((name, "true")) => name.to_owned(),
        Some((name, "false")) => format!("no {name}"),
        Some((name, value)) => match value.split_once('x') {
            Some((rows, columns)) if rows == columns => format!("{name} {rows}"),
            _ => format!("{name} {}", printed(value)),
        },
        None => printed(argument),
    }
}

/// Arguments as a book prints them: `3×3` for `3x3`.
fn printed(arguments: &str) -> String {
    let mut printed = String::new();
    for (at, character) in arguments.char_indices() {
        let is_between_digits = || {
            let before = arguments[..at].chars().next_back();
            let after = arguments[at + 1..].chars().next();
            [before, after].iter().all(|side| side.is_some_and(|side| side.is_ascii_digit()))
        };
        match character {
            'x' if is_between_digits() => printed.push('×'),
            other => printed.push(other),
        }
    }
    printed
}
