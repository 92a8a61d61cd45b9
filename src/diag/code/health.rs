//! Codes of letter H: the health of a training.

use super::{Code, Page, Severity};

/// H701: the first loss is far from that of a guess.
pub static FIRST_LOSS_OFF: Code = Code {
    id: "H701",
    slug: "first-loss-off",
    severity: Severity::Warning,
    summary: "the first loss is far from that of a guess",
    page: Page {
        means: "Before the first update the mean loss of a batch is far from that of a guess: of one by the classes' shares, \
            and of one among C classes, ln C (1.10 of three classes). Far is more than 1, or more than half, where the images \
            go in as bytes; where they are normalised, 10: trainings that do well start up to 5 above a guess, and the first \
            steps mend that.",
        why: "A network that has learnt nothing should be unsure. One that is sure and wrong starts with \
            outputs that are far too large: mostly its input is not normalised, or its weights start too \
            large. The first updates then only repair that, and often kill ReLUs on the way.",
        remedy: "Set `data: { normalize: standardize }`, or normalise between the layers with `BatchNorm`. `netc \
            check` names the layer from which the numbers grow (P410).",
        example: None,
    },
};

/// H702: the network cannot learn a single batch by heart.
pub static CANNOT_OVERFIT_ONE_BATCH: Code = Code {
    id: "H702",
    slug: "cannot-overfit-one-batch",
    severity: Severity::Warning,
    summary: "the network cannot learn a single batch by heart",
    page: Page {
        means: "`netc train --sanity` trains a copy of the network on one batch again and again before the first \
            epoch. It did not come to name the classes of these few images.",
        why: "What cannot learn a handful of images by heart cannot learn the whole. A fault that has nothing \
            to do with the amount of data is behind it: the rate, the activations, the labels, an input that \
            carries no information.",
        remedy: "Follow the finding that stands beside it where there is one; else try a tenth of the learning \
            rate, replace `Sigmoid` and `Tanh` by `Relu`, and look at some images with their labels.",
        example: None,
    },
};

/// H703: the network gives the same answer whatever the image shows.
pub static INPUT_IGNORED: Code = Code {
    id: "H703",
    slug: "input-ignored",
    severity: Severity::Warning,
    summary: "the network gives the same answer whatever the image shows",
    page: Page {
        means: "Before the first update all images of a batch get the same output; or, with `--sanity`, images \
            of zeros are learnt as well as the real ones.",
        why: "Somewhere between the image and the output everything becomes zero or constant. What lies before \
            that place gets no gradient, so no training mends it.",
        remedy: "Look for the first layer that is dead or saturated (H716, H717), at the normalisation, and at \
            the weights that the training starts from (`init_from`).",
        example: None,
    },
};

/// H710: the loss stays at that of guessing by the classes' shares.
pub static STUCK_AT_PRIOR: Code = Code {
    id: "H710",
    slug: "stuck-at-prior",
    severity: Severity::Warning,
    summary: "the loss stays at that of guessing by the classes' shares",
    page: Page {
        means: "For 200 steps, or two epochs, the mean loss was within 0.01 of the entropy of the classes' \
            shares: of three equal classes, ln 3 = 1.0986. Where `balance` is set, classes count as equal.",
        why: "The network has learnt how frequent each class is, and nothing about the images. That is what a \
            training looks like whose rate is too high (all ReLUs dead), too low, or whose labels have \
            nothing to do with the images.",
        remedy: "The finding names the cause by its other evidence: dead units, the size of the updates, \
            gradients that vanish; where all of these are sound, look at the labels.",
        example: None,
    },
};

/// H711: every image is taken for the same class.
pub static ONE_CLASS_PREDICTED: Code = Code {
    id: "H711",
    slug: "one-class-predicted",
    severity: Severity::Warning,
    summary: "every image is taken for the same class",
    page: Page {
        means: "The entropy of what is predicted is below a tenth of ln C, and the accuracy is that class's \
            share: over the validation images, or over the last 50 batches of the training.",
        why: "An accuracy of 33.33 % of three classes, or of 72 % where one class has 72 % of the images, \
            means that nothing was learned.",
        remedy: "The finding names the cause by its evidence, in this order: images that are not normalised, dead \
            ReLUs, a rate that is too high, classes of very unequal size, gradients that vanish, a rate that \
            is too low, labels.",
        example: None,
    },
};

/// H712: the training had learnt something, and fell back to guessing.
pub static COLLAPSE: Code = Code {
    id: "H712",
    slug: "collapse",
    severity: Severity::Warning,
    summary: "the training had learnt something, and fell back to guessing",
    page: Page {
        means: "The accuracy over the last 50 batches, or over the validation images, had been at least 0.2 \
            above the largest class's share, and is at most 0.02 above it now.",
        why: "One step or a few were so long that the network landed where its ReLUs are dead or its outputs \
            constant. From there gradients lead nowhere, however long it goes on.",
        remedy: "Go back to the best model with a tenth of the learning rate; `train: { on_collapse: recover }` \
            does so by itself. `stop` ends the run instead, which is the default, and `ignore` goes on.",
        example: None,
    },
};

