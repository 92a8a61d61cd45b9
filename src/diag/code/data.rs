//! Codes of letter D: images and their folders.

use super::{Code, Page, Severity};

/// D601: a file cannot be read as an image.
pub static UNREADABLE_IMAGE: Code = Code {
    id: "D601",
    slug: "unreadable-image",
    severity: Severity::Warning,
    summary: "a file cannot be read as an image",
    page: Page {
        means: "A file in a class folder has the name of an image and is none, or is damaged, or cannot be opened. \
              It is named and left out.",
        why: "A label without a picture teaches nothing, and a program that decodes what it can would teach noise.",
        remedy: "Remove the file, fetch it again, or convert it to PNG, JPEG, BMP, GIF, WebP or TIFF. `--on-bad-image \
              stop` ends the run at the first such file instead.",
        example: None,
    },
};

/// D602: an image file ends before its picture does.
pub static TRUNCATED_IMAGE: Code = Code {
    id: "D602",
    slug: "truncated-image",
    severity: Severity::Warning,
    summary: "an image file ends before its picture does",
    page: Page {
        means: "The file begins as an image and stops before the last row: a download or a copy was cut short. It is \
              named and left out.",
        why: "Many decoders fill the missing rows with grey and call it success. A network then learns that grey \
              bars belong to the class that was fetched worst.",
        remedy: "Fetch or copy the file again.",
        example: None,
    },
};

/// D603: a class folder holds no image.
pub static EMPTY_CLASS: Code = Code {
    id: "D603",
    slug: "empty-class",
    severity: Severity::Warning,
    summary: "a class folder holds no image",
    page: Page {
        means: "A class has no image to train on: its folder is empty, holds other files, or every image in it was \
              unreadable.",
        why: "The class stays, so that no label changes its number, and the network gets an output for it that \
              nothing ever asks for.",
        remedy: "Put images into the folder, or remove it; name the folders in `classes` if the order of the labels \
              matters.",
        example: None,
    },
};

/// D604: one class has many times the images of another.
pub static CLASS_IMBALANCE: Code = Code {
    id: "D604",
    slug: "class-imbalance",
    severity: Severity::Note,
    summary: "one class has many times the images of another",
    page: Page {
        means: "The largest class has at least 3 times (a note) or 10 times (a warning) the training images of the \
              smallest.",
        why: "Answering the largest class for every image is then often right, and a network that has learned only \
              this shows an accuracy that looks like success.",
        remedy: "Collect images of the small class, or write `data: { balance: class_weights }`; judge \
              by the recall of each class. The weights that balance are N / (C · n), for N images, C classes and n \
              images in the class.",
        example: None,
    },
};

/// D605: images of one class are copies of one another.
pub static DUPLICATE_IMAGE: Code = Code {
    id: "D605",
    slug: "duplicate-image",
    severity: Severity::Warning,
    summary: "images of one class are copies of one another",
    page: Page {
        means: "Several files of one class have the same bytes, or show nearly the same picture: the same one \
              encoded again, resized, brightened, mirrored, or with up to 10 % cropped off a side.",
        why: "A copy counts double in training. When a split puts one copy on each side, the validation asks for \
              what was learned by heart.",
        remedy: "Remove all but one of them. `netc data DATA --html page.html` shows them side by side; two are nearly \
              the same if the lowest frequencies of both at 32×32 agree, where a crop explains it once it is found, and \
              much better than those of other pictures do. Handwritten digits that are no copies are named now and then \
              (3 of 7,000 of small MNIST); of pictures with a side below 16 pixels, where look-alikes cannot be told from \
              copies, only those with the same pixels are named.",
        example: None,
    },
};

/// D606: the same image is in training and in validation.
pub static TRAIN_VALIDATION_LEAK: Code = Code {
    id: "D606",
    slug: "train-validation-leak",
    severity: Severity::Error,
    summary: "the same image is in training and in validation",
    page: Page {
        means: "A file of the validation folder has the same bytes as a file of the training folder (an error), or shows \
              nearly the same picture, be it mirrored or cropped a little (a warning).",
        why: "The network has seen the answer. The validation accuracy is too good, and choosing the best epoch by \
              it chooses the one that memorised most.",
        remedy: "Remove the image from one of the two folders, or give one folder and let netc split it: `data: { \
              validation: 10% }`.",
        example: None,
    },
};

/// D607: a class has no image in the validation set.
pub static CLASS_MISSING_IN_VALIDATION: Code = Code {
    id: "D607",
    slug: "class-missing-in-validation",
    severity: Severity::Warning,
    summary: "a class has no image in the validation set",
    page: Page {
        means: "A class is trained, and no validation image belongs to it.",
        why: "Nothing measures the class: the network may never answer it, and the accuracy will not tell.",
        remedy: "Add images of the class to the validation folder, or let netc split, which keeps a share of every \
              class of two images or more.",
        example: None,
    },
};

