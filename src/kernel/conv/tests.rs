//! Every row of every table that this machine can run, against plain loops in double precision.

use super::*;
use crate::base::Random;
use crate::kernel::bf16::round;
use crate::kernel::geometry::windows_along;
use crate::kernel::{Activation, Padding, Scratch, Window};

/// A convolution with operands, drawn from a seed.
struct Case {
    g: ConvGeometry,
    n: usize,
    x: Vec<f32>,
    w: Vec<f32>,
    dy: Vec<f32>,
    bias: Vec<f32>,
    /// What y holds before a forward convolution, which adds to it; empty where it replaces it.
    residual: Vec<f32>,
    activation: Activation,
}

/// Draws in turn.
struct Draws {
    random: Random,
    next: u64,
}

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.next += 1;
        self.random.below(self.next, bound as u64) as usize
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn normals(&mut self, len: usize) -> Vec<f32> {
        let stream = Random::new(11, self.below(1 << 30) as u64);
        (0..len as u64).map(|index| stream.normal(index)).collect()
    }
}

impl Case {
    fn draw(seed: u64) -> Self {
        let mut draws = Draws { random: Random::new(seed, 0), next: 0 };
        let g = loop {
            if let Some(g) = geometry(&mut draws) {
                break g;
            }
        };
        let n = 1 + draws.below(5);
        Self::of(g, n, &mut draws)
    }

    fn of(g: ConvGeometry, n: usize, draws: &mut Draws) -> Self {
        let activations = [
            Activation::Identity,
            Activation::Relu,
            Activation::Relu6,
            Activation::LeakyRelu { slope: 0.1 },
            Activation::LeakyRelu { slope: 1.5 },
            Activation::Tanh,
        ];
        Self {
            g,
            n,
            x: draws.normals(n * g.window.in_len()),
            w: draws.normals(g.weight_len()),
            dy: draws.normals(n * g.out_len()),
            bias: draws.normals(g.filters),
            residual: if draws.below(2) == 0 { Vec::new() } else { draws.normals(n * g.out_len()) },
            activation: draws.of(&activations),
        }
    }

    /// The same with operands rounded to bf16, which is what kernels of bf16 compute from.
    fn rounded(&self) -> Self {
        let rounded = |values: &[f32]| values.iter().map(|&value| round(value)).collect();
        let [x, w, dy] = [&self.x, &self.w, &self.dy].map(|values| rounded(values));
        Self { x, w, dy, bias: self.bias.clone(), residual: self.residual.clone(), ..*self }
    }

    /// The same of one image.
    fn image(&self, at: usize) -> Self {
        let of = |values: &[f32]| values.chunks(values.len() / self.n).nth(at).map(<[f32]>::to_vec).unwrap_or_default();
        let residual = if self.residual.is_empty() { Vec::new() } else { of(&self.residual) };
        let (x, dy, w, bias) = (of(&self.x), of(&self.dy), self.w.clone(), self.bias.clone());
        Self { n: 1, x, dy, w, bias, residual, ..*self }
    }

    fn after(&self) -> After {
        After { residual: !self.residual.is_empty(), activation: self.activation }
    }
}

/// A geometry; `None` where the kernel drawn is larger than the map.
fn geometry(draws: &mut Draws) -> Option<ConvGeometry> {
    let kernel = draws.of(&[[1, 1], [3, 3], [3, 3], [2, 2], [5, 3], [1, 3], [4, 1]]);
    let (groups, in_c, filters) = match draws.below(4) {
        0 => {
            let channels = 2 + draws.below(40);
            (channels, channels, channels * (1 + draws.below(2)))
        }
        1 => {
            let groups = 2 + draws.below(2);
            (groups, groups * (1 + draws.below(12)), groups * (1 + draws.below(20)))
        }
        _ => (1, 1 + draws.below(70), 1 + draws.below(70)),
    };
    let mut side = || 1 + draws.below(20);
    let (in_h, in_w) = (side(), side());
    let mut pair = |choices: &[usize]| [draws.of(choices), draws.of(choices)];
    let (stride, dilation) = (pair(&[1, 1, 1, 2, 3]), pair(&[1, 1, 1, 2]));
    let ([top, bottom], [left, right]) = (pair(&[0, 0, 1, 2]), pair(&[0, 0, 1, 2]));
    let padding = if draws.below(3) == 0 { Padding::default() } else { Padding { top, bottom, left, right } };
    convolution([in_h, in_w, in_c], kernel, stride, dilation, padding, filters, groups)
}

