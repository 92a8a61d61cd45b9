//! What a saved model answers is what it answered in training.

use std::ops::ControlFlow;

use super::*;
use crate::diag::code;
use crate::model::Model;
use crate::plan::Precision;

fn trained(data: &Path, out: &Path) -> (Model, Predictor) {
    run(&job_with(data, settings(), 1), out).unwrap();
    let model = Model::load(out).unwrap();
    let predictor =
        Predictor::of_model(&model, &network(3), Precision::F32, 7, &Machine::new(2, Isa::detect())).unwrap();
    (model, predictor)
}

#[test]
fn a_saved_model_scores_other_images_by_the_names_of_their_classes() {
    let (data, (_keep, at)) = (squares(20), runs());
    let (model, mut predictor) = trained(data.path(), &at("run"));
    // Without its first class, a folder numbers the others anew.
    std::fs::remove_dir_all(data.path().join("blue")).unwrap();
    let (images, _) = evaluation_images(data.path(), &model, OnBadImage::Stop, &|_, _| {}).unwrap();
    let evaluation = evaluate(&mut predictor, &model, &images, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!(evaluation.confusion, [[0, 0, 0], [0, 20, 0], [0, 0, 20]]);
    assert_eq!(evaluation.accuracy, 1.0);
    assert_eq!(evaluation.per_class[0].support, 0);
}

#[test]
fn a_class_that_the_model_does_not_know_is_named() {
    let (data, (_keep, at)) = (squares(8), runs());
    let (model, _) = trained(data.path(), &at("run"));
    std::fs::rename(data.path().join("green"), data.path().join("greem")).unwrap();
    let fault = evaluation_images(data.path(), &model, OnBadImage::Stop, &|_, _| {}).unwrap_err();
    assert_eq!(fault.code, &code::CLASSES_DIFFER_FROM_SPEC);
}

#[test]
fn files_are_predicted_in_order_and_one_that_is_no_image_is_an_answer_too() {
    let (data, (_keep, at)) = (squares(20), runs());
    let (model, mut predictor) = trained(data.path(), &at("run"));
    std::fs::write(data.path().join("notes.txt"), "no image").unwrap();
    let files: Vec<PathBuf> = (0..30)
        .map(|at| {
            data.path().join(if at == 8 { "notes.txt".to_owned() } else { format!("{}/000.bmp", CLASSES[at % 3]) })
        })
        .collect();
    let predictions = predict(&mut predictor, &model, &files, &mut |_, _| {});
    assert_eq!(predictions.len(), 30);
    for (at, prediction) in predictions.iter().enumerate() {
        match prediction {
            Prediction::Class { class, confidence, probabilities, .. } => {
                assert_eq!(class, CLASSES[at % 3]);
                assert!((probabilities.iter().map(|pair| pair.1).sum::<f32>() - 1.0).abs() < 1e-5);
                assert!(*confidence > 1.0 / 3.0);
            }
            Prediction::Unreadable { file, .. } => assert!(at == 8 && file.ends_with("notes.txt")),
        }
    }
    let json = serde_json::to_value(&predictions[7..9]).unwrap();
    assert_eq!(json[0]["class"], "green");
    assert!(json[0]["probabilities"]["green"].as_f64().unwrap() > 0.5);
    assert!(json[1]["error"].is_string() && json[1]["class"].is_null());
}

#[test]
fn one_unit_gives_the_probabilities_of_two_classes() {
    let (_data, (_keep, _)) = (squares(1), runs());
    let graph = network(1);
    let tensors = graph
        .params
        .iter()
        .zip(crate::model::initialise(&graph, 1))
        .map(|(param, data)| crate::model::Tensor { name: param.name.clone(), dims: param.dims.clone(), data })
        .collect();
    let classes = vec!["no".to_owned(), "yes".to_owned()];
    let normalization = crate::model::Normalization { mean: vec![128.0; 3], deviation: vec![64.0; 3] };
    let resize = crate::syntax::settings::Resize::Stretch;
    let model = Model { spec: spec(), classes, input: [8, 8, 3], normalization, resize, tensors };
    let mut predictor =
        Predictor::of_model(&model, &graph, Precision::F32, 4, &Machine::new(1, Isa::Portable)).unwrap();
    let file = _data.path().join("red/000.bmp");
    let predictions = predict(&mut predictor, &model, &[file], &mut |_, _| {});
    let Prediction::Class { class, confidence, probabilities, .. } = &predictions[0] else { panic!("{predictions:?}") };
    assert_eq!(probabilities[0].1 + probabilities[1].1, 1.0);
    assert_eq!((class == "yes", *confidence), (probabilities[1].1 > 0.5, probabilities[0].1.max(probabilities[1].1)));
}
