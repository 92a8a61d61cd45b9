//! What a step costs: arithmetic and memory traffic, for a batch.

use super::Plan;
use super::step::{Step, Work};

/// Floating-point operations and bytes of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Multiplications and additions of convolutions and products; a multiply-accumulate counts as two.
    pub flops: u64,
    /// Bytes of all operands, read and written once.
    pub bytes: u64,
}

impl Plan {
    /// What a step costs for `images` images.
    #[must_use]
    pub fn cost(&self, step: &Step, images: usize) -> Cost {
        let macs = match step.work {
            Work::Conv(g, ..) | Work::ConvInputGradient(g, ..) | Work::ConvWeightGradient(g, _) => g.macs(),
            Work::ConvPool(g, ..) => g.conv.macs(),
            Work::PooledInputGradient(g, ..) | Work::PooledWeightGradient(g, _) => g.winner_macs(),
            Work::Dense(d, _) | Work::DenseInputGradient(d) | Work::DenseWeightGradient(d) => {
                d.inputs as u64 * d.outputs as u64
            }
            _ => 0,
        };
        let bytes =
            step.reads.iter().chain(&step.writes).map(|&buffer| 4 * self.buffer(buffer).words(images) as u64).sum();
        Cost { flops: 2 * macs * images as u64, bytes }
    }
}
