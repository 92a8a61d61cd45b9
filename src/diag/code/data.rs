//! Codes of letter D: images and their folders.

use super::{Code, Page, Severity};

/// D601: a file cannot be read as an image.
pub static UNREADABLE_IMAGE: Code = Code {
    id: "D601",
    slug: "unreadable-image",
    severity: Severity::Warning,
    summary: "a file cannot be read as an image",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D602: an image file ends before its picture does.
pub static TRUNCATED_IMAGE: Code = Code {
    id: "D602",
    slug: "truncated-image",
    severity: Severity::Warning,
    summary: "an image file ends before its picture does",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D603: a class folder holds no image.
pub static EMPTY_CLASS: Code = Code {
    id: "D603",
    slug: "empty-class",
    severity: Severity::Warning,
    summary: "a class folder holds no image",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D604: one class has many times the images of another.
pub static CLASS_IMBALANCE: Code = Code {
    id: "D604",
    slug: "class-imbalance",
    severity: Severity::Note,
    summary: "one class has many times the images of another",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D606: the same image is in training and in validation.
pub static TRAIN_VALIDATION_LEAK: Code = Code {
    id: "D606",
    slug: "train-validation-leak",
    severity: Severity::Error,
    summary: "the same image is in training and in validation",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D607: a class has no image in the validation set.
pub static CLASS_MISSING_IN_VALIDATION: Code = Code {
    id: "D607",
    slug: "class-missing-in-validation",
    severity: Severity::Warning,
    summary: "a class has no image in the validation set",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D608: the validation set has a class that training lacks.
pub static UNKNOWN_CLASS_IN_VALIDATION: Code = Code {
    id: "D608",
    slug: "unknown-class-in-validation",
    severity: Severity::Error,
    summary: "the validation set has a class that training lacks",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D613: the data holds fewer than two class folders.
pub static NO_CLASSES: Code = Code {
    id: "D613",
    slug: "no-classes",
    severity: Severity::Error,
    summary: "the data holds fewer than two class folders",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D615: hidden and system files, or files that are no images, were left out.
pub static SKIPPED_FILES: Code = Code {
    id: "D615",
    slug: "skipped-files",
    severity: Severity::Note,
    summary: "hidden and system files, or files that are no images, were left out",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D616: the classes of the data are not those of the spec.
pub static CLASSES_DIFFER_FROM_SPEC: Code = Code {
    id: "D616",
    slug: "classes-differ-from-spec",
    severity: Severity::Error,
    summary: "the classes of the data are not those of the spec",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D617: an image is larger than the limit on decoding.
pub static IMAGE_TOO_LARGE: Code = Code {
    id: "D617",
    slug: "image-too-large",
    severity: Severity::Warning,
    summary: "an image is larger than the limit on decoding",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D619: a link leads back into a folder that holds it.
pub static LOOP_IN_FOLDER: Code = Code {
    id: "D619",
    slug: "loop-in-folder",
    severity: Severity::Warning,
    summary: "a link leads back into a folder that holds it",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D620: the data cannot be found or read.
pub static DATA_NOT_FOUND: Code = Code {
    id: "D620",
    slug: "data-not-found",
    severity: Severity::Error,
    summary: "the data cannot be found or read",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D621: the path is neither a folder of class folders nor an archive of one.
pub static NOT_IMAGE_DATA: Code = Code {
    id: "D621",
    slug: "not-image-data",
    severity: Severity::Error,
    summary: "the path is neither a folder of class folders nor an archive of one",
    page: Page { means: "", why: "", remedy: "", example: None },
};

/// D622: no image could be read.
pub static NO_IMAGES: Code = Code {
    id: "D622",
    slug: "no-images",
    severity: Severity::Error,
    summary: "no image could be read",
    page: Page { means: "", why: "", remedy: "", example: None },
};
