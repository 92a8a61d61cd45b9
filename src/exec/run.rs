//! One step: operands in, the kernel called. An exhaustive match, a line or a few for each kind of work.

use std::ops::Range;

use super::arena::Operands;
use super::session::Rate;
use crate::kernel::conv::{self, Chain, ConvPool, Kept, Packing, PooledConv};
use crate::kernel::norm::Apply;
use crate::kernel::{
    After, Epilogue, Isa, Scratch, Space, Window, criterion, dense, elementwise, loss, norm, pool, softmax, update,
};
use crate::plan::{Decays, Fused, Optimizer, Residual, Riding, Rows, Weights, Work, packed_len};

/// Runs `work` on some images of a batch.
pub(super) fn run(work: &Work, isa: Isa, mut at: Operands<'_>, scratch: &Scratch, images: &Range<usize>, rate: &Rate) {
    let n = images.len();
    let count = |rows: &Rows| rows.pixels * n;
    match work {
        Work::Conv(g, kernel, fused) => {
            let [y, workspace] = [at.take(0), at.take(1)];
            let (packed, workspace) = packed(g, &kernel.run, *fused, &at, workspace);
            (kernel.run.run)(g, n, at.read(0), packed, after(fused), y, Space { workspace, scratch });
        }
        Work::PackConv(g, kernel) => (kernel.run.pack)(g, at.read(0), bias(at.read(1)), at.take(0)),
        Work::PackConvPool(g, kernel) => (kernel.run.pack)(g, at.read(0), bias(at.read(1)), at.take(0)),
        Work::ConvInputGradient(g, kernel, activation) => {
            let [dx, workspace] = [at.take(0), at.take(1)];
            (kernel.run)(g, n, at.read(0), at.read(1), *activation, dx, Space { workspace, scratch });
        }
        Work::ConvWeightGradient(g, kernel) => {
            let [dw, workspace] = [at.take(0), at.take(1)];
            (kernel.run)(g, n, at.read(0), at.read(1), dw, Space { workspace, scratch });
        }
        Work::ConvPool(g, kernel, fused) => conv_pool(g, kernel, *fused, at, scratch, n),
        Work::ConvChain(chain) => {
            let packed = std::array::from_fn(|link| at.read(1 + link));
            chain.forward(isa, n, at.read(0), packed, at.take(0), None, scratch);
        }
        Work::Front(chain) => front(chain, isa, n, at, scratch),
        Work::FrontGradient(front) => {
            let bias = bias(at.read(5));
            let index = &bytemuck::cast_slice(at.read(4))[..at.read(3).len()];
            let weights = [at.read(1), at.read(2)];
            let operands = conv::Operands { x: at.read(0), weights, bias, dy: at.read(3), index };
            let [of_first, of_second, workspace, of_bias] = std::array::from_fn(|operand| at.take(operand));
            let of_bias = (!of_bias.is_empty()).then_some(of_bias);
            front.gradients(n, operands, [of_first, of_second], of_bias, Space { workspace, scratch });
        }
        Work::PooledInputGradient(g, kernel, activation) => {
            let [dx, workspace] = [at.take(0), at.take(1)];
            let index = &bytemuck::cast_slice(at.read(2))[..n * g.out_len()];
            (kernel.run.run)(g, n, at.read(0), at.read(1), index, *activation, dx, Space { workspace, scratch });
        }
        Work::PooledWeightGradient(g, kernel) => {
            let [dw, workspace] = [at.take(0), at.take(1)];
            let index = &bytemuck::cast_slice(at.read(2))[..n * g.out_len()];
            (kernel.run)(g, n, at.read(0), at.read(1), index, dw, Space { workspace, scratch });
        }
        Work::Dense(shape, fused) => {
            let epilogue = epilogue(fused, &at);
            dense::forward(*shape, n, at.read(0), at.read(1), epilogue, at.take(0));
        }
        Work::DenseInputGradient(shape) => dense::input_gradient(*shape, n, at.read(0), at.read(1), at.take(0)),
        Work::DenseWeightGradient(shape) => dense::weight_gradient(*shape, n, at.read(0), at.read(1), at.take(0)),
        Work::Bias(rows) => elementwise::bias(isa, count(rows), rows.channels, at.read(0), at.read(1), at.take(0)),
        Work::ChannelSum(rows) => {
            let [sum, workspace] = [at.take(0), at.take(1)];
            elementwise::channel_sum(isa, count(rows), rows.channels, at.read(0), sum, workspace);
        }
        Work::Scale(rows, fused) => {
            let epilogue = epilogue(fused, &at);
            elementwise::channel_scale(isa, count(rows), rows.channels, at.read(0), at.read(1), epilogue, at.take(0));
        }
        Work::ChannelDot(rows) => {
            let [sum, workspace] = [at.take(0), at.take(1)];
            elementwise::channel_dot(isa, count(rows), rows.channels, at.read(0), at.read(1), sum, workspace);
        }
        Work::Map(activation) => activation.map(isa, at.read(0), at.take(0)),
        Work::MapInPlace(activation) => activation.map_in_place(isa, at.take(0)),
        Work::MapGradientInPlace(activation) => activation.gradient_in_place(isa, at.read(0), at.take(0)),
        Work::Add => elementwise::add(isa, at.read(0), at.read(1), at.take(0)),
        Work::AddInPlace => elementwise::add_in_place(isa, at.take(0), at.read(0)),
        Work::Gather if images.start > 0 => elementwise::add_in_place(isa, at.take(0), at.read(0)),
        Work::Copy | Work::Gather => at.take(0).copy_from_slice(at.read(0)),
        Work::Multiply => elementwise::multiply(isa, at.read(0), at.read(1), at.take(0)),
        Work::Gate(rows) => elementwise::gate(isa, n, rows.pixels, rows.channels, at.read(0), at.read(1), at.take(0)),
        Work::GateGradient(rows) => {
            elementwise::gate_gradient(isa, n, rows.pixels, rows.channels, at.read(0), at.read(1), at.take(0));
        }
        Work::MaxPool(w, isa) => max_pool(w, *isa, n, at),
        Work::MaxPoolGradient(w, isa) => max_pool_gradient(w, *isa, n, at),
        Work::AvgPool(w, count_padding) => pool::avg_forward(w, n, *count_padding, at.read(0), at.take(0)),
        Work::AvgPoolGradient(w, count_padding) => pool::avg_gradient(w, n, *count_padding, at.read(0), at.take(0)),
        Work::AdaptiveAvgPool(pool) => pool::adaptive_avg_forward(pool, n, at.read(0), at.take(0)),
        Work::AdaptiveAvgPoolGradient(pool) => pool::adaptive_avg_gradient(pool, n, at.read(0), at.take(0)),
        Work::GroupNorm(groups, epsilon) => {
            let [y, inverse, workspace] = std::array::from_fn(|operand| at.take(operand));
            norm::group::normalise(isa, groups, n, *epsilon, at.read(0), y, inverse, workspace);
        }
        Work::GroupNormGradient(groups) => {
            let [dx, workspace] = [at.take(0), at.take(1)];
            norm::group::gradient(isa, groups, n, at.read(0), at.read(1), at.read(2), dx, workspace);
        }
        Work::BatchNormTraining(rows, epsilon, riding) => batch_norm_training(isa, rows, *epsilon, riding, n, at),
        Work::BatchNormInference(rows, epsilon, riding) => {
            let [x, scale, shift, mean, variance, residual] = std::array::from_fn(|operand| at.read(operand));
            let [y, workspace] = [at.take(0), at.take(1)];
            let (by, then) = ([mean, variance, scale, shift], then(riding, residual));
            norm::apply_running(isa, count(rows), rows.channels, x, by, *epsilon, then, y, workspace);
        }
        Work::FoldBatchNorm(epsilon) => {
            let [kernel, scale, shift, mean, variance, before] = std::array::from_fn(|operand| at.read(operand));
            let [folded, bias] = [at.take(0), at.take(1)];
            norm::fold_running(kernel, [mean, variance, scale, shift], before, *epsilon, folded, bias);
        }
        Work::BatchNormParameterGradient(rows) => {
            let [x, dy, mean, deviation] = std::array::from_fn(|operand| at.read(operand));
            let [dscale, dshift, workspace] = std::array::from_fn(|operand| at.take(operand));
            norm::parameter_gradients(
                isa,
                count(rows),
                rows.channels,
                x,
                dy,
                mean,
                deviation,
                dscale,
                dshift,
                workspace,
            );
        }
        Work::BatchNormInputGradient(rows) => {
            let [x, dy, mean, deviation, scale, dscale, dshift] = std::array::from_fn(|operand| at.read(operand));
            let [dx, workspace] = [at.take(0), at.take(1)];
            let by = [mean, deviation, scale, dscale, dshift];
            norm::input_gradient(isa, count(rows), rows.channels, x, Some(dy), by, dx, workspace);
        }
        Work::BatchNormInputGradientInPlace(rows) => {
            let [x, mean, deviation, scale, dscale, dshift] = std::array::from_fn(|operand| at.read(operand));
            let [d, workspace] = [at.take(0), at.take(1)];
            let by = [mean, deviation, scale, dscale, dshift];
            norm::input_gradient(isa, count(rows), rows.channels, x, None, by, d, workspace);
        }
        Work::RunningStatistics(rows, momentum, epsilon) => {
            let [mean, variance] = [at.take(0), at.take(1)];
            let [batch_mean, deviation] = [at.read(0), at.read(1)];
            norm::update_running(
                count(rows),
                rows.channels,
                *momentum,
                *epsilon,
                batch_mean,
                deviation,
                mean,
                variance,
            );
        }
        Work::Pad([h, w, c], padding) => elementwise::pad(n, *h, *w, *c, *padding, at.read(0), at.take(0)),
        Work::Crop([h, w, c], padding) => elementwise::crop(n, *h, *w, *c, *padding, at.read(0), at.take(0)),
        Work::ConcatPart(rows, total, offset) => {
            elementwise::concat_part(count(rows), *total, *offset, rows.channels, at.read(0), at.take(0));
        }
        Work::Slice(rows, total, offset) => {
            elementwise::concat_slice(count(rows), *total, *offset, rows.channels, at.read(0), at.take(0));
        }
        Work::Dropout(share, stream) => {
            elementwise::dropout(rate.seed, rate.step, *stream, *share, at.read(0), at.take(0));
        }
        Work::SpatialDropout(rows, share, stream) => {
            let Rate { seed, step, .. } = *rate;
            let (pixels, channels) = (rows.pixels, rows.channels);
            elementwise::dropout_channels(seed, step, *stream, *share, n, pixels, channels, at.read(0), at.take(0));
        }
        Work::Softmax(rows) => softmax::softmax(count(rows), rows.channels, at.read(0), at.take(0)),
        Work::LogSoftmax(rows) => softmax::log_softmax(count(rows), rows.channels, at.read(0), at.take(0)),
        Work::SoftmaxCrossEntropy(classes) => {
            let labels = bytemuck::cast_slice(at.read(1));
            loss::softmax_cross_entropy(n, *classes, at.read(0), labels, at.take(0), at.take(1));
        }
        Work::SigmoidCrossEntropy => {
            let labels = bytemuck::cast_slice(at.read(1));
            loss::sigmoid_cross_entropy(n, at.read(0), labels, at.take(0), at.take(1));
        }
        Work::Criterion(of, units) => {
            let labels = bytemuck::cast_slice(at.read(1));
            criterion::criterion(of, n, *units, at.read(0), labels, at.read(2), at.take(0), at.take(1));
        }
        Work::GradientNorm(place) => at.take(0)[*place] = update::norm(isa, at.read(0)),
        Work::ClipGradient(max) => update::clip(isa, *max, at.read(0), at.take(0)),
        Work::Update(optimizer, decays) => {
            let changed = std::array::from_fn(|operand| at.take(operand));
            update_parameter(isa, optimizer, &decaying(rate, *decays), at.read(0), changed);
        }
        Work::DenseUpdate(shape, optimizer, decays) => {
            let rate = decaying(rate, *decays);
            let [kernel, gradient, first, second] = std::array::from_fn(|operand| at.take(operand));
            let arrays = [gradient, kernel, first, second];
            dense::weight_gradient_then(
                *shape,
                n,
                at.read(0),
                at.read(1),
                arrays,
                |[gradient, kernel, first, second]| {
                    update_parameter(isa, optimizer, &rate, gradient, [kernel, first, second]);
                },
            );
        }
    }
}

