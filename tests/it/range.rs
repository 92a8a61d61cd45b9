//! What the types promise of a value's numbers, held over random numbers that every operation is fed with.

use netc::base::Random;
use netc::exec::reference::{Feed, evaluate};
use netc::graph::{
    BatchNorm, Bias, Builder, CountPadding, Dropout, DropoutUnit, Fact, Graph, GroupNorm, Init, Op, Over, PaddingRule,
    Range, Role, Shape, ValueId, WindowRule,
};
use netc::kernel::pool::Adaptive;
use netc::kernel::{Activation, Padding};

const SHAPE: (usize, usize, usize) = (5, 4, 3);
const IMAGES: usize = 40;

/// Operations on a value, by name.
type Case = (String, Box<dyn Fn(&mut Builder, ValueId) -> ValueId>);

fn case(name: impl Into<String>, make: impl Fn(&mut Builder, ValueId) -> ValueId + 'static) -> Case {
    (name.into(), Box::new(make))
}

/// One number for an operation that has a single operand.
fn of_op(name: impl Into<String>, op: Op) -> Case {
    case(name, move |b, x| b.apply(op, &[x]).unwrap())
}

fn activations() -> Vec<Activation> {
    let slopes = [-0.5, 0.0, 0.3].map(|slope| Activation::LeakyRelu { slope });
    Activation::ALL.iter().copied().chain(slopes).collect()
}

fn window(kernel: usize, stride: usize, padding: PaddingRule, ceil: bool) -> WindowRule {
    WindowRule { kernel: [kernel; 2], stride: [stride; 2], dilation: [1, 1], padding, ceil }
}

fn pools() -> Vec<(&'static str, WindowRule)> {
    let around = |by| PaddingRule::Explicit(Padding::symmetric(by, by));
    vec![
        ("valid", window(2, 2, PaddingRule::Valid, false)),
        ("whole", WindowRule { kernel: [5, 4], ..window(1, 1, PaddingRule::Valid, false) }),
        ("same", window(3, 2, PaddingRule::Same, false)),
        ("padded", window(3, 1, around(1), true)),
        ("padded beyond its window", window(2, 2, around(2), false)),
    ]
}

/// Operations whose range is the exact one, given independent operands.
fn exact() -> Vec<Case> {
    let mut cases: Vec<Case> =
        activations().into_iter().map(|activation| of_op(format!("{activation:?}"), Op::Map(activation))).collect();
    for (name, rule) in pools().into_iter().take(4) {
        cases.push(case(format!("max-pool {name}"), move |b, x| pooled(b, x, rule, Op::MaxPool)));
    }
    for (name, rule) in pools().into_iter().take(3) {
        cases.push(case(format!("avg-pool {name}"), move |b, x| {
            pooled(b, x, rule, |window| Op::AvgPool(window, CountPadding::No))
        }));
    }
    for rate in [0.0, 0.5, 0.9] {
        cases.push(of_op(
            format!("dropout {rate}"),
            Op::Dropout(Dropout { rate, stream: 3, unit: DropoutUnit::Element }),
        ));
        let whole = Dropout { rate, stream: 4, unit: DropoutUnit::Channel };
        cases.push(of_op(format!("dropout {rate} of channels"), Op::Dropout(whole)));
    }
    let (h, w, channels) = SHAPE;
    let adaptive = Adaptive { in_h: h, in_w: w, channels, out_h: 2, out_w: 3 };
    cases.push(of_op("adaptive avg-pool", Op::AdaptiveAvgPool(adaptive)));
    cases.push(of_op("pad", Op::Pad(Padding { top: 1, bottom: 0, left: 2, right: 0 })));
    cases.push(case("reshape", |b, x| b.flatten(x).unwrap()));
    cases.push(case("concat", |b, x| {
        let squashed = b.map(x, Activation::Tanh).unwrap();
        b.apply(Op::Concat, &[x, squashed]).unwrap()
    }));
    cases.push(of_op("softmax", Op::Softmax));
    cases.push(of_op("log-softmax", Op::LogSoftmax));
    cases
}

