//! What a training makes small, and which parameters it changes for it.

use super::net::ParamId;
use crate::kernel::Criterion;

/// What a training makes small, and which parameters it changes for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objective {
    /// The loss.
    pub criterion: Criterion,
    /// Whether classes count by weights of their own, which are fed beside the labels.
    pub class_weights: bool,
    /// Parameters that stay as they are: nothing is computed for them.
    pub frozen: Vec<ParamId>,
}

impl Objective {
    /// Whether it is cross-entropy with all classes alike, which has kernels of its own.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.criterion == Criterion::default() && !self.class_weights
    }
}
