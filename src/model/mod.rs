//! Trained networks as files, and how weights start.
//!
//! A model file holds all that a prediction needs: weights, spec, class names, normalisation. Every file is written by
//! [`write_file`], so that it appears whole or not at all. The room knows graphs and their parameters, not images and not
//! how training goes.

mod container;
mod file;
mod init;
mod metadata;
mod saved;
#[cfg(test)]
mod tests;
mod weights;

pub use container::{Container, Tensor};
pub use file::{is_unfinished, read_file, remove_unfinished, unfinished, write_file, write_file_with, write_new_file};
pub use init::initialise;
pub use metadata::Normalization;
pub use saved::{Model, model_path};
pub use weights::match_weights;
