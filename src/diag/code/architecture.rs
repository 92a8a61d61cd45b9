//! Codes of letter P: the architecture, and what it asks of the machine.

use super::{Code, Example, Page, Severity};

/// P401: one dense layer behind a flattened map holds almost all parameters.
pub static FLATTEN_EXPLOSION: Code = Code {
    id: "P401",
    slug: "flatten-explosion",
    severity: Severity::Note,
    summary: "one dense layer behind a flattened map holds almost all parameters",
    page: Page {
        means: "A dense layer behind `Flatten` holds at least 90 % of all parameters, and at least 100,000: below that \
            it costs nothing. It is a warning where it holds more than 10 million, or more than 1000 for each \
            training image.",
        why: "Such a layer learns images by heart, makes the model file large and takes most of the memory, while the \
            convolutions that are to find features get a hundredth of the parameters.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 64x64x3\n\
                classes: 3\n\
                ---\n\
                Conv(16) -> Relu -> MaxPool -> Flatten -> Dense(64) -> Relu -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 64x64x3\n\
                classes: 3\n\
                ---\n\
                [Conv(16, padding: same) -> Relu -> MaxPool] * 4 -> GlobalAvgPool -> Dense(64) -> Relu -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P402: fewer features before the last layer than a code of the classes needs.
pub static RANK_BOTTLENECK: Code = Code {
    id: "P402",
    slug: "rank-bottleneck",
    severity: Severity::Warning,
    summary: "fewer features before the last layer than a code of the classes needs",
    page: Page {
        means: "The last layer with weights gets so few numbers, w, that 2^w is below the number of classes.",
        why: "Numbers that are low or high make 2^w patterns: with fewer than classes, several share one and are told apart by \
            fine differences at best. Fewer than C − 1 numbers are no fault: ResNet-18 tells 1000 classes apart by 512.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x3\n\
                classes: 10\n\
                ---\n\
                Conv(8) -> Relu -> Flatten -> Dense(3) -> Relu -> Dense(10) -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                classes: 10\n\
                ---\n\
                Conv(8) -> Relu -> Flatten -> Dense(16) -> Relu -> Dense(10) -> Softmax\n",
        }),
    },
};

