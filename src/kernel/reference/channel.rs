//! Sums over rows and products by channel. Arrays are rows × `c`; a row is a pixel of an image.

use super::Real;

/// x + bias, the bias being one number a channel.
#[must_use]
pub fn bias_add<T: Real>(c: usize, x: &[T], bias: &[T]) -> Vec<T> {
    x.iter().enumerate().map(|(at, x)| *x + bias[at % c]).collect()
}

/// Σ over rows, by channel: the gradient of [`bias_add`] by the bias.
#[must_use]
pub fn channel_sum<T: Real>(c: usize, x: &[T]) -> Vec<T> {
    let mut sum = vec![T::ZERO; c];
    x.iter().enumerate().for_each(|(at, x)| sum[at % c] += *x);
    sum
}

/// Σ over rows of a·b, by channel.
#[must_use]
pub fn channel_dot<T: Real>(c: usize, a: &[T], b: &[T]) -> Vec<T> {
    channel_sum(c, &super::pointwise::multiply(a, b))
}

/// x·scale, the scale being one number a channel.
#[must_use]
pub fn channel_scale<T: Real>(c: usize, x: &[T], scale: &[T]) -> Vec<T> {
    x.iter().enumerate().map(|(at, x)| *x * scale[at % c]).collect()
}

/// x·gate, the gate (N×`c`) being one number a channel of an image: `x` is N×P×`c` with `pixels` places.
#[must_use]
pub fn gate<T: Real>(pixels: usize, c: usize, x: &[T], gate: &[T]) -> Vec<T> {
    x.iter().enumerate().map(|(at, x)| *x * gate[at / (pixels * c) * c + at % c]).collect()
}

/// The gradient of [`gate`] by the gate: Σ over pixels of x·dy, N×`c`.
#[must_use]
pub fn gate_gradient<T: Real>(pixels: usize, c: usize, x: &[T], dy: &[T]) -> Vec<T> {
    let image = pixels * c;
    x.chunks(image).zip(dy.chunks(image)).flat_map(|(x, dy)| channel_dot(c, x, dy)).collect()
}
