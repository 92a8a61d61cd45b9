//! Element by element: sums, products, sums over rows, the gate of squeeze-and-excitation, copies into other layouts
//! and dropout.
//!
//! Arrays are `rows` × `c`; a row is a pixel of an image.

mod dropout;
mod layout;

use rayon::prelude::*;

pub use dropout::{dropout, dropout_channels};
pub use layout::{concat_part, concat_slice, crop, pad};

use super::chunk::{
    CHUNK, STRETCH, accumulate, add_products, add_rows, fold, piece, stretched, whole_rows, workspace_len,
};
use super::isa::vectorised;
use super::{Epilogue, Isa};

/// Channels whose products are summed in registers.
const LANES: usize = 16;
/// Pixels that one `f32` sum runs over before it is added to the total.
const PIXELS: usize = 256;

/// y = a + b.
///
/// # Panics
/// If the lengths differ.
pub fn add(isa: Isa, a: &[f32], b: &[f32], y: &mut [f32]) {
    combine(a, b, y, |a, b, y| sums(isa, a, b, y));
}

/// y = a·b.
///
/// # Panics
/// If the lengths differ.
pub fn multiply(isa: Isa, a: &[f32], b: &[f32], y: &mut [f32]) {
    combine(a, b, y, |a, b, y| products(isa, a, b, y));
}

/// Has `of` compute pieces of y from those of a and b.
fn combine(a: &[f32], b: &[f32], y: &mut [f32], of: impl Fn(&[f32], &[f32], &mut [f32]) + Sync) {
    assert_eq!([a.len(), b.len()], [y.len(); 2], "operands as long as the result");
    let pieces = y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK));
    pieces.for_each(|((y, a), b)| of(a, b, y));
}

/// y ← y + b.
///
/// # Panics
/// If the lengths differ.
pub fn add_in_place(isa: Isa, y: &mut [f32], b: &[f32]) {
    assert_eq!(b.len(), y.len(), "operands of one length");
    y.par_chunks_mut(CHUNK).zip(b.par_chunks(CHUNK)).for_each(|(y, b)| add_to(isa, b, y));
}

vectorised! {
    fn sums(a: &[f32], b: &[f32], y: &mut [f32]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = a + b;
        }
    }

    fn products(a: &[f32], b: &[f32], y: &mut [f32]) {
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = a * b;
        }
    }

    fn add_to(b: &[f32], y: &mut [f32]) {
        for (y, b) in y.iter_mut().zip(b) {
            *y += b;
        }
    }
}

/// Floats of workspace that [`channel_sum`] needs.
#[must_use]
pub fn channel_sum_workspace(rows: usize, c: usize) -> usize {
    workspace_len(rows, c, 1)
}

/// out = Σ over rows of x, by channel: a bias's gradient.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn channel_sum(isa: Isa, rows: usize, c: usize, x: &[f32], out: &mut [f32], workspace: &mut [f32]) {
    assert_eq!([x.len(), out.len()], [rows * c, c], "{rows} rows of {c}");
    let partials = accumulate([rows, c, 1], workspace, |at, partial| add_rows(isa, piece(x, c, at), partial));
    fold([c, 1], partials, |partial, _, channel| [f64::from(partial[channel])], |at, [sum]| out[at] = sum as f32);
}

/// Floats of workspace that [`channel_dot`] needs.
#[must_use]
pub fn channel_dot_workspace(rows: usize, c: usize) -> usize {
    workspace_len(rows, c, 1)
}

/// out = Σ over rows of a·b, by channel: the gradient of [`channel_scale`] by the scale.
///
/// # Panics
/// If a length is not that of its shape, or the workspace is too short.
pub fn channel_dot(isa: Isa, rows: usize, c: usize, a: &[f32], b: &[f32], out: &mut [f32], workspace: &mut [f32]) {
    assert_eq!([a.len(), b.len(), out.len()], [rows * c, rows * c, c], "{rows} rows of {c}");
    let partials = accumulate([rows, c, 1], workspace, |at, partial| {
        add_products(isa, piece(a, c, at), piece(b, c, at), partial);
    });
    fold([c, 1], partials, |partial, _, channel| [f64::from(partial[channel])], |at, [sum]| out[at] = sum as f32);
}

