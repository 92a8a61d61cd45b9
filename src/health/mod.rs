//! Whether a training is well: numbers of its steps and epochs in, findings with evidence, cause and way out.
//!
//! Everything here is a pure function of the numbers that it is given: no file, clock or thread is known, so the findings
//! are the same however often a run was interrupted. What is kept from step to step is a [`Health`], which a checkpoint
//! carries. Which conditions are looked for is one list, `rule`; why is answered by the evidence in one order, `cause`.
//!
//! A condition that is common in trainings that do well, such as a dead ReLU here and there, is a note as long as the
//! network learns, and a warning where it does not: a training that does well gets no warning.

mod cause;
mod edit;
mod evidence;
mod finding;
mod history;
mod rule;
mod statistics;
#[cfg(test)]
mod tests;
mod window;

pub use edit::{Advised, advise};
pub use evidence::{Evidence, LayerFacts, UnitFacts};
pub use finding::{Finding, Level, Remedy, ordered, rate_text};
pub use history::Health;
pub use rule::{cannot_overfit, first_checks, ignores_input, non_finite};
pub use statistics::{Answers, LayerStep, Observed, Task, Unit, UnitKind, UnitStep, entropy};