/// What rides on a step's store; its bias is the third operand.
fn epilogue<'a>(fused: &Fused, at: &Operands<'a>) -> Epilogue<'a> {
    Epilogue { bias: fused.bias.then(|| at.read(2)), residual: fused.residual, activation: fused.activation }
}

/// What becomes of a convolution's sums.
fn after(fused: &Fused) -> After {
    After { residual: fused.residual, activation: fused.activation }
}

/// A bias that there may be.
fn bias(operand: &[f32]) -> Option<&[f32]> {
    (!operand.is_empty()).then_some(operand)
}

/// The packed weights of a convolution, where they are not an operand packed at the front of its workspace; and the rest of
/// that.
fn packed<'a, Geometry, Run>(
    g: &Geometry,
    by: &Packing<Geometry, Run>,
    fused: Fused,
    at: &Operands<'a>,
    workspace: &'a mut [f32],
) -> (&'a [f32], &'a mut [f32]) {
    if fused.weights == Weights::Packed {
        return (at.read(1), workspace);
    }
    let (packed, rest) = workspace.split_at_mut(packed_len(g, by));
    (by.pack)(g, at.read(1), bias(at.read(2)), packed);
    (packed, rest)
}

/// The winners' places are written where the step has a buffer for them between the result and the workspace.
fn conv_pool(g: &PooledConv, kernel: &ConvPool, fused: Fused, mut at: Operands<'_>, scratch: &Scratch, n: usize) {
    let y = at.take(0);
    let (index, workspace) = match (at.take(1), at.take(2)) {
        (workspace, []) => (&mut [][..], workspace),
        (index, workspace) => (&mut bytemuck::cast_slice_mut(index)[..y.len()], workspace),
    };
    let (packed, workspace) = packed(g, &kernel.run, fused, &at, workspace);
    (kernel.run.run)(g, n, at.read(0), packed, after(&fused), y, index, Space { workspace, scratch });
}

