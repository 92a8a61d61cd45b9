//! `netc diff`: what differs between two networks, however each is written.

mod json;
mod text;
mod word;

use std::path::{Path, PathBuf};

use super::argument::Format;
use super::console::Console;
use super::failure::Failure;
use super::spec::{ImageArgs, Runnable};
use super::{Ending, Outcome};
use crate::check::Net;
use crate::compare::{Comparison, compare};
use crate::layer::Family;

/// Arguments of `netc diff`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netc diff specs/origin-a.net specs/origin-b.net\n  netc diff before.net after.net --data photos/\n  \
    git show HEAD:net.net | netc diff - net.net --format json\n\n\
    Compared is what the specs stand for: repeats run, blocks filled in, `activation:` as a layer of its own, settings with their\n\
    defaults. Names, comments, `expect` and `lint` are not.\n\n\
    Exit code: 0 equivalent, 1 different, 2 a spec has errors or cannot be read.\n\n\
    JSON: {equivalent, same_network, specs: [{path, layers, params, activations}] * 2,\n  \
    differences: [{change: removed|added|changed, place, layers, params, …}], settings: [{key, values: [first, second]}]}.\n  \
    `removed` and `added` have `chain` and a list of layers for each time that they stand there; `changed` has `differs: text|input`\n  \
    and pairs of layers. A layer is {name, layer, reads, output, params}; `params` of a difference is by how much the second has more."
)]
pub(super) struct Args {
    /// The first spec, or `-` for stdin.
    first: PathBuf,
    /// The second spec, or `-` for stdin.
    second: PathBuf,
    #[command(flatten)]
    images: ImageArgs,
    /// What is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs `netc diff`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let load = |path: &Path| args.images.load(path, console).map_err(|failure| Failure::Trouble(Box::new(failure)));
    let specs = [load(&args.first)?, load(&args.second)?];
    let comparison = compare(&specs[0].net, &specs[1].net);
    let shown = Shown { specs: &specs, comparison: &comparison };
    match args.format {
        Format::Text => console.result(&shown.text(console))?,
        Format::Json => console.json(&shown.json())?,
    }
    Ok(if comparison.is_equivalent() { Ending::Done } else { Ending::Findings })
}

/// Two specs and what differs between them.
struct Shown<'a> {
    specs: &'a [Runnable; 2],
    comparison: &'a Comparison,
}

impl Shown<'_> {
    fn nets(&self) -> [&Net; 2] {
        [&self.specs[0].net, &self.specs[1].net]
    }

    fn name(&self, side: usize) -> &str {
        self.specs[side].source.name()
    }
}

/// How a spec writes its activations; `None` where it has none.
fn writing(net: &Net) -> Option<&'static str> {
    let activations = || net.layers.iter().filter(|layer| layer.family == Family::Activation);
    let arguments = activations().filter(|layer| layer.is_argument).count();
    match (arguments, activations().count() - arguments) {
        (0, 0) => None,
        (0, _) => Some("layers"),
        (_, 0) => Some("arguments"),
        (_, _) => Some("arguments and layers"),
    }
}
