//! Gradients: central differences in `f64` for every operation, and plans in `f32` against both.

use netc::base::Random;
use netc::exec::reference::{Feed, evaluate};
use netc::exec::{Rate, Session};
use netc::graph::{
    Bias, Builder, CountPadding, Graph, Inference, LayerId, Objective, Op, PaddingRule, Range, Shape, Training,
    ValueId, WindowRule,
};
use netc::kernel::Isa;
use netc::kernel::criterion::{Criterion, Error};
use netc::plan::{Optimizer, Options, Plan, Precision, Work};

use crate::network::{Case, cases, operations_used};

/// Images of a batch.
pub const IMAGES: usize = 3;

/// Seeded numbers for everything that a graph is fed with.
pub fn feed(graph: &Graph, classes: usize) -> Feed {
    let random = Random::named(11, "feed");
    let images = (0..IMAGES * graph.shape(graph.input).len()).map(|at| f64::from(random.normal(at as u64))).collect();
    let labels = (0..IMAGES).map(|at| (at % classes.max(2)) as u32).collect();
    let params = graph
        .params
        .iter()
        .map(|param| {
            let random = Random::named(12, &param.name);
            let around = if param.role.is_trained() { 0.1 } else { 1.0 };
            (0..param.len())
                .map(|at| {
                    around
                        + 0.4
                            * f64::from(random.normal(at as u64)).abs()
                            * if random.word(at as u64 + 1_000_000).is_multiple_of(2) && param.role.is_trained() {
                                -1.0
                            } else {
                                1.0
                            }
                })
                .collect()
        })
        .collect();
    let class_weights = (0..classes.max(2)).map(|class| 0.5 + 0.75 * class as f64).collect();
    Feed { images, labels, class_weights, params, seed: 5 }
}

fn case_feed(case: &Case) -> (Training, Feed) {
    let training = Training::of(&case.graph);
    training.graph.verify();
    let classes = training.graph.shape(training.logits).len();
    let feed = feed(&training.graph, classes);
    (training, feed)
}

fn mean_loss(training: &Training, feed: &Feed) -> f64 {
    evaluate(&training.graph, feed)[training.losses.0].iter().sum::<f64>() / IMAGES as f64
}

#[test]
fn every_operation_is_part_of_a_checked_network() {
    let training_ops = [
        "adaptive-avg-pool",
        "adaptive-avg-pool-gradient",
        "add",
        "avg-pool",
        "avg-pool-gradient",
        "batch-norm-input-gradient",
        "batch-norm-parameter-gradient",
        "batch-norm-training",
        "bias",
        "channel-dot",
        "channel-sum",
        "concat",
        "conv",
        "conv-input-gradient",
        "conv-weight-gradient",
        "crop",
        "dropout",
        "gate",
        "gate-gradient",
        "group-norm",
        "group-norm-gradient",
        "map",
        "map-gradient",
        "max-pool",
        "max-pool-gradient",
        "multiply",
        "pad",
        "product",
        "product-input-gradient",
        "product-weight-gradient",
        "reshape",
        "running-statistics",
        "scale",
        "sigmoid-cross-entropy",
        "slice",
        "softmax-cross-entropy",
    ];
    assert_eq!(operations_used(), training_ops);
}

#[test]
fn gradients_are_the_limit_of_central_differences() {
    for case in cases() {
        let (training, feed) = case_feed(&case);
        let values = evaluate(&training.graph, &feed);
        for (at, gradient) in training.gradients.iter().enumerate() {
            let Some(gradient) = gradient else { continue };
            check_parameter(&case, &training, &feed, at, &values[gradient.0]);
        }
    }
}

/// The case's network under every loss there is beside the plain one.
fn trainings(case: &Case) -> impl Iterator<Item = Training> + '_ {
    [Error::CrossEntropy, Error::Focal, Error::Squared].into_iter().flat_map(move |error| {
        [(0.0, false), (0.1, false), (0.1, true)].into_iter().map(move |(smoothing, class_weights)| {
            let criterion = Criterion { error, smoothing };
            Training::with(&case.graph, &Objective { criterion, class_weights, frozen: Vec::new() })
        })
    })
}

/// The batch's loss is the sum of its images' divided by the weights of their labels.
fn batch_loss(training: &Training, feed: &Feed) -> f64 {
    let weight = |label: &u32| match training.class_weights {
        Some(_) => feed.class_weights[*label as usize],
        None => 1.0,
    };
    let losses = evaluate(&training.graph, feed)[training.losses.0].iter().sum::<f64>();
    losses / feed.labels.iter().map(weight).sum::<f64>()
}

