//! The plan in words: the name of each step's kernel, and what was fused into it.

use super::step::{Fused, Phase, Residual, Riding, Step, Weights, Work};
use crate::kernel::conv::{Chain, Link};
use crate::kernel::{Activation, After, Isa, Operands};

impl Step {
    /// What the step does, with what rides on it: `conv+bias+relu`.
    #[must_use]
    pub fn title(&self) -> String {
        let title = self.title_in_a_run();
        if self.phase == Phase::Prepare { title + ", once" } else { title }
    }

    fn title_in_a_run(&self) -> String {
        match &self.work {
            Work::Conv(_, _, fused) => with_fused("conv", fused),
            Work::ConvPool(_, _, fused) => with_fused("conv", fused) + "+max pool",
            Work::ConvChain(chain) | Work::Front(chain) => of_chain(chain),
            Work::Dense(_, fused) => with_fused("dense", fused),
            Work::Scale(_, fused) => with_fused("scale", fused),
            Work::BatchNormTraining(_, _, riding) | Work::BatchNormInference(_, _, riding) => {
                with_riding(self.work.name(), riding)
            }
            Work::Map(activation) | Work::MapInPlace(activation) => activation.name().to_lowercase(),
            Work::MapGradientInPlace(activation) => format!("{} gradient", activation.name().to_lowercase()),
            Work::ConvInputGradient(_, _, activation) | Work::PooledInputGradient(_, _, activation)
                if *activation != Activation::Identity =>
            {
                format!("{}+{} gradient", self.work.name(), activation.name().to_lowercase())
            }
            Work::Update(optimizer, _) => optimizer.name().to_owned(),
            Work::DenseUpdate(_, optimizer, _) => format!("{}+{}", self.work.name(), optimizer.name()),
            work => work.name().to_owned(),
        }
    }

    /// The kernel that was chosen; empty where there is only one.
    #[must_use]
    pub fn kernel(&self) -> String {
        let name = match &self.work {
            Work::Conv(_, kernel, _) | Work::PackConv(_, kernel) => kernel.name,
            Work::ConvInputGradient(_, kernel, _) => kernel.name,
            Work::ConvWeightGradient(_, kernel) => kernel.name,
            Work::ConvPool(_, kernel, _) | Work::PackConvPool(_, kernel) => kernel.name,
            Work::FrontGradient(front) => return front.name(),
            Work::ConvChain(chain) | Work::Front(chain) => {
                let names: Vec<&str> = chain.links.iter().map(|link| link.kernel.name).collect();
                return names.join(" > ");
            }
            Work::PooledInputGradient(_, kernel, _) => kernel.name,
            Work::PooledWeightGradient(_, kernel) => kernel.name,
            Work::Dense(dense, _)
            | Work::DenseInputGradient(dense)
            | Work::DenseWeightGradient(dense)
            | Work::DenseUpdate(dense, ..) => match (dense.operands, dense.isa) {
                (Operands::F32, Isa::Portable) => "product",
                (Operands::F32, Isa::Avx2) => "product-avx2",
                (Operands::F32, Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx) => "product-avx512",
                (Operands::Bf16, Isa::Portable) => "product-bf16-by-f32",
                (Operands::Bf16, Isa::Avx2) => "product-bf16-by-avx2",
                (Operands::Bf16, Isa::Avx512) => "product-bf16-by-avx512",
                (Operands::Bf16, Isa::Avx512Bf16) => "product-bf16",
                (Operands::Bf16, Isa::Amx) => "product-bf16-amx",
            },
            _ => "",
        };
        name.to_owned()
    }
}

fn with_fused(name: &str, fused: &Fused) -> String {
    let mut title = name.to_owned();
    if fused.bias {
        title.push_str("+bias");
    }
    if fused.residual {
        title.push_str("+add");
    }
    push_activation(&mut title, fused.activation);
    title
}

