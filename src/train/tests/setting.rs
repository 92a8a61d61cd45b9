//! Every setting of a training does what it says, and a resumed run knows of it.

use super::*;
use crate::diag::code;
use crate::plan::Precision;
use crate::syntax::settings::{Balance, EarlyStopping, Loss, Metric, OnCollapse, Optimizer, Schedule};

/// Twelve squares a class but the last, which has three.
fn uneven() -> tempfile::TempDir {
    let folder = squares(12);
    for number in 3..12 {
        std::fs::remove_file(folder.path().join("red").join(format!("{number:03}.bmp"))).unwrap();
    }
    folder
}

fn balanced(data: &Path, balance: Balance) -> Job {
    Job { balance, ..job_with(data, settings(), 1) }
}

fn tensor(model: &Path, name: &str) -> Vec<f32> {
    let model = crate::model::Model::load(model).unwrap();
    model.tensors.into_iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no {name}")).data
}

#[test]
fn every_loss_learns() {
    let (data, (_keep, at)) = (squares(20), runs());
    for (name, loss, label_smoothing) in
        [("focal", Some(Loss::Focal), 0.0), ("mse", Some(Loss::Mse), 0.0), ("smooth", None, 0.1)]
    {
        let settings = TrainSettings { loss, label_smoothing, ..settings() };
        let outcome = run(&job_with(data.path(), settings, 1), &at(name)).unwrap();
        assert_eq!(outcome.best.unwrap().1.accuracy(), 1.0, "{name}");
    }
    // Smoothing keeps the training loss above the entropy of its target; the validation loss is plain, and is not held.
    let last = metrics(&at("smooth")).pop().unwrap();
    let (hit, miss) = (0.9 + 0.1 / 3.0, 0.1 / 3.0_f64);
    let floor = -(f64::ln(hit) * hit + 2.0 * miss * f64::ln(miss));
    assert!(last.train_loss > floor, "{} is below {floor}", last.train_loss);
    assert!(last.val_loss.unwrap() < floor, "{:?} is not below {floor}", last.val_loss);
}

#[test]
fn weights_of_classes_change_what_is_learnt_and_not_what_is_validated() {
    let (data, (_keep, at)) = (uneven(), runs());
    let [plain, weighted] = [Balance::None, Balance::ClassWeights].map(|balance| {
        let job = balanced(data.path(), balance);
        run(&job, &at(balance.name())).unwrap();
        (job, metrics(&at(balance.name())))
    });
    assert_ne!(bytes(&at("none"), "last.safetensors"), bytes(&at("class_weights"), "last.safetensors"));
    assert_eq!(plain.0.steps_per_epoch(), weighted.0.steps_per_epoch());
    let model = crate::model::Model::load(&at("class_weights")).unwrap();
    let mut predictor = Predictor::of_model(&model, &network(3), Precision::F32, 8, &weighted.0.machine).unwrap();
    let Job { validation, normalizer, .. } = &weighted.0;
    let mut tally = Tally::default();
    let each = |logits: &[f32], label: usize| {
        tally.add(metric::cross_entropy(logits, label), metric::class_of(logits) == label);
    };
    let flow = predictor
        .run_over(validation.as_ref().unwrap(), normalizer, each, &mut |_, _| std::ops::ControlFlow::Continue(()));
    assert!(flow.unwrap().is_continue());
    let best = weighted.1.iter().filter_map(|epoch| epoch.val_loss).any(|loss| loss == tally.mean_loss());
    assert!(best, "{} is no epoch's validation loss", tally.mean_loss());
}

