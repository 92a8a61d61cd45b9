//! From a network and images to a trained model: the loop, its run folder, evaluation and prediction.
//!
//! Whatever decides the outcome is a function of the spec, the images, and the seed: a run that was interrupted and
//! resumed, on whatever number of threads, ends in the same bytes as one that was not. How progress looks is not
//! known here: an [`Observer`] is told.

mod average;
mod change;
mod checkpoint;
mod convert;
mod dataset;
mod epoch;
mod evaluate;
mod examine;
mod freeze;
mod gauge;
mod job;
mod memory;
mod metric;
mod observer;
mod patience;
mod predict;
mod predictor;
mod probe;
mod range_test;
mod record;
mod recover;
mod run_folder;
mod sanity;
mod schedule;
mod start;
mod state;
mod support;
#[cfg(test)]
mod tests;
mod trainer;
mod transfer;
mod trial;
mod unchanged;
mod yaml;

pub use checkpoint::{Checkpoint, Position};
pub use dataset::{Dataset, Loaded, OnFile, Wanted};
pub use evaluate::{ClassScore, Evaluation, evaluate, evaluation_images};
pub use job::{Job, Setup};
pub use memory::Machine;
pub use metric::{EpochMetrics, Tally};
pub use observer::{Observer, Progress, Silent};
pub use predict::{Prediction, predict};
pub use predictor::{OnBatch, Predictor};
pub use probe::{Pace, pace};
pub use range_test::{RangePoint, RangeTest};
pub use record::{
    DataRecord, EarlyStoppingRecord, MachineRecord, NormalizationRecord, OptimizerRecord, Record, ScheduleRecord,
    TrainRecord,
};
pub use run_folder::RunFolder;
pub use sanity::sanity;
pub use schedule::LearningRate;
pub use support::unsupported_output;
pub use trainer::{Outcome, train};
pub use trial::Trial;
