//! Codes of letter M: models, runs and files.

use super::{Code, Page, Severity};

/// M801: a model file cannot be read.
pub static MODEL_FILE_CORRUPT: Code = Code {
    id: "M801",
    slug: "model-file-corrupt",
    severity: Severity::Error,
    summary: "a model file cannot be read",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M802: a model file was written by a later version of netc.
pub static MODEL_TOO_NEW: Code = Code {
    id: "M802",
    slug: "model-too-new",
    severity: Severity::Error,
    summary: "a model file was written by a later version of netc",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M803: weights do not fit the network.
pub static MODEL_DOES_NOT_FIT_SPEC: Code = Code {
    id: "M803",
    slug: "model-does-not-fit-spec",
    severity: Severity::Error,
    summary: "weights do not fit the network",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M804: the run folder exists already.
pub static RUN_FOLDER_TAKEN: Code = Code {
    id: "M804",
    slug: "run-folder-taken",
    severity: Severity::Error,
    summary: "the run folder exists already",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M805: a file could not be written.
pub static WRITE_FAILED: Code = Code {
    id: "M805",
    slug: "write-failed",
    severity: Severity::Error,
    summary: "a file could not be written",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M806: the data or the spec changed since the run was started.
pub static RESUME_DATA_CHANGED: Code = Code {
    id: "M806",
    slug: "resume-data-changed",
    severity: Severity::Error,
    summary: "the data or the spec changed since the run was started",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M808: the folder holds no run that can be resumed.
pub static NOTHING_TO_RESUME: Code = Code {
    id: "M808",
    slug: "nothing-to-resume",
    severity: Severity::Error,
    summary: "the folder holds no run that can be resumed",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M809: training could not go on.
pub static RUN_FAILED: Code = Code {
    id: "M809",
    slug: "run-failed",
    severity: Severity::Error,
    summary: "training could not go on",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// M810: there is no code of that name.
pub static UNKNOWN_CODE: Code = Code {
    id: "M810",
    slug: "unknown-code",
    severity: Severity::Error,
    summary: "there is no code of that name",
    page: Page { means: "", why: "", remedy: "", example: None },
};
