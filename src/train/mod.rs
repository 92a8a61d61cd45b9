//! From a network and images to a trained model: the loop, its run folder, evaluation and prediction.
//!
//! Whatever decides the outcome is a function of the spec, the images, and the seed: a run that was interrupted and
//! resumed, on whatever number of threads, ends in the same bytes as one that was not. How progress looks is not
//! known here: an [`Observer`] is told.

mod checkpoint;
mod metric;
mod observer;
mod record;
mod run_folder;
mod schedule;
mod yaml;

pub use checkpoint::{Checkpoint, Position};
pub use metric::{EpochMetrics, Tally, class_of};
pub use observer::{Observer, Progress, Silent};
pub use record::{
    DataRecord, MachineRecord, NormalizationRecord, OptimizerRecord, Record, ScheduleRecord, TrainRecord,
};
pub use run_folder::RunFolder;
pub use schedule::LearningRate;