fn convolution(
    [in_h, in_w, in_c]: [usize; 3],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: Padding,
    filters: usize,
    groups: usize,
) -> Option<ConvGeometry> {
    let Padding { top, bottom, left, right } = padding;
    let out_h = windows_along(in_h, kernel[0], stride[0], dilation[0], top, bottom, false)?;
    let out_w = windows_along(in_w, kernel[1], stride[1], dilation[1], left, right, false)?;
    let window = Window { in_h, in_w, in_c, kernel, stride, dilation, padding, out_h, out_w };
    Some(ConvGeometry { window, filters, groups })
}

/// Every multiplication of the convolution, as offsets into (x, w, y).
fn for_each_product(g: &ConvGeometry, n: usize, mut f: impl FnMut(usize, usize, usize)) {
    let window = &g.window;
    let (channels, filters) = (g.channels_per_group(), g.filters_per_group());
    for place in 0..n * window.out_pixels() {
        let (image, row, column) =
            (place / window.out_pixels(), place % window.out_pixels() / window.out_w, place % window.out_w);
        for tap in 0..window.taps() {
            let down = row * window.stride[0] + tap / window.kernel[1] * window.dilation[0];
            let across = column * window.stride[1] + tap % window.kernel[1] * window.dilation[1];
            let (Some(down), Some(across)) =
                (down.checked_sub(window.padding.top), across.checked_sub(window.padding.left))
            else {
                continue;
            };
            if down >= window.in_h || across >= window.in_w {
                continue;
            }
            let pixel = (image * window.in_h + down) * window.in_w + across;
            for channel in 0..channels {
                for filter in 0..g.filters {
                    let x = pixel * window.in_c + filter / filters * channels + channel;
                    f(x, (tap * channels + channel) * g.filters + filter, place * g.filters + filter);
                }
            }
        }
    }
}

/// A sum of products in double precision, and the sum of their magnitudes.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    size: f64,
}

impl Sum {
    fn add(&mut self, a: f32, b: f32) {
        let product = f64::from(a) * f64::from(b);
        self.value += product;
        self.size += product.abs();
    }
}

fn assert_near(name: &str, g: &ConvGeometry, actual: &[f32], expected: &[Sum]) {
    assert_eq!(actual.len(), expected.len());
    for (at, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(*actual) - expected.value).abs();
        assert!(error <= 1e-5 * expected.size + 1e-6, "{name} at {at}: {actual}, not {}, for {g:?}", expected.value);
    }
}

/// Gives a kernel exactly what it asked for, filled with what must not matter.
fn with_space(workspace: usize, scratch: usize, run: impl FnOnce(Space<'_>)) {
    let mut workspace = vec![f32::NAN; workspace];
    let scratch = Scratch::new(rayon::current_num_threads(), scratch);
    run(Space { workspace: &mut workspace, scratch: &scratch });
}

fn forward(row: &ConvForward, case: &Case) -> Vec<f32> {
    let (g, n) = (&case.g, case.n);
    let mut y = if case.residual.is_empty() { vec![f32::NAN; n * g.out_len()] } else { case.residual.clone() };
    // A plan gives whole cache lines.
    let mut packed = vec![f32::NAN; (row.run.packed)(g).next_multiple_of(16)];
    (row.run.pack)(g, &case.w, Some(&case.bias), &mut packed);
    with_space((row.workspace)(g, n), (row.scratch)(g), |space| {
        (row.run.run)(g, n, &case.x, &packed, case.after(), &mut y, space);
    });
    y
}

fn input_gradient(row: &ConvInputGradient, case: &Case) -> Vec<f32> {
    let mut dx = vec![f32::NAN; case.x.len()];
    input_gradient_behind(Activation::Identity, row, case, &mut dx);
    dx
}

fn input_gradient_behind(activation: Activation, row: &ConvInputGradient, case: &Case, dx: &mut [f32]) {
    let (g, n) = (&case.g, case.n);
    with_space((row.workspace)(g, n), (row.scratch)(g), |space| {
        (row.run)(g, n, &case.dy, &case.w, activation, dx, space);
    });
}

fn weight_gradient(row: &ConvGradient, case: &Case) -> Vec<f32> {
    let (g, n) = (&case.g, case.n);
    let mut dw = vec![f32::NAN; g.weight_len()];
    with_space((row.workspace)(g, n), (row.scratch)(g), |space| {
        (row.run)(g, n, &case.x, &case.dy, &mut dw, space);
    });
    dw
}

/// The rows of a table that can compute `g` here.
fn runnable<Run>(
    table: &'static [ConvKernel<ConvGeometry, Run>],
    g: &ConvGeometry,
) -> impl Iterator<Item = &'static ConvKernel<ConvGeometry, Run>> {
    table.iter().filter(|row| row.isa.is_available() && (row.can)(g))
}

