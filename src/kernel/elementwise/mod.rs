//! Element by element: sums, products, sums over rows, the gate of squeeze-and-excitation, copies into other layouts
//! and dropout.
//!
//! Arrays are `rows` × `c`; a row is a pixel of an image.

mod dropout;
mod layout;

use rayon::prelude::*;

pub use dropout::{dropout, dropout_channels};
pub use layout::{concat_part, concat_slice, crop, pad};

use super::Epilogue;
use super::chunk::{CHUNK, accumulate, add_rows, fold, piece, whole_rows, workspace_len};

/// Channels whose products are summed in registers.
const LANES: usize = 16;
/// Pixels that one `f32` sum runs over before it is added to the total.
const PIXELS: usize = 256;

/// y = a + b.
///
/// # Panics
/// If the lengths differ.
pub fn add(a: &[f32], b: &[f32], y: &mut [f32]) {
    combine(a, b, y, |a, b| a + b);
}

/// y = a·b.
///
/// # Panics
/// If the lengths differ.
pub fn multiply(a: &[f32], b: &[f32], y: &mut [f32]) {
    combine(a, b, y, |a, b| a * b);
}

/// y = of(a, b), element by element.
fn combine(a: &[f32], b: &[f32], y: &mut [f32], of: impl Fn(f32, f32) -> f32 + Sync) {
    assert_eq!([a.len(), b.len()], [y.len(); 2], "operands as long as the result");
    y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK)).for_each(|((y, a), b)| {
        y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = of(*a, *b));
    });
}

/// y ← y + b.
///
/// # Panics
/// If the lengths differ.
pub fn add_in_place(y: &mut [f32], b: &[f32]) {
    assert_eq!(b.len(), y.len(), "operands of one length");
    y.par_chunks_mut(CHUNK).zip(b.par_chunks(CHUNK)).for_each(|(y, b)| {
        y.iter_mut().zip(b).for_each(|(y, b)| *y += b);
    });
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
pub fn channel_sum(rows: usize, c: usize, x: &[f32], out: &mut [f32], workspace: &mut [f32]) {
    assert_eq!([x.len(), out.len()], [rows * c, c], "{rows} rows of {c}");
    let partials = accumulate([rows, c, 1], workspace, |at, partial| add_rows(piece(x, c, at), partial));
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
pub fn channel_dot(rows: usize, c: usize, a: &[f32], b: &[f32], out: &mut [f32], workspace: &mut [f32]) {
    assert_eq!([a.len(), b.len(), out.len()], [rows * c, rows * c, c], "{rows} rows of {c}");
    let partials = accumulate([rows, c, 1], workspace, |at, partial| {
        for (a, b) in piece(a, c, at).chunks_exact(c).zip(piece(b, c, at).chunks_exact(c)) {
            partial.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
        }
    });
    fold([c, 1], partials, |partial, _, channel| [f64::from(partial[channel])], |at, [sum]| out[at] = sum as f32);
}

/// y = x + b, the bias being one number a channel: for a bias that no product stores along with its result.
///
/// # Panics
/// If a length is not that of its shape.
pub fn bias(rows: usize, c: usize, x: &[f32], b: &[f32], y: &mut [f32]) {
    assert_eq!([x.len(), y.len(), b.len()], [rows * c, rows * c, c], "{rows} rows of {c}");
    x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
        for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
            y.iter_mut().zip(x).zip(b).for_each(|((y, x), b)| *y = x + b);
        }
    });
}

/// y = `epilogue` of x·scale, the scale being one number a channel.
///
/// # Panics
/// If a length is not that of its shape.
pub fn channel_scale(rows: usize, c: usize, x: &[f32], scale: &[f32], epilogue: Epilogue<'_>, y: &mut [f32]) {
    assert_eq!([x.len(), y.len(), scale.len()], [rows * c, rows * c, c], "{rows} rows of {c}");
    x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| {
        scale_rows(x, scale, y);
        epilogue.apply(y);
    });
}

/// Every row of `x` times `scale`.
fn scale_rows(x: &[f32], scale: &[f32], y: &mut [f32]) {
    let c = scale.len();
    for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
        y.iter_mut().zip(x).zip(scale).for_each(|((y, x), scale)| *y = x * scale);
    }
}

/// y = x·gate for x of N×P×C and a gate of N×C: one number a channel of an image, the same at all `pixels`. The
/// gradient by x is the same function of dL/dy.
///
/// # Panics
/// If a length is not that of its shape.
pub fn gate(n: usize, pixels: usize, c: usize, x: &[f32], gate: &[f32], y: &mut [f32]) {
    let image = pixels * c;
    assert_eq!([x.len(), y.len(), gate.len()], [n * image, n * image, n * c], "{n} images of {pixels}×{c}");
    x.par_chunks(image).zip(y.par_chunks_mut(image)).zip(gate.par_chunks(c)).for_each(|((x, y), gate)| {
        x.par_chunks(whole_rows(c)).zip(y.par_chunks_mut(whole_rows(c))).for_each(|(x, y)| scale_rows(x, gate, y));
    });
}