#[test]
fn an_oversampled_epoch_shows_small_classes_as_often_as_large_ones() {
    let (data, (_keep, at)) = (uneven(), runs());
    let job = balanced(data.path(), Balance::Oversample);
    let largest = (0..3).map(|class| job.train.samples().iter().filter(|sample| sample.class == class).count()).max();
    assert_eq!(job.images_per_epoch(), 3 * largest.unwrap());
    assert!(job.images_per_epoch() > job.train.len());
    run(&job, &at("run")).unwrap();
    assert_eq!(metrics(&at("run"))[0].step as usize, job.images_per_epoch().div_ceil(8));
    let out = at("pieces");
    let outcome = stop_after(2, &job, RunFolder::plan(Some(&out), &out, &job.spec).unwrap()).unwrap();
    assert!(outcome.interrupted);
    resume(&job, &out, &mut Silent).unwrap();
    assert_eq!(bytes(&out, "last.safetensors"), bytes(&at("run"), "last.safetensors"));
}

#[test]
fn whatever_the_settings_an_interrupted_run_ends_in_the_same_bytes_on_any_threads() {
    let (data, (_keep, at)) = (squares(12), runs());
    let all = TrainSettings {
        loss: Some(Loss::Focal),
        label_smoothing: 0.05,
        optimizer: Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        weight_decay: 0.01,
        // No epoch of these few is better than a first one at random: the rate drops.
        schedule: Schedule::Plateau { patience: 1, factor: 0.5 },
        clip_norm: Some(0.5),
        ema: Some(0.9),
        on_collapse: Some(OnCollapse::Ignore),
        learning_rate: rate(0.05),
        ..settings()
    };
    let job = |threads| Job { balance: Balance::ClassWeights, ..job_with(data.path(), all.clone(), threads) };
    run(&job(1), &at("whole")).unwrap();
    for steps in [1, 5, 7, 16] {
        let out = at(&format!("pieces-{steps}"));
        let job = job(1 + steps % 2);
        assert!(stop_after(steps, &job, RunFolder::plan(Some(&out), &out, &job.spec).unwrap()).unwrap().interrupted);
        resume(&job, &out, &mut Silent).unwrap();
        for file in ["best.safetensors", "last.safetensors"] {
            assert_eq!(bytes(&out, file), bytes(&at("whole"), file), "{file} after stopping at step {steps}");
        }
        let rates = |folder: &Path| metrics(folder).iter().map(|epoch| epoch.learning_rate).collect::<Vec<_>>();
        assert_eq!(rates(&out), rates(&at("whole")));
    }
    let record = RunFolder::find(Some(&at("whole")), &at("whole"), &spec()).unwrap().record().unwrap();
    assert_eq!(record.train.settings(), all, "a run goes on by all of its settings");
    assert_eq!(record.balance, "class_weights");
}

#[test]
fn a_plateau_lowers_the_rate_of_the_epochs_behind_it() {
    let (data, (_keep, at)) = (squares(12), runs());
    let schedule = Schedule::Plateau { patience: 1, factor: 0.5 };
    // At such a rate the training falls back to guessing, which would end it.
    let on_collapse = Some(OnCollapse::Ignore);
    let settings = TrainSettings { schedule, on_collapse, learning_rate: rate(3.0), epochs: 8, ..settings() };
    run(&job_with(data.path(), settings, 1), &at("run")).unwrap();
    let epochs = metrics(&at("run"));
    let losses: Vec<f64> = epochs.iter().filter_map(|epoch| epoch.val_loss).collect();
    let mut wanted = 3.0;
    for at in 0..epochs.len() {
        assert!((epochs[at].learning_rate - wanted).abs() < 1e-12, "epoch {at}: {}", epochs[at].learning_rate);
        if at > 0 && losses[..at].iter().any(|before| *before <= losses[at]) {
            wanted *= 0.5;
        }
    }
    assert!(wanted < 3.0, "no plateau in {losses:?}");
}

