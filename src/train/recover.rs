//! What is done when a training falls back to guessing: it ends, or goes back and on with a tenth of the rate or less.

use super::checkpoint::{Checkpoint, Position};
use super::examine::TENTH;
use super::metric::Tally;
use super::trainer::{End, Trainer};
use crate::diag::{Diagnostic, Fault, Result, code};
use crate::exec::Rate;
use crate::health::{Answers, Finding, Remedy, Task, rate_text};
use crate::syntax::settings::OnCollapse;

/// So often a training goes back; then it ends.
const MAX_RECOVERIES: usize = 3;

/// What follows from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The training goes on.
    GoOn,
    /// It goes on from the last good checkpoint, with a tenth of the rate or less.
    Recover,
    /// It ends here.
    Stop,
}

/// What follows from findings after so many recoveries. Left out, the setting is `stop`: epochs after a collapse are
/// wasted.
pub(super) fn next(found: &[Finding], on_collapse: Option<OnCollapse>, recoveries: usize, task: &Task) -> Next {
    if !found.iter().any(|finding| is_collapse(finding, task) || is_hopeless(finding)) {
        return Next::GoOn;
    }
    let is_recoverable = found.iter().any(|finding| is_collapse(finding, task));
    match on_collapse.unwrap_or(OnCollapse::Stop) {
        OnCollapse::Ignore => Next::GoOn,
        OnCollapse::Recover if is_recoverable && recoveries < MAX_RECOVERIES => Next::Recover,
        OnCollapse::Recover | OnCollapse::Stop => Next::Stop,
    }
}

/// Whether a finding says that the network guesses because it is cut off by units that are dead: no rate mends that.
fn is_hopeless(finding: &Finding) -> bool {
    let guesses = finding.is(&code::STUCK_AT_PRIOR) || finding.is(&code::ONE_CLASS_PREDICTED);
    guesses && finding.because.as_deref() == Some(code::DEAD_RELU.id)
}

/// Whether a finding says that the network guesses, or computes nothing, for a rate that is too high.
fn is_collapse(finding: &Finding, task: &Task) -> bool {
    let guesses = finding.is(&code::STUCK_AT_PRIOR) || finding.is(&code::ONE_CLASS_PREDICTED);
    let lowers = |remedy: &Remedy| match remedy {
        Remedy::Set { key, value } => {
            key == "train.learning_rate" && value.parse().is_ok_and(|rate: f64| rate < task.rate)
        }
        Remedy::Rectify => false,
    };
    finding.is(&code::COLLAPSE)
        || finding.is(&code::NON_FINITE) && finding.remedies.iter().any(lowers)
        || guesses && finding.remedies.iter().any(lowers)
}