/// The front of a training: both kernels are packed at the front of the workspace.
fn front(chain: &Chain, isa: Isa, n: usize, mut at: Operands<'_>, scratch: &Scratch) {
    let [y, index, peaks, workspace] = std::array::from_fn(|operand| at.take(operand));
    let mut biases = (3..).map(|operand| at.read(operand));
    let mut biases = chain.links.iter().map(|link| if link.bias { biases.next() } else { None });
    let (first, second) = workspace.split_at_mut(packed_len(&chain.links[0].g, &chain.links[0].kernel.run));
    for ((link, kernel), packed) in chain.links.iter().zip([at.read(1), at.read(2)]).zip([&mut *first, &mut *second]) {
        (link.kernel.run.pack)(&link.g, kernel, biases.next().flatten(), packed);
    }
    let index = &mut bytemuck::cast_slice_mut(index)[..y.len()];
    let kept = Kept { index, peaks };
    chain.forward(isa, n, at.read(0), [first, second, &[]], y, Some(kept), scratch);
}

/// A window of at most 256 taps keeps its winners in bytes, a larger one in 32-bit numbers.
fn max_pool(w: &Window, isa: Isa, n: usize, mut at: Operands<'_>) {
    let [y, index] = [at.take(0), at.take(1)];
    if index.is_empty() || w.taps() > 256 {
        pool::max_forward::<u32>(isa, w, n, at.read(0), y, bytemuck::cast_slice_mut(index));
    } else {
        let index: &mut [u8] = &mut bytemuck::cast_slice_mut(index)[..y.len()];
        pool::max_forward(isa, w, n, at.read(0), y, index);
    }
}

