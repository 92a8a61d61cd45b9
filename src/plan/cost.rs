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
        let bytes =
            step.reads.iter().chain(&step.writes).map(|&buffer| 4 * self.buffer(buffer).words(images) as u64).sum();
        Cost { flops: step.work.flops() * images as u64, bytes }
    }
}

impl Work {
    /// Floating-point operations of one image.
    pub(super) fn flops(&self) -> u64 {
        let macs = match self {
            Self::Conv(g, ..) | Self::ConvInputGradient(g, ..) | Self::ConvWeightGradient(g, _) => g.macs(),
            Self::ConvPool(g, ..) => g.conv.macs(),
            Self::ConvChain(chain) | Self::Front(chain) => chain.macs(),
            Self::FrontGradient(front) => front.macs(),
            Self::PooledInputGradient(g, ..) | Self::PooledWeightGradient(g, _) => g.winner_macs(),
            Self::Dense(d, _)
            | Self::DenseInputGradient(d)
            | Self::DenseWeightGradient(d)
            | Self::DenseUpdate(d, ..) => d.inputs as u64 * d.outputs as u64,
            _ => 0,
        };
        2 * macs
    }
}
