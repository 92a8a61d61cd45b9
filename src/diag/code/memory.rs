//! Codes of letter P: what the network asks of the machine.

use super::{Code, Page, Severity};

/// P411: the plan needs more memory than the machine has.
pub static PLAN_EXCEEDS_MEMORY: Code = Code {
    id: "P411",
    slug: "plan-exceeds-memory",
    severity: Severity::Error,
    summary: "the plan needs more memory than the machine has",
    page: Page {
        means: "The plan of the network for this batch size takes more memory than the machine has free, or \
                than its container may use. The amount is known before anything is allocated, since every \
                buffer of the plan is.",
        why: "The system would end the process in the middle of the training, without a word.",
        remedy: "Set the batch size that the message names: it is the largest that fits, found by planning \
                again. Where none fits, make the input smaller, pool earlier, or use fewer filters in the \
                layers before the first pool, which hold the largest maps.",
        example: None,
    },
};