fn max_pool_gradient(w: &Window, isa: Isa, n: usize, mut at: Operands<'_>) {
    let [index, dy] = [at.read(0), at.read(1)];
    let dx = at.take(0);
    if w.taps() <= 256 {
        let index: &[u8] = &bytemuck::cast_slice(index)[..dy.len()];
        pool::max_gradient(isa, w, n, index, dy, dx);
    } else {
        pool::max_gradient::<u32>(isa, w, n, bytemuck::cast_slice(index), dy, dx);
    }
}

fn batch_norm_training(isa: Isa, rows: &Rows, epsilon: f32, riding: &Riding, n: usize, mut at: Operands<'_>) {
    let [x, scale, shift, residual] = std::array::from_fn(|operand| at.read(operand));
    let [y, mean, deviation, workspace] = std::array::from_fn(|operand| at.take(operand));
    let count = rows.pixels * n;
    norm::statistics(isa, count, rows.channels, x, epsilon, mean, deviation, workspace);
    let by = [&*mean, &*deviation, scale, shift];
    norm::apply(isa, count, rows.channels, x, by, then(riding, residual), y, workspace);
}

/// What rides on a normalisation's store.
fn then<'a>(riding: &Riding, residual: &'a [f32]) -> Apply<'a> {
    let residual = match riding.residual {
        Residual::None => norm::Residual::None,
        Residual::Operand => norm::Residual::Operand(residual),
        Residual::Result => norm::Residual::Result,
    };
    Apply { residual, activation: riding.activation }
}

