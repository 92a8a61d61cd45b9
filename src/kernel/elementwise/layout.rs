//! Moving elements without changing them: padding, cropping and the parts of a concatenation.

use rayon::prelude::*;

use crate::kernel::Padding;
use crate::kernel::chunk::rows_per_chunk;

/// Asserts that `inner` and `outer` are the lengths of `n` maps of h×w×c without and with `padding`; gives the rows
/// and columns with it.
fn verify_lengths(n: usize, [h, w, c]: [usize; 3], padding: Padding, inner: usize, outer: usize) -> (usize, usize) {
    let (rows, columns) = (padding.top + h + padding.bottom, padding.left + w + padding.right);
    assert_eq!(inner, n * h * w * c, "{n} maps of {h}×{w}×{c}");
    assert_eq!(outer, n * rows * columns * c, "{n} maps of {rows}×{columns}×{c}");
    (rows, columns)
}

/// y = `n` maps of `h`×`w`×`c` with zeros around them.
///
/// # Panics
/// If a length is not that of its shape.
pub fn pad(n: usize, h: usize, w: usize, c: usize, padding: Padding, x: &[f32], y: &mut [f32]) {
    let (rows, columns) = verify_lengths(n, [h, w, c], padding, x.len(), y.len());
    y.par_chunks_mut(columns * c).enumerate().for_each(|(at, y)| {
        let row = (at % rows).checked_sub(padding.top).filter(|row| *row < h);
        let Some(row) = row else { return y.fill(0.0) };
        let (before, rest) = y.split_at_mut(padding.left * c);
        let (inner, after) = rest.split_at_mut(w * c);
        before.fill(0.0);
        inner.copy_from_slice(&x[(at / rows * h + row) * w * c..][..w * c]);
        after.fill(0.0);
    });
}

/// dx = the inner maps of `h`×`w`×`c`: the gradient of [`pad`].
///
/// # Panics
/// If a length is not that of its shape.
pub fn crop(n: usize, h: usize, w: usize, c: usize, padding: Padding, dy: &[f32], dx: &mut [f32]) {
    let (rows, columns) = verify_lengths(n, [h, w, c], padding, dx.len(), dy.len());
    dx.par_chunks_mut(w * c).enumerate().for_each(|(at, dx)| {
        let row = at / h * rows + padding.top + at % h;
        dx.copy_from_slice(&dy[(row * columns + padding.left) * c..][..w * c]);
    });
}

/// Copies a branch's `c` channels into channels `offset`.. of rows of `c_total`; the other channels of `y` stay.
///
/// # Panics
/// If a length is not that of its shape, or the channels do not fit.
pub fn concat_part(rows: usize, c_total: usize, offset: usize, c: usize, x: &[f32], y: &mut [f32]) {
    verify_part(rows, [c_total, offset, c], x.len(), y.len());
    let chunk = rows_per_chunk(c_total);
    x.par_chunks(chunk * c).zip(y.par_chunks_mut(chunk * c_total)).for_each(|(x, y)| {
        for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c_total)) {
            y[offset..offset + c].copy_from_slice(x);
        }
    });
}

/// dx = channels `offset`..`offset` + `c` of rows of `c_total`: the gradient of [`concat_part`].
///
/// # Panics
/// If a length is not that of its shape, or the channels do not fit.
pub fn concat_slice(rows: usize, c_total: usize, offset: usize, c: usize, dy: &[f32], dx: &mut [f32]) {
    verify_part(rows, [c_total, offset, c], dx.len(), dy.len());
    let chunk = rows_per_chunk(c_total);
    dx.par_chunks_mut(chunk * c).zip(dy.par_chunks(chunk * c_total)).for_each(|(dx, dy)| {
        for (dx, dy) in dx.chunks_exact_mut(c).zip(dy.chunks_exact(c_total)) {
            dx.copy_from_slice(&dy[offset..offset + c]);
        }
    });
}

/// Asserts that `part` and `whole` are the lengths of `rows` rows of a branch and of the concatenation.
fn verify_part(rows: usize, [c_total, offset, c]: [usize; 3], part: usize, whole: usize) {
    assert_eq!([part, whole], [rows * c, rows * c_total], "{rows} rows of {c} and of {c_total}");
    assert!(offset + c <= c_total, "channels {offset}..{} of {c_total}", offset + c);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reference;
    use crate::kernel::testing::normal;

    #[test]
    fn padding_agrees_with_the_reference_and_cropping_undoes_it() {
        let uneven = Padding { top: 2, bottom: 0, left: 1, right: 3 };
        for padding in [Padding::default(), Padding::symmetric(1, 2), uneven] {
            let (n, h, w, c) = (3, 5, 7, 3);
            let x = normal("x", n * h * w * c);
            let wanted = reference::layout::pad(n, [h, w, c], padding, &x);
            let mut y = vec![f32::NAN; wanted.len()];
            pad(n, h, w, c, padding, &x, &mut y);
            assert_eq!(y, wanted);
            assert_eq!(reference::layout::crop(n, [h, w, c], padding, &y), x);
            let mut back = vec![f32::NAN; x.len()];
            crop(n, h, w, c, padding, &y, &mut back);
            assert_eq!(back, x);
        }
    }

    #[test]
    fn branches_lie_side_by_side_and_come_apart_again() {
        let (rows, widths) = (3001, [3, 1, 16]);
        let parts: Vec<Vec<f32>> = widths.iter().map(|c| normal(&c.to_string(), rows * c)).collect();
        let pairs: Vec<(usize, &[f32])> = widths.iter().copied().zip(parts.iter().map(Vec::as_slice)).collect();
        let mut y = vec![f32::NAN; rows * 20];
        for ((c, x), offset) in pairs.iter().zip([0, 3, 4]) {
            concat_part(rows, 20, offset, *c, x, &mut y);
        }
        assert_eq!(y, reference::layout::concat(rows, &pairs));
        for ((c, x), offset) in pairs.iter().zip([0, 3, 4]) {
            let mut back = vec![f32::NAN; rows * c];
            concat_slice(rows, 20, offset, *c, &y, &mut back);
            assert_eq!(back, *x);
            assert_eq!(reference::layout::concat_slice(20, offset, *c, &y), *x);
        }
    }
}
