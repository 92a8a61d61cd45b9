//! `netc schema`: the front matter as a JSON schema.

use super::console::Console;
use super::{Ending, Outcome};
use crate::schema::schema;

/// Arguments of `netc schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc schema > net.schema.json\n\n\
    A YAML plugin that knows the schema completes the keys between the `---` lines, says what they do,\n\
    and marks what is wrong.")]
pub(super) struct Args {}

/// Runs `netc schema`.
pub(super) fn run(_args: &Args, console: &mut Console) -> Outcome {
    console.line(&format!("{:#}", schema()))?;
    Ok(Ending::Done)
}
