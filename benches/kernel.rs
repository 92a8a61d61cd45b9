//! How fast each kernel runs on one shape: `cargo bench --bench kernel`, the thread count by `RAYON_NUM_THREADS`.
//!
//! Behind the table stands what share of the machine's `f32` multiply-adds each convolution reached at best. Fast algorithms do less
//! than a direct convolution and the matrix unit more at a time, so they pass 100 %.
//!
//! Items are floating-point operations of a direct convolution, so Gitem/s reads as GFLOP/s; pointwise work is counted in
//! bytes of operands, each once, so GB/s can be held against the machine's memory.

use std::io::{self, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use netc::kernel::conv::{
    ConvKernel, FORWARD, INPUT_GRADIENT, Packing, RunForward, RunGradient, RunInputGradient, WEIGHT_GRADIENT, bf16,
};
use netc::kernel::geometry::windows_along;
use netc::kernel::norm::{self, Apply, Residual};
use netc::kernel::update::{self, Adam, Decay};
use netc::kernel::{
    Activation, After, ConvGeometry, Dense, Epilogue, Isa, Memory, Operands, Padding, Scratch, Space, Window, dense,
    elementwise, peak,
};

fn main() -> io::Result<()> {
    divan::main();
    print_shares(&REACHED.lock().expect("no case has panicked"))
}

/// A convolution by name, with its images.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    g: ConvGeometry,
    n: usize,
}

/// Side, channels, kernel, stride, padding, filters, groups, images.
type Row = (&'static str, usize, usize, usize, usize, usize, usize, usize, usize);

const SHAPES: &[Row] = &[
    ("origin first 256x256x3", 256, 3, 3, 1, 0, 32, 1, 4),
    ("origin second 254x254x32", 254, 32, 3, 1, 0, 32, 1, 4),
    ("origin third 84x84x32", 84, 32, 3, 1, 0, 32, 1, 8),
    ("cifar 32x32x32 to 64, padded", 32, 32, 3, 1, 1, 64, 1, 32),
    ("middle 28x28x128, padded", 28, 128, 3, 1, 1, 128, 1, 8),
    ("late 7x7x512, padded", 7, 512, 3, 1, 1, 512, 1, 8),
    ("stride 2, 56x56x64 to 128", 56, 64, 3, 2, 1, 128, 1, 8),
    ("5x5, 122x122x64 to 64", 122, 64, 5, 1, 0, 64, 1, 4),
    ("stem 7x7, 224x224x3 to 64", 224, 3, 7, 2, 3, 64, 1, 4),
    ("pointwise 28x28x192 to 64", 28, 192, 1, 1, 0, 64, 1, 8),
    ("depthwise 56x56x144", 56, 144, 3, 1, 1, 144, 144, 8),
];

fn shapes() -> impl Iterator<Item = Shape> {
    SHAPES.iter().map(|&(name, side, in_c, kernel, stride, padding, filters, groups, n)| {
        let out = windows_along(side, kernel, stride, 1, padding, padding, false).expect("the kernel fits");
        let window = Window {
            in_h: side,
            in_w: side,
            in_c,
            kernel: [kernel; 2],
            stride: [stride; 2],
            dilation: [1; 2],
            padding: Padding::symmetric(padding, padding),
            out_h: out,
            out_w: out,
        };
        Shape { name, g: ConvGeometry { window, filters, groups }, n }
    })
}

/// Rows of kernels.
type Table<Run> = &'static [ConvKernel<ConvGeometry, Run>];

/// The cases of a bench: every shape with every kernel of the tables that fits it here.
fn cases<Run>(table: Table<Run>, of_bf16: Table<Run>) -> impl Iterator<Item = Case<Run>> {
    shapes().flat_map(move |shape| {
        let runs =
            table.iter().chain(of_bf16).filter(move |kernel| kernel.isa.is_available() && (kernel.fits)(&shape.g));
        runs.map(move |kernel| Case { kernel, shape })
    })
}

/// A kernel of a table and a shape that it fits.
struct Case<Run: 'static> {
    kernel: &'static ConvKernel<ConvGeometry, Run>,
    shape: Shape,
}

impl<Run> std::fmt::Display for Case<Run> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.shape.name, self.kernel.name)
    }
}

/// A tensor as those of a plan lie in memory.
fn tensor(len: usize) -> Memory {
    let mut tensor = Memory::zeros(len);
    tensor.iter_mut().enumerate().for_each(|(at, value)| *value = (at % 17) as f32 * 0.1 - 0.8);
    tensor
}

/// How fast a case was at best, beside the multiply-adds of the same moment.
struct Reached {
    what: String,
    flops: f64,
    peak: f64,
}

static REACHED: Mutex<Vec<Reached>> = Mutex::new(Vec::new());

