//! Codes of letter S: the text of a spec.

use super::{Code, Example, Page, Severity};

/// S001: something stands where the language does not allow it.
pub static UNEXPECTED_TOKEN: Code = Code {
    id: "S001",
    slug: "unexpected-token",
    severity: Severity::Error,
    summary: "something stands where the language does not allow it",
    page: Page {
        means: "The reader knows what may stand at every place: a layer, a group or a block where a stage begins, \
                an arrow or a count behind it, a value in an argument list. Something else stands here.",
        why: "netc does not guess what was meant, since a guess would train another network than the one that \
                was written. Reading goes on behind the place, so that the other faults of the file are found in \
                the same run.",
        remedy: "",
        example: Some(Example {
            fails: "Conv Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// S002: layers are joined by `->`, not by another arrow.
pub static WRONG_ARROW: Code = Code {
    id: "S002",
    slug: "wrong-arrow",
    severity: Severity::Error,
    summary: "layers are joined by `->`, not by another arrow",
    page: Page {
        means: "Two layers are joined by something that looks like an arrow and is not `->`.",
        why: "There is one way to write an arrow, so that a search and a diff find every one. The fix writes it; \
                the rest of the file is checked as if it stood there.",
        remedy: "",
        example: Some(Example {
            fails: "[Conv -> Relu -Conv -> Relu -> MaxPool] * 2 => Flatten -> Dense -> Softmax\n",
            passes: "[Conv -> Relu -> Conv -> Relu -> MaxPool] * 2 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// S003: a bracket is opened and never closed.
pub static UNCLOSED_BRACKET: Code = Code {
    id: "S003",
    slug: "unclosed-bracket",
    severity: Severity::Error,
    summary: "a bracket is opened and never closed",
    page: Page {
        means: "A bracket or a quote is opened and its other half never comes.",
        why: "Where the group or the argument list ends decides what is repeated and what a layer gets. The \
                message points at the opening half, since that is the one that is there.",
        remedy: "",
        example: Some(Example {
            fails: "[Conv -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "[Conv -> Relu] * 2 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// S004: brackets are nested deeper than 64 levels.
pub static NESTING_TOO_DEEP: Code = Code {
    id: "S004",
    slug: "nesting-too-deep",
    severity: Severity::Error,
    summary: "brackets are nested deeper than 64 levels",
    page: Page {
        means: "More than 64 brackets are open at once.",
        why: "No network needs so many, and a text made to exhaust the reader's memory does. The limit is the \
                same on every machine.",
        remedy: "",
        example: Some(Example {
            fails: "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[Conv]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] -> Flatten -> Dense -> Softmax\n",
            passes: "\
let block = [[Conv -> Relu]]
[[block]] -> Flatten -> Dense -> Softmax
",
        }),
    },
};

/// S005: a spec is larger than 1 MiB.
pub static FILE_TOO_LARGE: Code = Code {
    id: "S005",
    slug: "file-too-large",
    severity: Severity::Error,
    summary: "a spec is larger than 1 MiB",
    page: Page {
        means: "A spec holds more than 1,048,576 bytes.",
        why: "A spec is a few lines; a file of this size is another file, such as a model or an image, given by \
                mistake.",
        remedy: "Give the path of the `.net` file. A network that really is that long is written with `* n` and \
                `let`.",
        example: None,
    },
};

/// S006: a number cannot be read.
pub static MALFORMED_NUMBER: Code = Code {
    id: "S006",
    slug: "malformed-number",
    severity: Severity::Error,
    summary: "a number cannot be read",
    page: Page {
        means: "Something starts as a number and does not end as one, or is too large to be kept.",
        why: "Numbers are written `32`, `0.5`, `1e-4` or `50%`, sizes `3x3` or `256x256x3`, without separators \
                inside.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(32, kernel: 3x) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(32, kernel: 3x3) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// S007: the front matter is not valid YAML, or a value has the wrong kind.
pub static MALFORMED_YAML: Code = Code {
    id: "S007",
    slug: "malformed-yaml",
    severity: Severity::Error,
    summary: "the front matter is not valid YAML, or a value has the wrong kind",
    page: Page {
        means: "The lines between the two `---` are not YAML, or a key has a value of a kind that it cannot take, \
                such as text where a number belongs.",
        why: "A value that is not understood cannot be acted on, and training with a default in its place would \
                hide that.",
        remedy: "",
        example: Some(Example {
            fails: "\
---
train: { epochs: many }
---
Conv -> Relu -> Flatten -> Dense -> Softmax
",
            passes: "\
---
train: { epochs: 20 }
---
Conv -> Relu -> Flatten -> Dense -> Softmax
",
        }),
    },
};

/// S008: the front matter has a key that netc does not know.
pub static UNKNOWN_KEY: Code = Code {
    id: "S008",
    slug: "unknown-key",
    severity: Severity::Error,
    summary: "the front matter has a key that netc does not know",
    page: Page {
        means: "The front matter has a key that netc does not know, most often a misspelt one.",
        why: "A key without effect is worse than an error: the training would run with the default, and the spec \
                would say otherwise.",
        remedy: "",
        example: Some(Example {
            fails: "\
---
train: { learning_rte: 1e-4 }
---
Conv -> Relu -> Flatten -> Dense -> Softmax
",
            passes: "\
---
train: { learning_rate: 1e-4 }
---
Conv -> Relu -> Flatten -> Dense -> Softmax
",
        }),
    },
};

/// S009: the front matter has a key twice.
pub static DUPLICATE_KEY: Code = Code {
    id: "S009",
    slug: "duplicate-key",
    severity: Severity::Error,
    summary: "the front matter has a key twice",
    page: Page {
        means: "The same key stands twice in one mapping of the front matter.",
        why: "YAML readers differ in which of the two they take, and say nothing.",
        remedy: "",
        example: Some(Example {
            fails: "\
---
train: { epochs: 10, batch_size: 32, epochs: 20 }
---
Conv -> Relu -> Flatten -> Dense -> Softmax
",
            passes: "\
---
train: { epochs: 20, batch_size: 32 }
---
Conv -> Relu -> Flatten -> Dense -> Softmax
",
        }),
    },
};

/// S010: a spec is not UTF-8 text.
pub static NOT_UTF8: Code = Code {
    id: "S010",
    slug: "not-utf8",
    severity: Severity::Error,
    summary: "a spec is not UTF-8 text",
    page: Page {
        means: "The bytes of the file are not UTF-8 text.",
        why: "The file is no text at all, or was saved in another encoding such as UTF-16 or Latin-1; names in \
                it could not be compared with those of the classes.",
        remedy: "Save the file as UTF-8. The message gives the offset of the first byte that does not fit.",
        example: None,
    },
};

/// S011: a spec declares no network.
pub static NO_NETWORK: Code = Code {
    id: "S011",
    slug: "no-network",
    severity: Severity::Error,
    summary: "a spec declares no network",
    page: Page {
        means: "The file has no chain of layers: it is empty, or holds only front matter or blocks.",
        why: "There is nothing to check or to train. A block declares layers for use, it does not use them.",
        remedy: "",
        example: Some(Example {
            fails: "let block = Conv -> Relu\n",
            passes: "\
let block = Conv -> Relu
[block] * 2 -> Flatten -> Dense -> Softmax
",
        }),
    },
};

/// S012: an arrow leads nowhere.
pub static DANGLING_ARROW: Code = Code {
    id: "S012",
    slug: "dangling-arrow",
    severity: Severity::Error,
    summary: "an arrow leads nowhere",
    page: Page {
        means: "An arrow stands at the start or end of a chain, or right behind another arrow.",
        why: "A layer was deleted and its arrow left behind, or a layer is missing; only the author knows which.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> -> Relu -> Flatten -> Dense -> Softmax ->\n",
            passes: "Conv -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// S013: a repeat count is not a whole number from 1 on.
pub static BAD_REPEAT_COUNT: Code = Code {
    id: "S013",
    slug: "bad-repeat-count",
    severity: Severity::Error,
    summary: "a repeat count is not a whole number from 1 on",
    page: Page {
        means: "What stands behind `*` is not a whole number from 1 on, or a stage has two counts.",
        why: "The repeat is written out before anything is checked, so its count has to be known and has to be \
                whole. A stage that is not wanted is deleted or turned into a comment.",
        remedy: "",
        example: Some(Example {
            fails: "[Conv -> Relu] * 2.5 -> Flatten -> Dense -> Softmax\n",
            passes: "[Conv -> Relu] * 2 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// S014: a spec file cannot be read.
pub static UNREADABLE_SPEC: Code = Code {
    id: "S014",
    slug: "unreadable-spec",
    severity: Severity::Error,
    summary: "a spec file cannot be read",
    page: Page {
        means: "The spec file cannot be opened or read: it does not exist, is a folder, or may not be read.",
        why: "Without the text there is nothing to check.",
        remedy: "Check the path and the rights of the file. `-` reads the spec from standard input.",
        example: None,
    },
};

/// S015: a setting of the language that this version does not act on.
pub static UNSUPPORTED_KEY: Code = Code {
    id: "S015",
    slug: "unsupported-key",
    severity: Severity::Error,
    summary: "a setting of the language that this version does not act on",
    page: Page {
        means: "The setting belongs to the language and is written as it should be, but this version of netc does \
                not act on it. `netc check` accepts it; `netc train` refuses the spec. Of settings there is none left; \
                so it goes with several sigmoids at the end where A306 is silenced.",
        why: "To train without it would let the spec claim what did not happen.",
        remedy: "Write `Softmax` over the classes, or a single unit with `Sigmoid` for two of them.",
        example: None,
    },
};
