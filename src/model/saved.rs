//! A model: weights, and what they mean.

use std::path::{Path, PathBuf};

use super::container::{Container, Tensor};
use super::file::{read_file, write_file};
use super::metadata::{FORMAT, Normalization, Unfit, model, texts};
use crate::base::Source;
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::syntax::settings::Resize;

/// All that a prediction needs.
#[derive(Clone, Debug)]
pub struct Model {
    /// The spec, as it was written.
    pub spec: Source,
    /// Names of the classes, in the order of the outputs; at least two.
    pub classes: Vec<String>,
    /// Height, width and channels of the input.
    pub input: [usize; 3],
    /// How bytes become numbers.
    pub normalization: Normalization,
    /// How an image of another size is brought to the input's.
    pub resize: Resize,
    /// Parameters and running statistics by name.
    pub tensors: Vec<Tensor>,
}

impl Model {
    /// Writes the model to `path`; equal models give equal files.
    ///
    /// # Errors
    /// M805.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_file(path, &self.encode())
    }

    /// The bytes of the model's file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Container::encode(&texts(self), &self.tensors)
    }

    /// Reads a model: a `.safetensors` file that netc wrote, or a run folder, of which the best model counts.
    ///
    /// # Errors
    /// M801 where the file cannot be read or is damaged, M802 where a later version of netc wrote it.
    pub fn load(path: &Path) -> Result<Self> {
        let path = model_path(path);
        let bytes = read_file(&path, &code::MODEL_FILE_CORRUPT)?;
        Self::decode(&bytes).map_err(|unfit| refuse(&path, unfit))
    }

    fn decode(bytes: &[u8]) -> Result<Self, Unfit> {
        let Container { texts, tensors } = Container::decode(bytes).map_err(Unfit::Corrupt)?;
        Ok(Self { tensors, ..model(&texts)? })
    }
}

/// The file that `path` means: of a run folder its best model, else the path itself.
#[must_use]
pub fn model_path(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("best.safetensors") } else { path.to_owned() }
}

fn refuse(path: &Path, unfit: Unfit) -> Fault {
    match unfit {
        Unfit::Corrupt(reason) => {
            Diagnostic::new(&code::MODEL_FILE_CORRUPT, format!("the model file cannot be used: {reason}"))
                .on(path)
                .help("use a `.safetensors` file that netc wrote, or a run folder; a damaged one has to be trained or copied again")
                .fault()
        }
        Unfit::TooNew(format, version) => {
            let message = format!("the model file has format {format} of netc {version}, and this netc reads up to {FORMAT}");
            Diagnostic::new(&code::MODEL_TOO_NEW, message)
                .on(path)
                .help(format!("use netc {version} or later"))
                .fault()
        }
    }
}
