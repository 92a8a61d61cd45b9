//! Element by element: activations, sums, products and dropout.

use super::Real;
use crate::base::Random;
use crate::kernel::Activation;

/// f(x).
#[must_use]
pub fn map<T: Real>(activation: Activation, x: &[T]) -> Vec<T> {
    x.iter().map(|x| activation.evaluate(*x)).collect()
}

/// dL/dx = dL/dy·f′, with f′ from `source`: y or x, as [`Activation::derivative_from`] says.
#[must_use]
pub fn map_gradient<T: Real>(activation: Activation, source: &[T], dy: &[T]) -> Vec<T> {
    source.iter().zip(dy).map(|(source, dy)| activation.slope(*source) * *dy).collect()
}

/// a + b.
#[must_use]
pub fn add<T: Real>(a: &[T], b: &[T]) -> Vec<T> {
    a.iter().zip(b).map(|(a, b)| *a + *b).collect()
}

/// a·b.
#[must_use]
pub fn multiply<T: Real>(a: &[T], b: &[T]) -> Vec<T> {
    a.iter().zip(b).map(|(a, b)| *a * *b).collect()
}

/// Whether the draw at `index` of (`seed`, `stream`) in `step` is kept at `rate`.
fn is_kept(seed: u64, step: u64, stream: u64, rate: f32, index: usize) -> bool {
    let index = (step << 38) | index as u64;
    f64::from(Random::new(seed, stream).word(index)) >= f64::from(rate) * 4_294_967_296.0
}

/// Inverted dropout: x/(1 − rate) where it is kept, 0 elsewhere.
#[must_use]
pub fn dropout<T: Real>(seed: u64, step: u64, stream: u64, rate: f32, x: &[T]) -> Vec<T> {
    let scale = T::of(f64::from(1.0 / (1.0 - rate)));
    let kept = |at: usize| is_kept(seed, step, stream, rate, at);
    x.iter().enumerate().map(|(at, x)| if kept(at) { *x * scale } else { T::ZERO }).collect()
}

/// Inverted dropout of whole channels of an image: `x` is N×P×`c` with `pixels` places.
#[must_use]
pub fn dropout_channels<T: Real>(
    [seed, step, stream]: [u64; 3],
    rate: f32,
    pixels: usize,
    c: usize,
    x: &[T],
) -> Vec<T> {
    let scale = T::of(f64::from(1.0 / (1.0 - rate)));
    let kept = |at: usize| is_kept(seed, step, stream, rate, at / (pixels * c) * c + at % c);
    x.iter().enumerate().map(|(at, x)| if kept(at) { *x * scale } else { T::ZERO }).collect()
}
