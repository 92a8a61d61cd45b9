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

/// What follows the list of options.
const HELP: &str = "\
Examples:
  netc diff specs/origin-a.net specs/origin-b.net
  netc diff before.net after.net --data photos/
  git show HEAD:my.net | netc diff - my.net --format json

Compared is what the specs stand for: repeats run, blocks filled in, `activation:` as a layer of
its own, settings with their defaults. Names, comments, `expect` and `lint` are not.

Exit code: 0 equivalent, 1 different, 2 a spec has errors or cannot be read.

JSON:
  {equivalent, same_network, specs, differences, settings}
  specs: of both {path, layers, params, activations: arguments|layers|arguments and layers|null}
  differences: {change: removed|added, place, chain, layers: a list for each place, params}
    or {change: changed, differs: text|input, place, layers: pairs, params}; `params` is by how
    much the second network has more; a layer is {name, layer, reads, output, params}
  settings: {key, values: [first, second]}";

/// Arguments of `netc diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
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
