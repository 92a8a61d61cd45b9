//! Codes of letter N: names and arguments.

use super::{Code, Example, Page, Severity};

/// N101: a layer has a name that netc does not know.
pub static UNKNOWN_LAYER: Code = Code {
    id: "N101",
    slug: "unknown-layer",
    severity: Severity::Error,
    summary: "a layer has a name that netc does not know",
    page: Page {
        means: "A name is neither a layer of netc nor one of the Keras and PyTorch names that netc knows. Case \
            counts.",
        why: "A network with a layer left out, or guessed, is another network. So netc stops and says which name \
            comes closest.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> MAxPool -> Flatten -> Dense -> Softmax\n",
            passes: "Conv -> Relu -> MaxPool -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N102: a layer has no argument of that name.
pub static UNKNOWN_ARGUMENT: Code = Code {
    id: "N102",
    slug: "unknown-argument",
    severity: Severity::Error,
    summary: "a layer has no argument of that name",
    page: Page {
        means: "A layer or block is given an argument by a name that it does not have.",
        why: "An argument that is silently ignored leaves the default in its place, and the network is not the one \
            that was written.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(32, kernal: 5x5) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(32, kernel: 5x5) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N103: a block or layer needs an argument that is not given.
pub static MISSING_ARGUMENT: Code = Code {
    id: "N103",
    slug: "missing-argument",
    severity: Severity::Error,
    summary: "a block or layer needs an argument that is not given",
    page: Page {
        means: "A block has a parameter without a default, and a use of the block does not give it. All arguments of \
            layers have defaults.",
        why: "There is no value that netc could take instead.",
        remedy: "",
        example: Some(Example {
            fails: "let block(f) = Conv(f) -> Relu\n\
                block -> Flatten -> Dense -> Softmax\n",
            passes: "let block(f) = Conv(f) -> Relu\n\
                block(32) -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N104: an argument has a value of the wrong kind.
pub static WRONG_ARGUMENT_TYPE: Code = Code {
    id: "N104",
    slug: "wrong-argument-type",
    severity: Severity::Error,
    summary: "an argument has a value of the wrong kind",
    page: Page {
        means: "An argument has a value of another kind than it takes: a word where a number is wanted, a number \
            with a point where a whole number is wanted.",
        why: "Rounding or guessing would build another network than the one that was written.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(32, padding: \"same\") -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(32, padding: same) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N105: an argument lies outside the values it may take.
pub static ARGUMENT_OUT_OF_DOMAIN: Code = Code {
    id: "N105",
    slug: "argument-out-of-domain",
    severity: Severity::Error,
    summary: "an argument lies outside the values it may take",
    page: Page {
        means: "A number has the right kind but lies outside the values that make sense: a dropout rate of 1 or \
            more, a stride of 0, a negative number of filters.",
        why: "A rate of 1 sets every number to zero; a stride of 0 never moves. No network comes out of these.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dropout(1.5) -> Dense -> Softmax\n",
            passes: "Conv -> Relu -> Flatten -> Dropout(0.5) -> Dense -> Softmax\n",
        }),
    },
};

/// N106: an argument is given twice.
pub static DUPLICATE_ARGUMENT: Code = Code {
    id: "N106",
    slug: "duplicate-argument",
    severity: Severity::Error,
    summary: "an argument is given twice",
    page: Page {
        means: "One argument is given twice, once by its place and once by its name, or under two of its names.",
        why: "Only one of the two can hold, and which one is meant is not for netc to say.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(32, filters: 64) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(64) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N107: more arguments are given than there are.
pub static TOO_MANY_ARGUMENTS: Code = Code {
    id: "N107",
    slug: "too-many-arguments",
    severity: Severity::Error,
    summary: "more arguments are given than there are",
    page: Page {
        means: "A layer or block is given more arguments than it takes.",
        why: "What is given too much would be ignored, and the network would not be the one that was written.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu(6) -> Flatten -> Dense -> Softmax\n",
            passes: "Conv -> Relu6 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N108: a list has another length than the repeat it is spread over.
pub static SPREAD_LENGTH_MISMATCH: Code = Code {
    id: "N108",
    slug: "spread-length-mismatch",
    severity: Severity::Error,
    summary: "a list has another length than the repeat it is spread over",
    page: Page {
        means: "A list stands for a single value and is spread over the innermost repeat around it, one item a run. \
            Here the list has another length than the repeat has runs.",
        why: "Items would be left over, or runs would get nothing.",
        remedy: "",
        example: Some(Example {
            fails: "[Conv([64, 32]) -> Relu] * 3 -> Flatten -> Dense -> Softmax\n",
            passes: "[Conv([64, 32, 32]) -> Relu] * 3 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N109: a list stands where no repeat spreads it.
pub static SPREAD_OUTSIDE_REPEAT: Code = Code {
    id: "N109",
    slug: "spread-outside-repeat",
    severity: Severity::Error,
    summary: "a list stands where no repeat spreads it",
    page: Page {
        means: "A list stands for a single value where no repeat is around it that could spread it.",
        why: "A layer has one number of filters, not several.",
        remedy: "",
        example: Some(Example {
            fails: "Conv([64, 32]) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "[Conv([64, 32]) -> Relu] * 2 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N110: a block is used that no `let` defines.
pub static UNKNOWN_BLOCK: Code = Code {
    id: "N110",
    slug: "unknown-block",
    severity: Severity::Error,
    summary: "a block is used that no `let` defines",
    page: Page {
        means: "A name in lower case is used like a block, but no `let` above the network defines it.",
        why: "Without its definition netc cannot know which layers it stands for.",
        remedy: "",
        example: Some(Example {
            fails: "let block(f) = Conv(f) -> Relu\n\
                block(32) -> blocks(64) -> Flatten -> Dense -> Softmax\n",
            passes: "let block(f) = Conv(f) -> Relu\n\
                block(32) -> block(64) -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N111: a block uses itself, or one defined after it.
pub static RECURSIVE_BLOCK: Code = Code {
    id: "N111",
    slug: "recursive-block",
    severity: Severity::Error,
    summary: "a block uses itself, or one defined after it",
    page: Page {
        means: "A block uses itself, or a block that is defined below it.",
        why: "Expanding it would never end. A repeat says how often a block runs: `[block] * 3`.",
        remedy: "",
        example: Some(Example {
            fails: "let block = Conv -> block\n\
                block -> Flatten -> Dense -> Softmax\n",
            passes: "let block = Conv -> Relu\n\
                [block] * 2 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N112: a block is defined and never used.
pub static UNUSED_BLOCK: Code = Code {
    id: "N112",
    slug: "unused-block",
    severity: Severity::Warning,
    summary: "a block is defined and never used",
    page: Page {
        means: "A block is defined and never used.",
        why: "Most often the use is missing, or an older name is still used in its place.",
        remedy: "",
        example: Some(Example {
            fails: "let block = Conv -> Relu\n\
                Conv -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "let block = Conv -> Relu\n\
                block -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N113: a network has more than 10,000 layers after expansion.
pub static TOO_MANY_LAYERS: Code = Code {
    id: "N113",
    slug: "too-many-layers",
    severity: Severity::Error,
    summary: "a network has more than 10,000 layers after expansion",
    page: Page {
        means: "After all blocks and repeats are expanded, the network has more than 10,000 layers. The number is \
            computed before anything is expanded.",
        why: "No such network can be trained; a repeat count is too large, or repeats are nested that were not \
            meant to be.",
        remedy: "",
        example: Some(Example {
            fails: "[[Conv(padding: same) -> Relu] * 1000] * 1000 -> Flatten -> Dense -> Softmax\n",
            passes: "[[Conv(padding: same) -> Relu] * 2] * 3 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N114: an allow names a code that does not exist.
pub static UNKNOWN_CODE_IN_ALLOW: Code = Code {
    id: "N114",
    slug: "unknown-code-in-allow",
    severity: Severity::Warning,
    summary: "an allow names a code that does not exist",
    page: Page {
        means: "`lint:` or a `# netc: allow(...)` comment names a code that does not exist. A code is given by its \
            letter and number, `T211`, or by its slug, `pixels-dropped`.",
        why: "A misspelled code silences nothing, and the next reader believes that it does.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                lint: { allow: [pixels-droped] }\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                lint: { allow: [pixels-dropped] }\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N115: an allow silences nothing.
pub static UNUSED_ALLOW: Code = Code {
    id: "N115",
    slug: "unused-allow",
    severity: Severity::Warning,
    summary: "an allow silences nothing",
    page: Page {
        means: "A `# netc: allow(...)` comment names a code that is not reported on its line, or one that cannot be \
            silenced because no network can be built with it.",
        why: "The reason for the comment is gone, and it would hide the next fault of this kind.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x3\n\
                ---\n\
                Conv -> Relu  # netc: allow(T212)\n\
                \x20 -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                ---\n\
                Conv(stride: 5) -> Relu  # netc: allow(T212)\n\
                \x20 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N116: two blocks have the same name.
pub static DUPLICATE_BLOCK: Code = Code {
    id: "N116",
    slug: "duplicate-block",
    severity: Severity::Error,
    summary: "two blocks have the same name",
    page: Page {
        means: "Two blocks have one name, or a block has the name of a layer.",
        why: "Which of the two a use means would depend on the order of the file.",
        remedy: "",
        example: Some(Example {
            fails: "let block = Conv -> Relu\n\
                let block = Conv -> BatchNorm -> Relu\n\
                block -> Flatten -> Dense -> Softmax\n",
            passes: "let block = Conv -> Relu\n\
                let normed = Conv -> BatchNorm -> Relu\n\
                block -> normed -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// N117: a combinator has fewer or more branches than it takes.
pub static WRONG_BRANCH_COUNT: Code = Code {
    id: "N117",
    slug: "wrong-branch-count",
    severity: Severity::Error,
    summary: "a combinator has fewer or more branches than it takes",
    page: Page {
        means: "A combinator has fewer or more branches than it joins, or a layer that joins nothing has branches. \
            `Add`, `Multiply` and `Concat` join two branches and more, `Residual` has one.",
        why: "A sum of one branch is that branch: the second one is missing.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Add[Conv(padding: same)] -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv -> Add[Conv(padding: same) | Identity] -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};
