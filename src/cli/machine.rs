//! What the machine offers: threads and instruction sets.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rayon::ThreadPoolBuilder;

use super::argument::threads;
use super::console::Console;
use super::failure::Failure;
use super::kernels::{Kernels, processor};
use crate::kernel::Isa;
use crate::plan::Choices;
use crate::train::Machine;

/// The variable that forces an instruction set.
const ISA_VARIABLE: &str = "NETC_ISA";

/// What a command may use of the machine.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct MachineArgs {
    /// Threads [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Take the kernels that `netc plan --tune` measured and wrote into this file.
    #[arg(long, value_name = "FILE")]
    pub kernels: Option<PathBuf>,
}

impl MachineArgs {
    /// The threads asked for, else all there are, with the best instruction set allowed. Files are read by as many.
    ///
    /// # Errors
    ///
    /// As [`isa`]; M812 for the file of kernels.
    pub fn machine(&self, console: &Console) -> Result<Machine, Failure> {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = self.threads.unwrap_or_else(all);
        // Once it is there it stays as it is: then a command asked for it before.
        let _ = ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build_global();
        let isa = isa()?;
        let choices = self.kernels.as_deref().map(|path| choices(path, isa, console)).transpose()?.unwrap_or_default();
        Ok(Machine { threads, isa, choices })
    }
}

/// What a file of kernels says for this machine.
fn choices(path: &Path, isa: Isa, console: &Console) -> Result<Choices, Failure> {
    let choices = Kernels::read(path)?.choices(isa);
    if choices.is_none() {
        console.log(&format!(
            "{} has nothing of this machine ({}): kernels are chosen by rule",
            path.display(),
            processor(isa)
        ));
    }
    Ok(choices.unwrap_or_default())
}

/// The name of a thread that reads files.
fn name(thread: usize) -> String {
    format!("netc-files-{thread}")
}

/// The instruction set to use: what `NETC_ISA` says, or the best that the machine has.
///
/// # Errors
///
/// The variable names no instruction set, or one that the machine does not have.
fn isa() -> Result<Isa, Failure> {
    let Some(name) = std::env::var_os(ISA_VARIABLE).filter(|name| !name.is_empty()) else {
        return Ok(Isa::detect());
    };
    let known = || Isa::ALL.map(|isa| isa.to_string()).join(", ");
    let name = name.to_string_lossy();
    match Isa::parse(&name) {
        None => Err(Failure::Usage(format!("{ISA_VARIABLE} is `{name}`, expected one of {}", known()))),
        Some(isa) if !isa.is_available() => {
            let best = Isa::detect();
            Err(Failure::Usage(format!("{ISA_VARIABLE} is `{name}`, and this machine has at most {best}")))
        }
        Some(isa) => Ok(isa),
    }
}
