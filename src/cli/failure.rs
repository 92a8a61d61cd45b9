//! What ends a command before its work is done, how it is reported, and with which exit code.

use std::io;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use super::console::Console;
use crate::base::Source;
use crate::diag::code::{self, Code};
use crate::diag::{Diagnostic, Fault};

/// What ends a command.
#[derive(Debug)]
pub(super) enum Failure {
    /// Faults, and the spec that they point into. The first error decides the exit code.
    Findings(Vec<Diagnostic>, Option<Box<Source>>),
    /// A setting of the environment that netc cannot follow.
    Usage(String),
    /// The result cannot be written.
    Output(io::Error),
    /// A failure of a command whose exit code 1 is an answer: always exit code 2.
    Trouble(Box<Self>),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Findings(vec![*fault], None)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Faults of usage and of files that cannot be read or written: exit code 2. All others are findings or failed runs.
const USAGE_OR_FILES: &[&Code] = &[
    &code::UNREADABLE_SPEC,
    &code::DATA_NOT_FOUND,
    &code::NOT_IMAGE_DATA,
    &code::MODEL_FILE_CORRUPT,
    &code::MODEL_TOO_NEW,
    &code::RUN_FOLDER_TAKEN,
    &code::WRITE_FAILED,
    &code::NOTHING_TO_RESUME,
    &code::UNKNOWN_CODE,
    &code::FILE_EXISTS,
    &code::KERNELS_UNREADABLE,
];

impl Failure {
    /// Shows it on stderr; gives the exit code.
    pub fn report(self, console: &Console) -> ExitCode {
        match self {
            Self::Usage(message) => {
                console.log(&format!("error: {message}"));
                ExitCode::from(2)
            }
            Self::Trouble(failure) => {
                failure.report(console);
                ExitCode::from(2)
            }
            // Whoever read the output has seen enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(error) => {
                let message = format!("the result cannot be written: {error}");
                let help = "free some space, or write the result elsewhere";
                Self::from(Diagnostic::new(&code::WRITE_FAILED, message).help(help).fault()).report(console)
            }
            Self::Findings(faults, source) => {
                console.log_findings(&faults, source.as_deref());
                let worst = faults.iter().find(|fault| fault.is_error()).or(faults.first());
                ExitCode::from(worst.map_or(1, |fault| exit_code(fault.code)))
            }
        }
    }
}

fn exit_code(code: &Code) -> u8 {
    if USAGE_OR_FILES.iter().any(|other| other.id == code.id) { 2 } else { 1 }
}

/// Where the last panic was, and what it said.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs `work`; a panic in it, in whatever thread, is reported as a fault of netc's own.
///
/// Nothing is printed at the panic itself: decoders of images catch the panics of theirs and name the image.
pub(super) fn without_panic(work: impl FnOnce() -> ExitCode) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!("{}:{}: ", place.file(), place.line()));
        let payload = panic.payload();
        let said = payload.downcast_ref::<&str>().copied();
        let said = said.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let said = format!("{place}{said}");
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = said;
    }));
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let said = LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        Console::new().log(&format!(
            "error[internal-error]: netc {} has a fault of its own at {said}\n  \
             help: please report this line together with the spec and the command",
            env!("CARGO_PKG_VERSION"),
        ));
        ExitCode::from(2)
    })
}
