//! Codes of letter N: names and arguments.

use super::{Code, Page, Severity};

/// N101: a layer has a name that netc does not know.
pub static UNKNOWN_LAYER: Code = Code {
    id: "N101",
    slug: "unknown-layer",
    severity: Severity::Error,
    summary: "a layer has a name that netc does not know",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N102: a layer has no argument of that name.
pub static UNKNOWN_ARGUMENT: Code = Code {
    id: "N102",
    slug: "unknown-argument",
    severity: Severity::Error,
    summary: "a layer has no argument of that name",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N103: a block or layer needs an argument that is not given.
pub static MISSING_ARGUMENT: Code = Code {
    id: "N103",
    slug: "missing-argument",
    severity: Severity::Error,
    summary: "a block or layer needs an argument that is not given",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N104: an argument has a value of the wrong kind.
pub static WRONG_ARGUMENT_TYPE: Code = Code {
    id: "N104",
    slug: "wrong-argument-type",
    severity: Severity::Error,
    summary: "an argument has a value of the wrong kind",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N105: an argument lies outside the values it may take.
pub static ARGUMENT_OUT_OF_DOMAIN: Code = Code {
    id: "N105",
    slug: "argument-out-of-domain",
    severity: Severity::Error,
    summary: "an argument lies outside the values it may take",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N106: an argument is given twice.
pub static DUPLICATE_ARGUMENT: Code = Code {
    id: "N106",
    slug: "duplicate-argument",
    severity: Severity::Error,
    summary: "an argument is given twice",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N107: more arguments are given than there are.
pub static TOO_MANY_ARGUMENTS: Code = Code {
    id: "N107",
    slug: "too-many-arguments",
    severity: Severity::Error,
    summary: "more arguments are given than there are",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N108: a list has another length than the repeat it is spread over.
pub static SPREAD_LENGTH_MISMATCH: Code = Code {
    id: "N108",
    slug: "spread-length-mismatch",
    severity: Severity::Error,
    summary: "a list has another length than the repeat it is spread over",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N109: a list stands where no repeat spreads it.
pub static SPREAD_OUTSIDE_REPEAT: Code = Code {
    id: "N109",
    slug: "spread-outside-repeat",
    severity: Severity::Error,
    summary: "a list stands where no repeat spreads it",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N110: a block is used that no `let` defines.
pub static UNKNOWN_BLOCK: Code = Code {
    id: "N110",
    slug: "unknown-block",
    severity: Severity::Error,
    summary: "a block is used that no `let` defines",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N111: a block uses itself, or one defined after it.
pub static RECURSIVE_BLOCK: Code = Code {
    id: "N111",
    slug: "recursive-block",
    severity: Severity::Error,
    summary: "a block uses itself, or one defined after it",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N112: a block is defined and never used.
pub static UNUSED_BLOCK: Code = Code {
    id: "N112",
    slug: "unused-block",
    severity: Severity::Warning,
    summary: "a block is defined and never used",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N113: a network has more than 10,000 layers after expansion.
pub static TOO_MANY_LAYERS: Code = Code {
    id: "N113",
    slug: "too-many-layers",
    severity: Severity::Error,
    summary: "a network has more than 10,000 layers after expansion",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N114: an allow names a code that does not exist.
pub static UNKNOWN_CODE_IN_ALLOW: Code = Code {
    id: "N114",
    slug: "unknown-code-in-allow",
    severity: Severity::Warning,
    summary: "an allow names a code that does not exist",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N115: an allow silences nothing.
pub static UNUSED_ALLOW: Code = Code {
    id: "N115",
    slug: "unused-allow",
    severity: Severity::Warning,
    summary: "an allow silences nothing",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N116: two blocks have the same name.
pub static DUPLICATE_BLOCK: Code = Code {
    id: "N116",
    slug: "duplicate-block",
    severity: Severity::Error,
    summary: "two blocks have the same name",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// N117: a combinator has fewer or more branches than it takes.
pub static WRONG_BRANCH_COUNT: Code = Code {
    id: "N117",
    slug: "wrong-branch-count",
    severity: Severity::Error,
    summary: "a combinator has fewer or more branches than it takes",
    page: Page { means: "", why: "", remedy: "", example: None },
};
