//! Every row of the pooled tables against the plain convolution and the plain pool, in double precision.

use super::PooledConv;
use crate::base::Random;
use crate::kernel::Isa;
use crate::kernel::bf16::round;
use crate::kernel::conv::{
    ConvKernel, POOLED_FORWARD, POOLED_INPUT_GRADIENT, POOLED_WEIGHT_GRADIENT, PooledGradient, PooledInputGradient,
    bf16,
};
use crate::kernel::geometry::windows_along;
use crate::kernel::reference::{conv, pool};
use crate::kernel::testing::{assert_close, normal, on_any_pool, size, wide};
use crate::kernel::{Activation, After, ConvGeometry, Padding, Scratch, Space, Window};

struct Case {
    g: PooledConv,
    n: usize,
    x: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

fn window(map: [usize; 3], kernel: [usize; 2], stride: [usize; 2], padding: Padding, ceil: bool) -> Option<Window> {
    let [in_h, in_w, in_c] = map;
    let out_h = windows_along(in_h, kernel[0], stride[0], 1, padding.top, padding.bottom, ceil)?;
    let out_w = windows_along(in_w, kernel[1], stride[1], 1, padding.left, padding.right, ceil)?;
    Some(Window { in_h, in_w, in_c, kernel, stride, dilation: [1; 2], padding, out_h, out_w })
}

impl Case {
    /// A convolution and a pool of any sizes: odd channels, strides, padding, windows that overlap or leave gaps.
    fn draw(seed: u64) -> Option<Self> {
        let random = Random::new(seed, 0);
        let draw = |at, lo, hi| size(random, at, lo, hi);
        let map = [draw(0, 3, 24), draw(1, 3, 24), [1, 3, 5, 16, 20, 33][draw(2, 0, 5)]];
        let kernel = [[1, 1], [3, 3], [5, 3], [2, 4]][draw(3, 0, 3)];
        let padding = Padding::symmetric(draw(4, 0, 1), draw(5, 0, 1));
        let conv = window(map, kernel, [draw(6, 1, 2), draw(7, 1, 2)], padding, false)?;
        let filters = [1, 7, 16, 32, 35][draw(8, 0, 4)];
        let pooled = [conv.out_h, conv.out_w, filters];
        let size = [draw(9, 1, 3), draw(10, 2, 4)];
        let around = Padding::symmetric(draw(11, 0, size[0] / 2), draw(12, 0, size[1] / 2));
        let pool = window(pooled, size, [draw(13, 1, 3), draw(14, 1, 3)], around, draw(15, 0, 1) == 1)?;
        let g = PooledConv { conv: ConvGeometry { window: conv, filters, groups: 1 }, pool };
        Some(Self::of(g, draw(16, 1, 3), seed))
    }

    fn of(g: PooledConv, n: usize, seed: u64) -> Self {
        let draw = |what: &str, len| normal(&format!("{what}{seed}"), len);
        let mut dy = draw("dy", n * g.out_len());
        dy.iter_mut().step_by(3).for_each(|value| *value = 0.0);
        let (x, w, bias) =
            (draw("x", n * g.conv.window.in_len()), draw("w", g.conv.weight_len()), draw("b", g.conv.filters));
        Self { g, n, x, w, bias, dy }
    }

    /// The same with operands rounded to bf16, which is what kernels of bf16 compute from.
    fn rounded(&self) -> Self {
        let rounded = |values: &Vec<f32>| values.iter().map(|&value| round(value)).collect();
        let [x, w, dy] = [&self.x, &self.w, &self.dy].map(rounded);
        Self { x, w, dy, bias: self.bias.clone(), ..*self }
    }

    fn conv_output(&self) -> Vec<f64> {
        let mut y = conv::conv_forward(&self.g.conv, self.n, &wide(&self.x), &wide(&self.w));
        for (at, y) in y.iter_mut().enumerate() {
            *y = (*y + f64::from(self.bias[at % self.bias.len()])).max(0.0);
        }
        y
    }

    /// The winners' taps by the plain pool.
    fn index(&self) -> Vec<u8> {
        pool::max_forward(&self.g.pool, self.n, &self.conv_output()).1.into_iter().map(|tap| tap as u8).collect()
    }

