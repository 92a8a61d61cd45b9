//! Every operation as the plainest loop there is, over `f32` or `f64`.
//!
//! The fast kernels are tested against these, and gradients are checked by differences of these in `f64`. They are
//! written to be read: one loop nest an operation, no parallelism, results in a new vector. Nothing that trains calls
//! them.

pub mod channel;
pub mod conv;
pub mod dense;
pub mod layout;
pub mod loss;
pub mod norm;
pub mod pointwise;
pub mod pool;

use super::Window;
pub use super::real::Real;

/// The taps that the window at output place (`oy`, `ox`) has inside the map: the tap's number, row by row, and the
/// pixel iy·W + ix under it.
fn taps(w: &Window, oy: usize, ox: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
    (0..w.taps()).filter_map(move |tap| {
        let [ky, kx] = [tap / w.kernel[1], tap % w.kernel[1]];
        let iy = (oy * w.stride[0] + ky * w.dilation[0]).checked_sub(w.padding.top)?;
        let ix = (ox * w.stride[1] + kx * w.dilation[1]).checked_sub(w.padding.left)?;
        (iy < w.in_h && ix < w.in_w).then_some((tap, iy * w.in_w + ix))
    })
}

/// The output places of `n` images: (image, oy, ox).
fn places(w: &Window, n: usize) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
    (0..n).flat_map(move |image| (0..w.out_h).flat_map(move |oy| (0..w.out_w).map(move |ox| (image, oy, ox))))
}
