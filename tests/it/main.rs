//! The one integration binary: what holds for the repository, for whole networks, and for the built program.

mod allocation;
mod annotation;
mod chain;
mod check;
mod data;
mod format;
mod fuzz;
mod gradient;
mod health;
mod kill;
mod mend;
mod mutation;
mod network;
mod parity;
mod program;
mod published;
mod published_logits;
mod random_network;
mod range;
mod recompute;
mod rooms;
mod schema;
mod tables;
mod training;
mod usage;
mod views;
