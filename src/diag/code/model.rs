//! Codes of letter M: models, runs and files.

use super::{Code, Page, Severity};

/// M801: a model file cannot be read.
pub static MODEL_FILE_CORRUPT: Code = Code {
    id: "M801",
    slug: "model-file-corrupt",
    severity: Severity::Error,
    summary: "a model file cannot be read",
    page: Page {
        means: "A model file, or the state of a run, cannot be read: it is not there, not a `.safetensors` file \
                that netc wrote, or not whole. Every such file carries a checksum over all of its contents, and \
                this one's does not match, or is missing.",
        why: "One flipped bit can turn a weight into a huge number, and the model would go on answering, \
                wrongly. So nothing of a damaged file is used.",
        remedy: "Copy the file again from where it came, or train again. In a run folder `best.safetensors`, \
                `last.safetensors` and `state/` are files of their own: when one is damaged the others may be \
                whole. A file of another program is not a model of netc: it lacks the spec, the class names and \
                the normalisation.",
        example: None,
    },
};

/// M802: a model file was written by a later version of netc.
pub static MODEL_TOO_NEW: Code = Code {
    id: "M802",
    slug: "model-too-new",
    severity: Severity::Error,
    summary: "a model file was written by a later version of netc",
    page: Page {
        means: "The model file, or the checkpoint, has a format that this version of netc does not know. The \
                message names the version that wrote it.",
        why: "What is new in the format may change what the numbers mean; to read the rest and guess would be \
                to answer wrongly.",
        remedy: "Use the version of netc that the message names, or a later one: formats of the past are always \
                read.",
        example: None,
    },
};

/// M803: weights do not fit the network.
pub static MODEL_DOES_NOT_FIT_SPEC: Code = Code {
    id: "M803",
    slug: "model-does-not-fit-spec",
    severity: Severity::Error,
    summary: "weights do not fit the network",
    page: Page {
        means: "The weights in a file are not those of the network that is to run: a tensor is missing, is one \
                too many, or has other sizes.",
        why: "The network would compute with weights that were learned for something else, or with none at \
                all.",
        remedy: "Use the spec that the weights were trained with: it is stored in the model file, and beside it \
                in the run folder as `spec.net`. Where the spec was changed on purpose, train again.",
        example: None,
    },
};

/// M804: the run folder exists already.
pub static RUN_FOLDER_TAKEN: Code = Code {
    id: "M804",
    slug: "run-folder-taken",
    severity: Severity::Error,
    summary: "the run folder exists already",
    page: Page {
        means: "The folder named by `--out` is there already and is not empty.",
        why: "It may hold the only copy of another training's result, so netc does not write into it.",
        remedy: "Name another folder, leave `--out` out (then `runs/<spec>-<n>/` gets the next free number), or \
                go on with the run that is there by `--resume`.",
        example: None,
    },
};

/// M805: a file could not be written.
pub static WRITE_FAILED: Code = Code {
    id: "M805",
    slug: "write-failed",
    severity: Severity::Error,
    summary: "a file could not be written",
    page: Page {
        means: "A file or folder could not be written. The message has the system's own reason: a full disk, \
                missing rights, a folder that is not there.",
        why: "A training that goes on without being able to save is lost work. What was saved before is \
                unharmed: every file is written aside and takes its place only when it is whole.",
        remedy: "Free some space or write elsewhere with `--out`. A run that had saved an epoch goes on from \
                there with `--resume`.",
        example: None,
    },
};

/// M806: the data or the spec changed since the run was started.
pub static RESUME_DATA_CHANGED: Code = Code {
    id: "M806",
    slug: "resume-data-changed",
    severity: Severity::Error,
    summary: "the data or the spec changed since the run was started",
    page: Page {
        means: "`--resume` goes on with a run whose spec, images, classes or settings are not what they were \
                when it was started.",
        why: "Half of the training would be of one experiment and half of another, and no seed would ever \
                give the result again. A changed split also lets the network be tested on images that it was \
                trained on.",
        remedy: "Bring back what the run was started with: `spec.net` and `run.yaml` in the run folder say what \
                it was. More epochs are always possible, with `--epochs`. For anything else start a new run.",
        example: None,
    },
};

/// M808: the folder holds no run that can be resumed.
pub static NOTHING_TO_RESUME: Code = Code {
    id: "M808",
    slug: "nothing-to-resume",
    severity: Severity::Error,
    summary: "the folder holds no run that can be resumed",
    page: Page {
        means: "`--resume` found no run: neither in the folder named by `--out` nor, without one, among \
                `runs/<spec>-<n>/`.",
        why: "There is no state to go on from, and starting anew under the name of a resumption would hide \
                that it is gone.",
        remedy: "Name the run's folder with `--out`, call netc from the folder that `runs/` is in, or leave \
                `--resume` out to start a new run.",
        example: None,
    },
};

/// M809: training could not go on.
pub static RUN_FAILED: Code = Code {
    id: "M809",
    slug: "run-failed",
    severity: Severity::Error,
    summary: "training could not go on",
    page: Page {
        means: "The training or the model could not be started: the system gave no threads.",
        why: "Every plan runs on threads of its own; without them nothing is computed.",
        remedy: "Ask for fewer with `--threads`, or end other programs. Of numbers that are not finite speaks H713.",
        example: None,
    },
};

/// M812: measured kernels cannot be read.
pub static KERNELS_UNREADABLE: Code = Code {
    id: "M812",
    slug: "kernels-unreadable",
    severity: Severity::Error,
    summary: "the file of measured kernels cannot be read",
    page: Page {
        means: "`--kernels` or `--tune` names a file that is not there, cannot be read, or is not what \
                `netc plan SPEC --tune FILE` writes.",
        why: "With other kernels the last digits of a result differ. What was asked for cannot be had, and choosing by \
              rule without a word would hide it.",
        remedy: "Name the right file, measure anew with `--tune`, or leave `--kernels` out: then kernels are chosen by \
                 rule.",
        example: None,
    },
};

/// M810: there is no code of that name.
pub static UNKNOWN_CODE: Code = Code {
    id: "M810",
    slug: "unknown-code",
    severity: Severity::Error,
    summary: "there is no code of that name",
    page: Page {
        means: "`netc explain` was asked for a code that is not in the table.",
        why: "Codes are a letter and three digits, as in `T201`, or a slug, as in `window-exceeds-input`.",
        remedy: "`netc explain --all` lists all codes.",
        example: None,
    },
};

/// M811: a file that would be written is there already.
pub static FILE_EXISTS: Code = Code {
    id: "M811",
    slug: "file-exists",
    severity: Severity::Error,
    summary: "a file that would be written is there already",
    page: Page {
        means: "`netc new` was to write a spec to a name that a file has already.",
        why: "A spec is written by hand, and often the only record of an experiment: it is never written over.",
        remedy: "Name another file with `-o`, or move the old one away first.",
        example: None,
    },
};