#[test]
fn gradients_of_every_loss_are_the_limit_of_central_differences() {
    for case in cases().into_iter().filter(|case| case.graph.params.len() <= 6) {
        for training in trainings(&case) {
            training.graph.verify();
            let feed = feed(&training.graph, training.graph.shape(training.logits).len());
            let values = evaluate(&training.graph, &feed);
            // The last parameter is the one that the loss is nearest to; the others follow as under any loss.
            let Some((at, gradient)) =
                training.gradients.iter().enumerate().rev().find_map(|(at, g)| Some((at, (*g)?)))
            else {
                continue;
            };
            for (element, &found) in values[gradient.0].iter().enumerate().take(12) {
                let loss_at = |offset: f64| {
                    let mut moved = feed.clone();
                    moved.params[at][element] += offset;
                    batch_loss(&training, &moved)
                };
                let difference = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
                assert!((difference - found).abs() < 1e-6 + 1e-5 * found.abs(), "{}: {difference}, {found}", case.name);
            }
        }
    }
}

#[test]
fn plans_of_every_loss_give_the_gradients_of_the_reference() {
    for case in cases().into_iter().filter(|case| case.graph.params.len() <= 6) {
        for training in trainings(&case) {
            let feed = feed(&training.graph, training.graph.shape(training.logits).len());
            let values = evaluate(&training.graph, &feed);
            let plan = Plan::training(&training, SHOWS_GRADIENTS, Options::plain(IMAGES, Isa::detect()));
            let mut session = Session::new(plan, 2).expect("threads");
            fill(&mut session, &feed);
            let weights = session.class_weights_mut();
            weights.iter_mut().zip(&feed.class_weights).for_each(|(place, weight)| *place = *weight as f32);
            session.run(IMAGES, &Rate { learning_rate: 1.0, ..Rate::default() });
            for (loss, wanted) in session.losses(IMAGES).iter().zip(&values[training.losses.0]) {
                assert!((f64::from(*loss) - wanted).abs() < 1e-4 * (1.0 + wanted.abs()), "{}", case.name);
            }
            for ((slot, gradient), before) in session.plan().params.iter().zip(&training.gradients).zip(&feed.params) {
                let Some(gradient) = gradient else { continue };
                let after = session.tensor(slot);
                let scale = values[gradient.0].iter().fold(1.0_f64, |largest, g| largest.max(g.abs()));
                for ((after, before), gradient) in after.iter().zip(before).zip(&values[gradient.0]) {
                    let found = f64::from(*before as f32) - f64::from(*after);
                    assert!((found - gradient).abs() < 2e-4 * scale, "{}: {found}, {gradient}", case.name);
                }
            }
        }
    }
}

/// Up to twelve elements of a parameter, spread over it.
fn check_parameter(case: &Case, training: &Training, feed: &Feed, at: usize, gradient: &[f64]) {
    let step = 1e-5;
    let scale = gradient.iter().fold(1e-3_f64, |largest, g| largest.max(g.abs()));
    for element in (0..gradient.len()).step_by((gradient.len() / 12).max(1)) {
        let loss_at = |offset: f64| {
            let mut moved = feed.clone();
            moved.params[at][element] += offset;
            mean_loss(training, &moved)
        };
        let difference = (loss_at(step) - loss_at(-step)) / (2.0 * step);
        let error = (difference - gradient[element]).abs() / scale;
        let name = &training.graph.params[at].name;
        assert!(
            error < 1e-5,
            "{}: {name}[{element}]: {} by rule, {difference} by difference",
            case.name,
            gradient[element]
        );
    }
}

/// Gives a session the numbers of `feed`.
pub fn fill(session: &mut Session, feed: &Feed) {
    let slots = session.plan().params.clone();
    for (slot, numbers) in slots.iter().zip(&feed.params) {
        session.tensor_mut(slot).iter_mut().zip(numbers).for_each(|(place, &number)| *place = number as f32);
    }
    session.images_mut(IMAGES).iter_mut().zip(&feed.images).for_each(|(place, &number)| *place = number as f32);
    if session.plan().is_training() {
        session.labels_mut(IMAGES).copy_from_slice(&feed.labels);
    }
}

pub fn assert_close(what: &str, got: impl IntoIterator<Item = f32>, wanted: &[f64]) {
    let scale = wanted.iter().fold(1e-3_f64, |largest, number| largest.max(number.abs()));
    let got: Vec<f32> = got.into_iter().collect();
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let error = (f64::from(*got) - wanted).abs() / scale;
        assert!(error < 1e-4, "{what}[{at}]: {got} for {wanted}");
    }
}

