//! Codes of letter T: shapes.

use super::{Code, Page, Severity};

/// T201: a kernel or pool is larger than its padded input.
pub static WINDOW_EXCEEDS_INPUT: Code = Code {
    id: "T201",
    slug: "window-exceeds-input",
    severity: Severity::Error,
    summary: "a kernel or pool is larger than its padded input",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T202: a dense layer is given a feature map.
pub static DENSE_ON_FEATURE_MAP: Code = Code {
    id: "T202",
    slug: "dense-on-feature-map",
    severity: Severity::Error,
    summary: "a dense layer is given a feature map",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T203: a spatial layer is given a vector.
pub static WINDOW_ON_VECTOR: Code = Code {
    id: "T203",
    slug: "window-on-vector",
    severity: Severity::Error,
    summary: "a spatial layer is given a vector",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T204: branches that are added or multiplied differ in shape.
pub static BRANCH_SHAPE_MISMATCH: Code = Code {
    id: "T204",
    slug: "branch-shape-mismatch",
    severity: Severity::Error,
    summary: "branches that are added or multiplied differ in shape",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T205: branches that are concatenated differ in height or width.
pub static CONCAT_SIZE_MISMATCH: Code = Code {
    id: "T205",
    slug: "concat-size-mismatch",
    severity: Severity::Error,
    summary: "branches that are concatenated differ in height or width",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T206: groups do not divide the channels or the filters.
pub static GROUPS_DO_NOT_DIVIDE: Code = Code {
    id: "T206",
    slug: "groups-do-not-divide",
    severity: Severity::Error,
    summary: "groups do not divide the channels or the filters",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T207: the last width is not the number of classes.
pub static UNITS_NOT_CLASSES: Code = Code {
    id: "T207",
    slug: "units-not-classes",
    severity: Severity::Error,
    summary: "the last width is not the number of classes",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T208: a tensor or a parameter count exceeds its limit.
pub static SIZE_OVERFLOW: Code = Code {
    id: "T208",
    slug: "size-overflow",
    severity: Severity::Error,
    summary: "a tensor or a parameter count exceeds its limit",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T209: the network ends in a feature map.
pub static OUTPUT_NOT_A_VECTOR: Code = Code {
    id: "T209",
    slug: "output-not-a-vector",
    severity: Severity::Error,
    summary: "the network ends in a feature map",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T210: what `expect` says does not hold.
pub static EXPECTATION_FAILED: Code = Code {
    id: "T210",
    slug: "expectation-failed",
    severity: Severity::Error,
    summary: "what `expect` says does not hold",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T211: a stride leaves the last rows or columns unread.
pub static PIXELS_DROPPED: Code = Code {
    id: "T211",
    slug: "pixels-dropped",
    severity: Severity::Note,
    summary: "a stride leaves the last rows or columns unread",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T212: a stride larger than the kernel skips pixels.
pub static STRIDE_SKIPS_PIXELS: Code = Code {
    id: "T212",
    slug: "stride-skips-pixels",
    severity: Severity::Warning,
    summary: "a stride larger than the kernel skips pixels",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// T213: the input looks as if it were written channels first.
pub static CHANNELS_FIRST_INPUT: Code = Code {
    id: "T213",
    slug: "channels-first-input",
    severity: Severity::Warning,
    summary: "the input looks as if it were written channels first",
    page: Page { means: "", why: "", remedy: "", example: None },
};