/// The same of a table and of its namesake of bf16.
fn both<Run>(
    table: &'static [ConvKernel<ConvGeometry, Run>],
    of_bf16: &'static [ConvKernel<ConvGeometry, Run>],
    g: &ConvGeometry,
) -> impl Iterator<Item = &'static ConvKernel<ConvGeometry, Run>> {
    runnable(table, g).chain(runnable(of_bf16, g))
}

fn check_forward(case: &Case) {
    check_forward_of(FORWARD, case, case);
    check_forward_of(bf16::FORWARD, case, &case.rounded());
}

/// Holds what a table's kernels make of `case` against the sums of the products of `exact`.
fn check_forward_of(table: &'static [ConvForward], case: &Case, exact: &Case) {
    let mut sums = vec![Sum::default(); case.n * case.g.out_len()];
    for_each_product(&case.g, case.n, |x, w, y| sums[y].add(exact.x[x], exact.w[w]));
    for (at, sum) in sums.iter_mut().enumerate() {
        let residual = case.residual.get(at).copied().unwrap_or_default();
        let value = sum.value + f64::from(case.bias[at % case.g.filters]) + f64::from(residual);
        *sum = Sum { value: f64::from(case.activation.apply(value as f32)), size: sum.size + 1.0 };
    }
    for row in runnable(table, &case.g) {
        assert_near(row.name, &case.g, &forward(row, case), &sums);
    }
}

fn check_gradients(case: &Case) {
    check_gradients_of(INPUT_GRADIENT, WEIGHT_GRADIENT, case, case);
    check_gradients_of(bf16::INPUT_GRADIENT, bf16::WEIGHT_GRADIENT, case, &case.rounded());
}

fn check_gradients_of(
    of_input: &'static [ConvInputGradient],
    of_weights: &'static [ConvGradient],
    case: &Case,
    exact: &Case,
) {
    let mut dx = vec![Sum::default(); case.x.len()];
    let mut dw = vec![Sum::default(); case.w.len()];
    for_each_product(&case.g, case.n, |x, w, y| {
        dx[x].add(exact.dy[y], exact.w[w]);
        dw[w].add(exact.x[x], exact.dy[y]);
    });
    for row in runnable(of_input, &case.g) {
        assert_near(row.name, &case.g, &input_gradient(row, case), &dx);
    }
    for row in runnable(of_weights, &case.g) {
        assert_near(row.name, &case.g, &weight_gradient(row, case), &dw);
    }
}

#[test]
fn every_forward_kernel_is_the_sum_of_products() {
    (0..120).for_each(|seed| check_forward(&Case::draw(seed)));
}

#[test]
fn every_gradient_kernel_is_the_sum_of_products() {
    (1000..1120).for_each(|seed| check_gradients(&Case::draw(seed)));
}

