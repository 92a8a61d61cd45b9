//! Codes of letter T: shapes.

use super::{Code, Example, Page, Severity};

/// T201: a kernel or pool is larger than its padded input.
pub static WINDOW_EXCEEDS_INPUT: Code = Code {
    id: "T201",
    slug: "window-exceeds-input",
    severity: Severity::Error,
    summary: "a kernel or pool is larger than its padded input",
    page: Page {
        means: "A kernel or a pooling window is larger than the map it slides over, padding counted. Convolutions \
            without padding and pools make maps smaller with every layer, until the next window does not fit.",
        why: "There is no place for even one window, so the layer has no output. netc shows the sizes on the way \
            and three ways out: fewer repeats, a larger input, or `padding: same`.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                ---\n\
                [Conv(padding: same) -> Relu -> MaxPool] * 6 -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                ---\n\
                [Conv(padding: same) -> Relu -> MaxPool] * 5 -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T202: a dense layer is given a feature map.
pub static DENSE_ON_FEATURE_MAP: Code = Code {
    id: "T202",
    slug: "dense-on-feature-map",
    severity: Severity::Error,
    summary: "a dense layer is given a feature map",
    page: Page {
        means: "`Dense` is given a map of height, width and channels. It multiplies one vector by a matrix, so the \
            map has to become a vector first.",
        why: "`Flatten` keeps every number and leads to many parameters; `GlobalAvgPool` keeps one number a \
            channel and leads to few. The two are different networks, so netc does not choose.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Dense(64) -> Relu -> Dense -> Softmax\n",
            passes: "Conv -> Relu -> GlobalAvgPool -> Dense(64) -> Relu -> Dense -> Softmax\n",
        }),
    },
};

