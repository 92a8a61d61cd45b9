//! A training's whole state in one file, so that its parts always belong together.
//!
//! Weights, what the optimizer keeps, the position, the sums of the running epoch and all finished epochs' metrics. It
//! is the one truth that a run goes on from; the other files of a run folder are written again from it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::metric::Tally;
use crate::diag::{Diagnostic, Result, code};
use crate::health::Health;
use crate::model::{Container, Tensor, read_file, write_file};

/// The version of this format.
const FORMAT: u32 = 1;

/// Where a training stands, its tensors apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    /// Epochs finished.
    pub epoch: usize,
    /// Batches done of the epoch that follows.
    pub batch: usize,
    /// Steps since the start of the training.
    pub step: u64,
    /// Losses and hits of the epoch that follows.
    pub tally: Tally,
    /// Seconds spent so far on the steps of the epoch that follows.
    pub seconds: f64,
    /// The best result so far and the epoch, from 1, that had it.
    pub best: Option<(usize, Tally)>,
    /// A line of metrics for each finished epoch.
    pub metrics: String,
    /// What is remembered and was found of the training's health.
    pub health: Health,
}

/// Where a training stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// All but the tensors.
    pub position: Position,
    /// Parameters in the order of the graph, then what the optimizer keeps.
    pub tensors: Vec<Tensor>,
}

/// [`Tally`] in integers: a sum must come back to the bit, which decimal text does not promise.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct TallyText {
    images: u64,
    correct: u64,
    loss_bits: u64,
}

/// [`Position`], its metrics apart, as JSON.
#[derive(Serialize, Deserialize)]
struct PositionText {
    format: u32,
    epoch: usize,
    batch: usize,
    step: u64,
    tally: TallyText,
    seconds: f64,
    best: Option<(usize, TallyText)>,
}

impl From<Tally> for TallyText {
    fn from(tally: Tally) -> Self {
        Self { images: tally.images, correct: tally.correct, loss_bits: tally.loss.to_bits() }
    }
}

impl From<TallyText> for Tally {
    fn from(text: TallyText) -> Self {
        Self { images: text.images, correct: text.correct, loss: f64::from_bits(text.loss_bits) }
    }
}

impl Checkpoint {
    /// Writes it to `path`; the one before stays until this one is whole.
    ///
    /// # Errors
    /// M805.
    pub fn save(self, path: &Path) -> Result<()> {
        let Position { epoch, batch, step, tally, seconds, best, metrics, health } = self.position;
        let best = best.map(|(epoch, tally)| (epoch, tally.into()));
        let position = PositionText { format: FORMAT, epoch, batch, step, tally: tally.into(), seconds, best };
        let position =
            serde_json::to_string(&position).unwrap_or_else(|error| unreachable!("numbers as JSON: {error}"));
        let health = serde_json::to_string(&health).unwrap_or_else(|error| unreachable!("numbers as JSON: {error}"));
        let texts = [
            ("format", "pt".to_owned()),
            ("netc.position", position),
            ("netc.metrics", metrics),
            ("netc.health", health),
        ];
        let texts = texts.map(|(name, text)| (name.to_owned(), text)).into();
        write_file(path, &Container::encode(&texts, &self.tensors))
    }

    /// Reads it from `path`; none where there is no such file.
    ///
    /// # Errors
    /// M801 where it cannot be read or is damaged, M802 where a later version of netc wrote it.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = read_file(path, &code::MODEL_FILE_CORRUPT)?;
        let container = Container::decode(&bytes).map_err(|reason| corrupt(path, &reason))?;
        let text = |name: &str| container.texts.get(name).ok_or_else(|| corrupt(path, &format!("it has no `{name}`")));
        let position: PositionText =
            serde_json::from_str(text("netc.position")?).map_err(|error| corrupt(path, &error.to_string()))?;
        if position.format > FORMAT {
            return Err(too_new(path, position.format));
        }
        let metrics = text("netc.metrics")?.clone();
        // A run of a version that kept none goes on without.
        let health =
            container.texts.get("netc.health").map_or(Ok(Health::default()), |text| serde_json::from_str(text));
        let health = health.map_err(|error| corrupt(path, &error.to_string()))?;
        let PositionText { epoch, batch, step, tally, seconds, best, .. } = position;
        let best = best.map(|(epoch, tally)| (epoch, tally.into()));
        let position = Position { epoch, batch, step, tally: tally.into(), seconds, best, metrics, health };
        Ok(Some(Self { position, tensors: container.tensors }))
    }
}

fn corrupt(path: &Path, reason: &str) -> Box<Diagnostic> {
    Diagnostic::new(&code::MODEL_FILE_CORRUPT, format!("the checkpoint cannot be used: {reason}"))
        .on(path)
        .note("`best.safetensors` and `last.safetensors` beside it are files of their own and may be whole")
        .help("start a new run without `--resume`")
        .fault()
}

fn too_new(path: &Path, format: u32) -> Box<Diagnostic> {
    let message = format!("the checkpoint has format {format}, and this netc reads up to {FORMAT}");
    Diagnostic::new(&code::MODEL_TOO_NEW, message)
        .on(path)
        .help("go on with the version of netc that `run.yaml` names, or a later one")
        .fault()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let tally = Tally { images: 3, correct: 2, loss: 0.1 + 0.2 };
        let position = Position {
            epoch: 2,
            batch: 5,
            step: 25,
            tally,
            seconds: 1.5,
            best: Some((1, Tally { loss: f64::INFINITY, ..tally })),
            metrics: "{\"epoch\":1}\n{\"epoch\":2}\n".to_owned(),
            health: Health::default().recovered(Health::default()),
        };
        let tensor =
            Tensor { name: "velocity/conv1.kernel".to_owned(), dims: vec![2], data: vec![f32::MIN_POSITIVE, -0.0] };
        Checkpoint { position, tensors: vec![tensor] }
    }

    #[test]
    fn a_checkpoint_comes_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        assert_eq!(Checkpoint::load(&path).unwrap(), None);
        checkpoint().save(&path).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap(), Some(checkpoint()));
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_with_a_code() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        checkpoint().save(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap_err().code, &code::MODEL_FILE_CORRUPT);
        std::fs::write(&path, &bytes[..last]).unwrap();
        assert_eq!(Checkpoint::load(&path).unwrap_err().code, &code::MODEL_FILE_CORRUPT);
    }
}