/// D608: the validation set has a class that training lacks.
pub static UNKNOWN_CLASS_IN_VALIDATION: Code = Code {
    id: "D608",
    slug: "unknown-class-in-validation",
    severity: Severity::Error,
    summary: "the validation set has a class that training lacks",
    page: Page {
        means: "The validation folder has a class folder that the training folder has not.",
        why: "The network has no output for the class, so every image of it would be counted wrong. Mostly it is a \
              folder with a typing mistake.",
        remedy: "Rename the folder, add the class to the training images, or remove it.",
        example: None,
    },
};

/// D609: there are fewer than 20 training images a class.
pub static FEW_IMAGES: Code = Code {
    id: "D609",
    slug: "few-images",
    severity: Severity::Warning,
    summary: "there are fewer than 20 training images a class",
    page: Page {
        means: "On average a class has fewer than 20 training images.",
        why: "Networks of any size learn so few images by heart; the validation set is then so small that its \
              accuracy is mostly chance.",
        remedy: "Collect more images; until then keep the network small and use augmentation.",
        example: None,
    },
};

/// D610: images are smaller than the input of the network.
pub static UPSCALED_IMAGES: Code = Code {
    id: "D610",
    slug: "upscaled-images",
    severity: Severity::Note,
    summary: "images are smaller than the input of the network",
    page: Page {
        means: "Some images have fewer pixels than the network's input and are enlarged to it.",
        why: "Enlarging adds no detail, and each layer pays for every pixel: at twice the side a network costs \
              four times as much.",
        remedy: "Set `input` to about the median size of the images, or leave it out: netc then takes the median.",
        example: None,
    },
};

/// D611: some images are grey and others in colour.
pub static MIXED_CHANNELS: Code = Code {
    id: "D611",
    slug: "mixed-channels",
    severity: Severity::Note,
    summary: "some images are grey and others in colour",
    page: Page {
        means: "Some files are stored in grey and others in colour. All become what the input asks for: grey is \
              repeated over three channels, or colour becomes grey by its luma.",
        why: "Where the grey images are mostly of one class, a network can tell the class by the missing colour.",
        remedy: "Nothing, unless grey and class go together; then write an input of one channel, `input: 64x64x1`.",
        example: None,
    },
};

/// D612: a file has the extension of another format than its content.
pub static EXTENSION_LIES: Code = Code {
    id: "D612",
    slug: "extension-lies",
    severity: Severity::Note,
    summary: "a file has the extension of another format than its content",
    page: Page {
        means: "A file is named `.jpg`, say, and its content is a PNG. netc reads it by its content.",
        why: "It does no harm here. Other programs go by the name, and refuse such files or decode them wrongly.",
        remedy: "Rename the files if other programs read them.",
        example: None,
    },
};

/// D613: the data holds fewer than two class folders.
pub static NO_CLASSES: Code = Code {
    id: "D613",
    slug: "no-classes",
    severity: Severity::Error,
    summary: "the data holds fewer than two class folders",
    page: Page {
        means: "Under the path there are not two folders that could be classes.",
        why: "A classifier tells at least two classes apart, and the folders are what tells it which image is \
              which.",
        remedy: "Give the folder whose subfolders are the classes, `data/healthy/1.jpg` and `data/rust/1.jpg`, or one \
              with `train/` and `val/` of such folders.",
        example: None,
    },
};

/// D614: an image is of a single colour.
pub static BLANK_IMAGE: Code = Code {
    id: "D614",
    slug: "blank-image",
    severity: Severity::Warning,
    summary: "an image is of a single colour",
    page: Page {
        means: "All pixels of an image have nearly the same colour: no channel varies by more than 8 of 255.",
        why: "It shows nothing of its class. Such files come from cameras with a closed lid, scanners without a \
              sheet, and scripts that failed to draw.",
        remedy: "Remove the image, or make it again.",
        example: None,
    },
};

/// D615: hidden and system files, or files that are no images, were left out.
pub static SKIPPED_FILES: Code = Code {
    id: "D615",
    slug: "skipped-files",
    severity: Severity::Note,
    summary: "hidden and system files, or files that are no images, were left out",
    page: Page {
        means: "Some entries are no images of a class: hidden files, what operating systems leave behind \
              (`.DS_Store`, `Thumbs.db`, `__MACOSX`), other kinds of files, links in archives, images outside of a \
              class folder, and folders beside `train/` and `val/`.",
        why: "They are left out on purpose; the note is there so that nothing is left out unseen. A file without \
              an extension is taken if its content is an image.",
        remedy: "Nothing has to be done. If an image is among them, give it an image's extension and put it into a \
              class folder.",
        example: None,
    },
};