/// T203: a spatial layer is given a vector.
pub static WINDOW_ON_VECTOR: Code = Code {
    id: "T203",
    slug: "window-on-vector",
    severity: Severity::Error,
    summary: "a spatial layer is given a vector",
    page: Page {
        means: "A convolution, a pool or padding is given a vector. These layers slide over height and width, which \
            are gone behind `Flatten`, `GlobalAvgPool` and `Dense`.",
        why: "A vector has no rows and columns to slide over.",
        remedy: "",
        example: Some(Example {
            fails: "Conv -> Relu -> Flatten -> MaxPool -> Dense -> Softmax\n",
            passes: "Conv -> Relu -> MaxPool -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T204: branches that are added or multiplied differ in shape.
pub static BRANCH_SHAPE_MISMATCH: Code = Code {
    id: "T204",
    slug: "branch-shape-mismatch",
    severity: Severity::Error,
    summary: "branches that are added or multiplied differ in shape",
    page: Page {
        means: "The branches of `Add`, `Multiply` or `Residual` give different shapes. `Multiply` also takes one \
            number a channel beside a map of as many channels.",
        why: "Numbers are added place by place. A branch that changes the channels or the size needs a 1×1 \
            convolution beside it that changes them in the same way.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x3\n\
                ---\n\
                Conv(8) -> Relu -> Residual[Conv(16, padding: same)] -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                ---\n\
                Conv(8) -> Relu -> Add[Conv(16, padding: same) | Conv(16, kernel: 1x1)] -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T205: branches that are concatenated differ in height or width.
pub static CONCAT_SIZE_MISMATCH: Code = Code {
    id: "T205",
    slug: "concat-size-mismatch",
    severity: Severity::Error,
    summary: "branches that are concatenated differ in height or width",
    page: Page {
        means: "The branches of `Concat` differ in height or width. Their channels may differ: they are put one \
            after another.",
        why: "Channels are joined place by place, so every branch needs the same places.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x3\n\
                ---\n\
                Concat[Conv(8) | Conv(8, kernel: 5x5)] -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                ---\n\
                Concat[Conv(8, padding: same) | Conv(8, kernel: 5x5, padding: same)] -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T206: groups do not divide the channels or the filters.
pub static GROUPS_DO_NOT_DIVIDE: Code = Code {
    id: "T206",
    slug: "groups-do-not-divide",
    severity: Severity::Error,
    summary: "groups do not divide the channels or the filters",
    page: Page {
        means: "The groups of a convolution do not divide its input channels, or not its filters; or those of a \
            `GroupNorm` do not divide its channels.",
        why: "Every group takes an equal share of both; a share cannot have a fraction of a channel.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(32) -> Relu -> Conv(32, groups: 3) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(32) -> Relu -> Conv(32, groups: 4) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T207: the last width is not the number of classes.
pub static UNITS_NOT_CLASSES: Code = Code {
    id: "T207",
    slug: "units-not-classes",
    severity: Severity::Error,
    summary: "the last width is not the number of classes",
    page: Page {
        means: "The network gives another number of scores than there are classes. One unit with a sigmoid is right \
            for two classes.",
        why: "With too few units some class can never be predicted; with too many, probability goes to classes \
            that do not exist. `Dense` without a number is always right at the end.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                classes: 3\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense(4) -> Softmax\n",
            passes: "---\n\
                classes: 3\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T208: a tensor or a parameter count exceeds its limit.
pub static SIZE_OVERFLOW: Code = Code {
    id: "T208",
    slug: "size-overflow",
    severity: Severity::Error,
    summary: "a tensor or a parameter count exceeds its limit",
    page: Page {
        means: "A tensor of one image, or a parameter, has more than 2^31 elements.",
        why: "It would take more than 8 GiB by itself, and far more to train. Mostly a number has a digit too \
            many, or `Flatten` comes too early.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                classes: 3\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense(4294967295) -> Relu -> Dense -> Softmax\n",
            passes: "---\n\
                classes: 3\n\
                ---\n\
                Conv -> Relu -> Flatten -> Dense(64) -> Relu -> Dense -> Softmax\n",
        }),
    },
};

/// T209: the network ends in a feature map.
pub static OUTPUT_NOT_A_VECTOR: Code = Code {
    id: "T209",
    slug: "output-not-a-vector",
    severity: Severity::Error,
    summary: "the network ends in a feature map",
    page: Page {
        means: "The network ends in a map of height, width and channels instead of one number a class.",
        why: "A classifier gives one score a class for the whole image. `GlobalAvgPool` takes the mean of each \
            channel over the map.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                classes: 3\n\
                ---\n\
                Conv -> Relu -> Conv(3) -> Softmax\n",
            passes: "---\n\
                classes: 3\n\
                ---\n\
                Conv -> Relu -> Conv(3) -> GlobalAvgPool -> Softmax\n",
        }),
    },
};

/// T210: what `expect` says does not hold.
pub static EXPECTATION_FAILED: Code = Code {
    id: "T210",
    slug: "expectation-failed",
    severity: Severity::Error,
    summary: "what `expect` says does not hold",
    page: Page {
        means: "The front matter's `expect:` says how many trained parameters the network has, or how many numbers \
            it gives, and it has another number.",
        why: "A text, a table and a program that describe one network drift apart; `expect:` is the place where \
            that is noticed.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 28x28x1\n\
                classes: 10\n\
                expect: { params: 1000 }\n\
                ---\n\
                Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 28x28x1\n\
                classes: 10\n\
                expect: { params: 7850 }\n\
                ---\n\
                Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T211: a stride leaves the last rows or columns unread.
pub static PIXELS_DROPPED: Code = Code {
    id: "T211",
    slug: "pixels-dropped",
    severity: Severity::Note,
    summary: "a stride leaves the last rows or columns unread",
    page: Page {
        means: "The windows of a convolution or pool end before the map does: the last rows or columns are never read. Up \
            to 30 % of the map it is a note, above it a warning.",
        why: "What is not read cannot be learned from. Good networks do it now and then (Keras's MNIST example drops \
            17 % of an 11×11 map, three pools on 28×28 drop 27 % of 7×7), so only large losses are likely to be mistakes.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 5x5x3\n\
                ---\n\
                MaxPool -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 6x6x3\n\
                ---\n\
                MaxPool -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T212: a stride larger than the kernel skips pixels.
pub static STRIDE_SKIPS_PIXELS: Code = Code {
    id: "T212",
    slug: "stride-skips-pixels",
    severity: Severity::Warning,
    summary: "a stride larger than the kernel skips pixels",
    page: Page {
        means: "A window moves by more than its own size, so that pixels between two windows are never read. A 1×1 \
            kernel with a stride is exempt: it brings a branch to the size of the one beside it.",
        why: "A 3×3 kernel with a stride of 4 sees 9 of every 16 pixels. A larger window or a pool sees them all.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(stride: 4) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(kernel: 5x5, stride: 4) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T213: the input looks as if it were written channels first.
pub static CHANNELS_FIRST_INPUT: Code = Code {
    id: "T213",
    slug: "channels-first-input",
    severity: Severity::Warning,
    summary: "the input looks as if it were written channels first",
    page: Page {
        means: "The first size of `input` is at most 4 and the last is larger: it looks like channels × height × \
            width, the order of PyTorch. netc reads height × width × channels.",
        why: "An image of 3 rows with hundreds of channels is not what anybody has.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 3x8x8\n\
                ---\n\
                Conv(padding: same) -> Relu -> Flatten -> Dense -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                ---\n\
                Conv(padding: same) -> Relu -> Flatten -> Dense -> Softmax\n",
        }),
    },
};

/// T214: a normalisation takes every number by itself.
pub static NORMALISES_ONE_NUMBER: Code = Code {
    id: "T214",
    slug: "normalises-one-number",
    severity: Severity::Error,
    summary: "a normalisation takes every number by itself",
    page: Page {
        means: "A `LayerNorm` on a single channel, or a `GroupNorm` on a map of one pixel with as many groups as channels, \
            takes the mean and the deviation of one number.",
        why: "A number less its own mean is 0: what comes out does not depend on what goes in, so nothing before it can learn.",
        remedy: "",
        example: Some(Example {
            fails: "Conv(32) -> AdaptiveAvgPool -> GroupNorm(32) -> Flatten -> Dense -> Softmax\n",
            passes: "Conv(32) -> AdaptiveAvgPool -> GroupNorm(8) -> Flatten -> Dense -> Softmax\n",
        }),
    },
};
