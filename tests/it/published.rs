//! The nets of `specs/` that papers and tutorials are known by: their published numbers, and that they run.

use std::path::Path;

use netc::base::Source;
use netc::check::{Checked, Facts, Net, check};
use netc::diag::Severity;
use netc::exec::{Rate, Session};
use netc::graph::{Inference, Role, Shape, Training};
use netc::kernel::Isa;
use netc::model::initialise;
use netc::plan::{Optimizer, Options, Plan};
use netc::syntax::parse;

/// What is published of a net: its name; trained parameters; multiply-accumulates for one image; side and channels of the
/// last map of each size on the way; notes that the published sizes lead to.
type Published = (&'static str, u64, u64, &'static [(usize, usize)], &'static [&'static str]);

/// As torchvision 0.29 and Keras 3 have them; the operations of LeNet-5 and of the two examples of Keras are the sums over
/// their layers by hand.
#[rustfmt::skip]
const PUBLISHED: &[Published] = &[
    ("alexnet", 61_100_840, 714_188_480,
        &[(55, 64), (27, 192), (13, 256), (6, 256)], &[]),
    ("convnext-tiny", 28_589_128, 4_455_531_264,
        &[(56, 96), (28, 192), (14, 384), (7, 768)], &[]),
    ("densenet-121", 7_978_856, 2_834_161_664,
        &[(112, 64), (56, 128), (28, 256), (14, 512), (7, 1024)], &[]),
    ("efficientnet-b0", 5_288_548, 385_814_752,
        &[(112, 96), (56, 144), (28, 240), (14, 672), (7, 1280)], &[]),
    ("googlenet", 6_624_904, 1_498_376_192,
        &[(112, 64), (56, 192), (28, 480), (14, 832), (7, 1024)], &[]),
    ("inception-v3", 23_834_568, 5_713_216_096,
        &[(149, 32), (147, 64), (73, 80), (71, 192), (35, 288), (17, 384), (35, 96), (17, 192), (8, 320), (17, 192), (8, 2048)], &[]),
    ("keras-cifar-10", 1_250_858, 20_741_120,
        &[(32, 32), (30, 32), (15, 64), (13, 64), (6, 64)], &["T211", "P401"]),
    ("keras-mnist", 34_826, 2_440_960,
        &[(26, 32), (13, 32), (11, 64), (5, 64)], &["T211"]),
    ("lenet-5", 61_706, 416_520,
        &[(28, 6), (14, 6), (10, 16), (5, 16)], &[]),
    ("mobilenet-v1", 4_231_976, 568_740_352,
        &[(112, 64), (56, 128), (28, 256), (14, 512), (7, 1024)], &[]),
    ("mobilenet-v2", 3_504_872, 300_774_272,
        &[(112, 96), (56, 144), (28, 192), (14, 576), (7, 1280)], &[]),
    ("mobilenet-v3-large", 5_483_032, 216_589_760,
        &[(112, 64), (56, 72), (28, 240), (14, 672), (7, 960)], &[]),
    ("resnet-152", 60_192_808, 11_513_626_624,
        &[(112, 64), (56, 128), (28, 256), (14, 512), (7, 2048)], &[]),
    ("resnet-18", 11_689_512, 1_814_073_344,
        &[(112, 64), (56, 64), (28, 128), (14, 256), (7, 512)], &[]),
    ("resnet-50", 25_557_032, 4_089_184_256,
        &[(112, 64), (56, 128), (28, 256), (14, 512), (7, 2048)], &[]),
    ("resnext-50", 25_028_904, 4_230_479_872,
        &[(112, 64), (56, 256), (28, 512), (14, 1024), (7, 2048)], &[]),
    ("squeezenet-1.0", 1_248_424, 818_924_576,
        &[(109, 96), (54, 256), (27, 512), (13, 1000)], &["T211"]),
    ("vgg-16", 138_357_544, 15_470_264_320,
        &[(224, 64), (112, 128), (56, 256), (28, 512), (14, 512), (7, 512)], &[]),
    ("xception", 22_855_952, 8_357_403_496,
        &[(149, 32), (147, 128), (74, 256), (37, 728), (19, 1024), (10, 2048)], &[]),
];

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(format!("{name}.net"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The spec on another input, or on none that is declared, and without what it expects of its own.
pub fn with_input(name: &str, input: Option<&str>) -> String {
    let line = |line: &str| match line.split(':').next() {
        Some("expect") => None,
        Some("input") => input.map(|input| format!("input: {input}\n")),
        _ => Some(format!("{line}\n")),
    };
    text(name).lines().filter_map(line).collect()
}

pub fn checked(name: &str, text: String) -> Checked {
    let source = Source::new(name, text);
    let (file, faults) = parse(&source);
    assert!(faults.is_empty(), "{name}: {faults:#?}");
    check(&source, &file, &Facts::default())
}

/// The network of a spec that may have notes, but no error and no warning.
fn good(name: &str, text: String) -> (Net, Vec<&'static str>) {
    let Checked { net, diagnostics } = checked(name, text);
    assert!(diagnostics.iter().all(|found| found.severity == Severity::Note), "{name}: {diagnostics:#?}");
    (net.unwrap_or_else(|| panic!("{name} is no network")), diagnostics.iter().map(|found| found.code.id).collect())
}

/// Side and channels of the last map of each size that the network's main path has, one after another.
fn stages(net: &Net) -> Vec<(usize, usize)> {
    let mut stages: Vec<(usize, usize)> = Vec::new();
    for layer in &net.layers {
        let Shape::Map { h, c, .. } = layer.shape_out else { continue };
        match stages.last_mut() {
            Some(last) if last.0 == h => last.1 = c,
            _ => stages.push((h, c)),
        }
    }
    stages
}

#[test]
fn the_nets_have_their_published_parameters_operations_and_sizes() {
    for &(name, params, macs, sizes, expected) in PUBLISHED {
        let (net, notes) = good(name, text(name));
        assert_eq!(net.graph.trained_params(), params, "parameters of {name}");
        assert_eq!(net.layers.iter().map(|layer| layer.macs).sum::<u64>(), macs, "operations of {name}");
        assert_eq!(stages(&net), sizes, "sizes of {name}");
        assert_eq!(notes, expected, "{name}");
    }
}

#[test]
fn every_published_net_holds_its_own_parameters_and_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|extension| extension != "net") {
            continue;
        }
        let (net, _) = good(name, text(name));
        let ours = name == "digits" || name.starts_with("origin");
        assert_eq!(PUBLISHED.iter().any(|published| published.0 == name), !ours, "{name}");
        assert!(name == "digits" || net.front.expect.params.is_some(), "{name} holds no number of parameters");
        assert_eq!(net.front.name.as_ref().map(|name| name.value.as_str()), Some(name));
    }
}

