//! `netc man`: the manual page, of the program or of one command.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::console::Console;
use super::failure::Failure;
use super::{Cli, Ending, Outcome};
use crate::base::closest;

/// Arguments of `netc man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  netc man | man -l -\n  netc man train > netc-train.1")]
pub(super) struct Args {
    /// The command whose page is wanted; left out, the program's.
    command: Option<String>,
}

/// Runs `netc man`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let mut program = Cli::command();
    // Gives every command its whole name, `netc train`.
    program.build();
    let command = match &args.command {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &program))?,
    };
    let mut page = Vec::new();
    Man::new(command).source(concat!("netc ", env!("CARGO_PKG_VERSION"))).render(&mut page)?;
    console.document(&String::from_utf8_lossy(&page))?;
    Ok(Ending::Done)
}

fn unknown(name: &str, program: &Command) -> Failure {
    let way_out = match closest(name, program.get_subcommands().map(Command::get_name)) {
        Some(near) => format!("did you mean `netc man {near}`?"),
        None => "`netc --help` lists all".to_owned(),
    };
    Failure::Usage(format!("there is no command `{name}`; {way_out}"))
}
