//! THE table of codes: one constant a code, grouped by its letter, and one sorted list of all.
//!
//! A number is never used again for another fault. The slug names the fault, so that `allow: dense-after-dense` reads
//! right. The pages stand with the codes, one file a letter.

mod activation;
mod architecture;
mod budget;
mod data;
mod health;
mod model;
mod name;
mod shape;
mod syntax;

pub use activation::*;
pub use architecture::*;
pub use budget::*;
pub use data::*;
pub use health::*;
pub use model::*;
pub use name::*;
pub use shape::*;
pub use syntax::*;

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; never fails a build.
    Note,
    /// Very likely wrong.
    Warning,
    /// Will not run, or cannot learn.
    Error,
}

/// A `.net` file that gives exactly this code, and the same file mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Gives the code and no other.
    pub fails: &'static str,
    /// Gives nothing.
    pub passes: &'static str,
}

/// The documentation of a code, as `netc explain` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// What it means.
    pub means: &'static str,
    /// Why it is a fault: what would happen.
    pub why: &'static str,
    /// The way out, where no example can show it.
    pub remedy: &'static str,
    /// The wrong and the right spec, where the fault lies in a spec.
    pub example: Option<Example>,
}

/// A row of the table. Its id alone tells it from all others.
#[derive(Debug)]
pub struct Code {
    /// A letter and three digits.
    pub id: &'static str,
    /// The fault in a few words, in kebab case.
    pub slug: &'static str,
    /// How bad it is, unless a spec says otherwise.
    pub severity: Severity,
    /// The fault in one line: lower case, without a period.
    pub summary: &'static str,
    /// The long text.
    pub page: Page,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

/// All codes, sorted by letter and number.
pub static CODES: &[&Code] = &[
    &SOFTMAX_ON_ONE_UNIT,
    &SOFTMAX_IN_THE_MIDDLE,
    &DOUBLE_SOFTMAX,
    &RECTIFIED_LOGITS,
    &SQUASHED_LOGITS,
    &SIGMOID_FOR_EXCLUSIVE_CLASSES,
    &WRONG_OUTPUT_ACTIVATION,
    &AFFINE_AFTER_AFFINE,
    &REDUNDANT_ACTIVATION,
    &SATURATING_CHAIN,
    &LOSS_DOES_NOT_FIT_OUTPUT,
    &LOGITS_OUT,
    &CONSTANT_OUTPUT,
    &OVERFLOW_CHAIN,
    &UNREADABLE_IMAGE,
    &TRUNCATED_IMAGE,
    &EMPTY_CLASS,
    &CLASS_IMBALANCE,
    &DUPLICATE_IMAGE,
    &TRAIN_VALIDATION_LEAK,
    &CLASS_MISSING_IN_VALIDATION,
    &UNKNOWN_CLASS_IN_VALIDATION,
    &FEW_IMAGES,
    &UPSCALED_IMAGES,
    &MIXED_CHANNELS,
    &EXTENSION_LIES,
    &NO_CLASSES,
    &BLANK_IMAGE,
    &SKIPPED_FILES,
    &CLASSES_DIFFER_FROM_SPEC,
    &IMAGE_TOO_LARGE,
    &SAME_IMAGE_TWO_CLASSES,
    &LOOP_IN_FOLDER,
    &DATA_NOT_FOUND,
    &NOT_IMAGE_DATA,
    &NO_IMAGES,
    &ARCHIVE_TOO_LARGE,
    &FIRST_LOSS_OFF,
    &CANNOT_OVERFIT_ONE_BATCH,
    &INPUT_IGNORED,
    &STUCK_AT_PRIOR,
    &ONE_CLASS_PREDICTED,
    &COLLAPSE,
    &NON_FINITE,
    &EXPLODING_GRADIENT,
    &VANISHING_GRADIENT,
    &DEAD_RELU,
    &SATURATED,
    &OSCILLATING,
    &NOT_CONVERGING,
    &UPDATE_RATIO,
    &OVERFITTING,
    &CLASS_NEVER_RIGHT,
    &FROZEN_LAYER,
    &VALIDATION_TOO_GOOD,
    &LOSS_AND_ACCURACY_DISAGREE,
    &MODEL_FILE_CORRUPT,
    &MODEL_TOO_NEW,
    &MODEL_DOES_NOT_FIT_SPEC,
    &RUN_FOLDER_TAKEN,
    &WRITE_FAILED,
    &RESUME_DATA_CHANGED,
    &NOTHING_TO_RESUME,
    &RUN_FAILED,
    &UNKNOWN_CODE,
    &FILE_EXISTS,
    &KERNELS_UNREADABLE,
    &UNKNOWN_LAYER,
    &UNKNOWN_ARGUMENT,
    &MISSING_ARGUMENT,
    &WRONG_ARGUMENT_TYPE,
    &ARGUMENT_OUT_OF_DOMAIN,
    &DUPLICATE_ARGUMENT,
    &TOO_MANY_ARGUMENTS,
    &SPREAD_LENGTH_MISMATCH,
    &SPREAD_OUTSIDE_REPEAT,
    &UNKNOWN_BLOCK,
    &RECURSIVE_BLOCK,
    &UNUSED_BLOCK,
    &TOO_MANY_LAYERS,
    &UNKNOWN_CODE_IN_ALLOW,
    &UNUSED_ALLOW,
    &DUPLICATE_BLOCK,
    &WRONG_BRANCH_COUNT,
    &LEARNING_RATE_HIGH,
    &LEARNING_RATE_LOW,
    &TOO_FEW_UPDATES,
    &BATCH_TOO_LARGE,
    &WEIGHT_DECAY_STRONG,
    &INPUT_NOT_NORMALISED,
    &NORMALISED_TWICE,
    &NO_VALIDATION,
    &FLATTEN_EXPLOSION,
    &RANK_BOTTLENECK,
    &KERNEL_COVERS_MAP,
    &PADDING_ONLY_WEIGHTS,
    &RECEPTIVE_FIELD,
    &DROPOUT_SURVIVAL,
    &DROPOUT_BEFORE_BATCHNORM,
    &BIAS_BEFORE_BATCHNORM,
    &NO_OP_LAYER,
    &INIT_SCALE,
    &PLAN_EXCEEDS_MEMORY,
    &BATCHNORM_ON_ONE,
    &UNEXPECTED_TOKEN,
    &WRONG_ARROW,
    &UNCLOSED_BRACKET,
    &NESTING_TOO_DEEP,
    &FILE_TOO_LARGE,
    &MALFORMED_NUMBER,
    &MALFORMED_YAML,
    &UNKNOWN_KEY,
    &DUPLICATE_KEY,
    &NOT_UTF8,
    &NO_NETWORK,
    &DANGLING_ARROW,
    &BAD_REPEAT_COUNT,
    &UNREADABLE_SPEC,
    &UNSUPPORTED_KEY,
    &WINDOW_EXCEEDS_INPUT,
    &DENSE_ON_FEATURE_MAP,
    &WINDOW_ON_VECTOR,
    &BRANCH_SHAPE_MISMATCH,
    &CONCAT_SIZE_MISMATCH,
    &GROUPS_DO_NOT_DIVIDE,
    &UNITS_NOT_CLASSES,
    &SIZE_OVERFLOW,
    &OUTPUT_NOT_A_VECTOR,
    &EXPECTATION_FAILED,
    &PIXELS_DROPPED,
    &STRIDE_SKIPS_PIXELS,
    &CHANNELS_FIRST_INPUT,
    &NORMALISES_ONE_NUMBER,
];

/// Codes that are silent unless a spec's `lint: { warn: [...] }` or `deny` names them.
pub static PEDANTIC: &[&Code] = &[&BIAS_BEFORE_BATCHNORM];

/// The code with this id (`T201`, in either case) or slug.
#[must_use]
pub fn find(name: &str) -> Option<&'static Code> {
    CODES.iter().copied().find(|code| code.id.eq_ignore_ascii_case(name) || code.slug == name)
}
