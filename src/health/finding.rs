//! A finding as it is told and written: what happens, the numbers, why, and the way out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::diag::code::{self, Code, Severity};

/// Something that is wrong with a training; serialises to an item of `findings.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The id of its row in the table of codes.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub severity: Level,
    /// The epoch in which it was found, from 1; 0 before the first.
    pub epoch: usize,
    /// Steps done when it was found.
    pub step: u64,
    /// How often the run had gone back and on by then.
    pub recoveries: usize,
    /// What happens, in one sentence: lower case, without a period.
    pub title: String,
    /// The numbers that show it.
    pub evidence: Map<String, Value>,
    /// Why, in one sentence.
    pub cause: String,
    /// The way out, in words.
    pub advice: String,
    /// The code of the finding that explains this one.
    pub because: Option<String>,
    /// The way out as changes of the spec.
    pub remedies: Vec<Remedy>,
}

/// [`Severity`], as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Very likely wrong.
    Warning,
    /// Nothing can be learnt any more.
    Error,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl Level {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A change of the spec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// The front matter's `key` becomes `value`.
    Set {
        /// As `Places` knows it: `train.learning_rate`.
        key: String,
        /// As it is written.
        value: String,
    },
    /// Sigmoids and tanhs between the layers become ReLUs.
    Rectify,
}

impl Remedy {
    /// The front matter's `key` becomes `value`.
    #[must_use]
    pub fn set(key: &str, value: impl Into<String>) -> Self {
        Self::Set { key: key.to_owned(), value: value.into() }
    }

    /// The peak learning rate becomes this.
    #[must_use]
    pub fn rate(rate: f64) -> Self {
        Self::set("train.learning_rate", rate_text(rate))
    }
}

/// A rate to two digits, as a spec writes it: `3e-4`.
#[must_use]
pub fn rate_text(rate: f64) -> String {
    format!("{rate:.1e}").replace(".0e", "e")
}

impl Finding {
    /// A finding of `code` with its title; when and why are added by who found it.
    pub(super) fn new(code: &'static Code, title: impl Into<String>) -> Self {
        Self {
            code: code.id.to_owned(),
            severity: code.severity.into(),
            epoch: 0,
            step: 0,
            recoveries: 0,
            title: title.into(),
            evidence: Map::new(),
            cause: String::new(),
            advice: String::new(),
            because: None,
            remedies: Vec::new(),
        }
    }

    /// Adds a number that shows it, to six digits.
    pub(super) fn number(mut self, name: &str, value: f64) -> Self {
        let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
        self.evidence.insert(name.to_owned(), rounded.into());
        self
    }

    /// Adds a count.
    pub(super) fn count(mut self, name: &str, value: u64) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a name.
    pub(super) fn word(mut self, name: &str, value: &str) -> Self {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn because_of(mut self, cause: impl Into<String>) -> Self {
        self.cause = cause.into();
        self
    }

    pub(super) fn advise(mut self, advice: impl Into<String>, remedies: Vec<Remedy>) -> Self {
        self.advice = advice.into();
        self.remedies = remedies;
        self
    }

    /// Makes it a note where the training learns all the same.
    pub(super) fn note_if(mut self, is_note: bool) -> Self {
        if is_note {
            self.severity = Level::Note;
        }
        self
    }

    /// Whether it is of this code.
    #[must_use]
    pub fn is(&self, code: &Code) -> bool {
        self.code == code.id
    }

    /// The numbers in a line: `rate 0.03, share 0.98`.
    #[must_use]
    pub fn numbers(&self) -> String {
        let words = self.evidence.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{} {value}", name.replace('_', " "))
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// What explains the most comes first.
const WEIGHTS: &[&Code] = &[
    &code::NON_FINITE,
    &code::FIRST_LOSS_OFF,
    &code::COLLAPSE,
    &code::DEAD_RELU,
    &code::EXPLODING_GRADIENT,
    &code::UPDATE_RATIO,
    &code::SATURATED,
    &code::VANISHING_GRADIENT,
    &code::FROZEN_LAYER,
    &code::INPUT_IGNORED,
    &code::CANNOT_OVERFIT_ONE_BATCH,
    &code::ONE_CLASS_PREDICTED,
    &code::STUCK_AT_PRIOR,
    &code::NOT_CONVERGING,
    &code::LOSS_AND_ACCURACY_DISAGREE,
    &code::CLASS_NEVER_RIGHT,
    &code::OSCILLATING,
    &code::OVERFITTING,
    &code::VALIDATION_TOO_GOOD,
];

/// The findings in order of weight, each with those that it explains.
#[must_use]
pub fn ordered(findings: &[Finding]) -> Vec<(&Finding, Vec<&Finding>)> {
    let weight = |finding: &Finding| WEIGHTS.iter().position(|code| finding.is(code)).unwrap_or(WEIGHTS.len());
    let is_root = |finding: &Finding| root(findings, finding).is_none();
    let mut roots: Vec<&Finding> = findings.iter().filter(|finding| is_root(finding)).collect();
    roots.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), weight(finding), finding.step));
    let explained = |cause: &Finding| {
        findings.iter().filter(|finding| root(findings, finding).is_some_and(|one| std::ptr::eq(one, cause))).collect()
    };
    roots.into_iter().map(|cause| (cause, explained(cause))).collect()
}

/// The finding at the end of the chain of causes; `None` where nothing found explains this one.
fn root<'f>(findings: &'f [Finding], finding: &Finding) -> Option<&'f Finding> {
    let cause_of = |finding: &Finding| {
        let because = finding.because.as_deref()?;
        findings.iter().find(|one| one.code == because && one.recoveries == finding.recoveries)
    };
    let mut cause = cause_of(finding)?;
    // A chain is at most as long as there are findings; a circle has no end.
    for _ in 0..findings.len() {
        match cause_of(cause) {
            Some(next) => cause = next,
            None => return Some(cause),
        }
    }
    None
}