/// dgate = Σ over pixels of x·dy, N×C: the gradient of [`gate`] by the gate.
///
/// # Panics
/// If a length is not that of its shape.
pub fn gate_gradient(n: usize, pixels: usize, c: usize, x: &[f32], dy: &[f32], dgate: &mut [f32]) {
    let image = pixels * c;
    assert_eq!([x.len(), dy.len(), dgate.len()], [n * image, n * image, n * c], "{n} images of {pixels}×{c}");
    x.par_chunks(image).zip(dy.par_chunks(image)).zip(dgate.par_chunks_mut(c)).for_each(|((x, dy), dgate)| {
        let (blocks, tail) = dgate.as_chunks_mut::<LANES>();
        let tail_channel = blocks.len() * LANES;
        for (block, out) in blocks.iter_mut().enumerate() {
            *out = dot_over_pixels(c, x, dy, block * LANES);
        }
        for (at, out) in tail.iter_mut().enumerate() {
            [*out] = dot_over_pixels(c, x, dy, tail_channel + at);
        }
    });
}

/// Σ over the pixels of one image of x·dy, for `N` channels from `channel` on.
fn dot_over_pixels<const N: usize>(c: usize, x: &[f32], dy: &[f32], channel: usize) -> [f32; N] {
    let mut total = [0.0; N];
    for (x, dy) in x.chunks(PIXELS * c).zip(dy.chunks(PIXELS * c)) {
        let mut sum = [0.0; N];
        for (x, dy) in x.chunks_exact(c).zip(dy.chunks_exact(c)) {
            let (x, dy) = (&x[channel..][..N], &dy[channel..][..N]);
            sum.iter_mut().zip(x).zip(dy).for_each(|((sum, x), dy)| *sum += x * dy);
        }
        total.iter_mut().zip(sum).for_each(|(total, sum)| *total += sum);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Activation;
    use crate::kernel::reference::{channel, pointwise};
    use crate::kernel::testing::{assert_close, normal, on_any_pool, wide};

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
            add(&a, &b, &mut y);
            assert_eq!(y, pointwise::add(&a, &b));
            multiply(&a, &b, &mut y);
            assert_eq!(y, pointwise::multiply(&a, &b));
            y.copy_from_slice(&a);
            add_in_place(&mut y, &b);
            assert_eq!(y, pointwise::add(&a, &b));
        }
    }

    #[test]
    fn sums_over_rows_agree_with_the_reference_on_any_pool() {
        for (rows, c) in SHAPES {
            let (a, b) = (normal("a", rows * c), normal("b", rows * c));
            let got = on_any_pool(|| {
                let mut out = vec![f32::NAN; 2 * c];
                let (sum, dot) = out.split_at_mut(c);
                channel_sum(rows, c, &a, sum, &mut vec![f32::NAN; channel_sum_workspace(rows, c)]);
                channel_dot(rows, c, &a, &b, dot, &mut vec![f32::NAN; channel_dot_workspace(rows, c)]);
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
            channel_scale(rows, c, &x, &scale, Epilogue::default(), &mut y);
            assert_eq!(y, channel::channel_scale(c, &x, &scale));
            let shift = normal("shift", c);
            let epilogue = Epilogue { bias: Some(&shift), activation: Activation::Relu };
            channel_scale(rows, c, &x, &scale, epilogue, &mut y);
            let shifted = channel::bias_add(c, &channel::channel_scale(c, &x, &scale), &shift);
            assert_eq!(y, pointwise::map(Activation::Relu, &shifted));
        }
    }

    #[test]
    fn gates_and_their_gradients_agree_with_the_reference_on_any_pool() {
        for (n, pixels, c) in [(1, 1, 1), (3, 49, 21), (2, 1000, 16), (4, 5, 35)] {
            let (x, dy, by) = (normal("x", n * pixels * c), normal("dy", n * pixels * c), normal("gate", n * c));
            let got = on_any_pool(|| {
                let mut out = vec![f32::NAN; n * pixels * c + n * c];
                let (y, dgate) = out.split_at_mut(n * pixels * c);
                gate(n, pixels, c, &x, &by, y);
                gate_gradient(n, pixels, c, &x, &dy, dgate);
                out
            });
            let (y, dgate) = got.split_at(n * pixels * c);
            assert_eq!(y, channel::gate(pixels, c, &x, &by));
            assert_close(dgate, &channel::gate_gradient(pixels, c, &wide(&x), &wide(&dy)), rounding(pixels), "dgate");
        }
    }
}
