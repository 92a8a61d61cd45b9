//! What the front matter gives: typed settings, and one fault a mistake at its key or value.

use crate::base::Source;
use crate::diag::Diagnostic;
use crate::syntax::ast::{File, Literal};
use crate::syntax::parse;
use crate::syntax::settings::{
    Augment, Balance, Classes, EarlyStopping, Flip, Loss, Metric, Normalize, OnCollapse, Optimizer, Precision, Rate,
    Resize, Schedule, Validation,
};

fn read(front: &str) -> (File, Vec<Diagnostic>, Source) {
    let source = Source::new("test.net", format!("---\n{front}\n---\nConv -> Dense\n"));
    let (file, faults) = parse(&source);
    (file, faults, source)
}

fn sound(front: &str) -> File {
    let (file, faults, _) = read(front);
    assert_eq!(faults, [], "{front}");
    file
}

/// Holds the faults against "code@the text at the place".
fn assert_faults(front: &str, expected: &[&str]) {
    let (_, faults, source) = read(front);
    let found: Vec<_> = faults
        .iter()
        .map(|fault| format!("{}@{}", fault.code.id, source.slice(fault.span().unwrap_or_default())))
        .collect();
    assert_eq!(found, expected, "{front}");
}

#[test]
fn every_setting_is_read() {
    let front = sound(
        "name: leaves\ninput: 256x128x3\nclasses: [healthy, 7, true]\ndefaults:\n  Conv: { kernel: 5x5, padding: same }\n\
         data: { resize: crop, normalize: -1..1, validation: 10% }\n\
         train:\n  optimizer: { name: sgd, momentum: 0.9, nesterov: true }\n  learning_rate: 1e-2\n\
         \x20 schedule: { name: cosine, warmup: 1.5 }\n  weight_decay: 1e-4\n  epochs: 3\n  batch_size: 16\n  seed: 7\n\
         expect: { params: 1382819, output: 3 }\nlint: { allow: [P401], deny: A304 }",
    )
    .front;
    assert_eq!(front.name.map(|name| name.value), Some("leaves".to_owned()));
    assert_eq!(front.input.map(|input| input.value), Some([256, 128, 3]));
    let names = ["healthy", "7", "true"].map(str::to_owned);
    assert_eq!(front.classes.map(|classes| classes.value), Some(Classes::Names(names.into())));
    assert_eq!(front.data.resize, Resize::Crop);
    assert_eq!(front.data.normalize.value, Normalize::MinusOneToOne);
    assert_eq!(front.data.validation.map(|share| share.value), Some(Validation::Share(0.1)));
    assert_eq!(front.train.optimizer, Optimizer::Sgd { momentum: 0.9, nesterov: true });
    assert_eq!(front.train.peak_rate(), 0.01);
    assert_eq!((front.train.schedule, front.train.warmup_epochs), (Schedule::Cosine, 1.5));
    assert_eq!((front.train.weight_decay, front.train.epochs), (1e-4, 3));
    assert_eq!((front.train.batch_size, front.train.seed), (16, 7));
    assert_eq!(front.expect.params.map(|params| params.value), Some(1_382_819));
    assert_eq!(front.lint.allow[0].value, "P401");
    assert_eq!(front.lint.deny[0].value, "A304");
    let (name, kernel) = &front.defaults[0].arguments[0];
    assert_eq!((name.value.as_str(), &kernel.value), ("kernel", &Literal::Size(vec![5, 5])));
}

#[test]
fn an_empty_front_matter_is_the_defaults() {
    assert_eq!(sound("").front.train.epochs, 10);
    assert_eq!(sound("train:\n# nothing").front.train.batch_size, 32);
}

#[test]
fn a_misspelt_key_or_word_is_mended_in_place() {
    let (_, faults, source) = read("inputs: 8x8x3\ntrain: { optimizer: adem }\ndata:\n  \"resize\": sretch");
    let fixes: Vec<_> = faults.iter().map(|fault| &fault.fixes[0].edits[0]).collect();
    let fixes: Vec<_> = fixes.iter().map(|edit| (source.slice(edit.span), edit.text.as_str())).collect();
    assert_eq!(fixes, [("inputs", "input"), ("adem", "adam"), ("sretch", "stretch")]);
}

