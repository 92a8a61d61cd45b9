//! Where a training begins: in a new folder, or where an earlier sitting left it.

use super::checkpoint::Checkpoint;
use super::job::Job;
use super::observer::Observer;
use super::record::Record;
use super::run_folder::RunFolder;
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::exec::Session;
use crate::model::Tensor;
use crate::plan::Slot;
use crate::syntax::settings::Schedule;

/// Creates the run's folder, or holds the job to the run that is there; the checkpoint to go on from. `digest` is that of
/// the file that the weights start from, where they do so now.
pub(super) fn open_folder(
    job: &Job,
    digest: Option<String>,
    folder: &mut RunFolder,
    observer: &mut dyn Observer,
) -> Result<Option<Checkpoint>> {
    let record = Record { init_from_digest: digest, ..job.record() };
    let checkpoint = if folder.has_run() {
        resume(job, &record, folder, observer)?
    } else {
        folder.create(&job.spec, &record)?;
        folder.log(&format!("netc {}: {} on {}", record.netc, record.spec, record.data.path))?;
        None
    };
    if job.settings.batch_size > job.train.len() {
        let images = job.train.len();
        tell(
            folder,
            observer,
            &format!(
                "batch_size is {}, but there are {images} images: every step takes them all",
                job.settings.batch_size
            ),
        )?;
    }
    if job.validation.is_none() {
        tell(folder, observer, "there are no validation images: the latest model counts as the best")?;
    }
    Ok(checkpoint)
}

fn resume(job: &Job, now: &Record, folder: &mut RunFolder, observer: &mut dyn Observer) -> Result<Option<Checkpoint>> {
    folder.check_spec(&job.spec)?;
    let before = folder.record()?;
    before.check_unchanged(now)?;
    folder.tidy();
    let checkpoint = match folder.checkpoint() {
        Err(fault) if fault.code == &code::MODEL_FILE_CORRUPT => {
            let Some(before) = folder.fall_back() else { return Err(fault) };
            tell(folder, observer, &format!("{}: going on from the one before", fault.message))?;
            Some(before)
        }
        outcome => outcome?,
    };
    let sentences = [
        Some(standing(checkpoint.as_ref(), now.train.epochs)),
        (before.machine.isa != now.machine.isa).then(|| {
            format!(
                "the run used {} and goes on with {}: its last digits will differ",
                before.machine.isa, now.machine.isa
            )
        }),
        (before.train.epochs != now.train.epochs
            && matches!(job.settings.schedule, Schedule::Cosine | Schedule::OneCycle { .. }))
        .then(|| format!("the schedule now ends after {} epochs instead of {}", now.train.epochs, before.train.epochs)),
    ];
    for sentence in sentences.into_iter().flatten() {
        tell(folder, observer, &sentence)?;
    }
    let digest = now.init_from_digest.clone().or(before.init_from_digest);
    folder.write_record(&Record { init_from_digest: digest, ..now.clone() })?;
    Ok(checkpoint)
}

/// Where the run stands, as a sentence.
fn standing(checkpoint: Option<&Checkpoint>, epochs: usize) -> String {
    match checkpoint.map(|checkpoint| &checkpoint.position) {
        None => "the run had not finished an epoch: it begins anew".to_owned(),
        Some(position) if position.epoch >= epochs => {
            format!("the run has its {epochs} epochs already; give it more with `--epochs`")
        }
        Some(position) => format!("going on in epoch {} of {epochs}, after step {}", position.epoch + 1, position.step),
    }
}

pub(super) fn tell(folder: &mut RunFolder, observer: &mut dyn Observer, sentence: &str) -> Result<()> {
    observer.notice(sentence);
    folder.log(sentence)
}

/// M803: a checkpoint of something else.
pub(super) fn foreign_checkpoint() -> Fault {
    Diagnostic::new(&code::MODEL_DOES_NOT_FIT_SPEC, "the checkpoint is not of this network and optimizer")
        .help("start a new run without `--resume`")
        .fault()
}

/// Fills the slots with a checkpoint's tensors.
pub(super) fn load_state(slots: &[Slot], tensors: &[Tensor], session: &mut Session) -> Result<()> {
    let fits = |(slot, tensor): (&Slot, &Tensor)| slot.name == tensor.name && slot.dims == tensor.dims;
    if slots.len() != tensors.len() || !slots.iter().zip(tensors).all(fits) {
        return Err(foreign_checkpoint());
    }
    for (slot, tensor) in slots.iter().zip(tensors) {
        session.tensor_mut(slot).copy_from_slice(&tensor.data);
    }
    Ok(())
}