/// Each convolution with what rides on it: `conv+relu > conv+relu+max pool`.
fn of_chain(chain: &Chain) -> String {
    let of_link = |link: &Link| {
        let After { residual, activation } = link.after;
        with_fused("conv", &Fused { bias: link.bias, residual, activation, weights: Weights::Packed })
    };
    let titles: Vec<String> = chain.links.iter().map(of_link).collect();
    let pool = if chain.pool.is_some() { "+max pool" } else { "" };
    titles.join(" > ") + pool
}

fn with_riding(name: &str, riding: &Riding) -> String {
    let mut title = name.to_owned();
    if riding.residual != Residual::None {
        title.push_str("+add");
    }
    push_activation(&mut title, riding.activation);
    title
}

fn push_activation(title: &mut String, activation: Activation) {
    if activation != Activation::Identity {
        title.push('+');
        title.push_str(&activation.name().to_lowercase());
    }
}

impl Work {
    /// The work's name, in lower case.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(..) => "conv",
            Self::PackConv(..) | Self::PackConvPool(..) => "pack weights",
            Self::ConvInputGradient(..) => "conv input gradient",
            Self::ConvWeightGradient(..) => "conv weight gradient",
            Self::ConvPool(..) => "conv+max pool",
            Self::ConvChain(_) | Self::Front(_) => "chain",
            Self::FrontGradient(_) => "chain gradients of winners",
            Self::PooledInputGradient(..) => "conv input gradient of winners",
            Self::PooledWeightGradient(..) => "conv weight gradient of winners",
            Self::Dense(..) => "dense",
            Self::DenseInputGradient(..) => "dense input gradient",
            Self::DenseWeightGradient(..) | Self::DenseUpdate(..) => "dense weight gradient",
            Self::Bias(_) => "bias",
            Self::ChannelSum(_) => "channel sum",
            Self::Scale(..) => "scale",
            Self::ChannelDot(_) => "channel dot",
            Self::Map(_) | Self::MapInPlace(_) => "map",
            Self::MapGradientInPlace(_) => "map gradient",
            Self::Add | Self::AddInPlace => "add",
            Self::Copy => "copy",
            Self::Gather => "gather",
            Self::Multiply => "multiply",
            Self::Gate(_) => "gate",
            Self::GateGradient(_) => "gate gradient",
            Self::MaxPool(..) => "max pool",
            Self::MaxPoolGradient(..) => "max pool gradient",
            Self::AvgPool(..) => "avg pool",
            Self::AvgPoolGradient(..) => "avg pool gradient",
            Self::AdaptiveAvgPool(_) => "adaptive avg pool",
            Self::AdaptiveAvgPoolGradient(_) => "adaptive avg pool gradient",
            Self::GroupNorm(..) => "group norm",
            Self::GroupNormGradient(_) => "group norm gradient",
            Self::BatchNormTraining(..) | Self::BatchNormInference(..) => "batch norm",
            Self::FoldBatchNorm(_) => "fold batch norm",
            Self::BatchNormParameterGradient(_) => "batch norm parameter gradient",
            Self::BatchNormInputGradient(_) | Self::BatchNormInputGradientInPlace(_) => "batch norm input gradient",
            Self::RunningStatistics(..) => "running statistics",
            Self::Pad(..) => "pad",
            Self::Crop(..) => "crop",
            Self::ConcatPart(..) => "concat",
            Self::Slice(..) => "slice",
            Self::Dropout(..) => "dropout",
            Self::SpatialDropout(..) => "spatial dropout",
            Self::Softmax(_) => "softmax",
            Self::LogSoftmax(_) => "log-softmax",
            Self::SoftmaxCrossEntropy(_) => "softmax cross-entropy",
            Self::SigmoidCrossEntropy => "sigmoid cross-entropy",
            Self::Criterion(..) => "criterion",
            Self::GradientNorm(_) => "gradient norm",
            Self::ClipGradient(_) => "clip gradient",
            Self::Update(..) => "update",
        }
    }
}
