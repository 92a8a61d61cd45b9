//! Chains against their convolutions one after the other, and against the plain reference in double precision.

use super::{Added, Chain, Front, Kept, Link, MOST_LINKS, Operands};
use crate::base::Random;
use crate::kernel::conv::{ConvForward, FORWARD, POOLED_INPUT_GRADIENT, PooledConv, bf16};
use crate::kernel::geometry::windows_along;
use crate::kernel::reference::{conv, pool};
use crate::kernel::testing::{assert_close, normal, on_any_pool, size, wide};
use crate::kernel::{Activation, After, ConvGeometry, Isa, Padding, Scratch, Space, Window};

fn window(map: [usize; 3], kernel: [usize; 2], stride: [usize; 2], padding: Padding, ceil: bool) -> Option<Window> {
    let [in_h, in_w, in_c] = map;
    let out_h = windows_along(in_h, kernel[0], stride[0], 1, padding.top, padding.bottom, ceil)?;
    let out_w = windows_along(in_w, kernel[1], stride[1], 1, padding.left, padding.right, ceil)?;
    Some(Window { in_h, in_w, in_c, kernel, stride, dilation: [1; 2], padding, out_h, out_w })
}

/// The fastest kernel for `isa` that can be a link there.
fn kernel_for(isa: Isa, g: &ConvGeometry, is_last: bool) -> Option<&'static ConvForward> {
    FORWARD.iter().find(|row| {
        let as_link = row.run.link.as_ref();
        row.isa == isa && (row.fits)(g) && as_link.is_some_and(|link| is_last || link.starts_anywhere())
    })
}

/// Those that kernels of `f32` are for.
fn instruction_sets() -> impl Iterator<Item = Isa> {
    Isa::available().into_iter().filter(|&isa| FORWARD.iter().any(|row| row.isa == isa && row.is_link()))
}

/// A chain of some convolutions, with numbers for it.
struct Case {
    chain: Chain,
    n: usize,
    x: Vec<f32>,
    weights: Vec<Vec<f32>>,
    biases: Vec<Vec<f32>>,
}

impl Case {
    fn of(isa: Isa, convs: &[ConvGeometry], added: Added, pool: Option<Window>, n: usize, seed: u64) -> Option<Self> {
        let last = convs.len() - 1;
        let links = convs.iter().enumerate().map(|(at, g)| {
            let after = After { residual: at == last && added != Added::Nothing, activation: Activation::Relu };
            Some(Link { g: *g, kernel: kernel_for(isa, g, at == last)?, bias: true, after })
        });
        let chain = Chain { links: links.collect::<Option<_>>()?, added, pool };
        let draw = |what: &str, at: usize, len| normal(&format!("{what}{at} {seed}"), len);
        let weights = convs.iter().enumerate().map(|(at, g)| draw("w", at, g.weight_len())).collect();
        let biases = convs.iter().enumerate().map(|(at, g)| draw("b", at, g.filters)).collect();
        let x = draw("x", 0, n * chain.in_len());
        chain.is_possible().then_some(Self { chain, n, x, weights, biases })
    }

    fn packed(&self) -> Vec<Vec<f32>> {
        let of = self.weights.iter().zip(&self.biases);
        let pack = |(link, (w, bias)): (&Link, (&Vec<f32>, &Vec<f32>))| {
            let mut packed = vec![f32::NAN; (link.kernel.run.packed)(&link.g)];
            (link.kernel.run.pack)(&link.g, w, Some(bias), &mut packed);
            packed
        };
        self.chain.links.iter().zip(of).map(pack).collect()
    }

    /// The result where `before` is what the result's place holds.
    fn forward(&self, isa: Isa, before: &[f32], kept: Option<Kept<'_>>) -> Vec<f32> {
        let packed = self.packed();
        let operands: [&[f32]; MOST_LINKS] = std::array::from_fn(|at| packed.get(at).map_or(&[][..], Vec::as_slice));
        let scratch = Scratch::new(rayon::current_num_threads(), self.chain.scratch());
        let mut y = before.to_vec();
        self.chain.forward(isa, self.n, &self.x, operands, &mut y, kept, &scratch);
        y
    }

