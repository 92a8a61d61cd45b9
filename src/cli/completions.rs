//! `netc completions`: the completions of a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::console::Console;
use super::{Cli, Ending, Outcome};

/// Arguments of `netc completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    netc completions bash > ~/.local/share/bash-completion/completions/netc\n  \
    netc completions zsh > \"${fpath[1]}/_netc\"\n  \
    netc completions fish > ~/.config/fish/completions/netc.fish")]
pub(super) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs `netc completions`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "netc", &mut script);
    console.document(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Done)
}
