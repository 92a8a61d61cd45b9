use super::*;
use crate::base::Random;
use crate::kernel::geometry::windows_along;
use crate::kernel::testing::{assert_close, normal, on_any_pool, size, wide};
use crate::kernel::{Isa, Padding, reference};

/// A window of random sizes, paddings, strides and dilations; every third counts a last window beyond the end.
fn random_window(case: u64) -> Window {
    let random = Random::new(5, case);
    let draw = |index, lo, hi| size(random, index, lo, hi);
    let (kernel, dilation) = ([draw(0, 1, 4), draw(1, 1, 4)], [draw(2, 1, 2), draw(3, 1, 2)]);
    let half = |axis: usize| kernel[axis] / 2;
    let padding =
        Padding { top: draw(4, 0, half(0)), bottom: draw(5, 0, half(0)), left: draw(6, 0, half(1)), right: half(1) };
    let (in_h, in_w) = (draw(7, 7, 13), draw(8, 7, 13));
    let stride = [draw(9, 1, 4), draw(10, 1, 4)];
    let along = |axis: usize, len, before, after| {
        windows_along(len, kernel[axis], stride[axis], dilation[axis], before, after, case.is_multiple_of(3)).unwrap()
    };
    let in_c = [1, 3, 16, 19, 37][draw(11, 0, 4)];
    let (out_h, out_w) = (along(0, in_h, padding.top, padding.bottom), along(1, in_w, padding.left, padding.right));
    Window { in_h, in_w, in_c, kernel, stride, dilation, padding, out_h, out_w }
}

/// The window of a global pool over `in_h`×`in_w`×`in_c`.
fn global_window(in_h: usize, in_w: usize, in_c: usize) -> Window {
    Window {
        in_h,
        in_w,
        in_c,
        kernel: [in_h, in_w],
        stride: [in_h, in_w],
        dilation: [1, 1],
        padding: Padding::default(),
        out_h: 1,
        out_w: 1,
    }
}

fn windows() -> impl Iterator<Item = Window> {
    (0..40).map(random_window).chain([global_window(7, 9, 35), global_window(20, 17, 3)])
}

fn out_len(w: &Window, n: usize) -> usize {
    n * w.out_pixels() * w.in_c
}

#[test]
fn max_pooling_agrees_with_the_reference_in_value_and_index() {
    for w in windows() {
        let x = normal("x", 3 * w.in_len());
        let (wanted, winners) = reference::pool::max_forward(&w, 3, &x);
        for isa in Isa::available() {
            let mut index = vec![9_u32; wanted.len()];
            let mut y = vec![f32::NAN; wanted.len()];
            max_forward(isa, &w, 3, &x, &mut y, &mut index);
            assert_eq!(y, wanted, "{isa} {w:?}");
            assert_eq!(index.iter().map(|tap| *tap as usize).collect::<Vec<_>>(), winners, "{isa} {w:?}");
            y.fill(f32::NAN);
            max_forward::<u8>(isa, &w, 3, &x, &mut y, &mut []);
            assert_eq!(y, wanted, "{isa} {w:?}");
        }
    }
}

#[test]
fn gradients_agree_with_the_reference_on_any_pool() {
    for w in windows() {
        let dy = normal("dy", out_len(&w, 2));
        let (_, winners) = reference::pool::max_forward(&w, 2, &normal("x", 2 * w.in_len()));
        let index: Vec<u32> = winners.iter().map(|tap| *tap as u32).collect();
        for isa in Isa::available() {
            let got = on_any_pool(|| {
                let mut dx = vec![f32::NAN; 2 * w.in_len()];
                max_gradient(isa, &w, 2, &index, &dy, &mut dx);
                dx
            });
            let wanted = reference::pool::max_gradient(&w, 2, &winners, &wide(&dy));
            assert_close(&got, &wanted, 1e-6, &format!("{isa} {w:?}"));
        }
        for count_padding in [false, true] {
            let got = on_any_pool(|| {
                let mut dx = vec![f32::NAN; 2 * w.in_len()];
                avg_gradient(&w, 2, count_padding, &dy, &mut dx);
                dx
            });
            let wanted = reference::pool::avg_gradient(&w, 2, count_padding, &wide(&dy));
            assert_close(&got, &wanted, 1e-6, &format!("{w:?}"));
        }
    }
}

#[test]
fn average_pooling_agrees_with_the_reference_on_any_pool() {
    for w in windows() {
        let x = normal("x", 3 * w.in_len());
        for count_padding in [false, true] {
            let got = on_any_pool(|| {
                let mut y = vec![f32::NAN; out_len(&w, 3)];
                avg_forward(&w, 3, count_padding, &x, &mut y);
                y
            });
            let wanted = reference::pool::avg_forward(&w, 3, count_padding, &wide(&x));
            assert_close(&got, &wanted, 1e-6, &format!("{w:?}"));
        }
    }
}

#[test]
fn the_first_of_equal_maxima_wins_and_a_nan_wins_over_all() {
    let w = Window { kernel: [1, 3], out_h: 1, out_w: 1, ..global_window(1, 3, 1) };
    let pool = |x: [f32; 3]| {
        let (mut y, mut index) = ([0.0], [7_u8]);
        max_forward(Isa::detect(), &w, 1, &x, &mut y, &mut index);
        let mut plain = [0.0];
        max_forward::<u8>(Isa::detect(), &w, 1, &x, &mut plain, &mut []);
        assert_eq!(y[0].to_bits(), plain[0].to_bits());
        (y[0], index[0])
    };
    assert_eq!(pool([2.0, 2.0, 1.0]), (2.0, 0));
    assert_eq!(pool([f32::NEG_INFINITY; 3]), (f32::NEG_INFINITY, 0));
    assert!(matches!(pool([9.0, f32::NAN, 10.0]), (value, 1) if value.is_nan()));
    assert!(matches!(pool([f32::NAN, f32::NAN, 10.0]), (value, 0) if value.is_nan()));
}

#[test]
fn padding_never_wins() {
    let w = Window {
        padding: Padding::symmetric(1, 1),
        kernel: [3, 3],
        stride: [1, 1],
        out_h: 2,
        out_w: 2,
        ..global_window(2, 2, 1)
    };
    let (mut y, mut index) = ([0.0; 4], [0_u8; 4]);
    max_forward(Isa::detect(), &w, 1, &[-4.0, -3.0, -2.0, -1.0], &mut y, &mut index);
    assert_eq!(y, [-1.0; 4]);
    assert_eq!(index, [8, 7, 5, 4]);
}

#[test]
fn what_counts_in_an_average_is_named() {
    // Two columns, a window of three with one column of padding on either side and a last window beyond the padding.
    let w = Window {
        padding: Padding::symmetric(0, 1),
        kernel: [1, 3],
        stride: [1, 2],
        out_h: 1,
        out_w: 2,
        ..global_window(1, 2, 1)
    };
    let pool = |count_padding| {
        let mut y = [0.0; 2];
        avg_forward(&w, 1, count_padding, &[6.0, 12.0], &mut y);
        y
    };
    assert_eq!(pool(true), [6.0, 6.0]);
    assert_eq!(pool(false), [9.0, 12.0]);
}
