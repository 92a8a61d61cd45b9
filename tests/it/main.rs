//! The one integration binary.

mod allocation;
mod gradient;
mod network;
mod parity;
