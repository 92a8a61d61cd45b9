//! Ctrl-C: the first finishes the step at hand and saves, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::console::Console;

/// A flag that the first Ctrl-C (or SIGTERM) raises.
///
/// Where the system does not let us listen, Ctrl-C ends the program as it always does.
pub(super) fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    let listening = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
        Console::new().log("stopping after this step; Ctrl-C again stops at once, without saving");
    });
    if let Err(error) = listening {
        Console::new().log(&format!("Ctrl-C will not save this run: {error}"));
    }
    flag
}
