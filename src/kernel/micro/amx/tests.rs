use crate::kernel::bf16::{pack_along, pack_rows, round};
use crate::kernel::micro::{Block, Clamp, Contraction, Finish, Many, MicroKernel, WIDEST_PANEL};
use crate::kernel::testing::{assert_close, normal};
use crate::kernel::{Activation, Isa};

/// A product of values: rows, terms and columns, and how many there are, each with an `a` and a `c` of its own.
struct Product {
    sizes: [usize; 3],
    many: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    bias: Vec<f32>,
    c: Vec<f32>,
}

/// Elements of `c` between two rows of it that belong to nobody.
const GAP: usize = 5;

impl Product {
    fn of(sizes: [usize; 3], many: usize) -> Self {
        let [height, depth, width] = sizes;
        let [a, b, c] = [many * height * depth, depth * width, many * height * (width + GAP)];
        let bias = normal("bias", WIDEST_PANEL);
        Self { sizes, many, a: normal("a", a), b: normal("b", b), bias, c: normal("c", c) }
    }

    /// What every element of `c` has to be.
    fn wanted(&self, finish: Finish<'_>) -> Vec<f64> {
        let [_, depth, width] = self.sizes;
        let place = |at: usize| (at / (width + GAP), at % (width + GAP));
        let of = |(at, c): (usize, &f32)| {
            let (row, column) = place(at);
            if column >= width {
                return f64::from(*c);
            }
            let product = |k| f64::from(round(self.a[row * depth + k])) * f64::from(round(self.b[k * width + column]));
            let sum: f64 = (0..depth).map(product).sum();
            match finish {
                Finish::Add => sum + f64::from(*c),
                Finish::Store { bias, residual, clamp } => {
                    let before = bias.map_or(0.0, |bias| bias[column]) + if residual { *c } else { 0.0 };
                    (sum + f64::from(before)).max(f64::from(clamp.floor)).min(f64::from(clamp.ceiling))
                }
            }
        };
        self.c.iter().enumerate().map(of).collect()
    }

    /// The same by the unit, the sum over so many runs.
    fn computed(&self, runs: usize, finish: Finish<'_>) -> Vec<f32> {
        let [height, depth, width] = self.sizes;
        let pairs = depth / 2;
        let (mut a, mut b) = (vec![0.0; self.a.len() / 2], vec![0.0; pairs * width]);
        pack_along(Isa::Amx, depth, &self.a, &mut a);
        pack_rows(Isa::Amx, &self.b, [depth, width], width, &mut b, width);
        let run = pairs / runs;
        let by = Contraction { extent: [1, runs, run], a: [0, run, 1], b: [0, run * width, width] };
        let block = Block { height, width, a_lane: pairs, c_lane: width + GAP };
        let many = Many { count: self.many, apart: [height * pairs, 0, height * (width + GAP)] };
        let mut c = self.c.clone();
        MicroKernel::of_pairs(Isa::Amx).run_each(many, &by, block, &a, &b, finish, &mut c);
        c
    }
}

#[test]
fn tiles_of_every_size_make_the_product_and_touch_nothing_else() {
    if !Isa::Amx.is_available() {
        return;
    }
    // The last sums are longer than what is summed at once, of whole tiles and with ends of runs.
    let depths = [(2, 1), (12, 2), (32, 1), (36, 1), (74, 1), (144, 2), (222, 3), (4160, 1), (4500, 2), (9600, 3)];
    for (index, (depth, runs)) in depths.into_iter().enumerate() {
        for (at, width) in [1, 8, 15, 16, 17, 24, 31, 32].into_iter().enumerate() {
            let height = [1, 7, 16, 17, 31, 33, 48, 50][(index + at) % 8];
            let product = Product::of([height, depth, width], 1 + (index + at) % 4);
            let (bias, clamp) = (Some(&product.bias[..]), Clamp::of(Activation::Relu6).expect("a clamp"));
            let finishes = [
                Finish::Add,
                Finish::Store { bias: None, residual: false, clamp: Clamp::NONE },
                Finish::Store { bias, residual: false, clamp },
                Finish::Store { bias, residual: true, clamp },
                Finish::Store { bias: None, residual: true, clamp: Clamp::NONE },
            ];
            for finish in finishes {
                let size = (depth as f64).sqrt();
                let what = format!("{height}x{depth}x{width}, {finish:?}");
                assert_close(&product.computed(runs, finish), &product.wanted(finish), 2e-6 * size, &what);
            }
        }
    }
}

#[test]
fn what_is_not_a_number_passes_a_clamp() {
    if !Isa::Amx.is_available() {
        return;
    }
    let mut product = Product::of([20, 40, 24], 1);
    product.a[3 * 40] = f32::NAN;
    let finish = Finish::Store { bias: None, residual: false, clamp: Clamp { floor: 0.0, ceiling: 6.0 } };
    let c = product.computed(1, finish);
    assert!(c[3 * (24 + GAP)..][..24].iter().all(|value| value.is_nan()));
    assert!(c[..3 * (24 + GAP)].iter().all(|value| !value.is_nan()));
}
