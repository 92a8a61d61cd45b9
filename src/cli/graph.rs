//! `netc graph`: the network as a picture.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::Failure;
use super::spec::{ImageArgs, Runnable};
use super::{Ending, Outcome};
use crate::check::Repeats;
use crate::draw::{Language, draw};
use crate::model::write_file;

/// Arguments of `netc graph`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  netc graph specs/origin.net -o origin.svg\n  netc graph specs/digits.net -o digits.dot --unfold\n  \
    netc graph specs/digits.net --format mermaid"
)]
pub(super) struct Args {
    /// The spec, or `-` for stdin.
    spec: PathBuf,
    /// The file to write: `.svg`, `.dot` (Graphviz) or `.mmd` (Mermaid) [default: stdout].
    #[arg(short, long, value_name = "FILE", required_unless_present = "format")]
    out: Option<PathBuf>,
    /// What is written; left out, the file's extension says it.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Draw every run of a repeat instead of one body that says how often it runs.
    #[arg(long)]
    unfold: bool,
    #[command(flatten)]
    images: ImageArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For papers and pages.
    Svg,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

/// Runs `netc graph`.
pub(super) fn run(args: &Args, console: &mut Console) -> Outcome {
    let language = match (args.format, args.out.as_deref()) {
        (Some(format), _) => format.language(),
        (None, Some(out)) => language_of(out)?,
        (None, None) => Language::Svg,
    };
    let spec = args.images.load(&args.spec, console)?;
    let repeats = if args.unfold { Repeats::Unfolded } else { Repeats::Folded };
    let picture = draw(&spec.net, &name(&spec), repeats, language);
    match &args.out {
        Some(out) => {
            write_file(out, picture.as_bytes())?;
            console.line(&format!("{}: {} layers", out.display(), spec.net.layers.len()))?;
        }
        None => console.result(&picture)?,
    }
    Ok(Ending::Done)
}

impl Format {
    fn language(self) -> Language {
        match self {
            Self::Svg => Language::Svg,
            Self::Dot => Language::Dot,
            Self::Mermaid => Language::Mermaid,
        }
    }
}

fn language_of(out: &Path) -> Result<Language, Failure> {
    match out.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(Language::Svg),
        Some("dot" | "gv") => Ok(Language::Dot),
        Some("mmd" | "mermaid") => Ok(Language::Mermaid),
        _ => Err(Failure::Usage(format!(
            "`{}` ends in none of .svg, .dot and .mmd: name the file so, or say `--format`",
            out.display()
        ))),
    }
}

/// What the spec calls itself, else its file without folder and extension.
fn name(spec: &Runnable) -> String {
    let file = || Path::new(spec.source.name()).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    spec.tree.front.name.as_ref().map(|name| name.value.clone()).or_else(file).unwrap_or_default()
}