#[test]
fn a_training_that_no_longer_betters_ends_early_and_stays_ended() {
    let (data, (_keep, at)) = (squares(20), runs());
    let early_stopping = Some(EarlyStopping { metric: Metric::ValAccuracy, patience: 2 });
    let settings = TrainSettings { early_stopping, epochs: 30, ..settings() };
    let job = job_with(data.path(), settings, 1);
    let outcome = run(&job, &at("run")).unwrap();
    let epochs = metrics(&at("run"));
    assert!(outcome.epochs < 30 && !outcome.interrupted, "{outcome:?}");
    let accuracy = |at: usize| epochs[at].val_accuracy.unwrap();
    let best = (0..epochs.len()).fold(0, |best, at| if accuracy(at) > accuracy(best) { at } else { best });
    assert_eq!(outcome.epochs, best + 3);
    let mut notices = Notices::default();
    assert_eq!(resume(&job, &at("run"), &mut notices).unwrap().epochs, outcome.epochs);
    assert!(notices.0.iter().any(|said| said.contains("stopped early") && said.contains("val_accuracy")));
}

#[test]
fn the_best_model_is_the_best_by_what_is_watched() {
    let (data, (_keep, at)) = (squares(12), runs());
    let mut differ = 0;
    for seed in 0..8 {
        for metric in [Metric::ValLoss, Metric::Loss] {
            let early_stopping = Some(EarlyStopping { metric, patience: 99 });
            let settings = TrainSettings { early_stopping, seed, learning_rate: rate(0.05), epochs: 6, ..settings() };
            let out = at(&format!("{}-{seed}", metric.name()));
            let outcome = run(&job_with(data.path(), settings, 1), &out).unwrap();
            let epochs = metrics(&out);
            let loss =
                |epoch: &EpochMetrics| if metric == Metric::Loss { epoch.train_loss } else { epoch.val_loss.unwrap() };
            let first_best = |value: &dyn Fn(&EpochMetrics) -> f64| {
                (0..epochs.len()).fold(0, |best, at| if value(&epochs[at]) < value(&epochs[best]) { at } else { best })
                    + 1
            };
            let (best, tally) = outcome.best.unwrap();
            assert_eq!(best, first_best(&loss), "{metric:?} {epochs:?}");
            assert_eq!(Some(tally.mean_loss()), epochs[best - 1].val_loss);
            differ += usize::from(best != first_best(&|epoch| -epoch.val_accuracy.unwrap()));
        }
    }
    assert!(differ > 0, "the accuracy names the same epochs everywhere: nothing was shown");
}

#[test]
fn what_is_not_measured_cannot_be_watched() {
    let data = squares(8);
    let early_stopping = Some(EarlyStopping::default());
    let settings = TrainSettings { early_stopping, ..settings() };
    let wanted =
        Wanted { seed: 3, validation: Some(&crate::syntax::settings::Validation::Share(1e-9)), ..Wanted::default() };
    let (mut dataset, _) = Dataset::open(data.path(), &wanted, &|_, _| {}).unwrap();
    dataset.validation.clear();
    let setup = Setup {
        spec: &spec(),
        graph: network(3),
        data: &DataSettings::default(),
        train: settings,
        init_from: None,
        freeze: &[],
        machine: Machine::new(1, Isa::detect()),
    };
    let fault = Job::prepare(setup, dataset, OnBadImage::Stop, &|_, _| {}).unwrap_err();
    assert_eq!((fault.code, fault.is_error()), (&code::NO_VALIDATION, true));
    assert!(fault.message.contains("val_loss"), "{}", fault.message);
}

#[test]
fn decay_acts_on_kernels_alone() {
    let (data, (_keep, at)) = (squares(8), runs());
    let optimizer = Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    let settings = |weight_decay| TrainSettings { optimizer, weight_decay, epochs: 1, batch_size: 24, ..settings() };
    for (name, decay) in [("without", 0.0), ("with", 0.5)] {
        run(&job_with(data.path(), settings(decay), 1), &at(name)).unwrap();
    }
    // One step: both have the same gradients, and only the decay differs.
    let [without, with] = ["without", "with"].map(at);
    for name in ["conv1.bias", "norm1.scale", "norm1.shift", "dense1.bias"] {
        assert_eq!(tensor(&without, name), tensor(&with, name), "{name}");
    }
    for name in ["conv1.kernel", "dense1.kernel"] {
        assert_ne!(tensor(&without, name), tensor(&with, name), "{name}");
    }
}

