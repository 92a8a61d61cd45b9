//! What every room stands on: places in a source text, did-you-mean, the one random generator, numbers to read.
//!
//! Knows nothing of networks, files or messages.

mod number;
mod random;
mod source;
mod suggest;

pub use number::grouped;
pub use random::{Random, stable_hash};
pub use source::{Source, Span, Spanned};
pub use suggest::{closest, nearest};
