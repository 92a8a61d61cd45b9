//! Convolution and its two gradients, with groups, strides, dilation and any padding.
//!
//! x: N×H×W×I, weight: KH×KW×(I/groups)×O, y: N×H'×W'×O.

use super::{Real, places, taps};
use crate::kernel::ConvGeometry;

/// Calls `visit` with the places, in x, weight and y, of every product that a convolution of `n` images sums.
fn for_each_product(g: &ConvGeometry, n: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let w = &g.window;
    let (inputs, filters) = (g.channels_per_group(), g.filters_per_group());
    for (image, oy, ox) in places(w, n) {
        for (tap, pixel) in taps(w, oy, ox) {
            for group in 0..g.groups {
                for (i, o) in (0..inputs).flat_map(|i| (0..filters).map(move |o| (i, group * filters + o))) {
                    let x = image * w.in_len() + pixel * w.in_c + group * inputs + i;
                    let weight = (tap * inputs + i) * g.filters + o;
                    let y = (image * w.out_pixels() + oy * w.out_w + ox) * g.filters + o;
                    visit(x, weight, y);
                }
            }
        }
    }
}

/// y = x ∗ weight.
#[must_use]
pub fn conv_forward<T: Real>(g: &ConvGeometry, n: usize, x: &[T], weight: &[T]) -> Vec<T> {
    let mut y = vec![T::ZERO; n * g.out_len()];
    for_each_product(g, n, |at_x, at_weight, at_y| y[at_y] += x[at_x] * weight[at_weight]);
    y
}

/// dL/dx from dL/dy.
#[must_use]
pub fn conv_input_gradient<T: Real>(g: &ConvGeometry, n: usize, weight: &[T], dy: &[T]) -> Vec<T> {
    let mut dx = vec![T::ZERO; n * g.window.in_len()];
    for_each_product(g, n, |at_x, at_weight, at_y| dx[at_x] += weight[at_weight] * dy[at_y]);
    dx
}

/// dL/dweight from dL/dy.
#[must_use]
pub fn conv_weight_gradient<T: Real>(g: &ConvGeometry, n: usize, x: &[T], dy: &[T]) -> Vec<T> {
    let mut dweight = vec![T::ZERO; g.weight_len()];
    for_each_product(g, n, |at_x, at_weight, at_y| dweight[at_weight] += x[at_x] * dy[at_y]);
    dweight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Padding, Window};

    fn geometry(padding: Padding, out_h: usize, out_w: usize) -> ConvGeometry {
        let window = Window {
            in_h: 3,
            in_w: 3,
            in_c: 1,
            kernel: [2, 2],
            stride: [1, 1],
            dilation: [1, 1],
            padding,
            out_h,
            out_w,
        };
        ConvGeometry { window, filters: 1, groups: 1 }
    }

    const X: [f64; 9] = [1., 2., 3., 4., 5., 6., 7., 8., 9.];
    const WEIGHT: [f64; 4] = [1., 10., 100., 1000.];

    #[test]
    fn a_convolution_worked_by_hand_comes_out() {
        let y = conv_forward(&geometry(Padding::default(), 2, 2), 1, &X, &WEIGHT);
        assert_eq!(y, [5421., 6532., 8754., 9865.]);
    }

    #[test]
    fn padding_after_the_map_adds_zeros_there() {
        let after = Padding { bottom: 1, right: 1, ..Padding::default() };
        let y = conv_forward(&geometry(after, 3, 3), 1, &X, &WEIGHT);
        assert_eq!(y, [5421., 6532., 603., 8754., 9865., 906., 87., 98., 9.]);
    }

    #[test]
    fn both_gradients_are_the_adjoints_of_the_product() {
        let g = geometry(Padding::default(), 2, 2);
        let dy = [1., -2., 3., 0.5];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let value = dot(&conv_forward(&g, 1, &X, &WEIGHT), &dy);
        assert_eq!(value, dot(&conv_input_gradient(&g, 1, &WEIGHT, &dy), &X));
        assert_eq!(value, dot(&conv_weight_gradient(&g, 1, &X, &dy), &WEIGHT));
    }

    #[test]
    fn a_group_sees_its_own_channels_only() {
        let window = Window {
            in_h: 1,
            in_w: 1,
            in_c: 4,
            kernel: [1, 1],
            stride: [1, 1],
            dilation: [1, 1],
            padding: Padding::default(),
            out_h: 1,
            out_w: 1,
        };
        let g = ConvGeometry { window, filters: 2, groups: 2 };
        // Weights are I×O with two inputs a group: rows are inputs, columns are filters.
        let y = conv_forward(&g, 1, &[1., 2., 3., 4.], &[1., 10., 100., 1000.]);
        assert_eq!(y, [201., 4030.]);
    }
}
