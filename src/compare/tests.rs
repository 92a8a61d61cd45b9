use proptest::prelude::*;

use super::*;
use crate::base::Source;
use crate::check::{Facts, check};
use crate::syntax::parse;

const FRONT: &str = "---\ninput: 32x32x3\nclasses: 3\n---\n";

fn net(text: &str) -> Net {
    let text = if text.starts_with("---") { text.to_owned() } else { format!("{FRONT}{text}") };
    let source = Source::new("test.net", text);
    let (file, faults) = parse(&source);
    assert!(faults.is_empty(), "{faults:#?}");
    let checked = check(&source, &file, &Facts::default());
    checked.net.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}

/// What differs, a word and the layers each: `- Conv(32, 3x3)`.
fn differences(one: &str, other: &str) -> Vec<String> {
    let nets = [net(one), net(other)];
    let nets = [&nets[0], &nets[1]];
    let comparison = compare(nets[0], nets[1]);
    let total = nets[1].graph.trained_params() as i64 - nets[0].graph.trained_params() as i64;
    assert_eq!(comparison.params(nets), total, "every parameter belongs to one entry");
    let told = |entry: &Entry| match entry {
        Entry::Same(_) => None,
        Entry::Changed(change) => {
            let [one, other] = [0, 1].map(|side| nets[side].layers[change.layers[0][side]].text());
            Some(format!("~ {one} {other} x{}", change.layers.len()))
        }
        Entry::Only(only) => {
            Some(format!("{} {} x{} {:?}", only.side.of(['-', '+']), only.chain, only.layers.len(), kind(only.place)))
        }
    };
    comparison.layers.iter().filter_map(told).collect()
}

fn kind(place: Place) -> [u64; 2] {
    match place {
        Place::Layers => [0, 0],
        Place::Runs { first, last, .. } => [first, last],
        Place::Block(_) => [100, 100],
        Place::Branch(at) => [200, at as u64],
    }
}

#[test]
fn a_missing_run_is_the_last_one_though_the_layers_before_it_are_the_same() {
    let net = |runs: u32| {
        format!(
            "[Conv(8, padding: same) -> Relu -> MaxPool] * {runs} -> GlobalAvgPool -> Dense(16) -> Relu -> Dense(3) -> Softmax"
        )
    };
    let found = differences(&net(3), &net(2));
    assert_eq!(found, ["- Conv(8, 3x3, padding: same) -> Relu -> MaxPool(2x2) x1 [3, 3]"]);
    let found = differences(&net(1), &net(4));
    assert_eq!(found, ["+ [Conv(8, 3x3, padding: same) -> Relu -> MaxPool(2x2)] * 3 x1 [2, 4]"]);
}

#[test]
fn a_layer_goes_with_its_activation() {
    let found = differences(
        "Flatten -> Dense(128) -> Relu -> Dense(64) -> Relu -> Dense(3) -> Softmax",
        "Flatten -> Dense(128) -> Relu -> Dense(3) -> Softmax",
    );
    assert_eq!(found, ["- Dense(64) -> Relu x1 [0, 0]", "~ Dense(3) Dense(3) x1"]);
}

#[test]
fn what_is_written_in_another_way_is_equivalent() {
    let pairs = [
        (
            "Conv(8) -> Relu -> Flatten -> Dense -> Softmax",
            "Conv(8, activation: relu) -> Flatten -> Dense(3, activation: softmax)",
        ),
        (
            "[Conv(8) -> Relu] * 2 -> Flatten -> Dense -> Softmax",
            "Conv(8) -> Relu -> Conv(8) -> Relu -> Flatten -> Dense -> Softmax",
        ),
        (
            "let block(f) = Conv(f) -> Relu\nblock(8) -> block(4) -> Flatten -> Dense -> Softmax",
            "[Conv([8, 4]) -> Relu] * 2 -> Identity -> Flatten -> Dense -> Softmax",
        ),
        (
            "Residual[Conv(3, padding: same)] -> Flatten -> Dense -> Softmax",
            "Add[Identity | Conv(3, padding: same)] -> Flatten -> Dense -> Softmax",
        ),
    ];
    for (one, other) in pairs {
        assert_eq!(differences(one, other), [""; 0], "{one}\n{other}");
        assert!(compare(&net(one), &net(other)).is_equivalent());
    }
}

#[test]
fn the_order_of_branches_counts_for_concat_only() {
    let join = |name: &str, branches: &str| format!("{name}[{branches}] -> Flatten -> Dense -> Softmax");
    let [one, other] = ["Conv(3, 1x1) | AvgPool(3, 1, same)", "AvgPool(3, 1, same) | Conv(3, 1x1)"];
    assert_eq!(differences(&join("Add", one), &join("Add", other)), [""; 0]);
    assert_eq!(differences(&join("Concat", one), &join("Concat", other)).len(), 2);
}

#[test]
fn branches_are_compared_inside_the_layer_that_joins_them() {
    let found = differences(
        "Concat[Conv(8, 1x1) -> Relu | MaxPool(3, 1, same)] -> Flatten -> Dense -> Softmax",
        "Concat[Conv(8, 1x1) -> BatchNorm -> Relu | MaxPool(3, 1, same) | Conv(4, 1x1)] -> Flatten -> Dense -> Softmax",
    );
    assert_eq!(
        found,
        ["+ BatchNorm x1 [0, 0]", "+ Conv(4, 1x1) x1 [200, 3]", "~ Dense(3) Dense(3) x1"],
        "a layer in a branch, a branch, and what reads more channels by that"
    );
}