    /// The results of all convolutions, in double precision.
    fn results(&self, before: &[f32]) -> Vec<Vec<f64>> {
        let mut results: Vec<Vec<f64>> = vec![wide(&self.x)];
        for (at, link) in self.chain.links.iter().enumerate() {
            let mut y = conv::conv_forward(&link.g, self.n, &results[at], &wide(&self.weights[at]));
            let added = if at + 1 < self.chain.links.len() { Added::Nothing } else { self.chain.added };
            for (place, y) in y.iter_mut().enumerate() {
                let other = match added {
                    Added::Nothing => 0.0,
                    Added::Input => self.x[place],
                    Added::Result => before[place],
                };
                *y = (*y + f64::from(self.biases[at][place % link.g.filters]) + f64::from(other)).max(0.0);
            }
            results.push(y);
        }
        results
    }

    /// The scale of the result's numbers: errors are relative to it.
    fn scale(results: &[Vec<f64>]) -> f64 {
        results.iter().flatten().fold(1.0, |most: f64, value| most.max(value.abs()))
    }
}

/// Two or three convolutions of any sizes, the middle one depthwise at times.
fn draw(seed: u64) -> Option<(Vec<ConvGeometry>, Added, Option<Window>, usize)> {
    let random = Random::new(seed, 0);
    let draw = |at, lo, hi| size(random, at, lo, hi);
    let mut map = [draw(0, 4, 40), draw(1, 4, 20), [1, 3, 8, 16][draw(2, 0, 3)]];
    let mut convs = Vec::new();
    for link in 0..draw(3, 2, 3) as u64 {
        let at = 10 + link * 10;
        let is_depthwise = link == 1 && map[2].is_multiple_of(4) && draw(at, 0, 1) == 1;
        let kernel = [[1, 1], [3, 3], [5, 3], [2, 4]][draw(at + 1, 0, 3)];
        let padding = Padding::symmetric(draw(at + 2, 0, 1), draw(at + 3, 0, 1));
        let window = window(map, kernel, [draw(at + 4, 1, 2), draw(at + 5, 1, 2)], padding, false)?;
        let filters = if is_depthwise { map[2] } else { [3, 8, 16, 24][draw(at + 6, 0, 3)] };
        convs.push(ConvGeometry { window, filters, groups: if is_depthwise { filters } else { 1 } });
        map = [window.out_h, window.out_w, filters];
    }
    let ends_as_it_began = convs.last().map(ConvGeometry::out_len) == convs.first().map(|g| g.window.in_len());
    let (added, pool) = match draw(4, 0, 2) {
        0 if ends_as_it_began => (Added::Input, None),
        0 => (Added::Result, None),
        1 => (Added::Nothing, None),
        _ => {
            let around = Padding::symmetric(draw(5, 0, 1), 0);
            let pool = window(map, [draw(6, 2, 3); 2], [draw(7, 1, 3); 2], around, draw(8, 0, 1) == 1)?;
            (Added::Nothing, Some(pool))
        }
    };
    Some((convs, added, pool, draw(9, 1, 3)))
}

#[test]
fn a_chain_gives_what_its_convolutions_give_one_after_the_other() {
    let mut compared = 0;
    for seed in 0..120 {
        let Some((convs, added, pool, n)) = draw(seed) else { continue };
        for isa in instruction_sets() {
            let Some(case) = Case::of(isa, &convs, added, pool, n, seed) else { continue };
            let before = normal(&format!("y {seed}"), n * case.chain.out_len());
            let results = case.results(&before);
            let last = &results[convs.len()];
            let wanted = pool.map_or_else(|| last.clone(), |pool| pool::max_forward(&pool, n, last).0);
            let y = on_any_pool(|| case.forward(isa, &before, None));
            assert_close(&y, &wanted, 1e-4 * Case::scale(&results), &format!("{isa} {:?}", case.chain));
            compared += 1;
        }
    }
    assert!(compared > 100, "only {compared} chains");
}

/// An image of so many rows that tasks have several bands, with a transformed convolution at the end.
fn tall() -> (Vec<ConvGeometry>, Window) {
    let first = window([90, 130, 3], [3, 3], [1, 1], Padding::symmetric(1, 1), false).expect("it fits");
    let second = window([90, 130, 20], [3, 3], [1, 1], Padding::default(), false).expect("it fits");
    let pool = window([88, 128, 32], [3, 3], [3, 3], Padding::default(), false).expect("it fits");
    let convs = [(first, 20), (second, 32)].map(|(window, filters)| ConvGeometry { window, filters, groups: 1 });
    (convs.to_vec(), pool)
}