/// Runs a convolution's case, and keeps how near it came to multiply-adds alone.
fn bench<Run>(bencher: Bencher<'_, '_>, pass: &str, case: &Case<Run>, mut run: impl FnMut()) {
    let mut best = Duration::MAX;
    let before = peak(Isa::detect());
    bencher.counter(case.shape.flops()).bench_local(|| {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed());
    });
    let (flops, peak) = (case.shape.operations() as f64 / best.as_secs_f64(), before.max(peak(Isa::detect())));
    let mut reached = REACHED.lock().expect("no case has panicked");
    reached.push(Reached { what: format!("{pass} {case}"), flops, peak });
}

/// Prints what was reached.
fn print_shares(reached: &[Reached]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if let Some(width) = reached.iter().map(|case| case.what.len()).max() {
        writeln!(out, "\n{:width$}  GFLOP/s of a direct convolution, at best   f32 multiply-adds alone   share", "")?;
        for Reached { what, flops, peak } in reached {
            let share = 100.0 * flops / peak;
            writeln!(out, "{what:width$}  {:>43.1} {:>25.1} {share:>6.1} %", flops / 1e9, peak / 1e9)?;
        }
    }
    Ok(())
}

impl Shape {
    fn operations(&self) -> u64 {
        2 * self.g.macs() * self.n as u64
    }

    fn flops(&self) -> ItemsCount {
        ItemsCount::new(self.operations())
    }

    /// x, w and y, in this order.
    fn operands(&self) -> [Memory; 3] {
        [self.n * self.g.window.in_len(), self.g.weight_len(), self.n * self.g.out_len()].map(tensor)
    }
}

fn room(workspace: usize, scratch: usize) -> (Memory, Scratch) {
    (Memory::zeros(workspace), Scratch::new(rayon::current_num_threads(), scratch))
}

#[divan::bench(args = cases(FORWARD, bf16::FORWARD), sample_count = 10)]
fn forward(bencher: Bencher<'_, '_>, case: &Case<Packing<ConvGeometry, RunForward>>) {
    let (kernel, Shape { g, n, .. }) = (case.kernel, case.shape);
    let [x, w, mut y] = case.shape.operands();
    let (bias, mut packed) = (tensor(g.filters), tensor((kernel.run.packed)(&g)));
    let (mut workspace, scratch) = room((kernel.workspace)(&g, n), (kernel.scratch)(&g));
    bench(bencher, "forward", case, || {
        let after = After { residual: false, activation: Activation::Relu };
        let space = Space { workspace: &mut workspace, scratch: &scratch };
        (kernel.run.pack)(&g, &w, Some(&bias), &mut packed);
        (kernel.run.run)(&g, n, black_box(&x), &packed, after, &mut y, space);
    });
}

#[divan::bench(args = cases(INPUT_GRADIENT, bf16::INPUT_GRADIENT), sample_count = 10)]
fn input_gradient(bencher: Bencher<'_, '_>, case: &Case<RunInputGradient>) {
    let (kernel, Shape { g, n, .. }) = (case.kernel, case.shape);
    let [mut dx, w, dy] = case.shape.operands();
    let (mut workspace, scratch) = room((kernel.workspace)(&g, n), (kernel.scratch)(&g));
    bench(bencher, "input gradient", case, || {
        let space = Space { workspace: &mut workspace, scratch: &scratch };
        (kernel.run)(&g, n, black_box(&dy), &w, Activation::Identity, &mut dx, space);
    });
}

#[divan::bench(args = cases(WEIGHT_GRADIENT, bf16::WEIGHT_GRADIENT), sample_count = 10)]
fn weight_gradient(bencher: Bencher<'_, '_>, case: &Case<RunGradient>) {
    let (kernel, Shape { g, n, .. }) = (case.kernel, case.shape);
    let [x, mut dw, dy] = case.shape.operands();
    let (mut workspace, scratch) = room((kernel.workspace)(&g, n), (kernel.scratch)(&g));
    bench(bencher, "weight gradient", case, || {
        let space = Space { workspace: &mut workspace, scratch: &scratch };
        (kernel.run)(&g, n, black_box(&x), &dy, &mut dw, space);
    });
}

/// Images, inputs and outputs of the dense layer behind the origin network's convolutions.
const DENSE: [usize; 3] = [32, 10368, 128];

fn dense_flops() -> ItemsCount {
    ItemsCount::new(2 * DENSE.iter().product::<usize>())
}

#[divan::bench]
fn dense_forward(bencher: Bencher<'_, '_>) {
    let [n, i, o] = DENSE;
    let shape = Dense { isa: Isa::detect(), operands: Operands::F32, inputs: i, outputs: o };
    let (x, w, mut y) = (tensor(n * i), tensor(i * o), tensor(n * o));
    let epilogue = Epilogue { bias: None, residual: false, activation: Activation::Relu };
    bencher.counter(dense_flops()).bench_local(|| dense::forward(shape, n, black_box(&x), &w, epilogue, &mut y));
}

