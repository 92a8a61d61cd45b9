//! Training in parts: what is computed anew instead of kept gives the gradients of what is kept, in less memory.

use netc::base::{Random, Source};
use netc::check::{Facts, check};
use netc::exec::{Rate, Session};
use netc::graph::{Graph, Training};
use netc::kernel::Isa;
use netc::plan::{Options, Phase, Plan, Work};
use netc::syntax::parse;

use crate::gradient::SHOWS_GRADIENTS;

/// Nets whose first layers nothing couples, with images that are too large to be taken all at once.
const NETS: [&str; 4] = [
    "Conv(16) -> Relu -> Conv(16) -> Relu -> MaxPool -> Conv(8) -> Relu -> MaxPool -> Flatten -> Dense",
    "Conv(16) -> Tanh -> Conv(16) -> LeakyRelu -> MaxPool(3, stride: 2) -> Flatten -> Dense",
    "Conv(16, padding: same) -> Relu -> Residual[Conv(16, padding: same)] -> Relu -> AvgPool(4) -> Flatten -> Dense",
    "Conv(16, bias: false) -> Relu -> AvgPool -> Conv(64) -> Relu -> MaxPool -> BatchNorm -> Flatten -> Dense",
];

const BATCH: usize = 27;

fn graph(layers: &str) -> Graph {
    let text = format!("---\ninput: 96x96x3\nclasses: 3\n---\n{layers} -> Softmax\n");
    let source = Source::new("parts.net", text);
    let (file, _) = parse(&source);
    check(&source, &file, &Facts::default()).net.expect("it checks").graph
}

fn plan(graph: &Graph, isa: Isa, recompute: bool) -> Plan {
    let options = Options { recompute, ..Options::plain(BATCH, isa) };
    Plan::training(&Training::of(graph), SHOWS_GRADIENTS, options)
}

/// Losses and gradients of a step on the first `images` images.
fn step(plan: Plan, threads: usize, images: usize) -> Vec<Vec<f32>> {
    let mut session = Session::new(plan, threads).expect("threads");
    for slot in session.plan().params.clone() {
        let random = Random::named(1, &slot.name);
        let fan_in = slot.dims.iter().rev().skip(1).product::<usize>().max(1) as f32;
        let places = session.tensor_mut(&slot).iter_mut().enumerate();
        places.for_each(|(at, place)| *place = random.normal(at as u64) * (2.0 / fan_in).sqrt());
    }
    let random = Random::named(2, "images");
    session.images_mut(images).iter_mut().enumerate().for_each(|(at, place)| *place = random.normal(at as u64));
    session.labels_mut(images).iter_mut().enumerate().for_each(|(at, label)| *label = at as u32 % 3);
    session.run(images, &Rate::default());
    let gradients = session.plan().optimizer_state.iter().map(|slot| session.tensor(slot).iter().copied().collect());
    std::iter::once(session.losses(images).to_vec()).chain(gradients).collect()
}

fn assert_close(what: &str, got: &[Vec<f32>], wanted: &[Vec<f32>]) {
    assert_eq!(got.len(), wanted.len());
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let scale = wanted.iter().fold(1e-3_f32, |largest, number| largest.max(number.abs()));
        for (got, wanted) in got.iter().zip(wanted) {
            assert!((got - wanted).abs() < 1e-4 * scale, "{what}, tensor {at}: {got} for {wanted}");
        }
    }
}

#[test]
fn what_is_computed_anew_gives_the_losses_and_gradients_of_what_is_kept() {
    for layers in NETS {
        let graph = graph(layers);
        for isa in Isa::available() {
            let parts = plan(&graph, isa, true);
            assert!(parts.parts.images < BATCH, "{layers}: {:?}", parts.parts);
            // A whole batch, whose last part is smaller, and fewer images than a part.
            for images in [BATCH, 3] {
                let got = step(parts.clone(), 2, images);
                assert_close(&format!("{layers} on {isa}"), &got, &step(plan(&graph, isa, false), 2, images));
            }
        }
    }
}

#[test]
fn gradients_of_parts_have_the_same_bits_on_any_number_of_threads() {
    for layers in NETS {
        let plan = plan(&graph(layers), Isa::detect(), true);
        let bits = |threads| -> Vec<u32> {
            step(plan.clone(), threads, BATCH).concat().iter().map(|number| number.to_bits()).collect()
        };
        let one = bits(1);
        assert!(one == bits(2) && one == bits(3), "{layers}");
    }
}

#[test]
fn a_first_convolution_that_is_computed_anew_takes_the_memory_of_a_part() {
    let graph = graph(NETS[0]);
    let [kept, anew] = [false, true].map(|recompute| plan(&graph, Isa::detect(), recompute));
    assert!(kept.parts.apart.is_empty() && kept.parts.images == BATCH);
    let saved = 4 * 94 * 94 * 16 * (BATCH - anew.parts.images);
    assert!(4 * anew.arena_len < 4 * kept.arena_len - 9 * saved / 10, "{} of {}", anew.arena_len, kept.arena_len);
    let again = |plan: &Plan| {
        let is_forward = |work: &Work| matches!(work, Work::Conv(..) | Work::ConvPool(..));
        plan.steps.iter().filter(|step| step.phase == Phase::Backward && is_forward(&step.work)).count()
    };
    assert_eq!((again(&kept), again(&anew)), (0, 1));
}

#[test]
fn layers_that_couple_images_or_draw_by_their_place_keep_all() {
    for layers in [
        "Conv(16) -> BatchNorm -> Relu -> Conv(16) -> Relu -> MaxPool -> Flatten -> Dense",
        "Dropout(0.1) -> Conv(16) -> Relu -> Conv(16) -> Relu -> MaxPool -> Flatten -> Dense",
    ] {
        let plan = plan(&graph(layers), Isa::detect(), true);
        assert!(plan.parts.apart.is_empty(), "{layers}: {:?}", plan.parts);
    }
}
