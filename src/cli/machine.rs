//! What the machine offers: threads and instruction sets.

use std::num::NonZeroUsize;

use super::failure::Failure;
use crate::kernel::Isa;

/// The variable that forces an instruction set.
const ISA_VARIABLE: &str = "NETC_ISA";

/// How many threads to use where the command line does not say: as many as the machine runs at once.
pub(super) fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The instruction set to use: what `NETC_ISA` says, or the best that the machine has.
///
/// # Errors
///
/// The variable names no instruction set, or one that the machine does not have.
pub(super) fn isa() -> Result<Isa, Failure> {
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