#[test]
fn bands_in_turn_give_what_one_gives_and_no_bit_depends_on_the_batch() {
    let (convs, pool) = tall();
    for pool in [None, Some(pool)] {
        let mut last = Vec::new();
        for isa in instruction_sets() {
            let case = Case::of(isa, &convs, Added::Nothing, pool, 6, 5).expect("a chain");
            assert!(case.chain.band_rows() < case.chain.task_rows(6), "a task has more than one band");
            assert!(case.chain.parts(1) > case.chain.parts(6), "an image alone is cut into more tasks");
            let before = vec![f32::NAN; 6 * case.chain.out_len()];
            let y = on_any_pool(|| case.forward(isa, &before, None));
            if last.is_empty() {
                last.clone_from(&case.results(&before)[2]);
            }
            let wanted = pool.map_or_else(|| last.clone(), |pool| pool::max_forward(&pool, 6, &last).0);
            let scale = wanted.iter().fold(1.0, |most: f64, value| most.max(value.abs()));
            assert_close(&y, &wanted, 1e-4 * scale, &format!("{isa} pooled: {}", pool.is_some()));
            let alone = Case { n: 1, x: case.x[..case.chain.in_len()].to_vec(), ..case };
            assert_eq!(alone.forward(isa, &before[..alone.chain.out_len()], None), y[..alone.chain.out_len()]);
        }
    }
}

#[test]
fn what_is_kept_tells_of_the_winners_and_of_the_first_convolution() {
    let (convs, pool) = tall();
    for isa in instruction_sets() {
        let case = Case::of(isa, &convs, Added::Nothing, Some(pool), 1, 9).expect("a chain");
        let (len, channels) = (case.chain.out_len(), convs[0].filters);
        let mut index = vec![99_u8; len];
        let mut peaks = vec![f32::NAN; case.chain.peak_rows(1) * channels];
        let before = vec![f32::NAN; len];
        let y = case.forward(isa, &before, Some(Kept { index: &mut index, peaks: &mut peaks }));
        assert_eq!(y, case.forward(isa, &before, None), "values depend on what is kept");
        assert!(index.iter().all(|&tap| usize::from(tap) < pool.taps()));
        let first = &case.results(&before)[1];
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        for channel in 0..channels {
            let wanted = most(&mut first.iter().skip(channel).step_by(channels).copied());
            let got = most(&mut peaks.iter().skip(channel).step_by(channels).map(|&peak| f64::from(peak)));
            assert!(
                (got - wanted).abs() < 1e-4 * wanted.max(1.0),
                "{isa}: {got} of channel {channel}, wanted {wanted}"
            );
        }
        let broken = Case { x: case.x.iter().map(|_| f32::NAN).collect(), ..case };
        broken.forward(isa, &before, Some(Kept { index: &mut index, peaks: &mut peaks }));
        assert!(peaks.iter().any(|peak| peak.is_nan()), "what is no number shows");
    }
}

/// Two convolutions under a pool, of any sizes that a front can have.
fn draw_front(seed: u64) -> Option<(Vec<ConvGeometry>, Window, usize)> {
    let random = Random::new(seed, 1);
    let draw = |at, lo, hi| size(random, at, lo, hi);
    let map = [draw(0, 6, 34), draw(1, 6, 20), [1, 3, 4][draw(2, 0, 2)]];
    let around = |at| Padding::symmetric(draw(at, 0, 1), draw(at + 1, 0, 1));
    let first = window(map, [[3, 3], [1, 1], [5, 3]][draw(3, 0, 2)], [draw(4, 1, 2), 1], around(5), false)?;
    let filters = [3, 8, 16, 20][draw(7, 0, 3)];
    let second =
        window([first.out_h, first.out_w, filters], [[3, 3], [2, 3]][draw(8, 0, 1)], [1; 2], around(9), false)?;
    let of_second = [5, 16, 33][draw(11, 0, 2)];
    let pooled = [second.out_h, second.out_w, of_second];
    let pool = window(pooled, [draw(12, 2, 3); 2], [draw(13, 2, 4); 2], around(14), draw(16, 0, 1) == 1)?;
    let convs =
        [(first, filters), (second, of_second)].map(|(window, filters)| ConvGeometry { window, filters, groups: 1 });
    Some((convs.to_vec(), pool, draw(17, 1, 5)))
}

