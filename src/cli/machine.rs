//! What the machine offers: threads and instruction sets.

use std::num::NonZeroUsize;

use rayon::ThreadPoolBuilder;

use super::argument::threads;
use super::failure::Failure;
use crate::kernel::Isa;
use crate::train::Machine;

/// The variable that forces an instruction set.
const ISA_VARIABLE: &str = "NETC_ISA";

/// What a command may use of the machine.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct MachineArgs {
    /// Threads [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
}

impl MachineArgs {
    /// The threads asked for, else all there are, with the best instruction set allowed. Files are read by as many.
    ///
    /// # Errors
    ///
    /// As [`isa`].
    pub fn machine(self) -> Result<Machine, Failure> {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = self.threads.unwrap_or_else(all);
        // Once it is there it stays as it is: then a command asked for it before.
        let _ = ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build_global();
        Ok(Machine { threads, isa: isa()? })
    }
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
