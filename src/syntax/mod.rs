//! The text of a spec: grammar and front matter in, a spanned tree out.
//!
//! Pest and serde_yaml are used here only. Names are not resolved here: whether `Conv` is a layer is `check`'s to say.

pub mod ast;
pub mod settings;