#[test]
fn the_gradients_of_a_front_are_those_of_its_convolutions() {
    let drawn = (0..80).filter_map(draw_front);
    let (convs, pool) = tall();
    let mut compared = 0;
    for (seed, (convs, pool, n)) in drawn.chain([(convs, pool, 1)]).enumerate() {
        for isa in instruction_sets() {
            let Some(case) = Case::of(isa, &convs, Added::Nothing, Some(pool), n, seed as u64) else { continue };
            let g = PooledConv { conv: convs[1], pool };
            for row in POOLED_INPUT_GRADIENT.iter().filter(|row| row.isa == isa && (row.fits)(&g)) {
                let Some(front) = Front::of(&case.chain, row) else { continue };
                compare(&case, &front, g, 1e-4, &format!("{} {:?}", row.name, case.chain));
                compared += 1;
            }
        }
    }
    assert!(compared > 60, "only {compared} fronts");
}

/// The second convolution's gradients from rounded operands.
#[test]
fn the_gradients_of_a_front_by_the_matrix_unit_are_near_those_of_its_convolutions() {
    let (convs, pool) = tall();
    let drawn = (0..80).filter_map(draw_front).chain([(convs, pool, 1)]);
    let mut compared = 0;
    for (seed, (convs, pool, n)) in drawn.enumerate().filter(|_| Isa::Amx.is_available()) {
        let Some(mut case) = Case::of(Isa::Avx512, &convs, Added::Nothing, Some(pool), n, seed as u64) else {
            continue;
        };
        let g = PooledConv { conv: convs[1], pool };
        let by_unit =
            |table: &'static [ConvForward]| table.iter().find(|row| row.isa == Isa::Amx && (row.fits)(&g.conv));
        let Some(forward) = by_unit(bf16::FORWARD) else { continue };
        case.chain.links[1].kernel = forward;
        for row in bf16::POOLED_INPUT_GRADIENT.iter().filter(|row| (row.fits)(&g)) {
            let Some(front) = Front::of(&case.chain, row) else { continue };
            compare(&case, &front, g, 1e-2, &format!("{} {:?}", row.name, case.chain));
            compared += 1;
        }
    }
    assert!(compared > 10 || !Isa::Amx.is_available(), "only {compared} fronts");
}

/// Holds the gradients against those in double precision, to a share of the greatest.
fn compare(case: &Case, front: &Front, g: PooledConv, tolerance: f64, what: &str) {
    let n = case.n;
    let results = case.results(&[]);
    let taps = pool::max_forward(&g.pool, n, &results[2]).1;
    let mut dy = normal(what, n * g.out_len());
    dy.iter_mut().step_by(3).for_each(|value| *value = 0.0);
    let dz = pool::max_gradient(&g.pool, n, &taps, &wide(&dy));
    let of_second = conv::conv_weight_gradient(&g.conv, n, &results[1], &dz);
    let mut between = conv::conv_input_gradient(&g.conv, n, &wide(&case.weights[1]), &dz);
    between.iter_mut().zip(&results[1]).for_each(|(d, y)| *d = if *y > 0.0 { *d } else { 0.0 });
    let first = &case.chain.links[0].g;
    let of_first = conv::conv_weight_gradient(first, n, &wide(&case.x), &between);
    let of_bias: Vec<f64> = (0..first.filters).map(|at| between.iter().skip(at).step_by(first.filters).sum()).collect();

    let index: Vec<u8> = taps.iter().map(|&tap| tap as u8).collect();
    let run = |wants_bias: bool| {
        let mut workspace = vec![f32::NAN; front.workspace(n)];
        let scratch = Scratch::new(rayon::current_num_threads(), front.scratch());
        let [mut dw, mut second, mut db] =
            [of_first.len(), of_second.len(), of_bias.len()].map(|len| vec![f32::NAN; len]);
        let weights = [&case.weights[0][..], &case.weights[1]];
        let by = Operands { x: &case.x, weights, bias: Some(&case.biases[0]), dy: &dy, index: &index };
        let space = Space { workspace: &mut workspace, scratch: &scratch };
        front.gradients(n, by, [&mut dw, &mut second], wants_bias.then_some(&mut db[..]), space);
        [dw, second, if wants_bias { db } else { Vec::new() }].concat()
    };
    let got = on_any_pool(|| run(true));
    let scale = |values: &[f64]| values.iter().fold(1.0, |most: f64, value| most.max(value.abs()));
    let parts = [("dw of the first", &of_first), ("dw of the second", &of_second), ("db of the first", &of_bias)];
    let mut rest = &got[..];
    for (name, wanted) in parts {
        let (part, others) = rest.split_at(wanted.len());
        assert_close(part, wanted, tolerance * scale(wanted), &format!("{name}, {what}"));
        rest = others;
    }
    assert_eq!(run(false), got[..of_first.len() + of_second.len()], "the bias' gradient changes the others");
}
