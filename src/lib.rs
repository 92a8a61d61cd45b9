//! netc.
pub mod base;
pub mod check;
pub mod data;
pub mod diag;
pub mod exec;
pub mod graph;
pub mod kernel;
pub mod layer;
pub mod model;
pub mod plan;
pub mod syntax;
pub mod train;