/// Geometries with rows longer than a chunk, maps larger than a band, kernels shorter than the stride.
#[test]
fn long_rows_large_maps_and_gaps_between_windows_are_no_exception() {
    let same = Padding::symmetric(1, 1);
    let none = Padding::default();
    let shapes = [
        convolution([3, 300, 2], [3, 3], [1, 1], [1, 1], same, 5, 1),
        convolution([40, 150, 33], [3, 3], [1, 1], [1, 1], none, 17, 1),
        convolution([9, 9, 20], [1, 1], [3, 3], [1, 1], none, 40, 1),
        convolution([10, 11, 8], [2, 1], [3, 4], [1, 1], Padding::symmetric(0, 2), 9, 1),
        convolution([14, 14, 24], [3, 3], [1, 1], [2, 2], Padding::symmetric(2, 2), 16, 2),
        convolution([15, 14, 84], [3, 3], [2, 2], [1, 1], same, 84, 84),
        convolution([9, 15, 28], [5, 3], [1, 1], [2, 1], same, 28, 28),
        convolution([9, 8, 8], [1, 2], [3, 3], [1, 1], none, 8, 8),
        convolution([27, 26, 16], [3, 3], [1, 1], [1, 1], none, 20, 1),
        convolution([24, 25, 35], [3, 3], [1, 1], [1, 1], same, 33, 1),
        convolution([29, 24, 17], [3, 3], [1, 1], [1, 1], Padding { top: 2, bottom: 0, left: 1, right: 2 }, 16, 1),
        // Depthwise on wide maps, where edges are apart: windows that lie in the padding whole, none that lies in the map whole.
        convolution([7, 40, 36], [3, 3], [1, 1], [1, 1], same, 36, 36),
        convolution([9, 57, 8], [5, 5], [2, 2], [1, 1], Padding::symmetric(2, 2), 8, 8),
        convolution([8, 31, 20], [3, 3], [1, 1], [2, 2], Padding { top: 0, bottom: 2, left: 3, right: 1 }, 20, 20),
        convolution([2, 26, 12], [3, 3], [1, 1], [1, 1], Padding { top: 3, bottom: 0, left: 4, right: 4 }, 12, 12),
        convolution([4, 1, 8], [3, 3], [1, 1], [1, 1], Padding { top: 1, bottom: 1, left: 13, right: 13 }, 8, 8),
    ];
    for (seed, g) in shapes.into_iter().enumerate() {
        let mut draws = Draws { random: Random::new(seed as u64, 9), next: 0 };
        let case = Case::of(g.expect("the kernel fits the map"), 2, &mut draws);
        check_forward(&case);
        check_gradients(&case);
    }
}

/// Geometries whose weights are too many to stay in cache, with the images of a case: channels and filters that fill no register,
/// tiles that reach over the edge, and more of them than a task takes.
fn many_channels() -> impl Iterator<Item = Case> {
    let same = Padding::symmetric(1, 1);
    let shapes = [
        (1, convolution([7, 7, 131], [3, 3], [1, 1], [1, 1], same, 130, 1)),
        (14, convolution([7, 8, 70], [3, 3], [1, 1], [1, 1], same, 239, 1)),
        (3, convolution([15, 14, 163], [3, 3], [1, 1], [1, 1], Padding::default(), 102, 1)),
        (2, convolution([8, 3, 150], [3, 3], [1, 1], [1, 1], Padding { top: 2, bottom: 0, left: 1, right: 2 }, 150, 1)),
    ];
    shapes.into_iter().enumerate().map(|(seed, (n, g))| {
        let mut draws = Draws { random: Random::new(seed as u64, 10), next: 0 };
        Case::of(g.expect("the kernel fits the map"), n, &mut draws)
    })
}

#[test]
fn many_channels_on_small_maps_are_no_exception() {
    for case in many_channels() {
        check_forward(&case);
        check_gradients(&case);
    }
}

