//! netc compiles a declarative image classifier, a `.net` file, to a plan of fused steps, and trains and runs it.
//!
//! # The way of one spec
//!
//! ```text
//! text ── syntax ──> tree ── check ──> Net: placed layers and a typed graph, and diagnostics
//!                                       │
//!                       graph: training and inference graphs, gradients as ordinary nodes
//!                                       │
//!                       plan: fused steps, a kernel each, buffers in one arena
//!                                       │
//! images ── data ──> batches ────────> exec ──> train ──> run folder, model file ──> predictions
//! ```
//!
//! Text in, value out up to [`plan`]: no file, clock, environment or printing there. Only [`model`], [`data`],
//! [`train`] and [`cli`] touch the world. The checker returns a value and diagnostics and never stops at the first
//! fault: what it cannot know becomes unknown, and the rest is still checked.
//!
//! # The rooms, in import order
//!
//! A room imports only rooms above it. `tests/it/rooms.rs` holds the order, and which outside crate may be used where.
//!
//! | room | holds |
//! | --- | --- |
//! | [`base`] | places in a text, did-you-mean, the one random generator, numbers to read |
//! | [`diag`] | the table of codes with a page each; messages as plain data; how one looks on a terminal, as JSON, as SARIF |
//! | [`kernel`] | compute routines, a row each in a table, the plain reference beside them; the only `unsafe` code |
//! | [`graph`] | values with shape, range and linearity; the closed set of operations; gradients |
//! | [`syntax`] | grammar and front matter: text to a tree in which every part has its place; the canonical printer back |
//! | [`layer`] | the table of layers: names, arguments, and the operations each stands for |
//! | [`schema`] | the front matter as a JSON schema |
//! | [`check`] | expands repeats and blocks, types every edge, finds what will not run or cannot learn; mends what has one way out |
//! | [`compare`] | what differs between two networks, however each is written |
//! | [`draw`] | a network as a picture: what is shown, where it stands, SVG, Graphviz and Mermaid |
//! | [`starter`] | a first spec for images: its sizes, and the reason for every line |
//! | [`plan`] | what is fused, which kernel runs, which buffer lies where: decided here and nowhere else |
//! | [`exec`] | runs a plan over its arena on a pool of threads |
//! | [`model`] | weights, spec, classes and normalisation in one file; how weights start |
//! | [`data`] | folders and archives of images to batches of numbers |
//! | [`health`] | whether a training is well: from numbers of its steps to findings with evidence, cause and way out |
//! | [`train`] | the loop, checkpoints, evaluation, prediction |
//! | [`cli`] | one file a command; the only room that prints |
//!
//! # Two vocabularies
//!
//! *Layers* are what authors write: an open table. *Operations* are what the machine does: a small closed set, matched
//! exhaustively. A layer is data and one function that emits operations; its shape, its range, its gradient and its
//! kernels follow from them.
//!
//! # What always holds
//!
//! - Tensors are N×H×W×C, convolution kernels H×W×I×O, dense kernels I×O, all `f32`.
//! - The same seed gives the same bytes, whatever the number of threads: work is cut by shapes, sums are added in a
//!   fixed order, random numbers are drawn by counter, not by time or order.
//! - A fault that a user can cause is a [`diag::Diagnostic`] with a code, both facts and a way out, never a panic.

pub mod base;
pub mod check;
pub mod cli;
pub mod compare;
pub mod data;
pub mod diag;
pub mod draw;
pub mod exec;
pub mod graph;
pub mod health;
pub mod kernel;
pub mod layer;
pub mod model;
pub mod plan;
pub mod schema;
pub mod starter;
pub mod syntax;
pub mod train;
