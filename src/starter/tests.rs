use super::*;
use crate::base::Source;
use crate::check::{Facts, ImageCounts, check};
use crate::diag::Severity;
use crate::syntax::parse;

fn net_of(known: &Known) -> crate::check::Net {
    checked_with(known, None)
}

/// The starter's network, of which `check` says nothing beyond notes, with so many images where they are counted.
fn checked_with(known: &Known, images: Option<ImageCounts>) -> crate::check::Net {
    let text = starter(known);
    let source = Source::new("spec.net", text.as_str());
    let (file, faults) = parse(&source);
    assert!(faults.is_empty(), "{text}\n{faults:#?}");
    let facts = Facts { input: known.input, classes: known.classes.clone(), images };
    let checked = check(&source, &file, &facts);
    let wrong: Vec<_> = checked.diagnostics.iter().filter(|fault| fault.severity != Severity::Note).collect();
    assert!(wrong.is_empty(), "{text}\n{wrong:#?}");
    checked.net.expect("a network without faults")
}

fn known(input: [usize; 3], classes: usize, images: usize) -> Known {
    let classes = (0..classes).map(|at| format!("class {at}")).collect();
    Known { input: Some(input), classes: Some(classes), images: Some(images), has_validation: false }
}

#[test]
fn every_starter_checks_without_an_error_or_a_warning() {
    net_of(&Known::default());
    for (h, w) in [
        (1, 1),
        (3, 3),
        (4, 9),
        (8, 8),
        (28, 28),
        (32, 32),
        (33, 47),
        (100, 64),
        (224, 224),
        (511, 640),
        (512, 300),
        (4000, 31),
    ] {
        for channels in [1, 3] {
            for (classes, images) in [(2, 4), (3, 400), (10, 1600), (21, 13_000), (1000, 1_200_000)] {
                net_of(&known([h, w, channels], classes, images));
            }
        }
    }
}

#[test]
fn the_starter_suits_the_number_of_images() {
    for (side, classes, images) in [(8, 10, 1617), (28, 10, 6000), (32, 3, 13_000), (96, 3, 3448), (256, 5, 900)] {
        let known = known([side, side, 3], classes, images);
        checked_with(&known, Some(ImageCounts { train: images, validation: images / 9 }));
    }
}

#[test]
fn few_images_get_fewer_weights_than_many() {
    let params = |images| net_of(&known([64, 64, 3], 3, images)).graph.trained_params();
    assert!(params(100) < params(1000) && params(1000) < params(10_000));
}

#[test]
fn images_of_different_size_get_maps_of_about_the_same() {
    for side in [16, 28, 32, 64, 128, 256, 1000] {
        let net = net_of(&known([side, side, 3], 3, 1000));
        let pooled = net.layers.iter().rev().find(|layer| layer.kind == "MaxPool").expect("a pool");
        assert!((4..=7).contains(&pooled.shape_out.dims()[0]), "{side} {}", pooled.shape_out);
    }
}

#[test]
fn names_of_classes_are_read_back_as_they_are() {
    let names = ["0", "no", "a: b", "\"q\"", "back\\slash", "Größe", "x y", "- z", "tab\there", "1e3", "~"];
    let classes: Vec<String> = names.map(str::to_owned).to_vec();
    let net = net_of(&Known { classes: Some(classes.clone()), ..known([32, 32, 3], 2, 1000) });
    assert_eq!(net.class_names, Some(classes));
}

#[test]
fn every_setting_and_layer_has_its_reason() {
    let text = starter(&known([256, 256, 3], 3, 3651));
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        let stands_alone = ["---", "data:", "train:", "learning_rate: 1e-3"].contains(&line) || line.starts_with('#');
        assert!(stands_alone || lines[at - 1].trim().starts_with('#'), "without a reason: {line}\n{text}");
    }
    insta::assert_snapshot!(text);
}