/// Fails where a step of a training by this plan, whose optimizer shows gradients, gives other losses, logits or gradients than
/// the reference.
pub fn assert_trains(plan: Plan, training: &Training, feed: &Feed, values: &[Vec<f64>], name: &str) {
    let mut session = Session::new(plan, 2).expect("two threads");
    fill(&mut session, feed);
    session.run(IMAGES, &Rate { seed: feed.seed, ..Rate::default() });
    let name = |part: &str| format!("{name}: {part}");
    assert_close(&name("losses"), session.losses(IMAGES).iter().copied(), &values[training.losses.0]);
    assert_close(&name("logits"), session.logits(IMAGES).iter().copied(), &values[training.logits.0]);
    let wanted = training.gradients.iter().flatten().collect::<Vec<&ValueId>>();
    assert_eq!(wanted.len(), session.plan().optimizer_state.len());
    for (slot, gradient) in session.plan().optimizer_state.iter().zip(wanted) {
        assert_close(&name(&slot.name), session.tensor(slot).iter().copied(), &values[gradient.0]);
    }
}

/// Stochastic gradient descent whose velocity after one step is the gradient itself.
pub const SHOWS_GRADIENTS: Optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false };

#[test]
fn plans_give_the_losses_and_gradients_of_the_reference_on_every_instruction_set() {
    for case in cases() {
        let (training, feed) = case_feed(&case);
        let values = evaluate(&training.graph, &feed);
        for isa in Isa::available() {
            let plan = Plan::training(&training, SHOWS_GRADIENTS, Options::plain(IMAGES + 1, isa));
            assert_trains(plan, &training, &feed, &values, &format!("{} on {isa}", case.name));
        }
    }
}

/// How far numbers are from others, as a share of their size.
fn distance(got: impl IntoIterator<Item = f32>, wanted: &[f64]) -> f64 {
    let squares = got.into_iter().zip(wanted).map(|(got, wanted)| (f64::from(got) - wanted).powi(2));
    let floor = 0.05 * (wanted.len() as f64).sqrt();
    squares.sum::<f64>().sqrt() / wanted.iter().map(|wanted| wanted * wanted).sum::<f64>().sqrt().max(floor)
}

/// Rounding is an error of up to a 256th in each factor; another winner of a pool, or another sign before a ReLU, may
/// make it larger in a gradient.
#[test]
fn plans_of_bf16_are_near_the_reference_on_every_instruction_set_and_not_those_of_f32() {
    for case in cases() {
        let (training, feed) = case_feed(&case);
        let values = evaluate(&training.graph, &feed);
        let run = |isa, precision| {
            let plan =
                Plan::training(&training, SHOWS_GRADIENTS, Options { precision, ..Options::plain(IMAGES + 1, isa) });
            let mut session = Session::new(plan, 2).expect("two threads");
            fill(&mut session, &feed);
            session.run(IMAGES, &Rate { seed: feed.seed, ..Rate::default() });
            session
        };
        for isa in Isa::available() {
            let session = run(isa, Precision::Bf16);
            assert_ne!(session.logits(IMAGES), run(isa, Precision::F32).logits(IMAGES), "{} on {isa}", case.name);
            let logits = distance(session.logits(IMAGES).iter().copied(), &values[training.logits.0]);
            assert!(logits < 0.03, "{} on {isa}: logits are off by {logits}", case.name);
            let wanted = training.gradients.iter().flatten();
            for (slot, gradient) in session.plan().optimizer_state.iter().zip(wanted) {
                let off = distance(session.tensor(slot).iter().copied(), &values[gradient.0]);
                assert!(off < 0.1, "{} on {isa}: {} is off by {off}", case.name, slot.name);
            }
        }
    }
}

#[test]
fn inference_gives_the_probabilities_of_the_reference() {
    for case in cases() {
        let inference = Inference::of(&case.graph);
        inference.graph.verify();
        let feed = feed(&inference.graph, 2);
        let values = evaluate(&inference.graph, &feed);
        let plan = Plan::inference(&inference, Options::plain(IMAGES, Isa::detect()));
        let mut session = Session::new(plan, 1).expect("a thread");
        fill(&mut session, &feed);
        session.run(IMAGES, &Rate::default());
        let got = session.probabilities(IMAGES).to_owned();
        assert_close(case.name, got.iter().copied(), &values[inference.probabilities.0]);
    }
}