    /// The gradient of the convolution's output.
    fn spread(&self, index: &[u8]) -> Vec<f64> {
        let index: Vec<usize> = index.iter().map(|&tap| usize::from(tap)).collect();
        pool::max_gradient(&self.g.pool, self.n, &index, &wide(&self.dy))
    }
}

fn cases() -> Vec<Case> {
    let drawn: Vec<Case> = (0..160).filter_map(Case::draw).collect();
    assert!(drawn.len() > 80, "{} cases", drawn.len());
    drawn.into_iter().chain(large()).chain(in_registers()).chain(single()).collect()
}

/// Maps of enough tiles for the transformed convolutions, with pools whose rows are none of whole tiles.
fn large() -> impl Iterator<Item = Case> {
    [([29, 26, 16], 0, 3, 3), ([24, 27, 20], 1, 2, 2), ([31, 33, 17], 1, 3, 2)].into_iter().map(
        |(map, padding, size, stride)| {
            let conv = window(map, [3, 3], [1, 1], Padding::symmetric(padding, padding), false).expect("it fits");
            let pooled = [conv.out_h, conv.out_w, 18];
            let pool = window(pooled, [size; 2], [stride; 2], Padding::default(), false).expect("it fits");
            let g = PooledConv { conv: ConvGeometry { window: conv, filters: 18, groups: 1 }, pool };
            assert!(runnable(POOLED_FORWARD, g).iter().any(|row| row.name.starts_with("winograd")));
            Case::of(g, 2, 7)
        },
    )
}

/// One image, of which there are so few rows that its filters are cut into tasks as well, where no winners are asked for.
fn single() -> impl Iterator<Item = Case> {
    [([14, 13, 20], 70, 2, 2), ([15, 16, 8], 40, 3, 2), ([12, 12, 64], 64, 2, 2)].into_iter().map(
        |(map, filters, size, stride)| {
            let conv = window(map, [3, 3], [1, 1], Padding::default(), false).expect("it fits");
            let pooled = [conv.out_h, conv.out_w, filters];
            let pool = window(pooled, [size; 2], [stride; 2], Padding::default(), false).expect("it fits");
            Case::of(PooledConv { conv: ConvGeometry { window: conv, filters, groups: 1 }, pool }, 1, 13)
        },
    )
}

/// Windows of which all that they reach fits in registers: whole and part ones of channels, more filters than are looked
/// at together, windows that overlap or leave places out, edges that no window looks at.
fn in_registers() -> impl Iterator<Item = Case> {
    [([9, 10, 8], 1, 2, 2, 3), ([11, 8, 16], 0, 3, 3, 33), ([10, 13, 40], 1, 3, 2, 70), ([7, 9, 20], 1, 2, 3, 64)]
        .into_iter()
        .map(|(map, padding, size, stride, filters)| {
            let conv = window(map, [3, 3], [1, 1], Padding::symmetric(padding, padding), false).expect("it fits");
            let pooled = [conv.out_h, conv.out_w, filters];
            let pool = window(pooled, [size; 2], [stride; 2], Padding::default(), false).expect("it fits");
            let g = PooledConv { conv: ConvGeometry { window: conv, filters, groups: 1 }, pool };
            assert!(POOLED_INPUT_GRADIENT.iter().any(|row| row.name.starts_with("windows") && (row.fits)(&g)));
            Case::of(g, 2, 11)
        })
}

/// The rows of a table that can compute `g` here.
fn runnable<Run>(table: &[ConvKernel<PooledConv, Run>], g: PooledConv) -> Vec<&ConvKernel<PooledConv, Run>> {
    table.iter().filter(|row| row.isa.is_available() && (row.can)(&g)).collect()
}

/// Gives a kernel exactly what it asked for, filled with what must not matter.
fn with_space<Run>(row: &ConvKernel<PooledConv, Run>, case: &Case, run: impl FnOnce(Space<'_>)) {
    let mut workspace = vec![f32::NAN; (row.workspace)(&case.g, case.n)];
    let scratch = Scratch::new(rayon::current_num_threads(), (row.scratch)(&case.g));
    run(Space { workspace: &mut workspace, scratch: &scratch });
}

/// Cases with the values that kernels compute from, as they are and rounded, and for which of the tables.
fn cases_of<Table: Copy>(table: Table, of_bf16: Table) -> impl Iterator<Item = (Case, Case, Table)> {
    let as_they_are = cases().into_iter().zip(cases()).map(move |(exact, case)| (exact, case, table));
    as_they_are.chain(cases().into_iter().map(move |case| (case.rounded(), case, of_bf16)))
}

/// The bound of a kernel's error: the transforms of tiles cost accuracy.
fn tolerance(name: &str) -> f64 {
    if name.contains("winograd") { 1e-3 } else { 1e-4 }
}

#[test]
fn what_is_pooled_on_the_way_is_what_is_pooled_afterwards() {
    for (exact, case, table) in cases_of(POOLED_FORWARD, bf16::POOLED_FORWARD) {
        let conv_output = exact.conv_output();
        let (wanted, _) = pool::max_forward(&case.g.pool, case.n, &conv_output);
        for row in runnable(table, case.g) {
            let after = After { residual: false, activation: Activation::Relu };
            let mut packed = vec![f32::NAN; (row.run.packed)(&case.g)];
            (row.run.pack)(&case.g, &case.w, Some(&case.bias), &mut packed);
            let mut index = vec![99; case.n * case.g.out_len()];
            let y = on_any_pool(|| {
                let mut y = vec![f32::NAN; case.n * case.g.out_len()];
                with_space(row, &case, |space| {
                    (row.run.run)(&case.g, case.n, &case.x, &packed, after, &mut y, &mut [], space);
                });
                y
            });
            assert_close(&y, &wanted, tolerance(row.name), &format!("{} {:?}", row.name, case.g));
            let mut again = vec![f32::NAN; y.len()];
            with_space(row, &case, |space| {
                (row.run.run)(&case.g, case.n, &case.x, &packed, after, &mut again, &mut index, space);
            });
            assert_eq!(y, again, "the values depend on whether the places are kept");
            // Of nearly equal values another may win in single precision; what lies there is the greatest all the same.
            let at_winner = values_under(&case.g.pool, case.n, &conv_output, &index);
            assert_close(&y, &at_winner, tolerance(row.name), &format!("{} winners {:?}", row.name, case.g));
        }
    }
}

/// For each window the value under the tap of that number.
fn values_under(pool: &Window, n: usize, x: &[f64], index: &[u8]) -> Vec<f64> {
    let channels = pool.in_c;
    (0..n * pool.out_pixels() * channels)
        .map(|at| {
            let (place, channel) = (at / channels, at % channels);
            let (image, oy, ox) =
                (place / pool.out_pixels(), place % pool.out_pixels() / pool.out_w, place % pool.out_w);
            let tap = usize::from(index[at]);
            let row = (oy * pool.stride[0] + tap / pool.kernel[1]).checked_sub(pool.padding.top);
            let column = (ox * pool.stride[1] + tap % pool.kernel[1]).checked_sub(pool.padding.left);
            match (row, column) {
                (Some(row), Some(column)) if row < pool.in_h && column < pool.in_w => {
                    x[image * pool.in_len() + (row * pool.in_w + column) * channels + channel]
                }
                _ => f64::NEG_INFINITY,
            }
        })
        .collect()
}

#[test]
fn gradients_over_the_winners_are_those_over_all_places() {
    let mut compared = 0;
    for case in cases() {
        let index = case.index();
        let dz = case.spread(&index);
        compared += check_gradients(&case, &index, &case, &dz, POOLED_INPUT_GRADIENT, POOLED_WEIGHT_GRADIENT);
        // What is spread is rounded, where windows overlap their sum.
        let rounded: Vec<f64> = dz.iter().map(|value| f64::from(round(*value as f32))).collect();
        let exact = case.rounded();
        check_gradients(&case, &index, &exact, &rounded, bf16::POOLED_INPUT_GRADIENT, bf16::POOLED_WEIGHT_GRADIENT);
    }
    assert!(compared > 60, "only {compared} cases were sparse");
}

/// Holds the rows of two tables against the gradients of `exact` from all places; returns how many of the second there were.
fn check_gradients(
    case: &Case,
    index: &[u8],
    exact: &Case,
    dz: &[f64],
    of_input: &[PooledInputGradient],
    of_weights: &[PooledGradient],
) -> usize {
    let (x, w) = (wide(&exact.x), wide(&exact.w));
    for row in runnable(of_input, case.g) {
        let wanted = conv::conv_input_gradient(&case.g.conv, case.n, &w, dz);
        let dx = on_any_pool(|| {
            let mut dx = vec![f32::NAN; case.x.len()];
            with_space(row, case, |space| {
                (row.run.run)(&case.g, case.n, &case.dy, &case.w, index, Activation::Identity, &mut dx, space);
            });
            dx
        });
        assert_close(&dx, &wanted, tolerance(row.name), &format!("dx {} {:?}", row.name, case.g));
        let (mut expected, mut behind) = (dx, case.x.clone());
        Activation::Relu.gradient_in_place(Isa::Portable, &case.x, &mut expected);
        with_space(row, case, |space| {
            (row.run.run)(&case.g, case.n, &case.dy, &case.w, index, Activation::Relu, &mut behind, space);
        });
        assert_eq!(behind, expected, "dx behind an activation {} {:?}", row.name, case.g);
    }
    let of_weights = runnable(of_weights, case.g);
    for row in &of_weights {
        let wanted = conv::conv_weight_gradient(&case.g.conv, case.n, &x, dz);
        let dw = on_any_pool(|| {
            let mut dw = vec![f32::NAN; case.w.len()];
            with_space(row, case, |space| (row.run)(&case.g, case.n, &case.x, &case.dy, index, &mut dw, space));
            dw
        });
        assert_close(&dw, &wanted, tolerance(row.name), &format!("dw {} {:?}", row.name, case.g));
    }
    of_weights.len()
}
