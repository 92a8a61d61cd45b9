//! The folder of one run; every file in it appears whole or not at all.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::checkpoint::Checkpoint;
use super::record::Record;
use super::unchanged::changed;
use super::yaml::to_yaml;
use crate::base::Source;
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::health::Finding;
use crate::model::{Model, is_unfinished, read_file, remove_unfinished, unfinished, write_file};

const SPEC: &str = "spec.net";
const RECORD: &str = "state/run.json";
const CHECKPOINT: &str = "state/checkpoint.safetensors";
/// The checkpoint before the latest, for when that is damaged.
const BEFORE: &str = "state/before.safetensors";
const GOOD: &str = "state/good.safetensors";
const FINDINGS: &str = "findings.json";

/// One run's folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
    log: String,
}

impl RunFolder {
    /// The folder of a new run, at `out`, or at `<runs>/<spec>-<n>` with the first free n. Nothing is written yet.
    ///
    /// # Errors
    /// M804 where `out` is there and not an empty folder.
    pub fn plan(out: Option<&Path>, runs: &Path, spec: &Source) -> Result<Self> {
        let path = match out {
            Some(out) if is_taken(out) => return Err(taken(out)),
            Some(out) => out.to_owned(),
            None => {
                let next = last_number(runs, &stem(spec)).map_or(1, |last| last + 1);
                runs.join(format!("{}-{next}", stem(spec)))
            }
        };
        Ok(Self { path, log: String::new() })
    }