/// What is predicted of an image is the same whatever images are predicted with it.
#[test]
fn the_bits_of_an_image_do_not_depend_on_the_others() {
    for case in many_channels().chain((4000..4020).map(Case::draw)) {
        for row in both(FORWARD, bf16::FORWARD, &case.g) {
            let together = bits(&forward(row, &case));
            for image in 0..case.n {
                let alone = bits(&forward(row, &case.image(image)));
                assert!(together[image * case.g.out_len()..].starts_with(&alone), "{} for {:?}", row.name, case.g);
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let pools =
        [1, 2, 3].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool"));
    for case in (2000..2020).map(Case::draw).chain(many_channels()) {
        for row in both(FORWARD, bf16::FORWARD, &case.g) {
            let [one, two, three] = pools.each_ref().map(|pool| pool.install(|| bits(&forward(row, &case))));
            assert!(one == two && two == three, "{} for {:?}", row.name, case.g);
        }
        for row in both(INPUT_GRADIENT, bf16::INPUT_GRADIENT, &case.g) {
            let [one, two, three] = pools.each_ref().map(|pool| pool.install(|| bits(&input_gradient(row, &case))));
            assert!(one == two && two == three, "{} for {:?}", row.name, case.g);
        }
        for row in both(WEIGHT_GRADIENT, bf16::WEIGHT_GRADIENT, &case.g) {
            let [one, two, three] = pools.each_ref().map(|pool| pool.install(|| bits(&weight_gradient(row, &case))));
            assert!(one == two && two == three, "{} for {:?}", row.name, case.g);
        }
    }
}

/// The activation's values make way for the gradient of its arguments.
#[test]
fn an_input_gradient_behind_an_activation_is_multiplied_with_its_derivative() {
    for case in (3000..3060).map(Case::draw).chain(many_channels()) {
        for activation in [Activation::Relu, Activation::Silu] {
            for row in both(INPUT_GRADIENT, bf16::INPUT_GRADIENT, &case.g) {
                let mut expected = input_gradient(row, &case);
                activation.gradient_in_place(Isa::Portable, &case.x, &mut expected);
                let mut dx = case.x.clone();
                input_gradient_behind(activation, row, &case, &mut dx);
                // What is multiplied with zero may be zero of either sign.
                assert_eq!(dx, expected, "{} behind {activation:?} for {:?}", row.name, case.g);
            }
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn what_is_not_a_number_is_not_hidden() {
    let g = convolution([7, 7, 20], [3, 3], [1, 1], [1, 1], Padding::symmetric(1, 1), 40, 1).expect("it fits");
    for activation in [Activation::Identity, Activation::Relu, Activation::Relu6, Activation::LeakyRelu { slope: 0.1 }]
    {
        let mut case = Case::of(g, 1, &mut Draws { random: Random::new(3, 3), next: 0 });
        case.activation = activation;
        let centre = (3 * 7 + 3) * 20;
        case.x[centre] = f32::NAN;
        for row in both(FORWARD, bf16::FORWARD, &g) {
            assert!(forward(row, &case)[(3 * 7 + 3) * 40..][..40].iter().all(|y| y.is_nan()), "{}", row.name);
        }
        case.dy[(3 * 7 + 3) * 40] = f32::NAN;
        for row in both(INPUT_GRADIENT, bf16::INPUT_GRADIENT, &g) {
            assert!(input_gradient(row, &case)[centre..][..20].iter().all(|dx| dx.is_nan()), "{}", row.name);
        }
        for row in both(WEIGHT_GRADIENT, bf16::WEIGHT_GRADIENT, &g) {
            let dw = weight_gradient(row, &case);
            assert!((0..9).all(|tap| dw[tap * 800].is_nan()), "{}", row.name);
        }
    }
}

#[test]
fn every_table_of_f32_ends_with_a_row_that_takes_everything_everywhere() {
    let g = convolution([5, 5, 6], [2, 2], [2, 3], [2, 2], Padding::symmetric(3, 0), 4, 2).expect("it fits");
    assert!(FORWARD.last().is_some_and(|row| row.isa == Isa::Portable && (row.fits)(&g)));
    assert!(INPUT_GRADIENT.last().is_some_and(|row| row.isa == Isa::Portable && (row.fits)(&g)));
    assert!(WEIGHT_GRADIENT.last().is_some_and(|row| row.isa == Isa::Portable && (row.fits)(&g)));
}

/// The last batch of an epoch is a short one, and runs in the room of a whole one.
#[test]
fn fewer_images_never_need_more_workspace() {
    for seed in 0..100 {
        let g = Case::draw(seed).g;
        let grows =
            |workspace: fn(&ConvGeometry, usize) -> usize| (1..70).all(|n| workspace(&g, n) <= workspace(&g, n + 1));
        let (forward, input_gradient, weight_gradient) = (
            FORWARD.iter().chain(bf16::FORWARD).map(|row| (row.isa, row.name, row.workspace)),
            INPUT_GRADIENT.iter().chain(bf16::INPUT_GRADIENT).map(|row| (row.isa, row.name, row.workspace)),
            WEIGHT_GRADIENT.iter().chain(bf16::WEIGHT_GRADIENT).map(|row| (row.isa, row.name, row.workspace)),
        );
        for (isa, name, workspace) in forward.chain(input_gradient).chain(weight_gradient) {
            // A row's sizes are those of registers that the machine has to have.
            assert!(!isa.is_available() || grows(workspace), "{name} for {g:?}");
        }
    }
}
