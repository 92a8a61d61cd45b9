//! netc.
pub mod base;
pub mod diag;
pub mod graph;
pub mod kernel;
pub mod model;
pub mod syntax;
pub mod train;
