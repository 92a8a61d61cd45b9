//! Codes of letter S: the text of a spec.

use super::{Code, Page, Severity};

/// S001: something stands where the language does not allow it.
pub static UNEXPECTED_TOKEN: Code = Code {
    id: "S001",
    slug: "unexpected-token",
    severity: Severity::Error,
    summary: "something stands where the language does not allow it",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S002: layers are joined by `->`, not by another arrow.
pub static WRONG_ARROW: Code = Code {
    id: "S002",
    slug: "wrong-arrow",
    severity: Severity::Error,
    summary: "layers are joined by `->`, not by another arrow",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S003: a bracket is opened and never closed.
pub static UNCLOSED_BRACKET: Code = Code {
    id: "S003",
    slug: "unclosed-bracket",
    severity: Severity::Error,
    summary: "a bracket is opened and never closed",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S004: brackets are nested deeper than 64 levels.
pub static NESTING_TOO_DEEP: Code = Code {
    id: "S004",
    slug: "nesting-too-deep",
    severity: Severity::Error,
    summary: "brackets are nested deeper than 64 levels",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S005: a spec is larger than 1 MiB.
pub static FILE_TOO_LARGE: Code = Code {
    id: "S005",
    slug: "file-too-large",
    severity: Severity::Error,
    summary: "a spec is larger than 1 MiB",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S006: a number cannot be read.
pub static MALFORMED_NUMBER: Code = Code {
    id: "S006",
    slug: "malformed-number",
    severity: Severity::Error,
    summary: "a number cannot be read",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S007: the front matter is not valid YAML, or a value has the wrong kind.
pub static MALFORMED_YAML: Code = Code {
    id: "S007",
    slug: "malformed-yaml",
    severity: Severity::Error,
    summary: "the front matter is not valid YAML, or a value has the wrong kind",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S008: the front matter has a key that netc does not know.
pub static UNKNOWN_KEY: Code = Code {
    id: "S008",
    slug: "unknown-key",
    severity: Severity::Error,
    summary: "the front matter has a key that netc does not know",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S009: the front matter has a key twice.
pub static DUPLICATE_KEY: Code = Code {
    id: "S009",
    slug: "duplicate-key",
    severity: Severity::Error,
    summary: "the front matter has a key twice",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S010: a spec is not UTF-8 text.
pub static NOT_UTF8: Code = Code {
    id: "S010",
    slug: "not-utf8",
    severity: Severity::Error,
    summary: "a spec is not UTF-8 text",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S011: a spec declares no network.
pub static NO_NETWORK: Code = Code {
    id: "S011",
    slug: "no-network",
    severity: Severity::Error,
    summary: "a spec declares no network",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S012: an arrow leads nowhere.
pub static DANGLING_ARROW: Code = Code {
    id: "S012",
    slug: "dangling-arrow",
    severity: Severity::Error,
    summary: "an arrow leads nowhere",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S013: a repeat count is not a whole number from 1 on.
pub static BAD_REPEAT_COUNT: Code = Code {
    id: "S013",
    slug: "bad-repeat-count",
    severity: Severity::Error,
    summary: "a repeat count is not a whole number from 1 on",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S014: a spec file cannot be read.
pub static UNREADABLE_SPEC: Code = Code {
    id: "S014",
    slug: "unreadable-spec",
    severity: Severity::Error,
    summary: "a spec file cannot be read",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// S015: a key of the language that this version does not act on.
pub static UNSUPPORTED_KEY: Code = Code {
    id: "S015",
    slug: "unsupported-key",
    severity: Severity::Error,
    summary: "a key of the language that this version does not act on",
    page: Page { means: "", why: "", remedy: "", example: None },
};
