//! The one integration binary: what holds for the repository, for whole networks, and for the built program.

mod allocation;
mod check;
mod gradient;
mod mutation;
mod network;
mod parity;
mod program;
mod range;
mod rooms;
mod tables;
mod training;
mod usage;
