//! netc.
pub mod base;
pub mod data;
pub mod diag;
pub mod kernel;
