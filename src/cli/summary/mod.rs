//! `netc summary`: the network as a table, every activation in a row of its own.

mod json;
mod row;

use std::path::PathBuf;

use super::argument::batch;
use super::console::{Console, terminal_width};
use super::machine::MachineArgs;
use super::number::{bytes, grouped};
use super::spec::{self, ImageArgs, Runnable};
use super::table::{Fitted, markdown, ruled};
use super::text::paragraphs;
use super::{Ending, Outcome};
use crate::check::Net;
use crate::graph::Training;
use crate::plan::{Options, Plan};
use crate::train::Machine;

/// Arguments of `netc summary`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netc summary specs/digits.net\n  netc summary specs/origin.net --fold --batch 32\n  \
    netc summary specs/origin.net --input 128x128x3 --format markdown\n\n\
    On a narrow terminal columns are left out in this order: MACs, Sees, Run, Layer, Range; then kinds\n\
    are cut short. Numbers never are."
)]
pub(super) struct Args {
    /// The spec, or `-` for stdin.
    spec: PathBuf,
    #[command(flatten)]
    images: ImageArgs,
    /// Show a repeat once, with how often it runs and what its runs give.
    #[arg(long)]
    fold: bool,
    /// Add the memory that training in batches of this size takes.
    #[arg(long, value_name = "N", value_parser = batch)]
    batch: Option<usize>,
    #[command(flatten)]
    machine: MachineArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For scripts: every layer, folded or not.
    Json,
    /// For pull requests.
    Markdown,
}

/// The memory of a training step.
#[derive(Clone, Copy, Debug)]
struct Memory {
    batch: usize,
    threads: usize,
    peak_bytes: u64,
}

/// Runs `netc summary`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let spec = args.images.load(&args.spec, console)?;
    let net = &spec.net;
    let machine = args.machine.machine(console)?;
    let memory = args.batch.map(|batch| memory(&spec, batch, machine));
    let (columns, rows) = if args.fold { row::folded(net) } else { row::every(net) };
    match args.format {
        Format::Json => console.json(&json::summary(net, memory))?,
        Format::Text => {
            let table = Fitted::new(columns, rows, row::DROPPED, terminal_width());
            console.line(&console.bold(&title(&spec)))?;
            console.result(&ruled(&table.columns, table.rows))?;
            console.line("")?;
            console.result(&totals(net, memory))?;
            if let Some(note) = table.note {
                console.result(&paragraphs(&note, 0, console.text_width()))?;
            }
        }
        Format::Markdown => {
            console.result(&markdown(&columns, rows))?;
            console.line("")?;
            console.result(&totals(net, memory))?;
        }
    }
    Ok(Ending::Done)
}

fn memory(spec: &Runnable, batch: usize, machine: Machine) -> Memory {
    let Machine { threads, isa, choices } = machine;
    let train = &spec.tree.front.train;
    let options = Options { batch, isa, precision: train.precision, recompute: train.recompute, choices };
    let plan = Plan::training(&Training::of(&spec.net.graph), train.optimizer, options);
    Memory { batch, threads, peak_bytes: plan.peak_bytes(threads) }
}

fn title(spec: &Runnable) -> String {
    let name = spec.tree.front.name.as_ref().map_or(spec.source.name(), |name| &name.value);
    format!("{name}, input {}", spec.net.input)
}

fn totals(net: &Net, memory: Option<Memory>) -> String {
    let (trained, total) = (net.graph.trained_params(), net.graph.total_params());
    let statistics = match total - trained {
        0 => String::new(),
        more => format!(", and {} running statistics", grouped(more)),
    };
    let size = bytes(weight_bytes(net));
    let mut text = format!("{} trainable parameters{statistics}: {size}\n", grouped(trained));
    text.push_str(&format!("{} multiply-accumulates an image\n", grouped(macs(net))));
    if let Some(memory) = memory {
        text.push_str(&format!(
            "{} at the peak of training in batches of {} with {} threads\n",
            bytes(memory.peak_bytes),
            memory.batch,
            memory.threads,
        ));
    }
    if let Some(assumed) = spec::assumptions(net) {
        text.push_str(&format!("{assumed}\n"));
    }
    text
}

fn macs(net: &Net) -> u64 {
    net.layers.iter().map(|layer| layer.macs).sum()
}

/// Bytes of all weights as a model file holds them: four each.
fn weight_bytes(net: &Net) -> u64 {
    4 * net.graph.total_params()
}