#[test]
fn the_same_change_in_every_run_and_every_use_is_told_once() {
    let net = |layer: &str| {
        format!(
            "let block = {layer} -> Relu\n[Conv(4, 3x3, padding: same) -> Relu] * 3 -> block -> block -> Flatten -> Dense -> Softmax"
        )
    };
    let found = differences(&net("Conv(4, 1x1)"), &net("Conv(4, 3x3, padding: same)"));
    assert_eq!(found, ["~ Conv(4, 1x1) Conv(4, 3x3, padding: same) x2"]);
}

#[test]
fn the_same_kind_with_other_arguments_is_a_change() {
    let found = differences(
        "Conv(8) -> Relu -> MaxPool -> Flatten -> Dense -> Softmax",
        "Conv(8, 5x5) -> Gelu -> MaxPool(3) -> Flatten -> Dense -> Softmax",
    );
    assert_eq!(found[..3], ["~ Conv(8, 3x3) Conv(8, 5x5) x1", "~ Relu Gelu x1", "~ MaxPool(2x2) MaxPool(3x3) x1"]);
}

#[test]
fn a_default_that_is_written_out_is_no_difference() {
    let with = |front: &str| format!("---\ninput: 32x32x3\nclasses: 3\n{front}\n---\nFlatten -> Dense -> Softmax");
    let written = with(
        "data: { resize: stretch }\ntrain: { optimizer: { name: adam, beta1: 0.9 }, learning_rate: 1e-3, epochs: 10 }",
    );
    assert!(compare(&net(&with("name: a")), &net(&written)).is_equivalent());
    let other = with("train: { optimizer: sgd, epochs: 12 }");
    let found = compare(&net(&with("name: a")), &net(&other)).settings;
    let keys: Vec<&str> = found.iter().map(|setting| setting.key).collect();
    assert_eq!(keys, ["train.optimizer", "train.learning_rate", "train.epochs"], "{found:?}");
}

#[test]
fn values_are_written_as_a_spec_writes_them() {
    let with =
        |front: &str| net(&format!("---\ninput: 32x32x3\nclasses: 3\n{front}\n---\nFlatten -> Dense -> Softmax"));
    let front = "data: { balance: class_weights, augment: { flip: both, rotate: 10 } }\n\
                 train: { optimizer: { name: sgd, momentum: 0.9 }, schedule: one_cycle, early_stopping: { metric: val_accuracy } }";
    let settings = compare(&with("name: a"), &with(front)).settings;
    let told: Vec<String> = settings.iter().map(|setting| format!("{} {}", setting.key, setting.values[1])).collect();
    assert_eq!(
        told,
        [
            "data.balance class_weights",
            "data.augment.flip both",
            "data.augment.rotate 10",
            "train.optimizer sgd { momentum: 0.9, nesterov: false }",
            "train.learning_rate 1e-2",
            "train.schedule one_cycle { rise: 0.3 }",
            "train.early_stopping { metric: val_accuracy, patience: 5 }",
        ]
    );
}

/// A network of a few layers that all keep the map's size.
fn any_network() -> impl Strategy<Value = String> {
    let layer = prop_oneof![
        (1..4_usize).prop_map(|filters| format!("Conv({filters}, padding: same)")),
        (1..3_usize).prop_map(|filters| format!("Conv({filters}, 1x1, activation: relu)")),
        Just("BatchNorm -> Relu".to_owned()),
        Just("Gelu".to_owned()),
        Just("Identity".to_owned()),
    ];
    let chain = prop::collection::vec(layer, 1..6).prop_map(|layers| layers.join(" -> "));
    let stage = (chain.clone(), chain, 1..4_usize, 0..3_u8).prop_map(|(one, other, count, kind)| match kind {
        0 => format!("[{one}] * {count}"),
        1 => format!("Concat[{one} | {other}]"),
        _ => format!("[Concat[{one} | Identity]] * {count}"),
    });
    prop::collection::vec(stage, 1..4)
        .prop_map(|stages| format!("{} -> GlobalAvgPool -> Dense -> Softmax", stages.join(" -> ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_layer_and_every_parameter_is_in_one_entry(one in any_network(), other in any_network()) {
        let nets = [net(&one), net(&other)];
        prop_assert!(compare(&nets[0], &net(&one)).is_equivalent());
        let nets = [&nets[0], &nets[1]];
        let comparison = compare(nets[0], nets[1]);
        let total = nets[1].graph.trained_params() as i64 - nets[0].graph.trained_params() as i64;
        prop_assert_eq!(comparison.params(nets), total);
        prop_assert_eq!(compare(nets[1], nets[0]).params([nets[1], nets[0]]), -total);
        for side in [Side::First, Side::Second] {
            let mut layers: Vec<usize> = comparison.layers.iter().flat_map(|entry| layers_of(entry, side)).collect();
            layers.sort_unstable();
            let all = side.of(nets).layers.iter().enumerate().filter(|(_, layer)| layer.kind != "Identity");
            prop_assert_eq!(layers, all.map(|(at, _)| at).collect::<Vec<_>>(), "{}\n{}", one, other);
        }
    }
}

/// The layers of one network in an entry.
fn layers_of(entry: &Entry, side: Side) -> Vec<usize> {
    match entry {
        Entry::Same(pairs) | Entry::Changed(Change { layers: pairs, .. }) => {
            pairs.iter().map(|pair| side.of(*pair)).collect()
        }
        Entry::Only(only) if only.side == side => only.layers.concat(),
        Entry::Only(_) => Vec::new(),
    }
}
