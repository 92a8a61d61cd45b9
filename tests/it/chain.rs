//! Chains: convolutions that become one step give what the reference gives, and take the memory of what lies outside them.

use netc::base::Source;
use netc::check::{Facts, check};
use netc::exec::reference::evaluate;
use netc::exec::{Rate, Session};
use netc::graph::{Graph, Inference, Training};
use netc::kernel::Isa;
use netc::plan::{Options, Plan, Work};
use netc::syntax::parse;

use crate::gradient::{IMAGES, SHOWS_GRADIENTS, assert_close, assert_trains, feed, fill};

fn graph(layers: &str) -> Graph {
    let text = format!("---\ninput: 44x46x3\nclasses: 3\n---\n{layers} -> Flatten -> Dense -> Softmax\n");
    let source = Source::new("chain.net", text);
    let (file, _) = parse(&source);
    check(&source, &file, &Facts::default()).net.expect("it checks").graph
}

fn options(isa: Isa) -> Options {
    Options::plain(IMAGES + 1, isa)
}

/// Trainings that begin with two convolutions under a pool.
const FRONTS: [&str; 4] = [
    "Conv(20) -> Relu -> Conv(24) -> Relu -> MaxPool(3)",
    "Conv(32, padding: same) -> LeakyRelu -> Conv(33, padding: same) -> Relu6 -> MaxPool(3, stride: 3, padding: 1)",
    "Conv(24, bias: false) -> Relu -> Conv(24) -> MaxPool",
    "Conv(20) -> Relu -> Conv(32, bias: false) -> Relu -> MaxPool -> Conv(8) -> Relu -> MaxPool",
];

#[test]
fn a_front_gives_the_losses_and_gradients_of_the_reference_and_keeps_nothing_between_its_convolutions() {
    let mut fronts = 0;
    for layers in FRONTS {
        let training = Training::of(&graph(layers));
        let feed = feed(&training.graph, training.graph.shape(training.logits).len());
        let values = evaluate(&training.graph, &feed);
        for isa in Isa::available() {
            let plan = Plan::training(&training, SHOWS_GRADIENTS, options(isa));
            let is_front = plan.steps.iter().any(|step| matches!(step.work, Work::Front(_)));
            fronts += usize::from(is_front);
            assert!(is_front || isa < Isa::Avx512, "{layers} on {isa} is no front");
            let between = training.graph.shape(training.graph.nodes[0].outputs[0]).len();
            let is_kept = plan.buffers.iter().any(|buffer| buffer.len == between && buffer.live.0 <= buffer.live.1);
            assert!(!(is_front && is_kept), "{layers} on {isa} keeps what lies between");
            assert_trains(plan, &training, &feed, &values, &format!("{layers} on {isa}"));
        }
    }
    assert!(fronts >= FRONTS.len(), "only {fronts} fronts");
}

/// Networks whose forward pass has chains: of two and of three convolutions, pooled, and with sums around them.
const CHAINS: [&str; 4] = [
    "Conv(20) -> Relu -> Conv(24) -> Relu -> MaxPool(3)",
    "Conv(16, padding: same) -> Relu6 -> DepthwiseConv(padding: same, stride: 2) -> Relu6 -> Conv(8, kernel: 1x1)",
    "Conv(8, padding: same) -> [Residual[Conv(24, kernel: 1x1) -> Relu6 -> DepthwiseConv(padding: same) -> Relu6 -> \
     Conv(8, kernel: 1x1)]] * 2 -> MaxPool",
    "Conv(8) -> Add[Conv(24, kernel: 1x1) -> Relu -> Conv(12, kernel: 1x1) | Conv(12, kernel: 1x1)] -> Relu -> MaxPool",
];

#[test]
fn chains_of_a_forward_pass_give_the_probabilities_of_the_reference() {
    for layers in CHAINS {
        let inference = Inference::of(&graph(layers));
        let feed = feed(&inference.graph, 3);
        let values = evaluate(&inference.graph, &feed);
        for isa in Isa::available() {
            let plan = Plan::inference(&inference, options(isa));
            assert!(plan.steps.iter().any(|step| matches!(step.work, Work::ConvChain(_))), "{layers} on {isa}");
            let mut session = Session::new(plan, 2).expect("two threads");
            // A second run finds what the first one left in the arena.
            for _ in 0..2 {
                fill(&mut session, &feed);
                session.run(IMAGES, &Rate::default());
                let name = format!("{layers} on {isa}");
                assert_close(&name, session.logits(IMAGES).iter().copied(), &values[inference.logits.0]);
            }
        }
    }
}