impl Trainer<'_> {
    /// What an epoch shows of the training's health. Whether the validation images are easier is asked only where they seem to
    /// be.
    pub(super) fn examine_epoch(&mut self, validation: &Tally, answers: &Answers) -> Result<Vec<Finding>> {
        let job = self.job;
        let seems_easier = validation.images > 0 && validation.accuracy() > self.position.tally.accuracy() + 0.05;
        let evaluated = match seems_easier {
            true => {
                let (most, seed) = (validation.images as usize, job.settings.seed);
                Some(self.predictor.accuracy_of_some(&job.train, &job.normalizer, most, seed)?)
            }
            false => None,
        };
        let answers = Some(answers).filter(|_| validation.images > 0);
        let Position { epoch, step, health, .. } = &mut self.position;
        let at = (*epoch + 1, *step);
        Ok(health.close_epoch(&self.examiner.task, at, answers, evaluated))
    }

    /// Tells what was found, and does what follows from it.
    pub(super) fn act_on(&mut self, found: &[Finding]) -> Result<End> {
        if found.is_empty() {
            return Ok(End::Done);
        }
        self.report_findings(found)?;
        match self.next(found) {
            Next::GoOn => Ok(End::Done),
            Next::Recover => self.recover(),
            // Of a training that is over nothing is left to be stopped.
            Next::Stop if self.position.epoch >= self.job.settings.epochs => Ok(End::Done),
            Next::Stop => self.collapse(),
        }
    }

    fn report_findings(&mut self, found: &[Finding]) -> Result<()> {
        for finding in found {
            let Finding { epoch, step, code, title, .. } = finding;
            self.observer.finding(finding);
            self.folder.log(&format!("{code} in epoch {epoch}, at step {step}: {title}"))?;
        }
        self.folder.write_findings(&self.position.health.findings)
    }

    fn next(&self, found: &[Finding]) -> Next {
        next(found, self.job.settings.on_collapse, self.position.health.recoveries, &self.examiner.task)
    }

    /// Ends a training that guesses; what it has come to is saved beside the best model.
    fn collapse(&mut self) -> Result<End> {
        self.save()?;
        self.tell("the training is stopped: it would go on guessing (`on_collapse`)")?;
        Ok(End::Collapsed)
    }

    /// Goes back to the last good checkpoint, and on from there with a tenth of the rate, or less where a tenth would
    /// collapse again.
    fn recover(&mut self) -> Result<End> {
        let Some(good) = self.folder.good()? else { return self.collapse() };
        let health = self.position.health.recovered(good.position.health.clone());
        let position = Position { health, ..good.position };
        let before = self.examiner.rate_left(&self.position.health);
        self.go_on_from(Checkpoint { position, tensors: good.tensors })?;
        self.save()?;
        let (epoch, rate) = (self.position.epoch, self.rate_at(self.position.step));
        let back = match epoch {
            0 => "to the weights that it started from".to_owned(),
            _ => format!("to the model after epoch {epoch}"),
        };
        let left = self.examiner.rate_left(&self.position.health) / before;
        let what = if left < 0.99 * TENTH { "a rate that mostly trains well" } else { "a tenth of the rate" };
        let recoveries = self.position.health.recoveries;
        self.tell(&format!("recovery {recoveries}: back {back}, and on at {what}, {}", rate_text(rate)))?;
        Ok(End::Recovered)
    }

    pub(super) fn recovers(&self) -> bool {
        self.job.settings.on_collapse == Some(OnCollapse::Recover)
    }

    fn tell(&mut self, sentence: &str) -> Result<()> {
        self.observer.notice(sentence);
        self.folder.log(sentence)
    }

    /// A number is infinite or none: the training goes back, or ends with H713. `count` is how many images the batch has that
    /// is in the session, where one is. What is not finite is never saved.
    pub(super) fn not_finite(&mut self, what: &str, count: usize) -> Result<End> {
        let Position { epoch, step, .. } = self.position;
        let rate = Rate { learning_rate: self.rate_at(step.saturating_sub(u64::from(count == 0))), ..self.rate() };
        let finding = self.examiner.non_finite(&mut self.session, &self.job.graph, count, what, &rate);
        let finding = Finding { epoch: epoch + 1, step, ..finding };
        let found = self.position.health.keep(vec![finding.clone()], epoch + 1, step);
        self.report_findings(&found)?;
        match self.next(&found) {
            Next::Recover => self.recover(),
            Next::GoOn | Next::Stop => Err(self.fault_of(&finding)),
        }
    }

    /// H713 as what ends a training.
    fn fault_of(&self, finding: &Finding) -> Fault {
        let Position { epoch, step, .. } = self.position;
        let kept = match epoch {
            0 => "no epoch was finished, so there is no model".to_owned(),
            _ => format!("the model after epoch {epoch} is kept in {}", self.folder.path().display()),
        };
        Diagnostic::new(&code::NON_FINITE, format!("{} in epoch {}, at step {step}", finding.title, epoch + 1))
            .note(finding.cause.clone())
            .note(kept)
            .help(finding.advice.clone())
            .fault()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{ignores_input, non_finite};

    fn task() -> Task {
        Task { is_normalised: true, rate: 0.1, usual_rate: 1e-3, ..Task::default() }
    }

    #[test]
    fn a_collapse_ends_a_training_unless_the_spec_says_otherwise_and_recoveries_are_bounded() {
        let found = [non_finite(&task(), "the loss", None, 0.1, false)];
        let next = |setting, recoveries| next(&found, setting, recoveries, &task());
        assert_eq!(next(None, 0), Next::Stop);
        assert_eq!(next(Some(OnCollapse::Stop), 0), Next::Stop);
        assert_eq!(next(Some(OnCollapse::Ignore), 0), Next::GoOn);
        assert_eq!(next(Some(OnCollapse::Recover), 2), Next::Recover);
        assert_eq!(next(Some(OnCollapse::Recover), 3), Next::Stop);
    }

    #[test]
    fn a_network_that_dead_units_cut_off_from_the_start_is_not_trained_on_whatever_the_rate() {
        let stuck = Finding { because: Some("H716".to_owned()), code: "H710".to_owned(), ..ignores_input(0.1, 0.1) };
        let next = |setting| next(std::slice::from_ref(&stuck), setting, 0, &task());
        assert_eq!(next(None), Next::Stop);
        assert_eq!(next(Some(OnCollapse::Recover)), Next::Stop);
        assert_eq!(next(Some(OnCollapse::Ignore)), Next::GoOn);
    }

    #[test]
    fn what_a_lower_rate_does_not_mend_is_not_recovered_from() {
        let found = [non_finite(&Task { is_normalised: false, ..task() }, "the loss", None, 0.1, false)];
        assert_eq!(next(&found, Some(OnCollapse::Recover), 0, &task()), Next::GoOn);
        assert_eq!(next(&[], Some(OnCollapse::Recover), 0, &task()), Next::GoOn);
    }
}
