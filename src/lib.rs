//! netc.
pub mod base;
pub mod diag;
pub mod kernel;
pub mod syntax;
