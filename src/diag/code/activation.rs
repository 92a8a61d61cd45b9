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

/// A308: two affine layers with no activation between them.
pub static AFFINE_AFTER_AFFINE: Code = Code {
    id: "A308",
    slug: "affine-after-affine",
    severity: Severity::Warning,
    summary: "two affine layers with no activation between them",
    page: Page {
        means: "A layer with weights follows another, and between the two stand at most layers that are affine \
            themselves: `Flatten`, `BatchNorm`, average pools, dropout, padding. Pairs that are written as two on \
            purpose are exempt: a depthwise or grouped convolution, a 1×1 convolution that narrows, a map of fewer \
            channels than either side, 1×n with n×1, and what another layer reads as well, such as a residual sum.",
        why: "An affine map of an affine map is one affine map: the pair can express no more than a single layer, \
            whatever its weights. Most often an activation was forgotten.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> Flatten -> Dense(64) -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> Flatten -> Dense(64) -> Relu -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A309: an activation changes none of its inputs.
pub static REDUNDANT_ACTIVATION: Code = Code {
    id: "A309",
    slug: "redundant-activation",
    severity: Severity::Note,
    summary: "an activation changes none of its inputs",
    page: Page {
        means: "All numbers that the activation can get lie where it leaves them as they are: ReLU on what a ReLU, a \
            sigmoid or a softmax gives.",
        why: "It costs time and hides what the author meant; often it stands where another layer was to go.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Relu -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A310: squashing activations hold back the gradient on every path.
pub static SATURATING_CHAIN: Code = Code {
    id: "A310",
    slug: "saturating-chain",
    severity: Severity::Warning,
    summary: "squashing activations hold back the gradient on every path",
    page: Page {
        means: "On every path from the images to the output, or to the next normalisation, stand several sigmoids (a \
            note from 3, a warning from 4) or tanhs (a note from 6).",
        why: "The slope of a sigmoid is at most 1/4, so k of them pass at most 4^−k of the gradient: the first layers \
            hardly learn. A path past them, as in a residual block, or a normalisation between them takes the limit \
            away.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                [Conv(8) -> Sigmoid] * 4 -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                [Conv(8) -> Relu] * 4 -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A311: `train.loss` does not fit the end of the network.
pub static LOSS_DOES_NOT_FIT_OUTPUT: Code = Code {
    id: "A311",
    slug: "loss-does-not-fit-output",
    severity: Severity::Error,
    summary: "`train.loss` does not fit the end of the network",
    page: Page {
        means: "The loss that `train.loss` names is made for another output: `cross_entropy` for a softmax over the \
            classes, `binary_cross_entropy` for one sigmoid unit. `mse` on probabilities is a warning.",
        why: "The loss would be least where nothing is told apart, or its gradient would vanish where the network is \
            wrong. Left out, the loss follows from the last layer and always fits.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { loss: binary_cross_entropy }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { loss: cross_entropy }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A312: the network ends in scores, without softmax.
pub static LOGITS_OUT: Code = Code {
    id: "A312",
    slug: "logits-out",
    severity: Severity::Note,
    summary: "the network ends in scores, without softmax",
    page: Page {
        means: "The last layer is no activation, so the network gives scores (logits) and not probabilities.",
        why: "Nothing is wrong with it: the loss is computed from scores in any case, which is exact for large ones \
            too, and `netc predict` applies the softmax. Who reads the spec may wonder, though.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3)\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A313: the output is the same for every image.
pub static CONSTANT_OUTPUT: Code = Code {
    id: "A313",
    slug: "constant-output",
    severity: Severity::Error,
    summary: "the output is the same for every image",
    page: Page {
        means: "Interval arithmetic shows that some layer gives one and the same number whatever the image, and that all \
            of the output goes through it.",
        why: "What does not depend on the image can tell no classes apart, and its gradient is exactly zero.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x1\n\
                classes: 3\n\
                data: { normalize: { mean: [1.0], std: [1.0] } }\n\
                ---\n\
                Relu -> Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 8x8x1\n\
                classes: 3\n\
                data: { normalize: { mean: [0.5], std: [1.0] } }\n\
                ---\n\
                Relu -> Conv(8) -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// A314: products of products exceed what a float holds.
pub static OVERFLOW_CHAIN: Code = Code {
    id: "A314",
    slug: "overflow-chain",
    severity: Severity::Warning,
    summary: "products of products exceed what a float holds",
    page: Page {
        means: "Values are multiplied by themselves again and again, so that the output grows with a high power of the \
            input: the 60th and more. A float ends at 3.4·10^38, which such a power reaches for inputs above 4.48, \
            where e^(e^x) would end as well.",
        why: "One number that becomes infinite makes the loss infinite, and the weights with the next step.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> [Multiply[Identity | Identity]] * 6 -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> Multiply[Identity | Identity] -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};
