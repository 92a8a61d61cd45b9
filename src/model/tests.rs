//! What model files promise.

use std::path::Path;

use super::metadata::FORMAT;
use super::*;
use crate::base::{Random, Source};
use crate::diag::code;
use crate::graph::{Bias, Builder, Graph, LayerId, Range, Shape};
use crate::kernel::Activation;
use crate::syntax::settings::Resize;

/// Two dense layers, the first under `activation`, on 8×8 grey images.
fn network(activation: Activation) -> Graph {
    let mut builder = Builder::new(Shape::map(8, 8, 1), Range::REAL);
    let x = builder.flatten(builder.input()).unwrap();
    builder.enter_layer(LayerId(0), "dense1");
    let x = builder.dense(x, 256, Bias::Learned).unwrap();
    let x = builder.map(x, activation).unwrap();
    builder.enter_layer(LayerId(1), "dense2");
    let x = builder.dense(x, 3, Bias::Learned).unwrap();
    builder.finish(x)
}

fn tensors(graph: &Graph, seed: u64) -> Vec<Tensor> {
    let tensor = |(param, data): (&crate::graph::Param, Vec<f32>)| Tensor {
        name: param.name.clone(),
        dims: param.dims.clone(),
        data,
    };
    graph.params.iter().zip(initialise(graph, seed)).map(tensor).collect()
}

fn model() -> Model {
    Model {
        spec: Source::new("leaf.net", "Flatten -> Dense(256) -> Relu -> Dense # é\n"),
        classes: ["healthy", "rust \"red\"", "scab"].map(str::to_owned).to_vec(),
        input: [8, 8, 1],
        normalization: Normalization { mean: vec![0.1 + 0.2], deviation: vec![1.0 / 3.0] },
        resize: Resize::Crop,
        tensors: tensors(&network(Activation::Relu), 1),
    }
}

fn assert_same(one: &Model, other: &Model) {
    assert_eq!((one.spec.name(), one.spec.text()), (other.spec.name(), other.spec.text()));
    assert_eq!((&one.classes, one.input, one.resize), (&other.classes, other.input, other.resize));
    assert_eq!((&one.normalization, &one.tensors), (&other.normalization, &other.tensors));
}

fn load_bytes(bytes: &[u8]) -> crate::diag::Result<Model> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, bytes).unwrap();
    Model::load(&path)
}

#[test]
fn a_model_comes_back_as_it_was_saved_from_its_file_and_from_its_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    model().save(&path).unwrap();
    assert_same(&Model::load(&path).unwrap(), &model());
    assert_same(&Model::load(folder.path()).unwrap(), &model());
}

#[test]
fn equal_models_are_equal_bytes_and_begin_with_what_other_readers_want() {
    let bytes = model().encode();
    assert_eq!(bytes, model().encode());
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["format"], "pt");
    assert_eq!(header.offset_keys()[0], "dense1.kernel");
}

#[test]
fn a_file_cut_short_anywhere_is_a_corrupt_file() {
    let bytes = model().encode();
    for keep in (0..bytes.len()).step_by(97) {
        assert_eq!(load_bytes(&bytes[..keep]).unwrap_err().code, &code::MODEL_FILE_CORRUPT, "{keep} bytes kept");
    }
}

#[test]
fn a_file_with_any_bit_flipped_is_refused() {
    let good = model().encode();
    let random = Random::named(3, "flips");
    for round in 0..400 {
        let mut bytes = good.clone();
        // Every second flip is in the header, which is the smaller part.
        let bound = if round % 2 == 0 { 1500 } else { bytes.len() as u64 };
        let at = random.below(2 * round, bound) as usize;
        bytes[at] ^= 1 << random.below(2 * round + 1, 8);
        assert!(load_bytes(&bytes).is_err(), "byte {at} flipped unnoticed");
    }
}

#[test]
fn a_file_of_another_tool_is_refused_for_its_missing_checksum() {
    let mut bytes = 2_u64.to_le_bytes().to_vec();
    bytes.extend(b"{}");
    let fault = load_bytes(&bytes).unwrap_err();
    assert_eq!(fault.code, &code::MODEL_FILE_CORRUPT);
    assert!(fault.message.contains("netc did not write it"), "{}", fault.message);
}