/// y = x + b, the bias being one number a channel: for a bias that no product stores along with its result.
///
/// # Panics
/// If a length is not that of its shape.
pub fn bias(isa: Isa, rows: usize, c: usize, x: &[f32], b: &[f32], y: &mut [f32]) {
    assert_eq!([x.len(), y.len(), b.len()], [rows * c, rows * c, c], "{rows} rows of {c}");
    let mut room = [0.0; STRETCH];
    let b = stretched(b, &mut room);
    let pieces = x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c)));
    pieces.for_each(|(x, y)| shift_stretches(isa, x, b, y));
}

/// y = `epilogue` of x·scale, the scale being one number a channel.
///
/// # Panics
/// If a length is not that of its shape.
pub fn channel_scale(isa: Isa, rows: usize, c: usize, x: &[f32], scale: &[f32], epilogue: Epilogue<'_>, y: &mut [f32]) {
    assert_eq!([x.len(), y.len(), scale.len()], [rows * c, rows * c, c], "{rows} rows of {c}");
    let mut room = [0.0; STRETCH];
    let scale = stretched(scale, &mut room);
    x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
        scale_stretches(isa, x, scale, y);
        epilogue.apply(isa, y);
    });
}

vectorised! {
    /// Every stretch of `x` plus `shift`.
    fn shift_stretches(x: &[f32], shift: &[f32], y: &mut [f32]) {
        let len = shift.len();
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            for ((y, x), shift) in y.iter_mut().zip(x).zip(shift) {
                *y = x + shift;
            }
        }
    }

    /// Every stretch of `x` times `scale`.
    fn scale_stretches(x: &[f32], scale: &[f32], y: &mut [f32]) {
        let len = scale.len();
        for (x, y) in x.chunks(len).zip(y.chunks_mut(len)) {
            for ((y, x), scale) in y.iter_mut().zip(x).zip(scale) {
                *y = x * scale;
            }
        }
    }
}

/// y = x·gate for x of N×P×C and a gate of N×C: one number a channel of an image, the same at all `pixels`. The
/// gradient by x is the same function of dL/dy.
///
/// # Panics
/// If a length is not that of its shape.
pub fn gate(isa: Isa, n: usize, pixels: usize, c: usize, x: &[f32], gate: &[f32], y: &mut [f32]) {
    let image = pixels * c;
    assert_eq!([x.len(), y.len(), gate.len()], [n * image, n * image, n * c], "{n} images of {pixels}×{c}");
    x.par_chunks(image).zip(y.par_chunks_mut(image)).zip(gate.par_chunks(c)).for_each(|((x, y), gate)| {
        let mut room = [0.0; STRETCH];
        let gate = stretched(gate, &mut room);
        let pieces = x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c)));
        pieces.for_each(|(x, y)| scale_stretches(isa, x, gate, y));
    });
}

/// dgate = Σ over pixels of x·dy, N×C: the gradient of [`gate`] by the gate.
///
/// # Panics
/// If a length is not that of its shape.
pub fn gate_gradient(isa: Isa, n: usize, pixels: usize, c: usize, x: &[f32], dy: &[f32], dgate: &mut [f32]) {
    let image = pixels * c;
    assert_eq!([x.len(), dy.len(), dgate.len()], [n * image, n * image, n * c], "{n} images of {pixels}×{c}");
    let images = x.par_chunks(image).zip(dy.par_chunks(image)).zip(dgate.par_chunks_mut(c));
    images.for_each(|((x, dy), dgate)| dots_over_pixels(isa, c, x, dy, dgate));
}

vectorised! {
    /// Σ over the pixels of one image of x·dy, by channel.
    fn dots_over_pixels(c: usize, x: &[f32], dy: &[f32], dgate: &mut [f32]) {
        let (blocks, tail) = dgate.as_chunks_mut::<LANES>();
        let tail_channel = blocks.len() * LANES;
        for (block, out) in blocks.iter_mut().enumerate() {
            *out = dot_over_pixels(c, x, dy, block * LANES);
        }
        for (at, out) in tail.iter_mut().enumerate() {
            [*out] = dot_over_pixels(c, x, dy, tail_channel + at);
        }
    }
}