/// H713: a number became infinite or none.
pub static NON_FINITE: Code = Code {
    id: "H713",
    slug: "non-finite",
    severity: Severity::Error,
    summary: "a number became infinite or none",
    page: Page {
        means: "The loss, an activation or a weight is infinite or not a number. The finding names the first \
            layer where it was seen, and the step.",
        why: "After one such number every later one is none either. The last epoch whose numbers were all \
            finite is kept in the run folder.",
        remedy: "Start again with a tenth of the learning rate, or let it rise over a warm-up (`warmup: 1`). If \
            it happened at the very first step, look at the input: `normalize: none` feeds numbers up to 255 \
            into the network. `train: { on_collapse: recover }` goes back and on by itself.",
        example: None,
    },
};

/// H714: gradients grow beyond use.
pub static EXPLODING_GRADIENT: Code = Code {
    id: "H714",
    slug: "exploding-gradient",
    severity: Severity::Warning,
    summary: "gradients grow beyond use",
    page: Page {
        means: "The norm of all gradients was above ten times its running median for three observed steps while \
            the loss was worse than a guess; or the first layer's gradient is more than 70 times the last \
            layer's in a training that learns nothing.",
        why: "An update is the gradient times the rate: such steps throw the weights far away from what they \
            had learnt.",
        remedy: "A warm-up, clipping (`clip_norm` at the 90th percentile of the norms seen), `BatchNorm` between \
            the layers, a lower rate: in this order.",
        example: None,
    },
};

/// H715: next to no gradient reaches the first layer.
pub static VANISHING_GRADIENT: Code = Code {
    id: "H715",
    slug: "vanishing-gradient",
    severity: Severity::Warning,
    summary: "next to no gradient reaches the first layer",
    page: Page {
        means: "The first layer's gradient is below a thousandth of the last layer's and below 1e-4, or behind four \
            or more sigmoids or tanhs a layer's is below a twentieth of it; and the training accuracy is below 0.9.",
        why: "The first layers stay as they were drawn at random, so the later ones have to work on noise. A \
            sigmoid passes on at most a quarter of what it gets: eight of them a 65,536th.",
        remedy: "Replace `Sigmoid` and `Tanh` between the layers by `Relu`, put `BatchNorm` before the \
            activations, or let `Residual` pass the gradient by.",
        example: None,
    },
};

/// H716: half of a layer's ReLUs are zero on every image.
pub static DEAD_RELU: Code = Code {
    id: "H716",
    slug: "dead-relu",
    severity: Severity::Warning,
    summary: "half of a layer's ReLUs are zero on every image",
    page: Page {
        means: "A unit (a channel of a map) was zero on every image of the latest observed steps, and at least \
            half of a layer's units were. A ReLU that is often zero is not dead. A warning where nine tenths \
            are and the network learns next to nothing for it; else a note: trainings that do well have dead units \
            too, and where labels say nothing, units die of that.",
        why: "A dead ReLU passes no gradient on, so it never comes back. When a whole layer is dead, \
            everything before it is cut off from the loss and the output is constant.",
        remedy: "A lower rate: dead units come from steps that were too long. Or `BatchNorm` before the ReLU, or \
            `LeakyRelu` instead. Units that were dead before the first step come from the weights or from \
            the input.",
        example: None,
    },
};

/// H717: sigmoids or tanhs are pressed to their ends.
pub static SATURATED: Code = Code {
    id: "H717",
    slug: "saturated",
    severity: Severity::Warning,
    summary: "sigmoids or tanhs are pressed to their ends",
    page: Page {
        means: "More than half of what goes into a layer's `Sigmoid` or `Tanh` is beyond ±5. A note where the \
            network learns all the same, a warning where it does not.",
        why: "There the slope is below 0.007, so next to no gradient passes.",
        remedy: "Normalise what goes in (`BatchNorm`, `normalize: standardize`), or use `Relu`.",
        example: None,
    },
};

/// H718: the training accuracy swings.
pub static OSCILLATING: Code = Code {
    id: "H718",
    slug: "oscillating",
    severity: Severity::Warning,
    summary: "the training accuracy swings",
    page: Page {
        means: "The training accuracy fell by more than 0.03, and by more than chance explains, after a fifth of \
            the epochs or more, three at least, while it is below 0.95.",
        why: "The steps are longer than the valley is wide: the weights jump from one side to the other.",
        remedy: "A tenth of the rate, or a schedule that lowers it (`cosine`); with SGD, Adam.",
        example: None,
    },
};

