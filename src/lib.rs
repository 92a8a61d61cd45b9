//! netc.
pub mod base;
pub mod diag;
pub mod graph;
pub mod kernel;
pub mod syntax;
