//! `netc summary`: the network as a table, every activation in a row of its own.

use std::path::PathBuf;

use super::argument::InputSize;
use super::console::Console;
use super::number::{grouped, operations};
use super::table::{Column, markdown, ruled};
use super::{Ending, Outcome, spec};
use crate::check::{Frame, Net, Placed};
use crate::graph::Shape;

/// Arguments of `netc summary`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netc summary specs/digits.net\n  netc summary specs/origin.net --input 128x128x3\n  \
    netc summary specs/origin.net --format markdown"
)]
pub(super) struct Args {
    /// The spec, or `-` for stdin.
    spec: PathBuf,
    /// Take the classes, and the input's size where the spec gives none, from these images.
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Show the network for an input of this size instead of the spec's.
    #[arg(long, value_name = "HxWxC")]
    input: Option<InputSize>,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
    /// For pull requests.
    Markdown,
}

/// Runs `netc summary`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let spec = spec::load(&args.spec, args.data.as_deref(), args.input.map(|input| input.0), console)?;
    match args.format {
        Format::Json => console.json(&json(&spec.net))?,
        Format::Text => {
            console.line(&console.bold(&title(&spec)))?;
            console.result(&ruled(&columns(&spec.net), rows(&spec.net)))?;
            console.line("")?;
            console.result(&totals(&spec.net))?;
        }
        Format::Markdown => {
            console.result(&markdown(&columns(&spec.net), rows(&spec.net)))?;
            console.line("")?;
            console.result(&totals(&spec.net))?;
        }
    }
    Ok(Ending::Done)
}

fn title(spec: &spec::Runnable) -> String {
    let name = spec.tree.front.name.as_ref().map_or(spec.source.name(), |name| &name.value);
    format!("{name}, input {}", spec.net.input)
}

fn columns(net: &Net) -> Vec<Column<'static>> {
    let mut columns = vec![Column::Left("Layer"), Column::Left("Kind")];
    if has_repeats(net) {
        columns.push(Column::Left("Run"));
    }
    columns.extend([
        Column::Right("Output"),
        Column::Left("Range"),
        Column::Right("Params"),
        Column::Right("MACs"),
        Column::Right("Sees"),
    ]);
    columns
}

fn has_repeats(net: &Net) -> bool {
    net.layers.iter().any(|layer| repeat(layer).is_some())
}

/// "2/3": in which run of its innermost repeat a layer stands.
fn repeat(layer: &Placed) -> Option<String> {
    layer.trace.0.iter().rev().find_map(|frame| match frame {
        Frame::Repeat { index, count, .. } if *count > 1 => Some(format!("{index}/{count}")),
        _ => None,
    })
}

fn rows(net: &Net) -> Vec<Vec<String>> {
    let runs = has_repeats(net);
    let row = |layer: &Placed| {
        let kind = match layer.arguments.as_str() {
            "" => layer.kind.to_owned(),
            arguments => format!("{}({arguments})", layer.kind),
        };
        let mut row = vec![layer.name.clone(), kind];
        if runs {
            row.push(repeat(layer).unwrap_or_default());
        }
        row.extend([
            layer.shape_out.to_string(),
            layer.range_out.to_string(),
            grouped(layer.params.total),
            if layer.macs > 0 { operations(layer.macs) } else { String::new() },
            sees(net, layer),
        ]);
        row
    };
    net.layers.iter().map(row).collect()
}

/// The receptive field, as far as the input goes.
fn sees(net: &Net, layer: &Placed) -> String {
    match net.input {
        Shape::Map { h, .. } if layer.receptive_field >= h => "all".to_owned(),
        _ => format!("{0}×{0}", layer.receptive_field),
    }
}

fn totals(net: &Net) -> String {
    let (trained, total) = (net.graph.trained_params(), net.graph.total_params());
    let statistics = match total - trained {
        0 => String::new(),
        more => format!(", and {} running statistics", grouped(more)),
    };
    let mut text = format!("{} trainable parameters{statistics}\n", grouped(trained));
    text.push_str(&format!("{} multiply-accumulates an image\n", grouped(macs(net))));
    if let Some(assumed) = spec::assumptions(net) {
        text.push_str(&format!("{assumed}\n"));
    }
    text
}

fn macs(net: &Net) -> u64 {
    net.layers.iter().map(|layer| layer.macs).sum()
}

/// The summary as scripts read it.
#[derive(serde::Serialize)]
struct SummaryJson<'a> {
    input: Vec<usize>,
    layers: Vec<LayerJson<'a>>,
    total_params: u64,
    trainable_params: u64,
    macs: u64,
}

#[derive(serde::Serialize)]
struct LayerJson<'a> {
    index: usize,
    name: &'a str,
    kind: &'a str,
    output: Vec<usize>,
    range: String,
    params: u64,
    macs: u64,
    receptive_field: usize,
}

fn json(net: &Net) -> SummaryJson<'_> {
    SummaryJson {
        input: dims(net.input),
        layers: net.layers.iter().enumerate().map(|(index, layer)| layer_json(index, layer)).collect(),
        total_params: net.graph.total_params(),
        trainable_params: net.graph.trained_params(),
        macs: macs(net),
    }
}

fn layer_json(index: usize, layer: &Placed) -> LayerJson<'_> {
    LayerJson {
        index,
        name: &layer.name,
        kind: layer.kind,
        output: dims(layer.shape_out),
        range: layer.range_out.to_string(),
        params: layer.params.total,
        macs: layer.macs,
        receptive_field: layer.receptive_field,
    }
}

fn dims(shape: Shape) -> Vec<usize> {
    match shape {
        Shape::Map { h, w, c } => vec![h, w, c],
        Shape::Vector(len) => vec![len],
    }
}
