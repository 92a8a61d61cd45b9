//! How long the tools that an editor and CI wait for take, as whole processes: `cargo bench --bench tools`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use divan::Bencher;
use tempfile::TempDir;

/// Specs in the folder of many.
const MANY: usize = 1000;

fn main() {
    divan::main();
}

/// Runs netc once, on files, and holds that it found no fault.
fn netc(arguments: &[&str], files: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_netc"))
        .args(arguments)
        .arg(files)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("netc runs");
    assert!(status.success(), "netc {arguments:?} {}: {status}", files.display());
}

fn spec(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name)
}

/// A folder of copies of the shipped specs, as many as a large repository has.
fn many() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder of its own");
    let mut shipped: Vec<PathBuf> =
        std::fs::read_dir(spec("")).expect("the specs").map(|entry| entry.unwrap().path()).collect();
    shipped.retain(|path| path.extension().is_some_and(|extension| extension == "net"));
    shipped.sort();
    for (at, path) in shipped.iter().cycle().take(MANY).enumerate() {
        std::fs::copy(path, folder.path().join(format!("{at:04}.net"))).expect("room for a spec");
    }
    folder
}

/// Files to be judged, by name.
const FILES: &[&str] = &["origin.net", "resnet-152.net"];

#[divan::bench(args = FILES)]
fn check(bencher: Bencher<'_, '_>, file: &str) {
    let path = spec(file);
    bencher.bench(|| netc(&["check"], &path));
}

#[divan::bench(sample_count = 10)]
fn check_a_thousand(bencher: Bencher<'_, '_>) {
    let folder = many();
    bencher.bench(|| netc(&["check"], folder.path()));
}

#[divan::bench(sample_count = 10)]
fn format_a_thousand(bencher: Bencher<'_, '_>) {
    let folder = many();
    bencher.bench(|| netc(&["fmt", "--check"], folder.path()));
}