/// Normalisations that their convolutions take over change no answer, and are done once for all batches.
#[test]
fn folded_normalisations_answer_as_the_network_that_was_written() {
    for case in cases().into_iter().filter(|case| case.name.starts_with("normalised")) {
        let inference = Inference::of(&case.graph);
        let feed = feed(&case.graph, 2);
        let wanted = &evaluate(&case.graph, &feed)[case.graph.output.0];
        let plan = Plan::inference(&inference, Options::plain(IMAGES, Isa::detect()));
        let prepared = plan.steps.iter().filter(|step| matches!(step.work, Work::FoldBatchNorm(_))).count();
        let norms = case.graph.nodes.iter().filter(|node| matches!(node.op, Op::BatchNorm(_))).count();
        let left = inference.graph.nodes.iter().filter(|node| matches!(node.op, Op::BatchNorm(_))).count();
        assert_eq!(prepared + left, norms, "{}", case.name);
        let mut session = Session::new(plan, 2).expect("threads");
        let mut answers = |feed: &Feed| {
            fill(&mut session, feed);
            session.run(IMAGES, &Rate::default());
            session.images_mut(IMAGES).iter_mut().zip(&feed.images).for_each(|(to, &number)| *to = number as f32);
            session.run(IMAGES, &Rate::default());
            session.logits(IMAGES).to_owned()
        };
        assert_close(case.name, answers(&feed).iter().copied(), wanted);
        // Other parameters are prepared anew.
        let mut other = feed.clone();
        other.params.iter_mut().flatten().for_each(|number| *number *= 1.25);
        let wanted = &evaluate(&case.graph, &other)[case.graph.output.0];
        assert_close(case.name, answers(&other).iter().copied(), wanted);
    }
}

/// Large images go through the plan a few at a time; nothing couples them.
#[test]
fn answers_do_not_depend_on_how_many_images_are_asked_for_at_a_time() {
    let mut builder = Builder::new(Shape::map(224, 224, 3), Range::REAL);
    builder.enter_layer(LayerId(0), "conv");
    let padding = PaddingRule::Same;
    let rule = WindowRule { kernel: [3; 2], stride: [1; 2], dilation: [1; 2], padding, ceil: false };
    let window = rule.place(Shape::map(224, 224, 3)).expect("it fits");
    let x = builder.conv(builder.input(), window, 16, 1, Bias::Learned).expect("it fits");
    let pooled = WindowRule { kernel: [32; 2], stride: [32; 2], padding: PaddingRule::Valid, ..rule };
    let window = pooled.place(builder.shape(x)).expect("it fits");
    let x = builder.apply(Op::AvgPool(window, CountPadding::Yes), &[x]).expect("it fits");
    let x = builder.flatten(x).expect("it fits");
    builder.enter_layer(LayerId(1), "dense");
    let x = builder.dense(x, 3, Bias::Learned).expect("it fits");
    let graph = builder.finish(x);
    let inference = Inference::of(&graph);
    let params = feed(&graph, 3).params;
    let images = 7;
    let random = Random::named(13, "images");
    let answers = |batch: usize| -> Vec<u32> {
        let options = Options::plain(batch, Isa::detect());
        let plan = Plan::inference(&inference, options);
        assert_eq!(plan.parts.images < batch, batch == images, "{:?} of {batch} images", plan.parts);
        let mut session = Session::new(plan, 2).expect("threads");
        let slots = session.plan().params.clone();
        for (slot, numbers) in slots.iter().zip(&params) {
            session.tensor_mut(slot).iter_mut().zip(numbers).for_each(|(place, &number)| *place = number as f32);
        }
        let len = graph.shape(graph.input).len();
        let mut bits = Vec::new();
        for start in (0..images).step_by(batch) {
            let count = batch.min(images - start);
            let places = session.images_mut(count).iter_mut().enumerate();
            places.for_each(|(at, place)| *place = random.normal((start * len + at) as u64));
            session.run(count, &Rate::default());
            bits.extend(
                session.logits(count).iter().chain(&session.probabilities(count)).map(|answer| answer.to_bits()),
            );
        }
        let mut sorted = bits;
        sorted.sort_unstable();
        sorted
    };
    let one_by_one = answers(1);
    assert_eq!(answers(3), one_by_one);
    assert_eq!(answers(images), one_by_one);
}

/// All bits that three steps leave behind.
fn bits_after_training(case: &Case, threads: usize) -> Vec<u32> {
    let (training, feed) = case_feed(case);
    let adam = Optimizer::default();
    let plan = Plan::training(&training, adam, Options::plain(IMAGES, Isa::detect()));
    let mut session = Session::new(plan, threads).expect("threads");
    fill(&mut session, &feed);
    for step in 0..3 {
        session.images_mut(IMAGES).iter_mut().zip(&feed.images).for_each(|(place, &number)| *place = number as f32);
        session.labels_mut(IMAGES).copy_from_slice(&feed.labels);
        session.run(IMAGES, &Rate { learning_rate: 1e-3, weight_decay: 0.0, step, seed: 5 });
    }
    let slots = session.plan().params.clone();
    slots
        .iter()
        .flat_map(|slot| session.tensor(slot).iter().map(|number| number.to_bits()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_result_is_the_same_to_the_bit_whatever_the_thread_count() {
    for case in cases() {
        let one = bits_after_training(&case, 1);
        assert_eq!(one, bits_after_training(&case, 2), "{}", case.name);
        assert_eq!(one, bits_after_training(&case, 3), "{}", case.name);
    }
}
