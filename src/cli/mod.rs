//! The command line: one file a command, one list. The only room that prints.
//!
//! Results go to stdout, progress and faults to stderr. The exit code is 0 where the work was done, 1 for findings or
//! a run that failed, 2 for wrong usage and for files that cannot be read or written. Every fault that a user can
//! cause is a [`Diagnostic`](crate::diag::Diagnostic); a panic is a fault of netc's own and is reported as such.

mod advise;
mod argument;
mod check;
mod completions;
mod console;
mod data;
mod diff;
mod eval;
mod explain;
mod failure;
mod fmt;
mod graph;
mod health;
mod interrupt;
mod job;
mod kernels;
mod lr;
mod machine;
mod man;
mod model;
mod new;
mod number;
mod plan;
mod predict;
mod printable;
mod profile;
mod progress;
mod rewrite;
mod schema;
mod shell;
mod spec;
mod summary;
mod table;
mod text;
mod train;
mod tune;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use console::Console;
use failure::Failure;

/// A compiler for declarative image classifiers: checks, plans and trains `.net` files.
///
/// A `.net` file declares one network; a folder of class folders holds the images. netc needs no network connection
/// and sends nothing anywhere.
#[derive(Debug, Parser)]
#[command(name = "netc", version, arg_required_else_help = true)]
#[command(after_help = "Start here:\n  netc train specs/digits.net specs/digits.tar.gz\n\n\
    Exit code: 0 done, 1 findings or a failed run, 2 wrong usage or files that cannot be read or written.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// All commands, in the order of a first use.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write a first spec for images, with the reason for every line beside it.
    New(new::Args),
    /// Find what will not run or cannot learn in specs, before a weight exists.
    Check(check::Args),
    /// Write specs in their canonical layout.
    Fmt(fmt::Args),
    /// Show the network as a table: every layer with its output, value range and parameters.
    Summary(summary::Args),
    /// Draw the network: SVG for papers, Graphviz, Mermaid.
    Graph(graph::Args),
    /// Show what differs between two networks, however each is written.
    Diff(diff::Args),
    /// Show the steps that the network becomes, and with --profile how long each takes.
    Plan(plan::Args),
    /// Look at images before they are trained on: what is there, what is wrong, what is there twice.
    Data(data::Args),
    /// Find a learning rate: let it grow until the loss runs away, draw the curve, and try a few rates below that.
    Lr(lr::Args),
    /// Train a spec on images, into a run folder.
    Train(train::Args),
    /// Turn what a training's findings advise into a change of its spec.
    Advise(advise::Args),
    /// Score a model on images whose classes are known.
    Eval(eval::Args),
    /// Predict the classes of image files.
    Predict(predict::Args),
    /// Explain a code that netc reports, with a wrong and a right example.
    Explain(explain::Args),
    /// Print the JSON schema of the front matter, for editors.
    Schema(schema::Args),
    /// Print the completions of a shell.
    Completions(completions::Args),
    /// Print the manual page.
    Man(man::Args),
}

/// How a command that ran to its end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Everything was done, and there is nothing to act on.
    Done,
    /// There are findings that fail a build, or part of the work failed; they have been shown.
    Findings,
    /// A file among others could not be read; that has been shown.
    Unreadable,
}

/// What a command returns.
type Outcome = Result<Ending, Failure>;

/// Runs the program on its command line.
pub fn main() -> ExitCode {
    failure::without_panic(|| command(&Cli::parse().command))
}

fn command(command: &Command) -> ExitCode {
    let mut console = Console::new();
    let outcome = run(command, &mut console).and_then(|ending| {
        console.flush()?;
        Ok(ending)
    });
    match outcome {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Findings) => ExitCode::from(1),
        Ok(Ending::Unreadable) => ExitCode::from(2),
        Err(failure) => failure.report(&console),
    }
}

fn run(command: &Command, console: &mut Console) -> Outcome {
    match command {
        Command::New(args) => new::run(args, console),
        Command::Check(args) => check::run(args, console),
        Command::Fmt(args) => fmt::run(args, console),
        Command::Summary(args) => summary::run(args, console),
        Command::Graph(args) => graph::run(args, console),
        Command::Diff(args) => diff::run(args, console),
        Command::Plan(args) => plan::run(args, console),
        Command::Data(args) => data::run(args, console),
        Command::Lr(args) => lr::run(args, console),
        Command::Train(args) => train::run(args, console),
        Command::Advise(args) => advise::run(args, console),
        Command::Eval(args) => eval::run(args, console),
        Command::Predict(args) => predict::run(args, console),
        Command::Explain(args) => explain::run(args, console),
        Command::Schema(args) => schema::run(args, console),
        Command::Completions(args) => completions::run(args, console),
        Command::Man(args) => man::run(args, console),
    }
}