#[test]
fn values_outside_their_domain_are_marked() {
    assert_faults(
        "classes: 1\ntrain:\n  learning_rate: 0\n  epochs: 0\n  batch_size: 0 # none\n  weight_decay: -1e-4\n  \
         optimizer: { name: sgd, momentum: 1 }\ndata: { validation: 100%, normalize: {mean: [0], std: [0]} }\n\
         input: 0x8x3",
        &["N105@1", "N105@0", "N105@0", "N105@0", "N105@-1e-4", "N105@1", "N105@100%", "N105@0", "N105@0x8x3"],
    );
    assert_faults("train: { optimizer: { name: sgd, nesterov: true } }", &["N105@sgd"]);
    assert_faults("train: { learning_rate: .nan }", &["N105@.nan"]);
    assert_faults("train: { learning_rate: .inf }", &["N105@.inf"]);
}

#[test]
fn values_of_the_wrong_kind_are_marked() {
    assert_faults(
        "name: 5\ninput: 256x256\nclasses: [a, a]\ntrain: { epochs: many, optimizer: [adam] }\ndata: 3\nlint: { deny: {} }",
        &["S007@5", "S007@256x256", "S007@a", "S007@many", "S007@[adam]", "S007@3", "S007@{}"],
    );
    assert_faults("- a", &["S007@- a"]);
    assert_faults("train: { optimizer: { momentum: 0.9 } }", &["S007@{ momentum: 0.9 }"]);
    assert_faults("defaults: { Conv: { kernel: 5x } }", &["S006@5x"]);
}

#[test]
fn input_without_channels_says_how_to_write_them() {
    let (_, faults, source) = read("input: 256x256");
    assert_eq!(faults[0].fixes[0].edits[0].text, "256x256x3");
    assert_eq!(source.slice(faults[0].fixes[0].edits[0].span), "256x256");
}

#[test]
fn a_key_that_stands_twice_is_an_error_everywhere() {
    let (file, faults, source) = read("input: 8x8x3\ninput: 9x9x3\ntrain: { epochs: 3, epochs: 4 }");
    let places = faults.iter().map(|fault| (fault.code.id, source.line_column(fault.span().unwrap().start)));
    let places: Vec<_> = places.collect();
    assert_eq!(places, [("S009", (3, 1)), ("S009", (4, 21))]);
    assert_eq!(file.front.input.map(|input| input.value), Some([8, 8, 3]));
}

#[test]
fn every_setting_of_a_training_is_read() {
    let front = sound(
        "data:\n  balance: class_weights\n  augment: { flip: both, rotate: 10, shift: 10%, zoom: 0.1, crop: 5%, brightness: 20%,\n    \
         contrast: 20%, erase: 20%, mixup: 0.2, cutmix: 1 }\n\
         train:\n  loss: focal\n  label_smoothing: 10%\n  learning_rate: auto\n  schedule: { factor: 0.5, every: 3, name: step }\n  \
         clip_norm: 1\n  precision: bf16\n  ema: 0.999\n  early_stopping: { metric: val_accuracy, patience: 3 }\n  \
         on_collapse: recover\ninit_from: weights.safetensors\nfreeze: [conv1.*, conv2]",
    )
    .front;
    let shares =
        Augment { shift: 0.1, zoom: 0.1, crop: 0.05, brightness: 0.2, contrast: 0.2, erase: 0.2, ..Augment::default() };
    let augment = Augment { flip: Some(Flip::Both), rotate: 10.0, mixup: 0.2, cutmix: 1.0, ..shares };
    assert_eq!((front.data.augment, front.data.balance), (augment, Balance::ClassWeights));
    let train = &front.train;
    assert_eq!((train.loss, train.label_smoothing, train.learning_rate), (Some(Loss::Focal), 0.1, Some(Rate::Auto)));
    assert_eq!(train.schedule, Schedule::Step { every: 3.0, factor: 0.5 });
    assert_eq!((train.clip_norm, train.precision, train.ema), (Some(1.0), Precision::Bf16, Some(0.999)));
    assert_eq!(train.early_stopping, Some(EarlyStopping { metric: Metric::ValAccuracy, patience: 3 }));
    assert_eq!(train.on_collapse, Some(OnCollapse::Recover));
    assert_eq!(front.init_from.map(|path| path.value), Some("weights.safetensors".to_owned()));
    let frozen: Vec<String> = front.freeze.into_iter().map(|name| name.value).collect();
    assert_eq!(frozen, ["conv1.*", "conv2"]);
}

