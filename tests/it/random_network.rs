//! Random networks: what is fused and planned gives the losses and gradients of the reference, whatever stands beside
//! what.

use netc::base::Source;
use netc::check::{Facts, check};
use netc::exec::reference::evaluate;
use netc::exec::{Rate, Session};
use netc::graph::{Graph, Head, Inference, Training};
use netc::kernel::Isa;
use netc::plan::{Options, Plan};
use netc::syntax::parse;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use crate::gradient::{IMAGES, SHOWS_GRADIENTS, feed, fill};

/// What a difference may be, relative to the largest number of its tensor.
const TOLERANCE: f64 = 2e-3;

/// A layer on maps of any size and of a multiple of four channels, which it leaves a multiple of four.
fn layer() -> impl Strategy<Value = String> {
    let window = (select(vec!["1x1", "2x2", "3x3", "3x2"]), 1..3_u8, select(vec!["same", "1", "(0, 1, 1, 0)"]));
    prop_oneof![
        (select(vec![4, 8]), window.clone(), select(vec![1, 2, 4])).prop_map(
            |(filters, (kernel, stride, padding), groups)| {
                format!("Conv({filters}, kernel: {kernel}, stride: {stride}, padding: {padding}, groups: {groups})")
            }
        ),
        (window.clone(), 1..3_u8).prop_map(|((kernel, stride, padding), multiplier)| {
            format!(
                "DepthwiseConv({kernel}, stride: {stride}, padding: {padding}, multiplier: {multiplier}, bias: false)"
            )
        }),
        window.clone().prop_map(|(kernel, stride, _)| {
            format!("SeparableConv(4, kernel: {kernel}, stride: {stride}, padding: same)")
        }),
        (select(vec!["MaxPool", "AvgPool"]), window, any::<bool>()).prop_map(
            |(pool, (size, stride, _), ceil)| format!("{pool}({size}, stride: {stride}, padding: same, ceil: {ceil})")
        ),
        select(vec!["AdaptiveAvgPool(3x2)", "ZeroPad", "BatchNorm", "LayerNorm", "GroupNorm(2)", "LayerScale(0.5)"])
            .prop_map(str::to_owned),
        select(vec!["Dropout(0.2)", "SpatialDropout(0.2)", "Relu", "Gelu", "Silu", "PRelu", "Tanh", "LeakyRelu"])
            .prop_map(str::to_owned),
    ]
}

/// The network as it stands, dropouts aside, against what is folded and planned of it.
fn inference_agrees(text: &str, isa: Isa) -> Result<(), TestCaseError> {
    let Some(graph) = graph(&text.replace("Dropout(0.2)", "Dropout(0)")) else { return Ok(()) };
    let inference = Inference::of(&graph);
    inference.graph.verify();
    let feed = feed(&graph, 3);
    let wanted = &evaluate(&graph, &feed)[Head::of(&graph).1.0];
    let plan = Plan::inference(&inference, Options::plain(IMAGES, isa));
    let mut session = Session::new(plan, 2).expect("two threads");
    fill(&mut session, &feed);
    session.run(IMAGES, &Rate::default());
    agrees("logits", session.logits(IMAGES).iter().copied().collect(), wanted, 1e-3)
}

/// Layers that keep the shape, for branches.
fn kept() -> impl Strategy<Value = &'static str> {
    select(vec![
        "Conv(4, padding: same)",
        "Conv(4, kernel: 1x1)",
        "Relu -> Conv(4, padding: same, bias: false) -> BatchNorm",
        "Conv(4, padding: same) -> BatchNorm -> Relu",
        "MaxPool(3, stride: 1, padding: same) -> Conv(4, kernel: 1x1)",
        "Conv(4, kernel: 1x1) -> LayerNorm -> Elu",
    ])
}

fn stage() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => layer(),
        1 => kept().prop_map(|branch| format!("Conv(4, kernel: 1x1) -> Residual[{branch}]")),
        1 => (kept(), kept()).prop_map(|(a, b)| format!("Concat[{a} | Identity | {b}]")),
        1 => (kept(), kept()).prop_map(|(a, b)| format!("Add[{a} | {b}]")),
        1 => kept().prop_map(|branch| format!("{branch} -> Multiply[Identity | GlobalAvgPool -> Dense(4) -> Sigmoid]")),
    ]
}

fn network() -> impl Strategy<Value = String> {
    let end = select(vec!["Flatten", "GlobalAvgPool", "GlobalMaxPool", "Flatten -> Dense(6) -> LayerNorm -> Relu"]);
    (prop::collection::vec(stage(), 1..7), end).prop_map(|(stages, end)| {
        format!(
            "---\ninput: 9x7x3\nclasses: 3\n---\nConv(4, padding: same) -> {} -> {end} -> Dense(3)",
            stages.join(" -> ")
        )
    })
}

/// The graph of a text, where it is a network.
fn graph(text: &str) -> Option<Graph> {
    let source = Source::new("random.net", text);
    let (file, faults) = parse(&source);
    assert!(faults.is_empty(), "{text}\n{faults:#?}");
    check(&source, &file, &Facts::default()).net.map(|net| net.graph)
}

fn largest<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> f64 {
    numbers.into_iter().fold(0.0, |largest: f64, number| largest.max(number.abs()))
}

fn agrees(what: &str, got: Vec<f32>, wanted: &[f64], least_scale: f64) -> Result<(), TestCaseError> {
    let scale = largest(wanted).max(least_scale);
    prop_assert_eq!(got.len(), wanted.len());
    for (at, (got, wanted)) in got.into_iter().zip(wanted).enumerate() {
        let error = (f64::from(got) - wanted).abs() / scale;
        prop_assert!(error < TOLERANCE, "{}[{}]: {} for {}", what, at, got, wanted);
    }
    Ok(())
}

fn plan_agrees(training: &Training, isa: Isa) -> Result<(), TestCaseError> {
    let feed = feed(&training.graph, 3);
    let values = evaluate(&training.graph, &feed);
    let plan = Plan::training(training, SHOWS_GRADIENTS, Options::plain(IMAGES, isa));
    let mut session = Session::new(plan, 2).expect("two threads");
    fill(&mut session, &feed);
    session.run(IMAGES, &Rate { seed: feed.seed, ..Rate::default() });
    agrees("losses", session.losses(IMAGES).to_vec(), &values[training.losses.0], 1e-3)?;
    let gradients: Vec<&Vec<f64>> = training.gradients.iter().flatten().map(|value| &values[value.0]).collect();
    // A gradient that is zero but for rounding is small beside the others.
    let least_scale = 0.1 * largest(gradients.iter().copied().flatten());
    for (slot, wanted) in session.plan().optimizer_state.iter().zip(gradients) {
        let got = session.tensor(slot).iter().copied().collect();
        agrees(&slot.name, got, wanted, least_scale.max(1e-6))?;
    }
    Ok(())
}

proptest! {
    // The same networks every time: a difference of rounding that grows is no news of a commit.
    #![proptest_config(ProptestConfig {
        cases: 32,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn plans_of_random_networks_give_the_losses_gradients_and_answers_of_the_reference(text in network()) {
        let graph = graph(&text);
        prop_assume!(graph.is_some());
        let training = Training::of(&graph.expect("a network"));
        training.graph.verify();
        for isa in Isa::available() {
            plan_agrees(&training, isa)
                .and_then(|()| inference_agrees(&text, isa))
                .map_err(|error| TestCaseError::fail(format!("on {isa}:\n{text}\n{error}")))?;
        }
    }
}
