//! Codes of letter A: activations and value ranges.

use super::{Code, Page, Severity};

/// A301: softmax over one unit is the constant 1.
pub static SOFTMAX_ON_ONE_UNIT: Code = Code {
    id: "A301",
    slug: "softmax-on-one-unit",
    severity: Severity::Error,
    summary: "softmax over one unit is the constant 1",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// A302: a softmax stands before the end of the network.
pub static SOFTMAX_IN_THE_MIDDLE: Code = Code {
    id: "A302",
    slug: "softmax-in-the-middle",
    severity: Severity::Error,
    summary: "a softmax stands before the end of the network",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// A303: a softmax is applied to probabilities.
pub static DOUBLE_SOFTMAX: Code = Code {
    id: "A303",
    slug: "double-softmax",
    severity: Severity::Error,
    summary: "a softmax is applied to probabilities",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// A304: a ReLU-like activation stands on the logits.
pub static RECTIFIED_LOGITS: Code = Code {
    id: "A304",
    slug: "rectified-logits",
    severity: Severity::Error,
    summary: "a ReLU-like activation stands on the logits",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// A305: a bounded activation stands on the logits.
pub static SQUASHED_LOGITS: Code = Code {
    id: "A305",
    slug: "squashed-logits",
    severity: Severity::Warning,
    summary: "a bounded activation stands on the logits",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// A306: sigmoid over several units for classes that exclude one another.
pub static SIGMOID_FOR_EXCLUSIVE_CLASSES: Code = Code {
    id: "A306",
    slug: "sigmoid-for-exclusive-classes",
    severity: Severity::Error,
    summary: "sigmoid over several units for classes that exclude one another",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// A307: the network ends in an activation that gives no probabilities.
pub static WRONG_OUTPUT_ACTIVATION: Code = Code {
    id: "A307",
    slug: "wrong-output-activation",
    severity: Severity::Error,
    summary: "the network ends in an activation that gives no probabilities",
    page: Page { means: "", why: "", remedy: "", example: None },
};