/// P403: a kernel covers its whole map, and windows follow.
pub static KERNEL_COVERS_MAP: Code = Code {
    id: "P403",
    slug: "kernel-covers-map",
    severity: Severity::Warning,
    summary: "a kernel covers its whole map, and windows follow",
    page: Page {
        means: "A convolution without padding has a kernel as large as its map, so that it leaves a map of 1×1, and \
            layers with windows of their own follow. As the last convolution, as in LeNet-5, it is a dense layer and \
            fine.",
        why: "The layers behind it have a single place to look at: their windows meet that place and padding.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 8x8x3\n\
                classes: 3\n\
                ---\n\
                Conv(8, kernel: 8x8) -> Relu -> MaxPool(2, padding: same) -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 8x8x3\n\
                classes: 3\n\
                ---\n\
                Conv(8, kernel: 3x3) -> Relu -> MaxPool(2) -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P404: weights of a kernel never meet a pixel.
pub static PADDING_ONLY_WEIGHTS: Code = Code {
    id: "P404",
    slug: "padding-only-weights",
    severity: Severity::Warning,
    summary: "weights of a kernel never meet a pixel",
    page: Page {
        means: "The map is so small that some places of the padded kernel lie outside of it wherever the kernel stands: \
            of 3×3 on a map of 1×1, 8 of 9. It is a note where more than half of the places are used.",
        why: "These weights multiply zeros only. They are counted, stored and decayed, and never learn anything.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 4x4x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Conv(8, padding: same) -> Relu -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 4x4x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Conv(8, kernel: 1x1) -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P405: places that are averaged see less than a quarter of the image.
pub static RECEPTIVE_FIELD: Code = Code {
    id: "P405",
    slug: "receptive-field",
    severity: Severity::Note,
    summary: "places that are averaged see less than a quarter of the image",
    page: Page {
        means: "Before the global pool at the end a place of the map depends on less than a quarter of the image's rows.",
        why: "The global pool forgets where things are, so no layer ever sees how the parts of a larger thing lie to \
            one another. For textures that is enough.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 64x64x3\n\
                classes: 3\n\
                ---\n\
                [Conv(16) -> Relu] * 3 -> GlobalAvgPool -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 64x64x3\n\
                classes: 3\n\
                ---\n\
                [Conv(16, padding: same) -> Relu -> MaxPool] * 3 -> GlobalAvgPool -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P406: dropout leaves too little of the signal.
pub static DROPOUT_SURVIVAL: Code = Code {
    id: "P406",
    slug: "dropout-survival",
    severity: Severity::Warning,
    summary: "dropout leaves too little of the signal",
    page: Page {
        means: "A rate is above 0.5, or less than 5 % of the signal is left behind all dropouts since the last \
            normalisation. A rate above 0.3 on a map between convolutions is a note: networks that train well \
            (Network in Network, All-CNN) have 0.5 there.",
        why: "The rate is the share that is dropped, not the share that is kept as in TensorFlow 1. What is left is \
            scaled up, and with it the noise.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> Flatten -> Dropout(0.8) -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> Flatten -> Dropout(0.2) -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P407: batch normalisation measures what dropout has spread.
pub static DROPOUT_BEFORE_BATCHNORM: Code = Code {
    id: "P407",
    slug: "dropout-before-batchnorm",
    severity: Severity::Note,
    summary: "batch normalisation measures what dropout has spread",
    page: Page {
        means: "`BatchNorm` follows a dropout with no weights between them.",
        why: "Dropout makes the variance larger while training; the running statistics keep that variance and use it \
            when nothing is dropped (Li et al., 2019, \"Understanding the disharmony between dropout and batch \
            normalization\").",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> Dropout(0.2) -> BatchNorm -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> BatchNorm -> Flatten -> Dropout(0.2) -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P408: a bias in front of batch normalisation.
pub static BIAS_BEFORE_BATCHNORM: Code = Code {
    id: "P408",
    slug: "bias-before-batchnorm",
    severity: Severity::Warning,
    summary: "a bias in front of batch normalisation",
    page: Page {
        means: "A layer with a bias is followed by `BatchNorm`. The code is silent unless `lint: { warn: [P408] }` or \
            `deny` names it.",
        why: "`BatchNorm` subtracts the mean, and with it whatever the bias adds, and has a shift of its own. The bias \
            costs a parameter a channel and learns nothing.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                lint: { warn: [P408] }\n\
                ---\n\
                Conv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                lint: { warn: [P408] }\n\
                ---\n\
                Conv(8, bias: false) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P409: a layer changes nothing.
pub static NO_OP_LAYER: Code = Code {
    id: "P409",
    slug: "no-op-layer",
    severity: Severity::Note,
    summary: "a layer changes nothing",
    page: Page {
        means: "The layer gives its input as it is: a dropout of rate 0, a pool over one place, padding by 0, `Flatten` \
            of a vector, `Identity` beside other layers.",
        why: "It is most often a leftover, or a number that was meant to be another one.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool(1) -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool(2) -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P410: the first weights give scores that are far too large.
pub static INIT_SCALE: Code = Code {
    id: "P410",
    slug: "init-scale",
    severity: Severity::Warning,
    summary: "the first weights give scores that are far too large",
    page: Page {
        means: "From the variances that weights are drawn with follows how large the scores are before any training, for \
            standardised images. They are so large that the first loss is more than ten times ln C, the loss of a \
            guess. What cannot be bounded from below is never reported.",
        why: "In a deep sum of branches the mean squares add up, and each block doubles them. The first steps then \
            only undo that, or overflow.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(16, padding: same) -> Relu -> [Residual[Conv(16, padding: same) -> Relu -> Conv(16, padding: same)]] * 20 -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                ---\n\
                Conv(16, padding: same) -> Relu -> [Residual[Conv(16, padding: same) -> BatchNorm -> Relu -> Conv(16, padding: same)]] * 2 -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// P411: the plan needs more memory than the machine has.
pub static PLAN_EXCEEDS_MEMORY: Code = Code {
    id: "P411",
    slug: "plan-exceeds-memory",
    severity: Severity::Error,
    summary: "the plan needs more memory than the machine has",
    page: Page {
        means: "The plan of the network for this batch size takes more memory than the machine has free, or \
                than its container may use. The amount is known before anything is allocated, since every \
                buffer of the plan is.",
        why: "The system would end the process in the middle of the training, without a word.",
        remedy: "Set the batch size that the message names: it is the largest that fits, found by planning \
                again. Where none fits, make the input smaller, pool earlier, or use fewer filters in the \
                layers before the first pool, which hold the largest maps.",
        example: None,
    },
};

/// P412: batch normalisation of a batch of one.
pub static BATCHNORM_ON_ONE: Code = Code {
    id: "P412",
    slug: "batchnorm-on-one",
    severity: Severity::Warning,
    summary: "batch normalisation of a batch of one",
    page: Page {
        means: "The batch size is 1, or the last batch of an epoch has a single image, and a `BatchNorm` measures it: on \
            a vector always, on maps where every batch is of one image.",
        why: "On a vector the variance of a single number is 0, so that the layer gives its shift whatever the image, \
            and the running statistics are spoilt.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { batch_size: 1 }\n\
                ---\n\
                Conv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { batch_size: 16 }\n\
                ---\n\
                Conv(8) -> BatchNorm -> Relu -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};
