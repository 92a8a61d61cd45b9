//! Codes of letter P: what the network asks of the machine.

use super::{Code, Page, Severity};

/// P411: the plan needs more memory than the machine has.
pub static PLAN_EXCEEDS_MEMORY: Code = Code {
    id: "P411",
    slug: "plan-exceeds-memory",
    severity: Severity::Error,
    summary: "the plan needs more memory than the machine has",
    page: Page { means: "", why: "", remedy: "", example: None },
};