#[test]
fn the_average_is_what_is_saved_and_validated() {
    let (data, (_keep, at)) = (squares(12), runs());
    let settings = |ema| TrainSettings { ema, epochs: 1, ..settings() };
    run(&job_with(data.path(), settings(None), 1), &at("plain")).unwrap();
    run(&job_with(data.path(), settings(Some(0.9)), 1), &at("average")).unwrap();
    // By hand, from the weights after each step; they are the same in both runs.
    let mut by_hand = None::<Vec<f32>>;
    let mut step = 0_u16;
    loop {
        let job = job_with(data.path(), settings(None), 1);
        let out = at(&format!("step-{step}"));
        if step == 0 {
            let weights = crate::model::initialise(&job.graph, job.settings.seed);
            by_hand = Some(weights[0].clone());
        } else {
            let outcome =
                stop_after(usize::from(step), &job, RunFolder::plan(Some(&out), &out, &job.spec).unwrap()).unwrap();
            let now = tensor(&out.join("last.safetensors"), "conv1.kernel");
            let kept = 0.9_f64.min(f64::from(step) / (9.0 + f64::from(step))) as f32;
            by_hand = by_hand.map(|average| {
                average.iter().zip(&now).map(|(average, now)| kept * average + (1.0 - kept) * now).collect()
            });
            assert!(outcome.interrupted);
            if usize::from(step) == job.steps_per_epoch() {
                break;
            }
        }
        step += 1;
    }
    let saved = tensor(&at("average").join("last.safetensors"), "conv1.kernel");
    for (saved, by_hand) in saved.iter().zip(by_hand.unwrap()) {
        assert!((saved - by_hand).abs() < 1e-6, "{saved} is not {by_hand}");
    }
    let losses = |name: &str| (metrics(&at(name))[0].train_loss, metrics(&at(name))[0].val_loss);
    assert_eq!(losses("plain").0, losses("average").0);
    assert_ne!(losses("plain").1, losses("average").1);
}

fn names(patterns: &[&str]) -> Vec<crate::syntax::ast::Name> {
    let name =
        |pattern: &&str| crate::syntax::ast::Name { value: (*pattern).to_owned(), span: crate::base::Span::at(0) };
    patterns.iter().map(name).collect()
}

#[test]
fn frozen_parameters_stay_and_cost_no_gradient() {
    let (data, (_keep, at)) = (squares(8), runs());
    let plain = job_with(data.path(), TrainSettings { weight_decay: 0.1, ..settings() }, 1);
    let frozen = freeze::frozen(&plain.graph, &names(&["conv1", "norm1.s*"])).unwrap();
    let job = Job { frozen, ..plain.clone() };
    run(&job, &at("run")).unwrap();
    let before = crate::model::initialise(&job.graph, job.settings.seed);
    for (param, before) in job.graph.params.iter().zip(before) {
        let stays = tensor(&at("run").join("last.safetensors"), &param.name) == before;
        let wanted = ["conv1.kernel", "conv1.bias", "norm1.scale", "norm1.shift"].contains(&param.name.as_str());
        assert_eq!(stays, wanted, "{}", param.name);
    }
    assert!(job.plan().steps.len() < plain.plan().steps.len());
}

#[test]
fn a_pattern_that_freezes_nothing_or_everything_is_refused() {
    for (patterns, word) in [(&["conv9*"][..], "`conv9*` names no layer"), (&["*"], "leaves no parameter")] {
        let fault = freeze::frozen(&network(3), &names(patterns)).unwrap_err();
        assert!(fault.message.contains(word), "{}", fault.message);
    }
}

