//! Codes of letter O: the optimizer and its budget.

use super::{Code, Example, Page, Severity};

/// O501: a learning rate at which trainings collapse.
pub static LEARNING_RATE_HIGH: Code = Code {
    id: "O501",
    slug: "learning-rate-high",
    severity: Severity::Warning,
    summary: "a learning rate at which trainings collapse",
    page: Page {
        means: "The rate is above 3e-3 for Adam, AdamW or RMSprop (1e-2 where layers are normalised and the rate is \
            raised by a warm-up or a cycle), above 0.1 for SGD without normalised layers, or above 0.05 with a \
            momentum of 0.9.",
        why: "Steps that are too long leave the network in a place where its ReLUs are dead and it predicts one class: \
            accuracy rises for some epochs and then falls back to that of guessing. For Adam with 0.01 that is the \
            usual end.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { optimizer: adam, learning_rate: 0.01 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { optimizer: adam, learning_rate: 1e-3 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// O502: a learning rate at which nothing moves.
pub static LEARNING_RATE_LOW: Code = Code {
    id: "O502",
    slug: "learning-rate-low",
    severity: Severity::Warning,
    summary: "a learning rate at which nothing moves",
    page: Page {
        means: "The rate is below 1e-5 for Adam, AdamW or RMSprop; for SGD, the rate times the number of updates is \
            below 0.01 (known with the images).",
        why: "The weights end next to where they started, so the network ends as good as a guess however long it is \
            trained.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { learning_rate: 1e-6 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { learning_rate: 1e-4 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// O503: the training ends after too few updates.
pub static TOO_FEW_UPDATES: Code = Code {
    id: "O503",
    slug: "too-few-updates",
    severity: Severity::Warning,
    summary: "the training ends after too few updates",
    page: Page {
        means: "Images, batch size and epochs give fewer than 500 updates of the weights; fewer than 100 never train a \
            network from its beginning.",
        why: "An epoch says nothing by itself: 60 images in batches of 32 are two updates.",
        remedy: "Raise `epochs`, or lower `batch_size`. The number of images is known to `netc check --data DATA` and to \
            `netc train`.",
        example: None,
    },
};

/// O504: a batch is a large part of all images.
pub static BATCH_TOO_LARGE: Code = Code {
    id: "O504",
    slug: "batch-too-large",
    severity: Severity::Warning,
    summary: "a batch is a large part of all images",
    page: Page {
        means: "An epoch has fewer than ten batches, or a batch would hold more images than there are.",
        why: "The gradient is averaged over nearly all images, so that an epoch is a few steps in nearly the same \
            direction: slow, and worse on other images.",
        remedy: "Write the batch size that the message names. The number of images is known to `netc check --data DATA` \
            and to `netc train`.",
        example: None,
    },
};

/// O505: a weight decay that outweighs the loss.
pub static WEIGHT_DECAY_STRONG: Code = Code {
    id: "O505",
    slug: "weight-decay-strong",
    severity: Severity::Warning,
    summary: "a weight decay that outweighs the loss",
    page: Page {
        means: "The decay is 0.05 or more and is added to the gradient (every optimizer but AdamW, whose decay is \
            decoupled), or the penalty ½·λ·Σw² of the first weights is more than ten times the loss of a guess, ln \
            C, in a network without normalised layers. Well-known networks train with up to three times.",
        why: "The penalty pulls all weights to zero faster than the images pull them elsewhere; the network then gives \
            the same for every image. 0.05 is a usual value for AdamW, which takes it in proportion to the rate.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { optimizer: sgd, weight_decay: 0.1 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                train: { optimizer: adamw, weight_decay: 0.05 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// O506: the first layer with weights gets numbers far from 1.
pub static INPUT_NOT_NORMALISED: Code = Code {
    id: "O506",
    slug: "input-not-normalised",
    severity: Severity::Warning,
    summary: "the first layer with weights gets numbers far from 1",
    page: Page {
        means: "With `normalize: none`, or with given means and deviations, the range of the input reaches beyond 50 and \
            a layer with weights reads it. A `BatchNorm` before it brings it back.",
        why: "Weights are drawn for inputs around 0 of deviation 1. On bytes from 0 to 255 scores and gradients start \
            a hundred times too large, most ReLUs die in the first steps, and one class is predicted. It is the most \
            frequent fault of beginners' trainings.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                data: { normalize: none }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                data: { normalize: 0..1 }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// O507: numbers are normalised once more than they should be.
pub static NORMALISED_TWICE: Code = Code {
    id: "O507",
    slug: "normalised-twice",
    severity: Severity::Warning,
    summary: "numbers are normalised once more than they should be",
    page: Page {
        means: "Means and deviations of `normalize` are given in bytes (above 1), though bytes are divided by 255 first; \
            or a `BatchNorm` follows another with no weights between. A `BatchNorm` on standardised images is fine.",
        why: "Divided twice, all images look alike: their numbers differ by a hundredth. A second `BatchNorm` undoes \
            the scale and shift that the first has learned.",
        remedy: "",
        example: Some(Example {
            fails: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                data: { normalize: { mean: [123.7, 116.3, 103.5], std: [58.4, 57.1, 57.4] } }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
            passes: "---\n\
                input: 32x32x3\n\
                classes: 3\n\
                data: { normalize: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } }\n\
                ---\n\
                Conv(8) -> Relu -> MaxPool -> Flatten -> Dense(3) -> Softmax\n",
        }),
    },
};

/// O508: no images to validate with.
pub static NO_VALIDATION: Code = Code {
    id: "O508",
    slug: "no-validation",
    severity: Severity::Warning,
    summary: "no images to validate with",
    page: Page {
        means: "All images are trained on; none is left to validate with.",
        why: "Without other images nothing shows whether the network has learned or memorised, and no epoch can be \
            told to be the best.",
        remedy: "Write `data: { validation: 20% }`, or put a folder `val` with images of every class beside `train`. A \
            share of fewer images than classes may come to none: then more images are needed.",
        example: None,
    },
};
