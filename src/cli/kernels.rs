//! The file of measured kernels: for each kind of processor the kernel of each task, with the times it was chosen by.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Fault, code};
use crate::kernel::Isa;
use crate::model::write_file;
use crate::plan::Choices;

/// What the file holds.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kernels {
    /// The version that wrote it last.
    netc: String,
    /// Tasks by their key, for each kind of processor.
    processors: BTreeMap<String, BTreeMap<String, Measured>>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// The kernel that is taken.
    pub kernel: String,
    /// Times of all that can compute it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub milliseconds: BTreeMap<String, f64>,
}

impl Kernels {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// M812 where it cannot be read, or is another file.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let text = std::fs::read(path).map_err(|error| unreadable(path, &format!("it cannot be read: {error}")))?;
        serde_json::from_slice(&text).map_err(|error| unreadable(path, &format!("it is not what netc wrote: {error}")))
    }

    /// The same; empty where there is no file yet.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn read_if_there(path: &Path) -> Result<Self, Fault> {
        if path.try_exists().is_ok_and(|exists| !exists) { Ok(Self::default()) } else { Self::read(path) }
    }

    /// What was chosen for this machine; `None` where nothing was measured on one like it.
    pub fn choices(&self, isa: Isa) -> Option<Choices> {
        let tasks = self.processors.get(&processor(isa))?;
        Some(tasks.iter().map(|(task, measured)| (task.clone(), measured.kernel.clone())).collect())
    }

    /// Takes what was measured on this machine; what was known of other tasks and machines stays.
    pub fn add(&mut self, isa: Isa, measured: impl IntoIterator<Item = (String, Measured)>) {
        env!("CARGO_PKG_VERSION").clone_into(&mut self.netc);
        self.processors.entry(processor(isa)).or_default().extend(measured);
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    ///
    /// M805.
    pub fn write(&self, path: &Path) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(self).unwrap_or_else(|error| unreachable!("plain values: {error}"));
        write_file(path, (text + "\n").as_bytes())
    }
}

fn unreadable(path: &Path, message: &str) -> Fault {
    Diagnostic::new(&code::KERNELS_UNREADABLE, message)
        .on(path)
        .help("measure the kernels anew with `netc plan SPEC --tune FILE`, or leave `--kernels` out")
        .fault()
}

/// The kind of this machine's processor, with the instruction set that kernels may use.
pub(super) fn processor(isa: Isa) -> String {
    let named = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = named.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let name = name.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    format!("{name}, {isa}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(kernel: &str) -> Measured {
        Measured { kernel: kernel.to_owned(), milliseconds: BTreeMap::from([(kernel.to_owned(), 1.5)]) }
    }

    #[test]
    fn what_was_measured_is_read_again_and_what_was_known_stays() {
        let mut kernels = Kernels::default();
        kernels.add(Isa::Portable, [("conv a".to_owned(), measured("direct")), ("conv b".to_owned(), measured("x"))]);
        let mut kernels: Kernels = serde_json::from_str(&serde_json::to_string(&kernels).unwrap()).unwrap();
        kernels.add(Isa::Portable, [("conv b".to_owned(), measured("im2col"))]);
        let choices = kernels.choices(Isa::Portable).unwrap();
        assert_eq!(choices.iter().collect::<Vec<_>>(), [("conv a", "direct"), ("conv b", "im2col")]);
    }

    #[test]
    fn on_another_processor_nothing_is_known() {
        let mut kernels = Kernels::default();
        kernels.add(Isa::Portable, [("conv a".to_owned(), measured("direct"))]);
        assert_eq!(kernels.choices(Isa::Avx2), None);
    }
}
