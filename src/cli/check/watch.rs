//! `netc check --watch`: checks again whenever a spec changes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Args, once};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::{Ending, Outcome, spec};

/// So often the specs are looked at.
const PERIOD: Duration = Duration::from_millis(300);

/// When each spec changed last, and how large it is; `None` for one that is not there.
type Stamps = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

/// Checks the specs whenever one of them changes, appears or goes, until Ctrl-C ends the program.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    if args.reads_stdin() {
        return Err(Failure::Usage("`--watch` follows files and folders, and stdin is neither".to_owned()));
    }
    if let Err(error) = ctrlc::set_handler(|| std::process::exit(0)) {
        console.log(&format!("Ctrl-C will end this with another exit code: {error}"));
    }
    let mut before = None;
    loop {
        let stamps = stamps(args);
        if before.as_ref() != Some(&stamps) {
            console.clear()?;
            let _: Ending = show(&stamps, args, console)?;
            console.log("watching for changes; Ctrl-C ends");
            before = Some(stamps);
        }
        std::thread::sleep(PERIOD);
    }
}

/// One check of all that is there; a folder without specs is told and waited for.
fn show(stamps: &Stamps, args: &Args, console: &mut Console) -> Outcome {
    if stamps.is_empty() {
        console.log("there is no `.net` file yet");
    }
    let paths: Vec<PathBuf> = stamps.keys().cloned().collect();
    let ending = once(&paths, args, console)?;
    console.flush()?;
    Ok(ending)
}

/// The specs as they are now: those that were named, and those below the folders.
fn stamps(args: &Args) -> Stamps {
    let below = |path: &PathBuf| spec::expand(std::slice::from_ref(path)).unwrap_or_default();
    args.paths.iter().flat_map(below).map(|path| (path.clone(), stamp(&path))).collect()
}

fn stamp(path: &PathBuf) -> Option<(SystemTime, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