#[test]
fn a_file_of_a_later_version_names_that_version() {
    let mut later = Container::decode(&model().encode()).unwrap();
    later.texts.insert("netc.format".to_owned(), (FORMAT + 1).to_string());
    later.texts.insert("netc.version".to_owned(), "9.1.0".to_owned());
    let fault = load_bytes(&Container::encode(&later.texts, &later.tensors)).unwrap_err();
    assert_eq!(fault.code, &code::MODEL_TOO_NEW);
    assert!(fault.message.contains("9.1.0"), "{}", fault.message);
}

#[test]
fn a_model_that_contradicts_itself_is_refused() {
    let mut broken = model();
    broken.normalization.deviation[0] = 0.0;
    assert_eq!(load_bytes(&broken.encode()).unwrap_err().code, &code::MODEL_FILE_CORRUPT);
    let broken = Model { input: [8, 8, 3], ..model() };
    assert_eq!(load_bytes(&broken.encode()).unwrap_err().code, &code::MODEL_FILE_CORRUPT);
}

#[test]
fn weights_that_do_not_fit_are_told_by_name_and_size() {
    let graph = network(Activation::Relu);
    let mut tensors = tensors(&graph, 1);
    assert_eq!(match_weights(&graph, &tensors).unwrap().len(), 4);
    tensors[2].dims = vec![3, 256];
    tensors[3].name = "dense9.bias".to_owned();
    let fault = match_weights(&graph, &tensors).unwrap_err();
    assert_eq!(fault.code, &code::MODEL_DOES_NOT_FIT_SPEC);
    assert!(fault.message.contains("`dense2.kernel` has 3×256 in the file, and the network wants 256×3"));
    assert_eq!(fault.notes, ["`dense2.bias` is not in the file", "the network has no `dense9.bias`"]);
}

#[test]
fn a_file_that_cannot_be_put_in_place_leaves_the_old_one_and_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    // A folder that is not empty cannot be replaced by a file.
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("old"), "old").unwrap();
    let fault = write_file(&taken, b"new").unwrap_err();
    assert_eq!(fault.code, &code::WRITE_FAILED);
    assert_eq!(std::fs::read(taken.join("old")).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the temporary file is still there");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named_with_the_reason() {
    let fault = write_file(Path::new("/dev/null/x/model.safetensors"), b"new").unwrap_err();
    assert_eq!(fault.code, &code::WRITE_FAILED);
    assert!(fault.help.is_some());
}

#[cfg(unix)]
#[test]
fn a_written_file_can_be_read_by_whom_an_ordinary_file_can() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let [ours, ordinary] = ["ours", "ordinary"].map(|name| folder.path().join(name));
    write_file(&ours, b"x").unwrap();
    std::fs::write(&ordinary, b"x").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&ordinary));
    std::fs::set_permissions(&ours, PermissionsExt::from_mode(0o640)).unwrap();
    write_file(&ours, b"y").unwrap();
    assert_eq!(mode(&ours) & 0o777, 0o640, "a file that is replaced keeps its permissions");
}

fn moments(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance)
}

#[test]
fn weights_before_a_rectifier_are_drawn_after_he_and_others_after_glorot() {
    let relu = initialise(&network(Activation::Relu), 5);
    let (mean, variance) = moments(&relu[0]);
    assert!(mean.abs() < 0.01 && (variance * 32.0 - 1.0).abs() < 0.05, "He: {mean} {variance}");

    let tanh = initialise(&network(Activation::Tanh), 5);
    let limit = (6.0_f32 / 320.0).sqrt();
    assert!(tanh[0].iter().all(|weight| weight.abs() <= limit));
    let (mean, variance) = moments(&tanh[0]);
    assert!(mean.abs() < 0.01 && (variance * 160.0 - 1.0).abs() < 0.05, "Glorot: {mean} {variance}");

    let limit = (6.0_f32 / 259.0).sqrt();
    assert!(relu[2].iter().all(|weight| weight.abs() <= limit), "the last layer has no activation behind it");
    assert_eq!(relu[1], [0.0; 256]);
}

#[test]
fn the_same_seed_draws_the_same_weights_and_another_seed_others() {
    let graph = network(Activation::Relu);
    assert_eq!(initialise(&graph, 1), initialise(&graph, 1));
    assert_ne!(initialise(&graph, 1), initialise(&graph, 2));
}
