//! Runs the built program in a folder of its own, and looks at what came out.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A run that ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What went to stdout.
    pub stdout: String,
    /// What went to stderr.
    pub stderr: String,
}

impl Run {
    /// The run, if it ended with `code` and showed no panic.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        for text in [&self.stdout, &self.stderr] {
            assert!(
                !text.contains("panicked") && !text.contains("internal-error"),
                "a panic reached the user:\n{text}"
            );
        }
        self
    }

    /// The run, if it failed with exit code `code` and the fault `fault` on stderr, with a way out.
    #[track_caller]
    pub fn failed(self, code: i32, fault: &str) -> Self {
        let run = self.ended(code);
        assert!(run.stderr.contains(&format!("[{fault}]")), "{fault} is not named:\n{}", run.stderr);
        assert!(run.stderr.contains("help: "), "{fault} has no way out:\n{}", run.stderr);
        run
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

/// The program with these arguments, in the root of the repository, on plain kernels and without colour.
pub fn netc<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    finish(command(arguments))
}

/// The program with a text on stdin.
pub fn netc_reading<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>, text: &str) -> Run {
    let folder = Folder::new();
    let input = folder.file("stdin", text.as_bytes());
    let mut command = command(arguments);
    command.stdin(std::fs::File::open(input).unwrap());
    finish(command)
}

/// The command, not started yet.
pub fn command<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netc"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command.env_remove("COLUMNS").env_remove("NO_COLOR").env_remove("NETC_ISA");
    command
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A folder that is there as long as the test runs.
#[derive(Debug)]
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of something in the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, with the folders that it needs.
    pub fn file(&self, name: impl AsRef<Path>, bytes: &[u8]) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// The text of a file.
pub fn content(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The first of the shipped images whose path holds `part`.
pub fn digit(part: &str) -> Vec<u8> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/digits.tar.gz");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap()));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().to_str().unwrap().contains(part) && entry.size() > 0 {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            return bytes;
        }
    }
    panic!("no {part} in the shipped digits");
}

/// The shipped images, each with its class, in the order of the archive.
pub fn digits() -> Vec<(usize, Vec<u8>)> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/digits.tar.gz");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap()));
    let image = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let class = entry.path().unwrap().parent()?.file_name()?.to_str()?.parse().ok()?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (!bytes.is_empty()).then_some((class, bytes))
    };
    archive.entries().unwrap().filter_map(image).collect()
}

/// A JPEG of which the second half is missing.
pub fn truncated_jpeg() -> Vec<u8> {
    let picture =
        image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([((x * 7) ^ (y * 13)) as u8, (x * y) as u8, x as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    let bytes = bytes.into_inner();
    bytes[..bytes.len() / 2].to_owned()
}

/// Real images beside the repository, or in `NETC_DATA`; says that the test skips where they are not there.
#[expect(clippy::print_stderr, reason = "a test that skips has to say so")]
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NETC_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there; set NETC_DATA to the folder that holds it", path.display());
    None
}
