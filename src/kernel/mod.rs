//! Compute routines: one folder or file a family, a row each in a table, and the plain reference beside them.
//!
//! Kernels know shapes and slices, nothing of layers, graphs or plans. Tensors are N×H×W×C, `f32`, channels innermost;
//! convolution kernels are H×W×I×O, dense kernels I×O. How work is cut into pieces is a function of the shapes alone
//! and partial sums are added in a fixed order, so every result is the same to the bit whatever the thread count.
//! `unsafe` lives in this room and nowhere else.

pub mod activation;
pub mod bf16;
mod chunk;
pub mod conv;
pub mod criterion;
pub mod dense;
mod element;
pub mod elementwise;
pub mod epilogue;
mod gemm;
pub mod geometry;
pub mod isa;
pub mod loss;
mod memory;
mod micro;
pub mod norm;
mod piece;
pub mod pool;
pub mod real;
pub mod reference;
pub mod scratch;
pub mod softmax;
pub mod special;
#[cfg(test)]
mod testing;
pub mod update;

pub use activation::Activation;
pub use bf16::Operands;
pub use criterion::Criterion;
pub use dense::Dense;
pub use epilogue::{After, Epilogue};
pub use geometry::{ConvGeometry, Padding, Window};
pub use isa::Isa;
pub use memory::Memory;
pub use micro::peak;
pub use real::Real;
pub use scratch::{Scratch, Space};
