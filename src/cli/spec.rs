//! Specs from files, folders and stdin, parsed and checked.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::argument::InputSize;
use super::console::Console;
use super::failure::Failure;
use super::number::grouped;
use super::progress::Bar;
use crate::base::Source;
use crate::check::{self, Facts, ImageCounts, Net};
use crate::diag::{Diagnostic, Fault, Severity, code};
use crate::syntax::settings::FrontMatter;
use crate::syntax::{self, ast::File as Tree};
use crate::train::{Dataset, Wanted};

/// The path that stands for stdin.
const STDIN: &str = "-";

/// Whether a path stands for stdin.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// Nothing longer is read: a spec that is too large is named with its size up to here.
const MAX_READ: u64 = 64 << 20;

/// The text at `path`, or on stdin for `-`.
///
/// # Errors
///
/// S014 where it cannot be read, S005 where it is too large, S010 where it is not UTF-8.
pub(super) fn read(path: &Path) -> Result<Source, Fault> {
    if is_stdin(path) {
        let bytes = bytes(io::stdin().lock()).map_err(|error| unreadable(Path::new("<stdin>"), &error))?;
        return syntax::read_utf8(&bytes, "<stdin>");
    }
    let bytes = File::open(path).and_then(bytes).map_err(|error| unreadable(path, &error))?;
    syntax::read_utf8(&bytes, &path.display().to_string())
}

fn bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let help = match error.kind() {
        io::ErrorKind::IsADirectory => "give the spec itself; only `netc check` takes folders",
        _ => "check the path; `netc check FOLDER` shows every `.net` file below a folder",
    };
    Diagnostic::new(&code::UNREADABLE_SPEC, format!("the spec cannot be read: {error}")).on(path).help(help).fault()
}

/// A spec and everything found in it.
#[derive(Debug)]
pub(super) struct Checked {
    /// The text.
    pub source: Source,
    /// Its tree, with what the command line overrides.
    pub tree: Tree,
    /// The network, where nothing keeps it from being run.
    pub net: Option<Net>,
    /// Everything found, in the order of the places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses and checks a spec; `facts` are taken where it says nothing, `input` in any case.
pub(super) fn check(source: Source, facts: &Facts, input: Option<[usize; 3]>) -> Checked {
    match input {
        None => check_with(source, facts, |_| {}),
        Some(_) => check_with(source, &Facts { input, ..facts.clone() }, |front| front.input = None),
    }
}

/// Parses and checks a spec with the front matter that `override_settings` makes of the written one.
pub(super) fn check_with(source: Source, facts: &Facts, override_settings: impl FnOnce(&mut FrontMatter)) -> Checked {
    let (mut tree, mut diagnostics) = syntax::parse(&source);
    override_settings(&mut tree.front);
    let checked = check::check(&source, &tree, facts);
    let is_read = !diagnostics.iter().any(Diagnostic::is_error);
    // Of a text that is read in part only, advice may be about what is not written.
    let is_kept = |one: &Diagnostic| is_read || one.is_error() || one.code.id.starts_with('N');
    diagnostics.extend(checked.diagnostics.into_iter().filter(is_kept));
    diagnostics.sort_by_key(Diagnostic::span);
    Checked { source, tree, net: checked.net.filter(|_| is_read), diagnostics }
}

/// A spec whose network can be run.
#[derive(Debug)]
pub(super) struct Runnable {
    /// The text.
    pub source: Source,
    /// Its tree, with what the command line overrides.
    pub tree: Tree,
    /// The network.
    pub net: Net,
}

impl Checked {
    /// The network with its spec; warnings go to stderr.
    ///
    /// # Errors
    ///
    /// The spec has errors.
    pub fn runnable(self, console: &Console) -> Result<Runnable, Failure> {
        let Self { source, tree, net, diagnostics } = self;
        match net {
            Some(net) => {
                let warnings: Vec<Diagnostic> =
                    diagnostics.into_iter().filter(|one| one.severity == Severity::Warning).collect();
                console.log_findings(&warnings, Some(&source));
                Ok(Runnable { source, tree, net })
            }
            None => Err(Failure::Findings(diagnostics, Some(Box::new(source)))),
        }
    }
}

/// The images that a spec is looked at for, where it does not say them itself.
#[derive(Debug, clap::Args)]
pub(super) struct ImageArgs {
    /// Take the classes, and the input's size where a spec gives none, from these images.
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Take an input of this size instead of the spec's.
    #[arg(long, value_name = "HxWxC")]
    input: Option<InputSize>,
}

impl ImageArgs {
    /// The spec at `path`, checked for these images.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has errors.
    pub fn load(&self, path: &Path, console: &Console) -> Result<Runnable, Failure> {
        let source = read(path)?;
        let facts = match &self.data {
            Some(data) => facts(&open_data(data, &source, &front_matter(&source), console)?),
            None => Facts::default(),
        };
        check(source, &facts, self.input.map(|input| input.0)).runnable(console)
    }
}

/// Refuses a spec whose text or names are wrong whatever the images are, before any of these is read.
///
/// # Errors
///
/// It has an error of syntax or of names.
pub(super) fn refuse_unread(source: &Source) -> Result<(), Failure> {
    let Checked { diagnostics, .. } = check(source.clone(), &Facts::default(), None);
    let is_of_the_text = |one: &Diagnostic| one.is_error() && one.code.id.starts_with(['S', 'N']);
    if diagnostics.iter().any(is_of_the_text) {
        return Err(Failure::Findings(diagnostics, Some(Box::new(source.clone()))));
    }
    Ok(())
}

/// What a spec's front matter says, as far as it can be read.
pub(super) fn front_matter(source: &Source) -> FrontMatter {
    syntax::parse(source).0.front
}

/// Lists and surveys the images at `data` as `front` asks for them; what is wrong with them goes to stderr.
///
/// # Errors
///
/// The data cannot be trained on.
pub(super) fn open_data(
    data: &Path,
    source: &Source,
    front: &FrontMatter,
    console: &Console,
) -> Result<Dataset, Failure> {
    let bar = Bar::new("reading");
    let outcome = Dataset::open(data, &wanted(front), &|done, total| bar.reach(done, total));
    drop(bar);
    let (dataset, found) = outcome?;
    let found = check::at_levels(&front.lint, found);
    let (errors, rest): (Vec<Diagnostic>, Vec<Diagnostic>) = found.into_iter().partition(Diagnostic::is_error);
    console.log_tightly(&rest);
    if errors.is_empty() { Ok(dataset) } else { Err(Failure::Findings(errors, Some(Box::new(source.clone())))) }
}

/// What a front matter wants of its data.
pub(super) fn wanted(front: &FrontMatter) -> Wanted<'_> {
    Wanted {
        classes: front.classes.as_ref().map(|classes| &classes.value),
        validation: front.data.validation.as_ref().map(|validation| &validation.value),
        seed: front.train.seed,
    }
}