    /// The folder of a run to go on with: at `out`, or the latest of the spec in `runs`.
    ///
    /// # Errors
    /// M808 where there is no run.
    pub fn find(out: Option<&Path>, runs: &Path, spec: &Source) -> Result<Self> {
        let path = match (out, last_number(runs, &stem(spec))) {
            (Some(out), _) => out.to_owned(),
            (None, Some(last)) => runs.join(format!("{}-{last}", stem(spec))),
            (None, None) => return Err(nothing_to_resume(runs, &format!("there is no run of {}", stem(spec)))),
        };
        let log = std::fs::read_to_string(path.join("log.txt")).unwrap_or_default();
        let folder = Self { path, log };
        if folder.has_run() { Ok(folder) } else { Err(nothing_to_resume(&folder.path, "the folder holds no run")) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a run was started in it.
    #[must_use]
    pub fn has_run(&self) -> bool {
        self.path.join(RECORD).is_file()
    }

    /// Whether there is a checkpoint to go on from.
    #[must_use]
    pub fn has_checkpoint(&self) -> bool {
        self.path.join(CHECKPOINT).is_file()
    }

    /// Creates the folder with the spec and the record.
    ///
    /// # Errors
    /// M804 where another run has taken the folder meanwhile, M805.
    pub fn create(&self, spec: &Source, record: &Record) -> Result<()> {
        if let Some(parent) = self.path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| not_created(parent, &error))?;
        }
        match std::fs::create_dir(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                if is_taken(&self.path) {
                    return Err(taken(&self.path));
                }
                self.tidy();
            }
            outcome => outcome.map_err(|error| not_created(&self.path, &error))?,
        }
        let state = self.path.join("state");
        std::fs::create_dir_all(&state).map_err(|error| not_created(&state, &error))?;
        self.write(SPEC, spec.text().as_bytes())?;
        self.write_record(record)
    }

    /// Writes what the run was resolved to: `run.yaml` to read, and the same for netc.
    ///
    /// # Errors
    /// M805.
    pub fn write_record(&self, record: &Record) -> Result<()> {
        let value = serde_json::to_value(record).unwrap_or(Value::Null);
        self.write("run.yaml", to_yaml(&value).as_bytes())?;
        self.write(RECORD, value.to_string().as_bytes())
    }

    /// What the run was resolved to.
    ///
    /// # Errors
    /// M801 where it cannot be read.
    pub fn record(&self) -> Result<Record> {
        let path = self.path.join(RECORD);
        let bytes = read_file(&path, &code::MODEL_FILE_CORRUPT)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Diagnostic::new(&code::MODEL_FILE_CORRUPT, format!("the run's record is damaged: {error}"))
                .on(&path)
                .help("start a new run without `--resume`")
                .fault()
        })
    }

    /// Holds a spec to the one that the run was started with.
    ///
    /// # Errors
    /// M806 where a byte differs, M801 where the run's own copy cannot be read.
    pub fn check_spec(&self, spec: &Source) -> Result<()> {
        let own = self.path.join(SPEC);
        let text = read_file(&own, &code::MODEL_FILE_CORRUPT)?;
        if text == spec.text().as_bytes() {
            return Ok(());
        }
        Err(changed("the spec").on(&own).note(format!("{} differs from the run's own copy", spec.name())).fault())
    }

    /// Removes the files that a kill left half written.
    pub fn tidy(&self) {
        remove_unfinished(&self.path);
        remove_unfinished(&self.path.join("state"));
    }

    /// The latest checkpoint; none before the first.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>> {
        Checkpoint::load(&self.path.join(CHECKPOINT))
    }

    /// Replaces the latest checkpoint, which is kept as the one before.
    ///
    /// # Errors
    /// M805.
    pub fn write_checkpoint(&self, checkpoint: Checkpoint) -> Result<()> {
        let latest = self.path.join(CHECKPOINT);
        if latest.exists() {
            self.keep_before(&latest);
        }
        checkpoint.save(&latest)
    }

    /// Gives the latest checkpoint a second name, or where the file system knows no such thing copies it. Where neither can be
    /// done there is no spare one, or an older one.
    fn keep_before(&self, latest: &Path) {
        let spare = self.path.join("state").join(unfinished("before"));
        let _ = std::fs::remove_file(&spare);
        let linked = std::fs::hard_link(latest, &spare).or_else(|_| std::fs::copy(latest, &spare).map(drop));
        if linked.is_ok() {
            let _ = std::fs::rename(&spare, self.path.join(BEFORE));
            // Where both names were of one file already, the second stays.
            let _ = std::fs::remove_file(&spare);
        }
    }

    /// The checkpoint before the latest, which takes the latest one's place; none where there is none that is whole.
    pub(super) fn fall_back(&self) -> Option<Checkpoint> {
        let before = self.path.join(BEFORE);
        let checkpoint = Checkpoint::load(&before).ok().flatten()?;
        // Where this fails the damaged one stays, and is found damaged again.
        let _ = std::fs::rename(&before, self.path.join(CHECKPOINT));
        Some(checkpoint)
    }

    /// The checkpoint that a training which collapses goes back to; none where none was written.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn good(&self) -> Result<Option<Checkpoint>> {
        Checkpoint::load(&self.path.join(GOOD))
    }

    /// Replaces the checkpoint that a training which collapses goes back to.
    ///
    /// # Errors
    /// M805.
    pub fn write_good(&self, checkpoint: Checkpoint) -> Result<()> {
        checkpoint.save(&self.path.join(GOOD))
    }

    /// Writes `findings.json`.
    ///
    /// # Errors
    /// M805.
    pub fn write_findings(&self, findings: &[Finding]) -> Result<()> {
        let text = serde_json::to_string_pretty(findings).unwrap_or_else(|error| unreachable!("as JSON: {error}"));
        self.write(FINDINGS, format!("{text}\n").as_bytes())
    }

    /// What was found of the run's health; nothing where no such file was written.
    ///
    /// # Errors
    /// M801 where it is damaged.
    pub fn findings(&self) -> Result<Vec<Finding>> {
        let path = self.path.join(FINDINGS);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let bytes = read_file(&path, &code::MODEL_FILE_CORRUPT)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Diagnostic::new(&code::MODEL_FILE_CORRUPT, format!("the findings of the run cannot be read: {error}"))
                .on(&path)
                .help("`netc train --resume` writes them again from the run's checkpoint")
                .fault()
        })
    }

    /// The run's own copy of its spec.
    ///
    /// # Errors
    /// M801 where it cannot be read.
    pub fn spec(&self) -> Result<Source> {
        let path = self.path.join(SPEC);
        let bytes = read_file(&path, &code::MODEL_FILE_CORRUPT)?;
        Ok(Source::new(path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Writes `best.safetensors`.
    ///
    /// # Errors
    /// M805.
    pub fn write_best(&self, model: &Model) -> Result<()> {
        model.save(&self.path.join("best.safetensors"))
    }

    /// Writes `last.safetensors`.
    ///
    /// # Errors
    /// M805.
    pub fn write_last(&self, model: &Model) -> Result<()> {
        model.save(&self.path.join("last.safetensors"))
    }

    /// Writes `metrics.jsonl`, a line an epoch.
    ///
    /// # Errors
    /// M805.
    pub fn write_metrics(&self, lines: &str) -> Result<()> {
        self.write("metrics.jsonl", lines.as_bytes())
    }

    /// Adds a line to `log.txt`.
    ///
    /// # Errors
    /// M805.
    pub fn log(&mut self, line: &str) -> Result<()> {
        self.log.push_str(line);
        self.log.push('\n');
        self.write("log.txt", self.log.as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        write_file(&self.path.join(name), bytes)
    }
}

/// The name of the spec's file without its ending.
fn stem(spec: &Source) -> String {
    let stem = Path::new(spec.name()).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    // What comes from standard input is shown as `<stdin>`, which no shell takes for a name.
    stem.filter(|stem| !stem.starts_with('<')).unwrap_or_else(|| "spec".to_owned())
}

/// The greatest n of the folders `<stem>-<n>`.
fn last_number(runs: &Path, stem: &str) -> Option<u64> {
    let names = std::fs::read_dir(runs).ok()?.filter_map(|entry| Some(entry.ok()?.file_name()));
    let number = |name: std::ffi::OsString| name.to_str()?.strip_prefix(stem)?.strip_prefix('-')?.parse().ok();
    names.filter_map(number).max()
}

/// Whether something other than an empty folder is there, or than one whose making was cut short by a kill.
fn is_taken(path: &Path) -> bool {
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some() && !is_half_made(path),
        Err(_) => path.exists(),
    }
}

/// Whether a folder has only what is there before the record of a run is.
fn is_half_made(path: &Path) -> bool {
    let holds_only = |folder: &Path, known: &[&str]| {
        let is_known = |name: &OsStr| is_unfinished(name) || known.iter().any(|known| name == *known);
        std::fs::read_dir(folder)
            .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| is_known(&entry.file_name()))))
    };
    holds_only(&path.join("state"), &[]) && holds_only(path, &[SPEC, "run.yaml", "state"])
}