#[test]
fn schedules_have_their_options_and_no_others() {
    let schedule = |text: &str| sound(&format!("train: {{ schedule: {text} }}")).front.train.schedule;
    assert_eq!(schedule("one_cycle"), Schedule::OneCycle { rise: 0.3 });
    assert_eq!(schedule("{ name: one_cycle, rise: 20% }"), Schedule::OneCycle { rise: 0.2 });
    assert_eq!(schedule("{ name: plateau, patience: 2 }"), Schedule::Plateau { patience: 2, factor: 0.1 });
    assert_faults("train: { schedule: { name: cosine, every: 3 } }", &["S008@every"]);
    assert_faults("train: { schedule: { every: 3 } }", &["S007@{ every: 3 }"]);
    assert_faults("train: { schedule: { name: setp, every: 3 } }", &["S007@setp"]);
}

#[test]
fn settings_of_a_training_have_bounds() {
    assert_faults(
        "data: { balance: weights, augment: { flip: up, rotate: 200, shift: 100%, zoom: x, mixup: -1, rotat: 3 } }\n\
         train:\n  loss: crossentropy\n  label_smoothing: 1\n  learning_rate: automatic\n  clip_norm: 0\n  precision: f16\n  \
         ema: 1\n  early_stopping: 5\n  on_collapse: restart\n  schedule: { name: step, every: 0, factor: 2 }\n\
         init_from: 3\nfreeze: [1]",
        &[
            "S007@weights",
            "S007@up",
            "N105@200",
            "N105@100%",
            "S007@x",
            "N105@-1",
            "S008@rotat",
            "S007@crossentropy",
            "N105@1",
            "S007@automatic",
            "N105@0",
            "S007@f16",
            "N105@1",
            "S007@5",
            "S007@restart",
            "N105@0",
            "N105@2",
            "S007@3",
            "S007@1",
        ],
    );
}

#[test]
fn places_of_values_are_kept() {
    let file = sound("input: 8x8x3\ntrain: { epochs: 3, optimizer: { name: sgd, momentum: 0.5 } }");
    let places = &file.front.places;
    assert_eq!(places.of("train.epochs").map(|span| (span.start, span.len())), Some((34, 1)));
    assert!(places.of("optimizer.momentum").is_some() && places.of("train.batch_size").is_none());
}

#[test]
fn text_that_is_no_yaml_is_marked_where_it_was_opened_or_reading_stopped() {
    assert_faults("classes: [a, b\ninput: 8x8x3", &["S007@["]);
    assert_faults("name: \"é\ninput: 8x8x3", &["S007@\""]);
    let (_, faults, source) = read("name: é: b");
    assert_eq!(source.line_column(faults[0].span().unwrap().start), (2, 8));
    let help = read("data:\n\tresize: crop").1[0].help.clone();
    assert_eq!(help.as_deref(), Some("YAML is indented by spaces, not by tabs"));
    assert_eq!(read("a: !tag b").1[0].code.id, "S007");
}

#[test]
fn a_front_matter_that_is_never_closed_is_one_fault() {
    let source = Source::new("test.net", "---\ninput: 8x8x3\nConv -> Dense");
    let (_, faults) = parse(&source);
    let found: Vec<_> = faults.iter().map(|fault| (fault.code.id, fault.span().unwrap().start)).collect();
    assert_eq!(found, [("S007", 0)]);
}

#[test]
fn anchors_and_block_scalars_keep_the_places_of_the_rest() {
    assert_faults("name: |\n  long\n  text\ntrain:\n  epochs: &few 0\nepoch: *few", &["N105@0", "S008@epoch"]);
}