/// What a data set says where a spec does not.
pub(super) fn facts(dataset: &Dataset) -> Facts {
    let images = ImageCounts { train: dataset.train.len(), validation: dataset.validation.len() };
    Facts { input: dataset.input, classes: Some(dataset.classes.clone()), images: Some(images) }
}

/// What is assumed where neither the spec nor the data say it, and the smallest input that the network takes.
pub(super) fn assumptions(net: &Net) -> Option<String> {
    let input = net
        .input_assumed
        .map(|smallest| format!("an input of {} (the smallest square that works is {smallest}×{smallest})", net.input));
    let classes = net.classes_assumed.then(|| format!("{} classes", net.classes));
    let assumed: Vec<String> = input.into_iter().chain(classes).collect();
    (!assumed.is_empty()).then(|| format!("not given, and assumed: {}", assumed.join(", ")))
}

/// T210 where the network has another number of trainable parameters than `expected`.
pub(super) fn check_params(net: &Net, expected: u64) -> Option<Diagnostic> {
    let params = net.graph.trained_params();
    let headline = format!("the network has {} trainable parameters, expected {}", grouped(params), grouped(expected));
    let help = "`netc summary` shows the parameters of each layer";
    (params != expected).then(|| Diagnostic::new(&code::EXPECTATION_FAILED, headline).help(help))
}

/// The paths with every folder replaced by the `.net` files below it, sorted; hidden folders and links to folders are
/// left out.
///
/// # Errors
///
/// S014 where a folder cannot be read or has no `.net` file.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Fault> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        walk(path, &mut found)?;
        if found.is_empty() {
            let message = "there is no `.net` file in this folder";
            let help = "give a file, or a folder with `.net` files in it or below it";
            return Err(Diagnostic::new(&code::UNREADABLE_SPEC, message).on(path).help(help).fault());
        }
        // Below `.` stands `a.net`, not `./a.net`.
        files.extend(found.iter().map(|file| file.strip_prefix(".").unwrap_or(file).to_owned()));
    }
    Ok(files)
}

/// The result of `work` for every path, in their order; several are worked on at a time.
pub(super) fn each<T: Send>(paths: &[PathBuf], work: impl Fn(&Path) -> T + Sync) -> Vec<T> {
    match paths {
        // Threads would take longer to start than one spec takes.
        [path] => vec![work(path)],
        paths => paths.par_iter().map(|path| work(path)).collect(),
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Fault> {
    let entries: io::Result<Vec<_>> = std::fs::read_dir(folder).and_then(Iterator::collect);
    let mut entries = entries.map_err(|error| unreadable(folder, &error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !hidden => walk(&path, files)?,
            Ok(kind) if !kind.is_dir() && path.extension().is_some_and(|extension| extension == "net") => {
                files.push(path);
            }
            _ => {}
        }
    }
    Ok(())
}
