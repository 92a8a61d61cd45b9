//! What netc says of a fault: THE table of codes, the message as plain data, and its renderers.
//!
//! Every fault of every room is a [`Diagnostic`]; only this room knows how one looks on a terminal. It must not know
//! layers, shapes or files.

pub mod code;
mod excerpt;
mod github;
mod json;
mod message;
mod render;
mod sarif;

pub use code::{Code, Example, Page, Severity};
pub use github::github;
pub use json::{check_json, diagnostic_json};
pub use message::{Applicability, Diagnostic, Edit, Fix, Label, Place};
pub use render::{concise, render};
pub use sarif::sarif;

/// A fault that ends the work at hand, boxed since it is rare and large.
pub type Fault = Box<Diagnostic>;

/// The result of work that a fault ends.
pub type Result<T, E = Fault> = std::result::Result<T, E>;
