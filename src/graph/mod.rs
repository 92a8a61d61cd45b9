//! The typed graph: what a network computes, as a closed set of operations.
//!
//! Values have a type of three parts (shape, range, linearity); nodes are in an order in which every operand is defined
//! before its use. Gradients are ordinary nodes, so that fusion, memory planning and kernels serve both directions. The
//! room knows operations, not layers: a layer is what an author writes, an operation what the machine does.

mod build;
mod dump;
mod fault;
mod fold;
mod gradient;
mod mode;
mod net;
mod objective;
mod op;
mod range;
mod shape;
mod typing;
mod unpool;
mod verify;
mod window;

pub use build::{Bias, Builder};
pub use fault::{Axis, TypeFault};
pub use gradient::Gradients;
pub use mode::{Head, Inference, Training};
pub use net::{
    Element, Extent, Graph, Init, LayerId, Node, NodeId, Param, ParamId, Role, Source, Type, Value, ValueId,
};
pub use objective::Objective;
pub use op::{BatchNorm, Channels, CountPadding, Dropout, DropoutUnit, GroupNorm, Op, Over, Pixels};
pub use range::{Fact, Range};
pub use shape::{MAX_ELEMENTS, Shape};
pub use window::{PaddingRule, WindowRule};