/// D616: the classes of the data are not those of the spec.
pub static CLASSES_DIFFER_FROM_SPEC: Code = Code {
    id: "D616",
    slug: "classes-differ-from-spec",
    severity: Severity::Error,
    summary: "the classes of the data are not those of the spec",
    page: Page {
        means: "The folders name a class that the spec or the model does not, or their number is not the number that \
              the spec declares.",
        why: "The network's outputs are bound to the declared classes, one each and in their order; an image of \
              another class has none.",
        remedy: "Rename the folder or correct `classes`. Where `classes` is left out, the folders give the names, \
              sorted by their bytes.",
        example: None,
    },
};

/// D617: an image is larger than the limit on decoding.
pub static IMAGE_TOO_LARGE: Code = Code {
    id: "D617",
    slug: "image-too-large",
    severity: Severity::Warning,
    summary: "an image is larger than the limit on decoding",
    page: Page {
        means: "The file is longer than 256 MiB, a side has more than 16,384 pixels, or the picture takes more than \
              256 MiB decoded. It is named and left out.",
        why: "A file of a few bytes can claim a picture of gigabytes. The limits hold before memory is spent, so \
              one such file cannot end a run.",
        remedy: "Scale the picture down; it would be shrunk to the network's input in any case.",
        example: None,
    },
};

/// D618: the same image lies in two classes.
pub static SAME_IMAGE_TWO_CLASSES: Code = Code {
    id: "D618",
    slug: "same-image-two-classes",
    severity: Severity::Warning,
    summary: "the same image lies in two classes",
    page: Page {
        means: "Files with the same bytes, or with nearly the same picture, lie in different class folders.",
        why: "The network is told two answers to one question and can learn neither; the loss cannot fall to zero.",
        remedy: "Keep the image in the class that it belongs to.",
        example: None,
    },
};

/// D619: a link leads back into a folder that holds it.
pub static LOOP_IN_FOLDER: Code = Code {
    id: "D619",
    slug: "loop-in-folder",
    severity: Severity::Warning,
    summary: "a link leads back into a folder that holds it",
    page: Page {
        means: "A symbolic link points to a folder that contains the link.",
        why: "Following it would list the same images without end, so it is not followed. Links to other folders \
              and files are.",
        remedy: "Remove the link.",
        example: None,
    },
};

/// D620: the data cannot be found or read.
pub static DATA_NOT_FOUND: Code = Code {
    id: "D620",
    slug: "data-not-found",
    severity: Severity::Error,
    summary: "the data cannot be found or read",
    page: Page {
        means: "The path does not exist, may not be read, or has no folder of the name that `validation` gives.",
        why: "Without images there is nothing to do.",
        remedy: "Check the path and who may read it; relative paths start at the folder where netc was called.",
        example: None,
    },
};

/// D621: the path is neither a folder of class folders nor an archive of one.
pub static NOT_IMAGE_DATA: Code = Code {
    id: "D621",
    slug: "not-image-data",
    severity: Severity::Error,
    summary: "the path is neither a folder of class folders nor an archive of one",
    page: Page {
        means: "The path is a file that is no `.tar`, `.tar.gz`, `.zip`, `.npz`, `.csv` or IDX file, or such a file is damaged \
              or lacks what it needs.",
        why: "What a file is called does not matter: its first bytes say what it is.",
        remedy: "Give a folder of class folders, an archive of one, a `.npz` with `x` and `y`, a `.csv` of `path,label`, or the \
              folder of MNIST's IDX files. A damaged archive has to be fetched or packed \
              again.",
        example: None,
    },
};

/// D622: no image could be read.
pub static NO_IMAGES: Code = Code {
    id: "D622",
    slug: "no-images",
    severity: Severity::Error,
    summary: "no image could be read",
    page: Page {
        means: "Not one image of the set can be read: there are none, or each was left out for a reason of its own.",
        why: "A training needs images; where every one fails, the cause is mostly one for all, such as Git LFS \
              pointers or a format that is not read.",
        remedy: "Read the reason that the first one gives.",
        example: None,
    },
};

/// D623: the images of a compressed archive do not fit in memory.
pub static ARCHIVE_TOO_LARGE: Code = Code {
    id: "D623",
    slug: "archive-too-large",
    severity: Severity::Error,
    summary: "the images of a compressed archive do not fit in memory",
    page: Page {
        means: "A `.tar.gz` or `.zip` expands to more than half of the memory that is available.",
        why: "A compressed archive cannot be read at any place, so its images are kept in memory, as the files \
              that they are. An archive that expands without end is stopped by the same limit.",
        remedy: "Unpack it and give the folder, or store it as a plain `.tar`, which is read where it lies.",
        example: None,
    },
};