#[divan::bench]
fn dense_input_gradient(bencher: Bencher<'_, '_>) {
    let [n, i, o] = DENSE;
    let shape = Dense { isa: Isa::detect(), operands: Operands::F32, inputs: i, outputs: o };
    let (mut dx, w, dy) = (tensor(n * i), tensor(i * o), tensor(n * o));
    bencher.counter(dense_flops()).bench_local(|| dense::input_gradient(shape, n, black_box(&dy), &w, &mut dx));
}

#[divan::bench]
fn dense_weight_gradient(bencher: Bencher<'_, '_>) {
    let [n, i, o] = DENSE;
    let shape = Dense { isa: Isa::detect(), operands: Operands::F32, inputs: i, outputs: o };
    let (x, mut dw, dy) = (tensor(n * i), tensor(i * o), tensor(n * o));
    bencher.counter(dense_flops()).bench_local(|| dense::weight_gradient(shape, n, black_box(&x), &dy, &mut dw));
}

/// Rows and channels of maps that MobileNetV2 and ResNet-18 normalise, 8 images of them.
const MAPS: &[[usize; 2]] = &[[100_352, 96], [25_088, 24], [25_088, 64], [392, 960]];

/// The instruction sets that pointwise work is compiled for, with every map.
fn maps() -> impl Iterator<Item = (Isa, [usize; 2])> {
    Isa::available().into_iter().flat_map(|isa| MAPS.iter().map(move |map| (isa, *map)))
}

/// Bytes of so many tensors of a map.
fn bytes([rows, c]: [usize; 2], tensors: usize) -> BytesCount {
    BytesCount::new(4 * rows * c * tensors)
}

#[divan::bench(args = maps())]
fn channel_sum(bencher: Bencher<'_, '_>, (isa, [rows, c]): (Isa, [usize; 2])) {
    let (x, mut sum) = (tensor(rows * c), tensor(c));
    let mut workspace = vec![0.0; elementwise::channel_sum_workspace(rows, c)];
    bencher
        .counter(bytes([rows, c], 1))
        .bench_local(|| elementwise::channel_sum(isa, rows, c, black_box(&x), &mut sum, &mut workspace));
}

#[divan::bench(args = maps())]
fn batch_norm_statistics(bencher: Bencher<'_, '_>, (isa, [rows, c]): (Isa, [usize; 2])) {
    let (x, mut mean, mut inverse) = (tensor(rows * c), tensor(c), tensor(c));
    let mut workspace = vec![0.0; norm::statistics_workspace(rows, c)];
    bencher.counter(bytes([rows, c], 1)).bench_local(|| {
        norm::statistics(isa, rows, c, black_box(&x), 1e-3, &mut mean, &mut inverse, &mut workspace);
    });
}

#[divan::bench(args = maps())]
fn batch_norm_apply_add_relu(bencher: Bencher<'_, '_>, (isa, [rows, c]): (Isa, [usize; 2])) {
    let [x, residual, mut y] = [rows * c; 3].map(tensor);
    let (by, mut workspace) = (tensor(c), vec![0.0; norm::apply_workspace(c)]);
    let then = Apply { residual: Residual::Operand(&residual), activation: Activation::Relu };
    bencher.counter(bytes([rows, c], 3)).bench_local(|| {
        norm::apply(isa, rows, c, black_box(&x), [&by; 4].map(|by| &**by), then, &mut y, &mut workspace);
    });
}

#[divan::bench(args = maps())]
fn batch_norm_parameter_gradients(bencher: Bencher<'_, '_>, (isa, [rows, c]): (Isa, [usize; 2])) {
    let [x, dy] = [rows * c; 2].map(tensor);
    let [mean, inverse, mut dscale, mut dshift] = [c; 4].map(tensor);
    let mut workspace = vec![0.0; norm::parameter_gradients_workspace(rows, c)];
    bencher.counter(bytes([rows, c], 2)).bench_local(|| {
        let (x, dy) = (black_box(&x), &dy);
        norm::parameter_gradients(isa, rows, c, x, dy, &mean, &inverse, &mut dscale, &mut dshift, &mut workspace);
    });
}

#[divan::bench(args = maps())]
fn batch_norm_input_gradient_in_place(bencher: Bencher<'_, '_>, (isa, [rows, c]): (Isa, [usize; 2])) {
    let [x, mut d] = [rows * c; 2].map(tensor);
    let (by, mut workspace) = (tensor(c), vec![0.0; norm::input_gradient_workspace(c)]);
    bencher.counter(bytes([rows, c], 3)).bench_local(|| {
        norm::input_gradient(isa, rows, c, black_box(&x), None, [&by; 5].map(|by| &**by), &mut d, &mut workspace);
    });
}

#[divan::bench(args = Isa::available())]
fn adam(bencher: Bencher<'_, '_>, isa: Isa) {
    let [_, i, o] = DENSE;
    let [mut w, g, mut m, mut v] = [i * o; 4].map(tensor);
    let options =
        Adam { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decay: Decay::Coupled };
    bencher
        .counter(bytes([i, o], 7))
        .bench_local(|| update::adam(isa, &options, 1, &mut w, black_box(&g), &mut m, &mut v));
}