#[test]
fn weights_start_from_a_model_and_a_head_of_other_classes_starts_anew() {
    let (data, (_keep, at)) = (squares(12), runs());
    run(&job_with(data.path(), settings(), 1), &at("first")).unwrap();
    let plain = job_with(data.path(), TrainSettings { epochs: 1, ..settings() }, 1);
    let from = |graph: Graph, path: PathBuf| Job { graph, init_from: Some(path), ..plain.clone() };
    let start = transfer::start(&from(network(3), at("first"))).unwrap();
    let model = crate::model::Model::load(&at("first")).unwrap();
    assert!(start.weights.iter().zip(&model.tensors).all(|(weights, tensor)| *weights == tensor.data));

    let start = transfer::start(&from(network(5), at("first"))).unwrap();
    assert_eq!(start.weights[0], model.tensors[0].data);
    assert!(start.notices.iter().any(|said| said.contains("dense1.kernel, dense1.bias")), "{:?}", start.notices);

    let job = from(network(3), at("first"));
    run(&job, &at("second")).unwrap();
    let loss = |name: &str| metrics(&at(name))[0].train_loss;
    assert!(loss("second") < 0.5 * loss("first"), "{} and {}", loss("second"), loss("first"));

    let out = at("digest");
    let file = bytes(&at("first"), "best.safetensors");
    stop_after(3, &job, RunFolder::plan(Some(&out), &out, &job.spec).unwrap()).unwrap();
    let digest = || RunFolder::find(Some(&out), &out, &spec()).unwrap().record().unwrap().init_from_digest;
    assert_eq!(digest(), Some(blake3::hash(&file).to_hex().to_string()));
    resume(&job, &out, &mut Silent).unwrap();
    assert_eq!(digest(), Some(blake3::hash(&file).to_hex().to_string()), "a resumed run still knows");
}

#[test]
fn a_model_that_does_not_fit_is_refused_with_the_tensors_that_differ() {
    let (data, (_keep, at)) = (squares(8), runs());
    let plain = job_with(data.path(), TrainSettings { epochs: 1, ..settings() }, 1);
    run(&plain, &at("first")).unwrap();
    let mut graph = network(3);
    graph.params[0].dims = vec![5, 5, 3, 4];
    let fault = transfer::start(&Job { graph, init_from: Some(at("first")), ..plain.clone() }).unwrap_err();
    assert_eq!(fault.code, &code::MODEL_DOES_NOT_FIT_SPEC);
    assert!(fault.message.contains("`conv1.kernel` has 3×3×3×4 in the file"), "{}", fault.message);
    let job = Job { init_from: Some(at("nowhere.safetensors")), ..plain };
    let fault = run(&job, &at("second")).unwrap_err();
    assert_eq!(fault.code, &code::MODEL_FILE_CORRUPT);
    assert!(!at("second").exists(), "a run folder was made for nothing");
}

#[test]
fn the_range_test_finds_a_rate_that_learns_and_finds_it_again() {
    let (data, (_keep, at)) = (squares(20), runs());
    let test = |threads| {
        let job = job_with(data.path(), TrainSettings { learning_rate: Some(Rate::Auto), ..settings() }, threads);
        RangeTest::run(&job, |_, _| std::ops::ControlFlow::Continue(())).unwrap().unwrap()
    };
    let found = test(1);
    assert_eq!(found, test(2));
    let least = found.points.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
    let highest = found.points.last().unwrap();
    assert!(highest.smoothed > 2.0 * least, "the loss never ran away: {highest:?}");
    let learning_rate = rate(found.rate().unwrap());
    let outcome = run(&job_with(data.path(), TrainSettings { learning_rate, ..settings() }, 1), &at("run")).unwrap();
    assert_eq!(outcome.best.unwrap().1.accuracy(), 1.0);
}

#[test]
fn a_range_test_that_is_asked_to_stop_gives_nothing() {
    let data = squares(8);
    let job = job_with(data.path(), settings(), 1);
    let mut steps = 0;
    let test = RangeTest::run(&job, |done, total| {
        steps = done;
        assert!(total > done);
        if done == 3 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    });
    assert_eq!((test.unwrap(), steps), (None, 3));
}
