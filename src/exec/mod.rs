//! Runs a plan over its arena on a pool of threads; decides nothing.

mod arena;
pub mod reference;
mod run;
mod session;
mod workers;

pub use session::{Moment, OnMoment, Rate, Session, StepTime};