/// The same for `N` channels from `channel` on.
#[inline(always)]
fn dot_over_pixels<const N: usize>(c: usize, x: &[f32], dy: &[f32], channel: usize) -> [f32; N] {
    let mut total = [0.0; N];
    for (x, dy) in x.chunks(PIXELS * c).zip(dy.chunks(PIXELS * c)) {
        let mut sum = [0.0; N];
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact(c)) {
            let (x, dy) = (&x[channel..][..N], &dy[channel..][..N]);
            for ((sum, x), dy) in sum.iter_mut().zip(x).zip(dy) {
                *sum += x * dy;
            }
        }
        for (total, sum) in total.iter_mut().zip(sum) {
            *total += sum;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Activation;
    use crate::kernel::reference::{channel, pointwise};
    use crate::kernel::testing::{assert_close, everywhere, normal, wide};

    const SHAPES: [(usize, usize); 6] = [(1, 5), (7, 3), (1030, 1), (2500, 37), (3, 40_000), (5003, 16)];

    /// What sums of `terms` numbers of magnitude one may be off by, whatever they cancel to.
    fn rounding(terms: usize) -> f64 {
        1e-6 + 5e-8 * terms as f64
    }

    #[test]
    fn sums_and_products_agree_with_the_reference() {
        for len in [0, 1, 17, 70_001] {
            let (a, b) = (normal("a", len), normal("b", len));
            let mut y = vec![f32::NAN; len];
            let isa = Isa::detect();
            add(isa, &a, &b, &mut y);
            assert_eq!(y, pointwise::add(&a, &b));
            multiply(isa, &a, &b, &mut y);
            assert_eq!(y, pointwise::multiply(&a, &b));
            y.copy_from_slice(&a);
            add_in_place(isa, &mut y, &b);
            assert_eq!(y, pointwise::add(&a, &b));
        }
    }

    #[test]
    fn sums_over_rows_agree_with_the_reference_everywhere() {
        for (rows, c) in SHAPES {
            let (a, b) = (normal("a", rows * c), normal("b", rows * c));
            let got = everywhere(|isa| {
                let mut out = vec![f32::NAN; 2 * c];
                let (sum, dot) = out.split_at_mut(c);
                channel_sum(isa, rows, c, &a, sum, &mut vec![f32::NAN; channel_sum_workspace(rows, c)]);
                channel_dot(isa, rows, c, &a, &b, dot, &mut vec![f32::NAN; channel_dot_workspace(rows, c)]);
                out
            });
            assert_close(&got[..c], &channel::channel_sum(c, &wide(&a)), rounding(rows), "sum");
            assert_close(&got[c..], &channel::channel_dot(c, &wide(&a), &wide(&b)), rounding(rows), "dot");
        }
    }

    #[test]
    fn scaling_by_channel_agrees_with_the_reference() {
        for (rows, c) in SHAPES {
            let (x, scale) = (normal("x", rows * c), normal("scale", c));
            let mut y = vec![f32::NAN; rows * c];
            let isa = Isa::detect();
            channel_scale(isa, rows, c, &x, &scale, Epilogue::default(), &mut y);
            assert_eq!(y, channel::channel_scale(c, &x, &scale));
            let shift = normal("shift", c);
            let epilogue = Epilogue { bias: Some(&shift), residual: false, activation: Activation::Relu };
            channel_scale(isa, rows, c, &x, &scale, epilogue, &mut y);
            let shifted = channel::bias_add(c, &channel::channel_scale(c, &x, &scale), &shift);
            assert_eq!(y, pointwise::map(Activation::Relu, &shifted));
        }
    }

    #[test]
    fn gates_and_their_gradients_agree_with_the_reference_everywhere() {
        for (n, pixels, c) in [(1, 1, 1), (3, 49, 21), (2, 1000, 16), (4, 5, 35)] {
            let (x, dy, by) = (normal("x", n * pixels * c), normal("dy", n * pixels * c), normal("gate", n * c));
            let got = everywhere(|isa| {
                let mut out = vec![f32::NAN; n * pixels * c + n * c];
                let (y, dgate) = out.split_at_mut(n * pixels * c);
                gate(isa, n, pixels, c, &x, &by, y);
                gate_gradient(isa, n, pixels, c, &x, &dy, dgate);
                out
            });
            let (y, dgate) = got.split_at(n * pixels * c);
            assert_eq!(y, channel::gate(pixels, c, &x, &by));
            assert_close(dgate, &channel::gate_gradient(pixels, c, &wide(&x), &wide(&dy)), rounding(pixels), "dgate");
        }
    }
}
