//! From a spec and images to a job: what `train` and `lr` begin with.

use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::Failure;
use super::progress::Bar;
use super::spec;
use crate::base::Source;
use crate::check::Net;
use crate::data::OnBadImage;
use crate::syntax::settings::FrontMatter;
use crate::train::{self, Job, Machine, Setup};

/// What a job is made of, its spec's text and settings apart.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Where the spec stands.
    pub spec: &'a Path,
    /// The images.
    pub data: &'a Path,
    /// What happens to an image that cannot be read.
    pub on_bad: OnBadImage,
    /// Where decoded images are kept.
    pub cache: Option<&'a Path>,
    /// What it runs on.
    pub machine: Machine,
}

/// Reads the images and checks the network for them.
///
/// # Errors
///
/// The data or the spec cannot be trained on.
pub(super) fn prepare(
    wanted: Wanted<'_>,
    source: Source,
    settings: &FrontMatter,
    console: &Console,
) -> Result<(Job, Net), Failure> {
    let dataset =
        spec::open_data(wanted.data, &source, settings, console)?.cached_in(wanted.cache.map(Path::to_path_buf));
    let checked = spec::check_with(source, &spec::facts(&dataset), |front| *front = settings.clone());
    let spec::Runnable { source, net, .. } = checked.runnable(console)?;
    let last = net.layers.last().map(|layer| layer.span);
    if let Some(fault) = train::unsupported_output(&net.graph, last) {
        return Err(Failure::Findings(vec![fault], Some(Box::new(source))));
    }
    let setup = Setup {
        spec: &source,
        graph: net.graph.clone(),
        data: &settings.data,
        train: settings.train.clone(),
        init_from: settings.init_from.as_ref().map(|path| beside(wanted.spec, &path.value)),
        freeze: &settings.freeze,
        machine: wanted.machine,
    };
    let bar = Bar::new("decoding");
    let outcome = Job::prepare(setup, dataset, wanted.on_bad, &|done, total| bar.reach(done, total));
    drop(bar);
    let (job, bad) = outcome.map_err(|fault| Failure::Findings(vec![*fault], Some(Box::new(source))))?;
    console.log_tightly(&bad);
    Ok((job, net))
}

/// A path of a spec, which is seen from the spec's folder.
fn beside(spec: &Path, path: &str) -> PathBuf {
    spec.parent().unwrap_or(Path::new("")).join(path)
}
