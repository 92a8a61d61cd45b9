//! That networks learn, and that nothing but the seed decides what.

use super::*;
use crate::model::Model;
use crate::plan::Precision;
use crate::syntax::settings::{Optimizer, Schedule};

#[test]
fn coloured_squares_are_told_apart_without_fault() {
    let (data, (_keep, at)) = (squares(20), runs());
    let outcome = run(&job_with(data.path(), settings(), 1), &at("run")).unwrap();
    let (_, best) = outcome.best.unwrap();
    assert_eq!((best.correct, best.images), (6, 6), "{:?}", metrics(&at("run")));
    assert_eq!((outcome.epochs, outcome.interrupted), (4, false));
}

#[test]
fn every_optimizer_and_schedule_lowers_the_loss() {
    let (data, (_keep, at)) = (squares(20), runs());
    let optimizers = [
        Optimizer::Sgd { momentum: 0.9, nesterov: true },
        Optimizer::default(),
        Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        Optimizer::RmsProp { alpha: 0.99, epsilon: 1e-8 },
    ];
    let scheduled = TrainSettings { schedule: Schedule::Cosine, warmup_epochs: 0.5, ..settings() };
    for optimizer in optimizers {
        let settings = TrainSettings { optimizer, weight_decay: 1e-4, ..scheduled.clone() };
        let folder = at(optimizer.name());
        run(&job_with(data.path(), settings, 1), &folder).unwrap();
        let losses: Vec<f64> = metrics(&folder).iter().map(|epoch| epoch.train_loss).collect();
        assert!(losses[3] < losses[0] * 0.8, "{}: {losses:?}", optimizer.name());
    }
}

#[test]
fn the_same_seed_gives_the_same_files_on_one_thread_and_on_two() {
    let (data, (_keep, at)) = (squares(15), runs());
    for threads in [1, 2] {
        run(&job_with(data.path(), settings(), threads), &at(&threads.to_string())).unwrap();
    }
    for name in ["best.safetensors", "last.safetensors"] {
        assert_eq!(bytes(&at("1"), name), bytes(&at("2"), name), "{name}");
    }
    let losses = |name: &str| metrics(&at(name)).iter().map(|epoch| epoch.train_loss).collect::<Vec<_>>();
    assert_eq!(losses("1"), losses("2"));
}

#[test]
fn bf16_learns_too_and_its_files_are_the_same_on_one_thread_and_on_two_and_others_than_those_of_f32() {
    let (data, (_keep, at)) = (squares(20), runs());
    let bf16 = TrainSettings { precision: Precision::Bf16, ..settings() };
    for (name, settings, threads) in [("one", &bf16, 1), ("two", &bf16, 2), ("f32", &settings(), 1)] {
        let (_, best) = run(&job_with(data.path(), settings.clone(), threads), &at(name)).unwrap().best.unwrap();
        assert_eq!((best.correct, best.images), (6, 6), "{name}: {:?}", metrics(&at(name)));
    }
    for file in ["best.safetensors", "last.safetensors"] {
        assert_eq!(bytes(&at("one"), file), bytes(&at("two"), file), "{file}");
    }
    assert_ne!(bytes(&at("one"), "last.safetensors"), bytes(&at("f32"), "last.safetensors"));
}

#[test]
fn another_seed_gives_other_weights() {
    let (data, (_keep, at)) = (squares(6), runs());
    for seed in [1, 2] {
        let settings = TrainSettings { epochs: 1, seed, ..settings() };
        run(&job_with(data.path(), settings, 1), &at(&seed.to_string())).unwrap();
    }
    let weights = |name: &str| Model::load(&at(name)).unwrap().tensors;
    assert_ne!(weights("1"), weights("2"));
}

#[test]
fn a_run_folder_holds_all_that_was_resolved() {
    let (data, (_keep, at)) = (squares(10), runs());
    run(&job_with(data.path(), settings(), 1), &at("run")).unwrap();
    assert_eq!(bytes(&at("run"), "spec.net"), spec().text().as_bytes());
    let yaml = String::from_utf8(bytes(&at("run"), "run.yaml")).unwrap();
    for line in ["classes: [\"blue\",\"green\",\"red\"]", "  learning_rate: 0.02", "  train_images: 27", "  digest: \""]
    {
        assert!(yaml.contains(line), "{line} is missing in\n{yaml}");
    }
    let epochs = metrics(&at("run"));
    assert_eq!(
        epochs.iter().map(|epoch| (epoch.epoch, epoch.step)).collect::<Vec<_>>(),
        [(1, 4), (2, 8), (3, 12), (4, 16)]
    );
    assert!(
        epochs.iter().all(|epoch| epoch.val_loss.is_some() && epoch.seconds > 0.0 && epoch.images_per_second > 0.0)
    );
    let log = String::from_utf8(bytes(&at("run"), "log.txt")).unwrap();
    assert_eq!(log.lines().filter(|line| line.starts_with("epoch ")).count(), 4, "{log}");
}

#[test]
fn the_last_batch_counts_however_small_and_a_batch_larger_than_the_data_is_all_of_it() {
    let (data, (_keep, at)) = (squares(10), runs());
    // 27 images: 13, 13, 1.
    let settings = TrainSettings { batch_size: 13, epochs: 1, ..settings() };
    run(&job_with(data.path(), settings.clone(), 1), &at("small")).unwrap();
    assert_eq!(metrics(&at("small"))[0].step, 3);

    let job = job_with(data.path(), TrainSettings { batch_size: 1000, ..settings }, 1);
    let mut notices = Notices::default();
    let folder = RunFolder::plan(Some(&at("large")), &at("runs"), &job.spec).unwrap();
    train(&job, folder, &mut notices, &AtomicBool::new(false)).unwrap();
    assert_eq!(metrics(&at("large"))[0].step, 1);
    assert!(notices.0[0].contains("batch_size is 1000, but there are 27 images"), "{:?}", notices.0);
}