/// H719: five epochs have gained nothing.
pub static NOT_CONVERGING: Code = Code {
    id: "H719",
    slug: "not-converging",
    severity: Severity::Warning,
    summary: "five epochs have gained nothing",
    page: Page {
        means: "The best training accuracy rose by less than 0.01 over five epochs and is less than 0.1 above \
            the largest class's share.",
        why: "More epochs of the same will not change it.",
        remedy: "The finding says by the size of the updates whether the rate is too high or too low, and names \
            another cause where there is evidence of one.",
        example: None,
    },
};

/// H720: the updates are too large or too small for the weights.
pub static UPDATE_RATIO: Code = Code {
    id: "H720",
    slug: "update-ratio",
    severity: Severity::Warning,
    summary: "the updates are too large or too small for the weights",
    page: Page {
        means: "In more than half of the layers the updates of the weights were, for 20 observed steps, above a \
            tenth or below a ten-thousandth of the weights themselves (as norms): too large in a training that \
            learns nothing, too small from the start in one whose training accuracy is below 0.9.",
        why: "About a thousandth is usual. Above a tenth a few steps rewrite all that was learnt; below a ten- \
            thousandth it takes tens of thousands of steps to change anything.",
        remedy: "The rate that the finding computes: the one that would bring the median to a thousandth, but not \
            more than ten times the rate and what its optimizer mostly trains well at.",
        example: None,
    },
};

/// H721: training images are learnt by heart.
pub static OVERFITTING: Code = Code {
    id: "H721",
    slug: "overfitting",
    severity: Severity::Warning,
    summary: "training images are learnt by heart: what is gained on them is none on the validation images",
    page: Page {
        means: "The validation loss was above its minimum for three epochs, and the training loss below all of theirs: a note \
            until it is a tenth above its minimum and the accuracies differ by 0.1. Or for two epochs a fifth above its \
            minimum, with accuracies that differ by 0.15. Or 98 % of the training images were right for two epochs, and 0.15 \
            less of the validation images: a note up to 0.25.",
        why: "The network learns these images by heart. What it gets better at from here on does not help with \
            others; the best model was saved when it was reached.",
        remedy: "More images, or changes of those that are there (`augment`), `Dropout`, a smaller network, or an \
            end in time (`early_stopping`).",
        example: None,
    },
};

/// H722: a class is never recognised.
pub static CLASS_NEVER_RIGHT: Code = Code {
    id: "H722",
    slug: "class-never-right",
    severity: Severity::Warning,
    summary: "a class is never recognised",
    page: Page {
        means: "No validation image of a class was right for three epochs. The finding says what they are taken \
            for. While the validation loss still falls it is a note, unless the class has few training images.",
        why: "The accuracy hides it where the class is small.",
        remedy: "`data: { balance: class_weights }` where the class has few images, more images of it, and a look \
            at whether its folder holds what its name says.",
        example: None,
    },
};

/// H723: a layer's weights do not change.
pub static FROZEN_LAYER: Code = Code {
    id: "H723",
    slug: "frozen-layer",
    severity: Severity::Warning,
    summary: "a layer's weights do not change",
    page: Page {
        means: "A layer that is to be trained got, at each of the latest observed steps, an update of exactly \
            zero.",
        why: "Its gradient is zero, or the update is smaller than the last digit of the weights. The layer \
            stays as it was drawn at random.",
        remedy: "Where its ReLUs are dead, see H716; else a higher rate.",
        example: None,
    },
};

/// H724: the validation images are easier than those trained on.
pub static VALIDATION_TOO_GOOD: Code = Code {
    id: "H724",
    slug: "validation-too-good",
    severity: Severity::Note,
    summary: "the validation images are easier than those trained on",
    page: Page {
        means: "The validation accuracy is above 0.95 in the first epoch, or more than 0.05 above that of \
            training images seen in the same way, without dropout.",
        why: "That happens with simple images. It also happens when images, or crops and copies of them, stand \
            on both sides: then the accuracy says nothing about new images.",
        remedy: "Look for copies with `netc data`, and split by the object that was photographed, not by \
            photograph.",
        example: None,
    },
};

/// H725: the loss falls, and the accuracy stays at that of a guess.
pub static LOSS_AND_ACCURACY_DISAGREE: Code = Code {
    id: "H725",
    slug: "loss-and-accuracy-disagree",
    severity: Severity::Warning,
    summary: "the loss falls, and the accuracy stays at that of a guess",
    page: Page {
        means: "Over five epochs the training loss fell by more than a hundredth each, while the accuracy stayed \
            within 0.02 of the largest class's share.",
        why: "What is minimised is not what is wanted: a class that outweighs all others, or labels that fit \
            the images by chance only.",
        remedy: "Look at the shares of the classes and at some images with their labels; balance the classes with \
            `data: { balance: class_weights }`.",
        example: None,
    },
};