#[test]
fn without_an_input_every_net_is_good_and_says_the_smallest() {
    for &(name, ..) in PUBLISHED {
        let (net, notes) = good(name, with_input(name, None));
        let smallest = net.input_assumed.unwrap_or_else(|| panic!("{name} does not say its smallest input"));
        assert!(notes.is_empty(), "{name}: a size that is assumed leads to no note");
        let sized = |side: usize| with_input(name, Some(&format!("{side}x{side}x3")));
        good_or_cramped(name, sized(smallest));
        if smallest > 1 {
            let found = checked(name, sized(smallest - 1)).diagnostics;
            assert!(found.iter().any(|fault| fault.code.id == "T201"), "{name} takes less than {smallest}: {found:#?}");
        }
    }
}

/// A network without an error; on its smallest input windows may drop pixels, cover their map or meet padding alone.
fn good_or_cramped(name: &str, text: String) {
    let Checked { net, diagnostics } = checked(name, text);
    let cramped = ["T211", "P403", "P404"];
    assert!(diagnostics.iter().all(|found| cramped.contains(&found.code.id)), "{name}: {diagnostics:#?}");
    assert!(net.is_some(), "{name}");
}

#[test]
fn every_net_is_planned_for_training_and_for_prediction() {
    for &(name, ..) in PUBLISHED {
        let (net, _) = good(name, text(name));
        let options = Options::plain(1, Isa::Portable);
        let training = Training::of(&net.graph);
        training.graph.verify();
        let plan = Plan::training(&training, Optimizer::default(), options.clone());
        assert!(plan.peak_bytes(1) > 4 * 3 * net.graph.trained_params(), "{name}: weights and two moments");
        let inference = Inference::of(&net.graph);
        inference.graph.verify();
        let plan = Plan::inference(&inference, options);
        assert!(plan.peak_bytes(1) > 4 * net.graph.trained_params(), "{name}");
    }
}

/// The nets that are small enough to be trained for a step here, and on which input.
const TRAINED: &[(&str, &str)] = &[
    ("convnext-tiny", "32x32x3"),
    ("densenet-121", "32x32x3"),
    ("efficientnet-b0", "32x32x3"),
    ("googlenet", "32x32x3"),
    ("keras-cifar-10", "32x32x3"),
    ("keras-mnist", "28x28x1"),
    ("lenet-5", "28x28x1"),
    ("mobilenet-v1", "32x32x3"),
    ("mobilenet-v2", "32x32x3"),
    ("mobilenet-v3-large", "32x32x3"),
    ("resnet-18", "32x32x3"),
    ("squeezenet-1.0", "33x33x3"),
];

#[test]
fn a_training_step_on_noise_changes_every_kernel() {
    for &(name, input) in TRAINED {
        let net = checked(name, with_input(name, Some(input))).net.unwrap_or_else(|| panic!("{name} on {input}"));
        step_on_noise(name, &net);
    }
}

fn step_on_noise(name: &str, net: &Net) {
    const IMAGES: usize = 2;
    let training = Training::of(&net.graph);
    let plan = Plan::training(&training, Optimizer::default(), Options::plain(IMAGES, Isa::detect()));
    let mut session = Session::new(plan, 2).expect("two threads");
    let weights = initialise(&net.graph, 1);
    let slots = session.plan().params.clone();
    for (slot, weights) in slots.iter().zip(&weights) {
        session.tensor_mut(slot).copy_from_slice(weights);
    }
    let random = netc::base::Random::named(3, "noise");
    session.images_mut(IMAGES).iter_mut().zip(0..).for_each(|(place, at)| *place = random.normal(at));
    session.labels_mut(IMAGES).copy_from_slice(&[0, 1]);
    session.run(IMAGES, &Rate { learning_rate: 1e-3, ..Rate::default() });
    let losses = session.losses(IMAGES);
    assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0), "{name}: {losses}");
    for (slot, before) in slots.iter().zip(&weights) {
        let after = session.tensor(slot);
        assert!(after.iter().all(|weight| weight.is_finite()), "{name}: {}", slot.name);
        // A shift has no gradient where the next normalisation takes it away again.
        let stays = after.iter().zip(before).all(|(after, before)| after == before);
        assert!(!stays || slot.role != Role::Kernel, "{name}: {} stays", slot.name);
    }
}