/// The rate of a parameter that decays or does not.
fn decaying(rate: &Rate, decays: Decays) -> Rate {
    Rate { weight_decay: if decays == Decays::Yes { rate.weight_decay } else { 0.0 }, ..*rate }
}

/// Updates a parameter, or a part of it, by its gradient; what the optimizer keeps for it is empty where that is nothing.
fn update_parameter(
    isa: Isa,
    optimizer: &Optimizer,
    rate: &Rate,
    gradient: &[f32],
    [parameter, first, second]: [&mut [f32]; 3],
) {
    let Rate { learning_rate, weight_decay, step, .. } = *rate;
    match *optimizer {
        Optimizer::Sgd { momentum, nesterov } => {
            let kind = if nesterov { update::Momentum::Nesterov } else { update::Momentum::Classical };
            let velocity = (momentum != 0.0).then_some(first);
            update::sgd(
                isa,
                &update::Sgd { learning_rate, momentum, kind, weight_decay },
                parameter,
                gradient,
                velocity,
            );
        }
        Optimizer::Adam { beta1, beta2, epsilon } => {
            let decay = update::Decay::Coupled;
            let options = update::Adam { learning_rate, beta1, beta2, epsilon, weight_decay, decay };
            update::adam(isa, &options, step + 1, parameter, gradient, first, second);
        }
        Optimizer::AdamW { beta1, beta2, epsilon } => {
            let decay = update::Decay::Decoupled;
            let options = update::Adam { learning_rate, beta1, beta2, epsilon, weight_decay, decay };
            update::adam(isa, &options, step + 1, parameter, gradient, first, second);
        }
        Optimizer::RmsProp { alpha, epsilon } => {
            let options = update::RmsProp { learning_rate, alpha, epsilon, weight_decay };
            update::rmsprop(isa, &options, parameter, gradient, first);
        }
    }
}