/// Operations whose range may be wider than what they give, since operands depend on each other or weights are unknown.
fn bounded() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, rule) in pools() {
        cases.push(case(format!("avg-pool {name}, padding counted"), move |b, x| {
            pooled(b, x, rule, |window| Op::AvgPool(window, CountPadding::Yes))
        }));
    }
    let beyond = pools()[4].1;
    cases.push(case("max-pool beyond", move |b, x| pooled(b, x, beyond, Op::MaxPool)));
    cases.push(case("add", |b, x| {
        let other = b.map(x, Activation::Relu).unwrap();
        b.apply(Op::Add, &[x, other]).unwrap()
    }));
    cases.push(case("multiply", |b, x| {
        let other = b.map(x, Activation::Gelu).unwrap();
        b.multiply(x, other).unwrap()
    }));
    cases.push(case("gate", |b, x| {
        let mean = pooled(b, x, pools()[1].1, |window| Op::AvgPool(window, CountPadding::No));
        let gate = b.map(mean, Activation::Sigmoid).unwrap();
        b.multiply(x, gate).unwrap()
    }));
    cases.push(case("one channel's softmax", |b, x| {
        let geometry = window(1, 1, PaddingRule::Valid, false).place(b.shape(x)).unwrap();
        let one = b.conv(x, geometry, 1, 1, Bias::Learned).unwrap();
        b.apply(Op::Softmax, &[one]).unwrap()
    }));
    cases.push(case("mean of softmax", |b, x| {
        let simplex = b.apply(Op::Softmax, &[x]).unwrap();
        pooled(b, simplex, pools()[1].1, |window| Op::AvgPool(window, CountPadding::No))
    }));
    for over in [Over::Pixel, Over::Image] {
        let norm = GroupNorm { over, groups: 1, epsilon: 1e-6 };
        cases.push(of_op(format!("group-norm over {over:?}"), Op::GroupNorm(norm)));
    }
    cases.push(case("conv and scale", |b, x| {
        let geometry = window(3, 1, PaddingRule::Same, false).place(b.shape(x)).unwrap();
        let y = b.conv(x, geometry, 2, 1, Bias::Learned).unwrap();
        let factors = b.param(Role::Slope, &[2], Init::Constant(0.25)).unwrap();
        b.apply(Op::Scale, &[y, factors]).unwrap()
    }));
    cases.push(case("dense", |b, x| {
        let flat = b.flatten(x).unwrap();
        b.dense(flat, 7, Bias::Learned).unwrap()
    }));
    cases.push(case("batch-norm", |b, x| {
        let channels = [b.shape(x).channels()];
        let roles = [Role::Scale, Role::Shift, Role::RunningMean, Role::RunningVariance];
        let params = roles.map(|role| b.param(role, &channels, Init::Constant(1.0)).unwrap());
        let norm = BatchNorm { momentum: 0.9, epsilon: 1e-5 };
        b.apply(Op::BatchNorm(norm), &[x, params[0], params[1], params[2], params[3]]).unwrap()
    }));
    cases
}

fn pooled(b: &mut Builder, x: ValueId, rule: WindowRule, op: impl Fn(netc::kernel::Window) -> Op) -> ValueId {
    let window = rule.place(b.shape(x)).unwrap();
    b.apply(op(window), &[x]).unwrap()
}

fn input_ranges() -> Vec<Range> {
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    [
        (0.0, 1.0),
        (-1.0, 1.0),
        (0.0, 255.0),
        (-2.118, 2.64),
        (low, high),
        (0.0, high),
        (low, 0.0),
        (7.0, 9.0),
        (-5.0, -4.0),
    ]
    .map(|(lo, hi)| Range::closed(lo, hi))
    .to_vec()
}

/// Numbers of a range: its ends, zeros, denormal and huge numbers, and random ones of every magnitude.
fn numbers(range: Range, count: usize) -> Vec<f64> {
    let random = Random::named(7, "numbers");
    let huge = f64::from(f32::MAX);
    let (lo, hi) = (range.lo.max(-huge), range.hi.min(huge));
    let special =
        [lo, hi, 0.0, -0.0, 5e-324, -5e-324, 1e-45, -1e-45, 1e-38, -1e-38, 1.0, -1.0, huge, -huge, 88.0, -104.0];
    let number = |at: usize| {
        let unit = f64::from(random.unit(2 * at as u64));
        match random.word(2 * at as u64 + 1) % 4 {
            0 => special[at % special.len()],
            1 => lo.max(-10.0) + unit * (hi.min(10.0) - lo.max(-10.0)),
            2 => 10_f64.powf(76.0 * unit - 38.0),
            _ => -(10_f64.powf(76.0 * unit - 38.0)),
        }
    };
    (0..count).map(|at| number(at).clamp(lo, hi)).collect()
}

fn graph_of(make: &dyn Fn(&mut Builder, ValueId) -> ValueId, range: Range) -> Graph {
    let (h, w, c) = SHAPE;
    let mut builder = Builder::new(Shape::map(h, w, c), range);
    let input = builder.input();
    let output = make(&mut builder, input);
    let graph = builder.finish(output);
    graph.verify();
    graph
}

/// Every value of the graph, fed with numbers of its input's range.
fn values(graph: &Graph) -> Vec<Vec<f64>> {
    let random = Random::named(3, "weights");
    let (range, pixels) = (graph.range(graph.input), graph.shape(graph.input).len());
    let mut images = numbers(range, IMAGES * pixels);
    // Two images of one number each: what takes means or maxima over an image reaches the ends of its range there.
    let huge = f64::from(f32::MAX);
    images[..pixels].fill(range.lo.max(-huge));
    images[pixels..2 * pixels].fill(range.hi.min(huge));
    let weight = |at: usize| f64::from(random.normal(at as u64));
    let of_param = |len: usize, role: Role| -> Vec<f64> {
        (0..len).map(|at| if role.is_trained() { weight(at) } else { weight(at).abs() + 0.1 }).collect()
    };
    let params = graph.params.iter().map(|param| of_param(param.len(), param.role)).collect();
    evaluate(graph, &Feed { images, labels: Vec::new(), params, seed: 1, ..Feed::default() })
}