fn taken(path: &Path) -> Fault {
    Diagnostic::new(&code::RUN_FOLDER_TAKEN, "the run folder is there already, and not empty")
        .on(path)
        .help("go on with that run by `--resume`, or name another folder with `--out`")
        .fault()
}

fn not_created(path: &Path, error: &std::io::Error) -> Fault {
    Diagnostic::new(&code::WRITE_FAILED, format!("the folder cannot be created: {error}"))
        .on(path)
        .help("name a folder that can be written to with `--out`")
        .fault()
}

fn nothing_to_resume(path: &Path, message: &str) -> Fault {
    Diagnostic::new(&code::NOTHING_TO_RESUME, message)
        .on(path)
        .help("name the run's folder with `--out`, or leave `--resume` out to start a new run")
        .fault()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Source {
        Source::new("specs/leaf.net", "Flatten -> Dense\n")
    }

    #[test]
    fn runs_of_a_spec_are_numbered_on_and_the_latest_is_resumed() {
        let runs = tempfile::tempdir().unwrap();
        let next = |spec: &Source| RunFolder::plan(None, runs.path(), spec).unwrap().path().to_owned();
        assert_eq!(next(&spec()), runs.path().join("leaf-1"));
        for name in ["leaf-1/state", "leaf-9/state", "leaf-10/state", "leaf-old-77", "other-5"] {
            std::fs::create_dir_all(runs.path().join(name)).unwrap();
        }
        assert_eq!(next(&spec()), runs.path().join("leaf-11"));
        std::fs::write(runs.path().join("leaf-10").join(RECORD), "{}").unwrap();
        let found = RunFolder::find(None, runs.path(), &spec()).unwrap();
        assert_eq!(found.path(), runs.path().join("leaf-10"));
        assert_eq!(next(&Source::new("<stdin>", "")), runs.path().join("spec-1"));
    }

    #[test]
    fn a_folder_with_something_in_it_is_not_overwritten_and_an_empty_one_is_used() {
        let runs = tempfile::tempdir().unwrap();
        let out = runs.path().join("mine");
        std::fs::create_dir(&out).unwrap();
        assert!(RunFolder::plan(Some(&out), runs.path(), &spec()).is_ok());
        std::fs::write(out.join("thesis.txt"), "precious").unwrap();
        let fault = RunFolder::plan(Some(&out), runs.path(), &spec()).unwrap_err();
        assert_eq!(fault.code, &code::RUN_FOLDER_TAKEN);
    }

    #[test]
    fn a_folder_whose_making_was_cut_short_is_used() {
        let runs = tempfile::tempdir().unwrap();
        let out = runs.path().join("mine");
        std::fs::create_dir_all(out.join("state")).unwrap();
        std::fs::write(out.join("spec.net"), "Flatten -> Dense\n").unwrap();
        std::fs::write(out.join("state/.netc-unfinished-a1b2"), "{").unwrap();
        let is_free = || RunFolder::plan(Some(&out), runs.path(), &spec()).is_ok();
        assert!(is_free());
        std::fs::write(out.join("state/mine.txt"), "precious").unwrap();
        assert!(!is_free());
    }

    #[test]
    fn a_folder_without_a_run_cannot_be_resumed() {
        let runs = tempfile::tempdir().unwrap();
        for out in [None, Some(runs.path())] {
            let fault = RunFolder::find(out, runs.path(), &spec()).unwrap_err();
            assert_eq!(fault.code, &code::NOTHING_TO_RESUME);
        }
    }
}
