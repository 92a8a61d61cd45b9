//! Codes of letter A: activations and value ranges.

use super::{Code, Example, Page, Severity};

/// A301: softmax over one unit is the constant 1.
pub static SOFTMAX_ON_ONE_UNIT: Code = Code {
    id: "A301",
    slug: "softmax-on-one-unit",
    severity: Severity::Error,
    summary: "softmax over one unit is the constant 1",
    page: Page {
        means: "Softmax is applied to a single number. It divides by the sum of its inputs, so its output is always \
            1.",
        why: "A constant has a gradient of exactly zero: nothing is ever learned. Two classes take one unit with \
            `Sigmoid`, or two units with `Softmax`.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                classes: 2\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense(1) -> Softmax\n",
            passes: "---\n\
                classes: 2\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense(1) -> Sigmoid\n",
        }),
    },
};

/// A302: a softmax stands before the end of the network.
pub static SOFTMAX_IN_THE_MIDDLE: Code = Code {
    id: "A302",
    slug: "softmax-in-the-middle",
    severity: Severity::Error,
    summary: "a softmax stands before the end of the network",
    page: Page {
        means: "A softmax stands between layers instead of at the end.",
        why: "Its outputs add up to one, so with many units each of them is small, and so is every gradient that \
            comes back through it. Between layers `Relu` is the usual choice, in gates `Sigmoid`.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dense(64) -> Softmax -> Dense -> Softmax\n",
            passes: "Conv -> Relu -> Flatten -> Dense(64) -> Relu -> Dense -> Softmax\n",
        }),
    },
};

/// A303: a softmax is applied to probabilities.
pub static DOUBLE_SOFTMAX: Code = Code {
    id: "A303",
    slug: "double-softmax",
    severity: Severity::Error,
    summary: "a softmax is applied to probabilities",
    page: Page {
        means: "Softmax is applied to the probabilities of another softmax, often one as `activation: softmax` and \
            one as a layer.",
        why: "Its inputs lie between 0 and 1, so for C classes the best probability is e/(e + C − 1), and the \
            cross-entropy cannot fall below ln(e + C − 1) − 1: 0.551 for 3 classes, 1.461 for 10.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dense(3, activation: softmax) -> Softmax\n",
            passes: "Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A304: a ReLU-like activation stands on the logits.
pub static RECTIFIED_LOGITS: Code = Code {
    id: "A304",
    slug: "rectified-logits",
    severity: Severity::Error,
    summary: "a ReLU-like activation stands on the logits",
    page: Page {
        means: "A ReLU, or an activation that is flat below zero like it, stands between the last layer and the \
            softmax.",
        why: "Where the scores of all classes are negative, ReLU makes all of them zero: every class gets 1/C \
            (33.33 % for three classes) and the gradient is exactly zero, so training never gets away from \
            there.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dense(3) -> Relu -> Softmax\n",
            passes: "Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A305: a bounded activation stands on the logits.
pub static SQUASHED_LOGITS: Code = Code {
    id: "A305",
    slug: "squashed-logits",
    severity: Severity::Warning,
    summary: "a bounded activation stands on the logits",
    page: Page {
        means: "A sigmoid or tanh stands between the last layer and the softmax and holds its inputs within bounds.",
        why: "Scores that differ by at most d allow no loss below ln(1 + (C − 1)·e^−d), with d = 1 for sigmoid and \
            2 for tanh: for 3 classes 0.551 and 0.240. Gradients vanish near the bounds as well.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dense(3) -> Tanh -> Softmax\n",
            passes: "Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A306: sigmoid over several units for classes that exclude one another.
pub static SIGMOID_FOR_EXCLUSIVE_CLASSES: Code = Code {
    id: "A306",
    slug: "sigmoid-for-exclusive-classes",
    severity: Severity::Error,
    summary: "sigmoid over several units for classes that exclude one another",
    page: Page {
        means: "The network ends in a sigmoid for each of several classes. Classes come from folders, so every image \
            has exactly one.",
        why: "Sigmoids judge each class by itself: they can give 99 % to all of them or to none. Softmax makes the \
            classes compete, which is what the labels say.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dense(3) -> Sigmoid\n",
            passes: "Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A307: the network ends in an activation that gives no probabilities.
pub static WRONG_OUTPUT_ACTIVATION: Code = Code {
    id: "A307",
    slug: "wrong-output-activation",
    severity: Severity::Error,
    summary: "the network ends in an activation that gives no probabilities",
    page: Page {
        means: "The network ends in an activation that gives no probabilities, such as ReLU or tanh, or in one \
            sigmoid unit for more than two classes.",
        why: "Cross-entropy compares probabilities. A score that ReLU cuts off has no gradient, and one sigmoid \
            can tell two classes apart at most.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> Dense(3) -> Relu\n",
            passes: "Conv -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};