/// Asserts that every number lies in its value's range, but for its own rounding, and that what is known of rows holds.
fn assert_in_range(graph: &Graph, what: &str) {
    for (at, numbers) in values(graph).iter().enumerate() {
        let range = graph.values[at].ty.range;
        for number in numbers {
            let slack = 1e-12 * number.abs().max(1e-30);
            let inside = range.lo - slack <= *number && *number <= range.hi + slack;
            assert!(inside, "{what}, value {at}: {number} is outside of {range}");
        }
        let rows = || numbers.chunks(graph.shape(ValueId(at)).channels());
        match range.fact {
            Fact::None => {}
            Fact::Simplex => {
                rows().for_each(|row| assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{what}: {row:?}"));
            }
            Fact::LogSimplex => rows().for_each(|row| {
                let sum: f64 = row.iter().map(|log| log.exp()).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{what}: {row:?}");
            }),
        }
    }
}

#[test]
fn no_number_leaves_its_proved_range() {
    for (name, make) in exact().into_iter().chain(bounded()) {
        for range in input_ranges() {
            assert_in_range(&graph_of(&make, range), &format!("{name} of {range}"));
        }
    }
}

#[test]
fn no_number_leaves_its_range_behind_any_chain_of_operations() {
    // What sees nothing gives minus infinity, of which other operations make no number.
    let sees = |(name, _): &Case| !name.contains("beyond");
    let steps: Vec<Case> = exact().into_iter().chain(bounded()).filter(sees).collect();
    for seed in 0..60 {
        let random = Random::named(seed, "chain");
        let mut names = Vec::new();
        let chosen: Vec<usize> = (0..4).map(|at| random.word(at) as usize % steps.len()).collect();
        let range = input_ranges()[random.word(9) as usize % input_ranges().len()];
        let graph = graph_of(
            &|b, x| {
                chosen.iter().fold(x, |x, &step| {
                    let fits = b.shape(x).dims()[..] == [SHAPE.0, SHAPE.1, SHAPE.2];
                    if fits {
                        (steps[step].1)(b, x)
                    } else {
                        b.map(x, activations()[step % activations().len()]).unwrap()
                    }
                })
            },
            range,
        );
        names.extend(chosen.iter().map(|&step| steps[step].0.as_str()));
        assert_in_range(&graph, &format!("{} of {range}", names.join(", ")));
    }
}

#[test]
fn ranges_reach_as_far_as_the_numbers_do() {
    for (name, make) in exact() {
        for range in input_ranges() {
            let graph = graph_of(&make, range);
            let proved = graph.range(graph.output);
            let numbers = &values(&graph)[graph.output.0];
            let lowest = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let what = format!("{name} of {range} is {proved}, and {lowest} to {highest} is reached");
            let slack = 0.05 * (highest - lowest);
            let reaches = |end: f64, reached: f64| {
                if end.is_finite() { (end - reached).abs() <= slack } else { reached.abs() > 1e30 }
            };
            assert!(reaches(proved.lo, lowest) && reaches(proved.hi, highest), "{what}");
        }
    }
}

#[test]
fn normalised_images_lie_in_the_range_of_their_normalisation() {
    use netc::base::Source;
    use netc::check::{Facts, check};
    use netc::data::Statistics;
    use netc::model::Normalization;
    use netc::syntax::parse;
    let statistics = Statistics::of(&[0, 9, 200, 255, 31, 77], 3);
    for words in
        ["0..1", "-1..1", "imagenet", "none", "standardize", "{ mean: [0.5, 0.1, 0.9], std: [0.2, 0.3, 0.01] }"]
    {
        let text = format!(
            "---\ninput: 1x1x3\nclasses: 3\ndata: {{ normalize: {words} }}\n---\nFlatten -> Dense -> Softmax\n"
        );
        let source = Source::new("range.net", text);
        let (file, faults) = parse(&source);
        assert!(faults.is_empty(), "{faults:?}");
        let net = check(&source, &file, &Facts::default()).net.expect("a network");
        let range = net.graph.range(net.graph.input);
        let normalization = Normalization::new(&file.front.data.normalize.value, 3, &statistics).unwrap();
        let ends = |byte: f32| {
            let channels = normalization.mean.iter().zip(&normalization.deviation);
            channels.map(move |(mean, deviation)| f64::from((byte - mean) / deviation))
        };
        let (lowest, highest) =
            (ends(0.0).fold(f64::INFINITY, f64::min), ends(255.0).fold(f64::NEG_INFINITY, f64::max));
        assert!(range.lo <= lowest + 1e-5 && highest <= range.hi + 1e-5, "{words}: {range}, {lowest} to {highest}");
        if words != "standardize" {
            assert!(
                (range.lo - lowest).abs() < 1e-5 && (range.hi - highest).abs() < 1e-5,
                "{words}: {range}, {lowest} to {highest}"
            );
        }
    }
}
